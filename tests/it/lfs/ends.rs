use super::{one, refused, send, stored};
use crate::support::TestApp;
use crate::transport::work::{Hosted, Work};
use geoml_hub::app::{DataFolder, Hub};
use geoml_hub::base::{Clock, Sha256};
use geoml_hub::config::{Config, LiveConfig};
use std::time::Duration;

const GRACE: Duration = Duration::from_hours(72);

/// Ends what waits for its commit and sweeps, at a time that far from now.
async fn clean_up_after(app: &TestApp, time: Duration) -> usize {
    let folder = DataFolder::open(app.folder()).unwrap();
    let clock = Clock::manual(Clock::system().now().plus(time));
    let hub = Hub::open(&folder, LiveConfig::new(Config::default()), clock).unwrap();
    let ended = hub.repos.end_pending(GRACE).await.unwrap();
    let repos = hub.repos.clone();
    let named = move |batch: &[Sha256]| repos.named_among(batch);
    hub.blobs.sweep(named, Duration::from_hours(24)).await.unwrap();
    hub.flush().await;
    hub.close();
    ended
}

#[tokio::test(flavor = "multi_thread")]
async fn what_no_commit_names_ends_after_its_grace_and_what_one_names_stays() {
    let mut app = TestApp::start().await;
    let ana = app.user("ana").await;
    ana.create_repository("net", "private").await;
    let base = "/ana/net.git/info/lfs";
    let (kept, ended) = (
        b"weights that are committed".as_slice(),
        b"weights that are not".as_slice(),
    );
    let before = ana.get("/api/ana/net/settings").await.ok()["stored_bytes"]
        .as_u64()
        .unwrap();
    send(&app, &ana, base, kept).await.expect(200);
    send(&app, &ana, base, ended).await.expect(200);
    let charged = ana.get("/api/ana/net/settings").await.ok()["stored_bytes"]
        .as_u64()
        .unwrap();
    assert_eq!(charged - before, (kept.len() + ended.len()) as u64);
    ana.upload("ana/net", "weights.safetensors", kept).await;
    assert_eq!(stored(&app).len(), 2);

    app.stop().await;
    app.assert_check_is_clean().await;
    assert_eq!(clean_up_after(&app, Duration::from_hours(71)).await, 0);
    assert_eq!(stored(&app).len(), 2, "both are named");
    assert_eq!(clean_up_after(&app, Duration::from_hours(73)).await, 1);
    assert_eq!(stored(&app).len(), 1);
    app.assert_check_is_clean().await;
    app.start_again().await;

    let ana = app.log_in("ana").await;
    assert_eq!(refused(&one(&ana, base, "download", ended).await), 404);
    let got = ana.download_call("ana/net", "weights.safetensors").await.expect(200);
    assert_eq!(got.body, kept);
    let charged_now = ana.get("/api/ana/net/settings").await.ok()["stored_bytes"]
        .as_u64()
        .unwrap();
    // The commit added its pointer and perhaps a rule, of a few hundred bytes.
    assert!(charged_now < charged + 1_000 && charged_now >= before + kept.len() as u64);
    send(&app, &ana, base, ended).await.expect(200);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pointer_that_came_by_another_way_keeps_its_content() {
    let mut app = TestApp::start().await;
    let ana = app.user("ana").await;
    ana.create_repository("net", "private").await;
    let content = b"weights whose pointer is committed as a text".as_slice();
    send(&app, &ana, "/ana/net.git/info/lfs", content).await.expect(200);
    let (oid, size) = (super::oid(content), content.len());
    let pointer = format!("version https://git-lfs.github.com/spec/v1\noid sha256:{oid}\nsize {size}\n");
    ana.upload("ana/net", "weights.txt", pointer).await;
    app.stop().await;
    assert_eq!(clean_up_after(&app, Duration::from_hours(100)).await, 0);
    assert_eq!(clean_up_after(&app, Duration::from_hours(1_000)).await, 0);
    app.start_again().await;
    let ana = app.log_in("ana").await;
    let got = ana.download_call("ana/net", "weights.txt").await.expect(200);
    assert_eq!(got.body, content);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pushed_pointer_keeps_its_content_in_whatever_form_it_is_written() {
    let mut app = TestApp::start().await;
    let ana = app.user("ana").await;
    let hosted = Hosted::new(&app, &ana, "net").await;
    let content = b"weights that went through a filter".as_slice();
    send(&app, &ana, "/ana/net.git/info/lfs", content).await.expect(200);
    let (oid, size) = (super::oid(content), content.len());
    let before = "a".repeat(64);
    let pointer = format!(
        "version https://git-lfs.github.com/spec/v1\next-0-case sha256:{before}\noid sha256:{oid}\nsize {size}\n"
    );
    let work = Work::of(&hosted.bare);
    work.write("weights.bin", pointer);
    work.commit("With an extension");
    work.push(&ana, &hosted.url, &["main"]);
    app.stop().await;
    assert_eq!(clean_up_after(&app, Duration::from_hours(100)).await, 0);
    app.start_again().await;
    let ana = app.log_in("ana").await;
    let got = ana.download_call("ana/net", "weights.bin").await.expect(200);
    assert_eq!(got.body, content);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn asking_again_starts_the_grace_anew() {
    let mut app = TestApp::start().await;
    let ana = app.user("ana").await;
    ana.create_repository("net", "private").await;
    let base = "/ana/net.git/info/lfs";
    send(&app, &ana, base, b"waiting").await.expect(200);
    app.stop().await;
    {
        let folder = DataFolder::open(app.folder()).unwrap();
        let clock = Clock::manual(Clock::system().now().plus(Duration::from_hours(50)));
        let hub = Hub::open(&folder, LiveConfig::new(Config::default()), clock).unwrap();
        let account = hub.users.get(&"ana".parse().unwrap()).unwrap();
        let caller = hub.users.caller_from_console(account.id).unwrap();
        let address = geoml_hub::repos::RepositoryAddress::new("ana", "net", None);
        let proof = hub.repos.readable(&caller, &address).unwrap();
        let proof = hub.repos.writable(&caller, proof).unwrap();
        let content = [(Sha256::of(b"waiting"), 7)];
        hub.files.send_advice(&caller, &proof, &content).await.unwrap();
        hub.close();
    }
    assert_eq!(clean_up_after(&app, Duration::from_hours(100)).await, 0);
    assert_eq!(clean_up_after(&app, Duration::from_hours(123)).await, 1);
    app.start_again().await;
    app.finish().await;
}
