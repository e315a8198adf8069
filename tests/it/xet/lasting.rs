use super::{Xet, commit, create, fetched, made, noise, pack};
use crate::support::TestApp;
use geoml_hub::app::{DataFolder, Hub};
use geoml_hub::base::{Clock, Sha256};
use geoml_hub::config::{Config, LiveConfig};
use serde_json::json;
use std::time::Duration;

/// Ends what waits for its commit and sweeps, five days from now.
async fn clean_up_later(app: &TestApp) {
    let folder = DataFolder::open(app.folder()).unwrap();
    let clock = Clock::manual(Clock::system().now().plus(Duration::from_hours(120)));
    let hub = Hub::open(&folder, LiveConfig::new(Config::default()), clock).unwrap();
    hub.repos.end_pending(Duration::from_hours(72)).await.unwrap();
    let repos = hub.repos.clone();
    let named = move |batch: &[Sha256]| repos.named_among(batch);
    hub.blobs.sweep(named, Duration::from_hours(24)).await.unwrap();
    hub.flush().await;
    hub.close();
}

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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_of_a_repository_that_lost_xorbs_is_sent_to_a_new_address() {
    let mut app = TestApp::start().await;
    let ana = app.user("ana").await;
    create(&ana, "rain", "public").await;
    create(&ana, "snow", "public").await;
    let (kept, lost) = (pack(&[noise(50_000, 1), noise(60_000, 2)]), pack(&[noise(70_000, 3)]));
    let (named, unnamed) = (made(&[(&kept, 0..1)]), made(&[(&lost, 0..1)]));
    let rain = Xet::open(&app, &ana, "ana/rain", "write").await;
    rain.send(&[&kept], &named).await;
    rain.send(&[&lost], &unnamed).await;
    commit(&ana, "ana/rain", "model.bin", &named).await.ok();
    let snow = Xet::open(&app, &ana, "ana/snow", "write").await;
    snow.send(&[&kept], &named).await;
    commit(&ana, "ana/snow", "model.bin", &named).await.ok();
    app.stop().await;
    clean_up_later(&app).await;
    app.assert_check_is_clean().await;
    app.start_again().await;

    let ana = app.log_in("ana").await;
    commit(&ana, "ana/rain", "lost.bin", &unnamed).await.expect(400);
    assert_eq!(Xet::open(&app, &ana, "ana/snow", "write").await.place, snow.place);
    let again = Xet::open(&app, &ana, "ana/rain", "write").await;
    assert_ne!(again.place, rain.place);
    again.send_shard(&[&unnamed]).await.expect(422);
    again.chunk(lost.chunks[0].0).await.expect(404);
    again.chunk(kept.chunks[0].0).await.expect(200);
    again.send(&[&lost], &unnamed).await;
    commit(&ana, "ana/rain", "lost.bin", &unnamed).await.ok();
    for (path, file) in [("model.bin", &named), ("lost.bin", &unnamed)] {
        let reply = ana.get(&format!("/ana/rain/resolve/main/{path}")).await.expect(200);
        assert!(reply.body == file.content, "{path}");
    }
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_fork_has_what_its_origin_was_sent_and_keeps_it() {
    let mut app = TestApp::start().await;
    let (ana, ben, admin) = (app.user("ana").await, app.user("ben").await, app.admin().await);
    let id = ana.create_repository_call("rain", "public").await.ok()["id"].clone();
    let xorb = pack(&[noise(50_000, 1), noise(60_000, 2), noise(30_000, 3)]);
    let (file, waiting) = (made(&[(&xorb, 0..2)]), made(&[(&xorb, 1..2)]));
    let xet = Xet::open(&app, &ana, "ana/rain", "write").await;
    xet.send(&[&xorb], &file).await;
    commit(&ana, "ana/rain", "model.bin", &file).await.ok();
    // What no commit names is not forked.
    xet.send(&[], &waiting).await;
    let wish = json!({ "name": "mine" });
    ben.post("/api/v1/repos/ana/rain/fork", &wish).await.expect(201);

    let tree = ben.get("/api/models/ben/mine/tree/main").await.ok();
    let entries = tree.as_array().unwrap();
    let model = entries.iter().find(|entry| entry["path"] == "model.bin").unwrap();
    assert_eq!(model["xetHash"], file.file.to_string());
    let his = Xet::open(&app, &ben, "ben/mine", "write").await;
    let plan = his.reconstruction(file.file, None).await.ok();
    assert!(fetched(&app, &plan).await == file.content);
    his.reconstruction(waiting.file, None).await.expect(404);
    his.chunk(xorb.chunks[0].0).await.expect(200);
    // What the fork has need not be sent again.
    let more = made(&[(&xorb, 1..3)]);
    his.send(&[], &more).await;
    commit(&ben, "ben/mine", "more.bin", &more).await.ok();

    ana.delete("/api/ana/rain").await.expect(204);
    let purge = format!("/api/admin/repositories/{}/hard-delete", id.as_str().unwrap());
    admin.delete(&purge).await.expect(204);
    app.stop().await;
    clean_up_later(&app).await;
    app.assert_check_is_clean().await;
    app.start_again().await;
    let ben = app.log_in("ben").await;
    let his = Xet::open(&app, &ben, "ben/mine", "read").await;
    for (path, file) in [("model.bin", &file), ("more.bin", &more)] {
        let reply = ben.get(&format!("/ben/mine/resolve/main/{path}")).await.expect(200);
        assert!(reply.body == file.content, "{path}");
        let plan = his.reconstruction(file.file, None).await.ok();
        assert!(fetched(&app, &plan).await == file.content, "{path}");
    }
    app.finish().await;
}
