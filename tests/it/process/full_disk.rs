use crate::support::{Random, SmallDisk, TestApp};
use serde_json::json;

#[tokio::test]
async fn a_full_disk_refuses_writes_keeps_reading_and_loses_nothing() {
    let disk = SmallDisk::mount(192 << 20);
    let mut app = TestApp::with(&[]).folder(&disk.path().join("data")).start().await;
    app.expect_log("a request met a part that does not work");
    app.allow_log("a metadata transaction failed and was taken back");
    app.allow_log("of a periodic task is not stored");
    // The search index follows a while later, and may meet the full disk or not.
    app.allow_log("a consumer of events failed and will try again");
    app.expect_log("views and downloads could not be written yet");
    let ana = app.user("ana").await;
    let large = Random::new(1).bytes(3 << 20);
    ana.create_repository("model", "public").await;
    ana.upload("ana/model", "notes.txt", "kept").await;
    ana.upload("ana/model", "weights.bin", large.clone()).await;

    disk.fill();
    let new = ana.create_repository_call("another", "public").await;
    let sentence = new.refused(507, "storage_full");
    assert!(sentence.to_lowercase().contains("disk"), "{sentence}");
    ana.upload_call("ana/model", "lost.txt", "lost")
        .await
        .refused(507, "storage_full");
    ana.upload_call("ana/model", "lost.bin", large.clone())
        .await
        .refused(507, "storage_full");
    ana.put("/api/ana/model/settings", &json!({ "description": "lost" }))
        .await
        .refused(507, "storage_full");
    // What is read needs no room.
    assert_eq!(
        ana.download_call("ana/model", "notes.txt").await.expect(200).text(),
        "kept"
    );
    assert!(ana.download_call("ana/model", "weights.bin").await.expect(200).body == large);
    ana.get("/api/ana/model/files").await.ok();
    ana.get("/api/auth/me").await.ok();
    ana.get("/health").await.ok();

    // The counters of these downloads meet the full disk, too.
    app.wait_for_log("views and downloads could not be written yet").await;

    // Room is enough; nobody has to start anything again.
    disk.free();
    ana.upload("ana/model", "after.txt", "after").await;
    app.restart().await;
    let figures = ana.get("/api/ana/model/stats").await.ok();
    assert_eq!(
        figures["downloads"], 2,
        "what could not be counted then is counted now: {figures}"
    );
    for (path, content) in [("notes.txt", "kept"), ("after.txt", "after")] {
        assert_eq!(ana.download_call("ana/model", path).await.expect(200).text(), content);
    }
    let found = ana.get("/api/search/repositories?q=model").await.ok();
    assert_eq!(found["items"][0]["name"], "model", "{found}");
    ana.download_call("ana/model", "lost.txt").await.expect(404);
    ana.download_call("ana/model", "lost.bin").await.expect(404);
    app.finish().await;
}
