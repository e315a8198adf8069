use super::{content, git, git_folder, repository, sha256};
use crate::support::{Call, Client, TestApp};
use reqwest::Method;
use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};
use std::time::Duration;

const MIB: usize = 1 << 20;
const UPLOAD: &str = "/api/ana/net/upload";

/// Sends a large file in chunks and lets it wait for a batch.
async fn assemble(client: &Client, path: &str, bytes: &[u8]) -> String {
    let wish = json!({ "path": path, "size": bytes.len(), "sha256": sha256(bytes), "chunk_size": MIB });
    let session = client.post(&format!("{UPLOAD}/init"), &wish).await.expect(201).json();
    let id = session["session_id"].as_str().unwrap().to_owned();
    for (index, chunk) in bytes.chunks(MIB).enumerate() {
        let address = format!("{UPLOAD}/{id}/chunk/{}", index + 1);
        client
            .call(Method::POST, &address)
            .body(chunk.to_vec())
            .await
            .expect(200);
    }
    let assembled = complete_later(client, &id).await.expect(202).json();
    assert_eq!(assembled["status"], "assembled");
    id
}

fn complete_later(client: &Client, id: &str) -> Call {
    client.call(Method::POST, &format!("{UPLOAD}/{id}/complete?commit=false"))
}

fn batch(client: &Client, files: &[(&str, &str)], sessions: &[&str]) -> Call {
    let mut form = Form::new().text("message", "Add a folder");
    for id in sessions {
        form = form.text("sessions", (*id).to_owned());
    }
    for (path, text) in files {
        form = form.part(
            "files",
            Part::bytes(text.as_bytes().to_vec()).file_name((*path).to_owned()),
        );
    }
    client.call(Method::POST, &format!("{UPLOAD}/batch")).form(form)
}

fn commits(app: &TestApp, made: &Value) -> usize {
    let count = git(&git_folder(app, made), &["rev-list", "--count", "main"]);
    count.trim().parse().unwrap()
}

#[tokio::test]
async fn a_folder_of_small_and_large_files_is_one_commit_across_a_kill() {
    let mut app = TestApp::start().await;
    let ana = app.user("ana").await;
    let made = repository(&ana, "net", "public").await;
    let before = commits(&app, &made);
    let (weights, raster) = (content(2 * MIB + 5, 1), content(MIB + 7, 2));
    let first = assemble(&ana, "model/weights.safetensors", &weights).await;
    app.kill().await;
    app.start_again().await;
    let second = assemble(&ana, "maps/rain.tif", &raster).await;
    // Asked again it is the same, and nothing is committed yet.
    complete_later(&ana, &first).await.expect(202);
    assert_eq!(commits(&app, &made), before);
    let open = ana.get(UPLOAD).await.ok();
    let paths: Vec<_> = open["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| &item["path"])
        .collect();
    assert_eq!(paths, ["model/weights.safetensors", "maps/rain.tif"]);
    app.kill().await;
    app.start_again().await;
    let files = [("README.md", "# Net\n"), ("notes/a.txt", "text")];
    let done = batch(&ana, &files, &[&first, &second]).await.expect(201).json();
    assert_eq!(done["files"].as_array().unwrap().len(), 4);
    assert_eq!(commits(&app, &made), before + 1);
    for (path, bytes) in [("model/weights.safetensors", &weights), ("maps/rain.tif", &raster)] {
        let found = ana.get(&format!("/api/ana/net/download/{path}")).await.expect(200);
        assert!(found.body == *bytes, "{path}");
    }
    assert_eq!(ana.get(UPLOAD).await.ok()["total"], 0);
    // The answer was lost: the same batch again is the same commit, even behind another one.
    super::upload(&ana, "ana/net", "later.txt", "later").await.expect(201);
    app.restart().await;
    let again = batch(&ana, &files, &[&first, &second]).await.expect(201).json();
    assert_eq!(again["commit_id"], done["commit_id"]);
    assert_eq!(commits(&app, &made), before + 2);
    // A session is used once.
    let others = [("README.md", "# Another\n")];
    batch(&ana, &others, &[&first]).await.refused(409, "conflict");
    app.finish().await;
}

#[tokio::test]
async fn a_batch_that_a_kill_cuts_off_is_one_commit_when_it_is_sent_again() {
    let mut app = TestApp::start().await;
    let ana = app.user("ana").await;
    let made = repository(&ana, "net", "public").await;
    for round in 0..6_u64 {
        let before = commits(&app, &made);
        let bytes = content(2 * MIB, 10 + round);
        let path = format!("weights-{round}.safetensors");
        let id = assemble(&ana, &path, &bytes).await;
        let note = format!("round {round}");
        let files = [("note.txt", note.as_str())];
        let cut = tokio::spawn({
            let (ana, id, note) = (ana.clone(), id.clone(), note.clone());
            async move {
                // Its answer may never come; what it did is looked at afterwards.
                let call = batch(&ana, &[("note.txt", &note)], &[&id]);
                call.attempt().await.ok();
            }
        });
        tokio::time::sleep(Duration::from_millis(4 * round)).await;
        app.kill().await;
        cut.abort();
        let _ = cut.await;
        app.start_again().await;
        let done = batch(&ana, &files, &[&id]).await.ok();
        assert_eq!(commits(&app, &made), before + 1, "round {round}");
        let again = batch(&ana, &files, &[&id]).await.ok();
        assert_eq!(again["commit_id"], done["commit_id"]);
        let found = ana.get(&format!("/api/ana/net/download/{path}")).await.expect(200);
        assert!(found.body == bytes, "{path}");
    }
    app.finish().await;
}

#[tokio::test]
async fn only_assembled_uploads_of_the_same_account_and_repository_join_a_batch() {
    let app = TestApp::start().await;
    let ana = app.user("ana").await;
    let admin = app.admin().await;
    let made = repository(&ana, "net", "public").await;
    repository(&ana, "other", "public").await;
    let before = commits(&app, &made);
    let wish = json!({ "path": "a.nc", "size": 10 });
    let open = ana.post(&format!("{UPLOAD}/init"), &wish).await.expect(201).json();
    let open = open["session_id"].as_str().unwrap();
    batch(&ana, &[("a.txt", "a")], &[open]).await.refused(409, "conflict");
    complete_later(&ana, open).await.refused(422, "invalid");
    batch(&ana, &[], &["nonsense"]).await.refused(404, "not_found");
    let id = assemble(&ana, "b.nc", &content(MIB, 3)).await;
    batch(&admin, &[], &[&id]).await.refused(404, "not_found");
    batch(&ana, &[("b.nc", "another")], &[&id])
        .await
        .refused(422, "invalid");
    assert_eq!(admin.get(UPLOAD).await.ok()["total"], 0);
    assert_eq!(ana.get("/api/ana/other/upload").await.ok()["total"], 0);
    assert_eq!(commits(&app, &made), before);
    // An assembled upload can still become a commit of its own.
    ana.call(Method::POST, &format!("{UPLOAD}/{id}/complete"))
        .await
        .expect(201);
    app.anonymous().get(UPLOAD).await.refused(401, "unauthorized");
    app.finish().await;
}
