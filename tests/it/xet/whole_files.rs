use super::{Xet, create, fetched, noise};
use crate::support::{Client, TestApp, run_task};
use geoml_hub::base::Sha256;
use geoml_hub::blobs::xet::hash::XetHash;
use serde_json::json;
use std::path::{Path, PathBuf};
use std::time::Duration;

const TASK: &str = "chunk-whole-files";

async fn chunking() -> TestApp {
    TestApp::with(&[("GEOML_HUB__STORAGE__CHUNK_WHOLE_FILES", "true")])
        .start()
        .await
}

/// What the tree tells of the Xet hash of a file.
async fn told(who: &Client, repository: &str, path: &str) -> Option<XetHash> {
    let tree = who.get(&format!("/api/models/{repository}/tree/main")).await.ok();
    let entry = tree
        .as_array()
        .unwrap()
        .iter()
        .find(|entry| entry["path"] == path)
        .unwrap();
    entry["xetHash"].as_str().map(|hash| hash.parse().unwrap())
}

async fn assert_reads(app: &TestApp, who: &Client, repository: &str, path: &str, content: &[u8]) {
    let file = told(who, repository, path).await.expect("a hash");
    let plan = Xet::open(app, who, repository, "read")
        .await
        .reconstruction(file, None)
        .await;
    assert!(fetched(app, &plan.ok()).await == content, "{path} by Xet");
    let reply = who.get(&format!("/{repository}/resolve/main/{path}")).await.expect(200);
    assert!(reply.body == content, "{path} whole");
}

/// Where a file with this name lies.
fn file_named(folder: &Path, name: &str) -> Option<PathBuf> {
    let entries = std::fs::read_dir(folder).ok()?.map(|entry| entry.unwrap().path());
    let mut found = entries.filter_map(|path| {
        if path.is_dir() {
            file_named(&path, name)
        } else {
            path.ends_with(name).then_some(path)
        }
    });
    found.next()
}

fn files_in(folder: &Path) -> usize {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return 0;
    };
    let count = |path: &Path| if path.is_dir() { files_in(path) } else { 1 };
    entries.map(|entry| count(&entry.unwrap().path())).sum()
}

async fn stored(who: &Client) -> u64 {
    let spaces = who.get("/api/v1/users/ana/storage/repositories").await.ok();
    spaces["items"][0]["stored"].as_u64().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_came_whole_is_read_by_chunk_and_its_next_version_takes_what_changed() {
    let grace = ("GEOML_HUB__STORAGE__UNNAMED_GRACE", "1s");
    let mut app = TestApp::with(&[("GEOML_HUB__STORAGE__CHUNK_WHOLE_FILES", "true"), grace])
        .start()
        .await;
    let ana = app.user("ana").await;
    create(&ana, "rain", "public").await;
    let first = noise(3_000_000, 1).to_vec();
    let mut second = first.clone();
    second.splice(1_500_000..1_500_000, *b"hail");
    ana.upload("ana/rain", "model.bin", first.clone()).await;
    assert_eq!(told(&ana, "ana/rain", "model.bin").await, None);
    assert_eq!(
        run_task(&app.admin().await, TASK).await,
        "Cut 1 files (2.86 MiB) into chunks; 0 could not be cut."
    );
    assert_reads(&app, &ana, "ana/rain", "model.bin", &first).await;
    let file = told(&ana, "ana/rain", "model.bin").await.unwrap().to_string();
    let answer = ana
        .post(
            "/api/models/ana/rain/paths-info/main",
            &json!({ "paths": ["model.bin"] }),
        )
        .await
        .ok();
    assert_eq!(answer[0]["xetHash"], file);
    let reply = ana.get("/ana/rain/resolve/main/model.bin").await.expect(200);
    assert_eq!(reply.header("x-xet-hash"), file);

    let before = stored(&ana).await;
    ana.upload("ana/rain", "model.bin", second.clone()).await;
    run_task(&app.admin().await, TASK).await;
    let after = stored(&ana).await;
    assert!(after - before < 300_000, "{before} {after}");
    assert_reads(&app, &ana, "ana/rain", "model.bin", &second).await;
    assert_eq!(
        run_task(&app.admin().await, TASK).await,
        "Cut 0 files (0 B) into chunks; 0 could not be cut."
    );

    // The whole forms go when the chunks have been there for long enough.
    assert_eq!(files_in(&app.folder().join("blobs")), 2);
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    run_task(&app.admin().await, "sweep").await;
    assert_eq!(files_in(&app.folder().join("blobs")), 0);
    assert_reads(&app, &ana, "ana/rain", "model.bin", &second).await;
    app.kill().await;
    app.start_again().await;
    assert_reads(&app, &ana, "ana/rain", "model.bin", &second).await;
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_the_setting_a_whole_file_stays_as_it_is() {
    let app = TestApp::start().await;
    let ana = app.user("ana").await;
    create(&ana, "rain", "public").await;
    ana.upload("ana/rain", "model.bin", noise(2_000_000, 1)).await;
    assert_eq!(
        run_task(&app.admin().await, TASK).await,
        "Cut 0 files (0 B) into chunks; 0 could not be cut."
    );
    run_task(&app.admin().await, "sweep").await;
    assert_eq!(told(&ana, "ana/rain", "model.bin").await, None);
    assert_eq!(files_in(&app.folder().join("blobs")), 1);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_another_repository_has_neither_shows_in_a_whole_file_nor_hides_it() {
    let app = chunking().await;
    let (ana, ben) = (app.user("ana").await, app.user("ben").await);
    create(&ana, "rain", "private").await;
    create(&ben, "snow", "private").await;
    let content = noise(2_000_000, 1).to_vec();
    ana.upload("ana/rain", "model.bin", content.clone()).await;
    run_task(&app.admin().await, TASK).await;
    let file = told(&ana, "ana/rain", "model.bin").await.unwrap();
    ben.upload("ben/snow", "copy.bin", content.clone()).await;
    assert_eq!(told(&ben, "ben/snow", "copy.bin").await, None);
    let his = Xet::open(&app, &ben, "ben/snow", "write").await;
    his.reconstruction(file, None).await.expect(404);
    run_task(&app.admin().await, TASK).await;
    assert_eq!(told(&ben, "ben/snow", "copy.bin").await, Some(file));
    assert_reads(&app, &ben, "ben/snow", "copy.bin", &content).await;
    let plan = his.reconstruction(file, None).await.ok();
    assert!(plan.to_string().contains(&his.place), "{plan}");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_kill_in_the_middle_of_cutting_leaves_nothing_behind_and_the_next_run_goes_on() {
    let mut app = chunking().await;
    let ana = app.user("ana").await;
    create(&ana, "rain", "public").await;
    let content = noise(40_000_000, 1).to_vec();
    ana.upload("ana/rain", "model.bin", content.clone()).await;
    for delay in [30, 300, 900] {
        let admin = app.admin().await;
        let address = format!("/api/admin/tasks/{TASK}/run");
        // One that runs already, since the hub started, is as good.
        let _started = admin.post(&address, &json!({})).attempt().await;
        tokio::time::sleep(Duration::from_millis(delay)).await;
        app.kill().await;
        app.assert_check_is_clean().await;
        app.start_again().await;
        let reply = ana.get("/ana/rain/resolve/main/model.bin").await.expect(200);
        assert!(reply.body == content, "after {delay} ms");
    }
    run_task(&app.admin().await, TASK).await;
    assert_reads(&app, &ana, "ana/rain", "model.bin", &content).await;
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_damaged_file_holds_up_no_other_and_is_not_read_again_and_again() {
    let app = chunking().await;
    let ana = app.user("ana").await;
    create(&ana, "rain", "public").await;
    let (first, second) = (noise(1_000_000, 1).to_vec(), noise(2_000_000, 2).to_vec());
    ana.upload("ana/rain", "first.bin", first.clone()).await;
    ana.upload("ana/rain", "second.bin", second.clone()).await;
    let path = file_named(&app.folder().join("blobs"), &Sha256::of(&first).to_string()).expect("a file");
    let mut damaged = first.clone();
    damaged[500_000] ^= 1;
    std::fs::write(&path, &damaged).unwrap();
    app.expect_log("large content could not be cut into chunks");
    assert_eq!(
        run_task(&app.admin().await, TASK).await,
        "Cut 1 files (1.91 MiB) into chunks; 1 could not be cut."
    );
    assert_reads(&app, &ana, "ana/rain", "second.bin", &second).await;
    assert_eq!(told(&ana, "ana/rain", "first.bin").await, None);
    assert_eq!(
        run_task(&app.admin().await, TASK).await,
        "Cut 0 files (0 B) into chunks; 0 could not be cut."
    );
    std::fs::write(&path, &first).unwrap();
    app.finish().await;
}
