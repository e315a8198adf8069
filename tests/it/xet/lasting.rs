use super::{Xet, commit, create, made, noise, pack};
use crate::support::TestApp;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acknowledged_survives_a_kill_and_a_recipe_never_counts_half() {
    let mut app = TestApp::start().await;
    let ana = app.user("ana").await;
    create(&ana, "rain", "public").await;
    let xorb = pack(&[noise(50_000, 1), noise(60_000, 2), noise(30_000, 3)]);
    let file = made(&[(&xorb, 0..3), (&xorb, 1..2)]);
    let xet = Xet::open(&app, &ana, "ana/rain", "write").await;
    xet.send_xorb(&xorb).await.ok();
    app.kill().await;
    app.start_again().await;
    let again = Xet::open(&app, &ana, "ana/rain", "write").await;
    assert_eq!(again.place, xet.place);
    commit(&ana, "ana/rain", "model.bin", &file).await.expect(400);
    // The xorb is still there, as the client remembers it.
    again.send(&[], &file).await;
    app.kill().await;
    app.start_again().await;
    commit(&ana, "ana/rain", "model.bin", &file).await.ok();
    app.kill().await;
    app.start_again().await;
    assert!(ana.get("/ana/rain/resolve/main/model.bin").await.expect(200).body == file.content);
    app.finish().await;
}
