use super::writing::{commit, header, send_large, step};
use super::{create, refused};
use crate::support::{Client, Reply, TestApp};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

const BASE: &str = "/api/models/ana/rain";
const BATCH: &str = "/ana/rain.git/info/lfs/objects/batch";
const MERGE: &str = "/api/models/ana/rain/discussions/1/merge";

fn named(path: &str, oid: &str) -> Value {
    step("lfsFile", json!({ "path": path, "algo": "sha256", "oid": oid }))
}

async fn ask_to_send(client: &Client, content: &[u8]) -> Reply {
    let object = json!({ "oid": hex::encode(Sha256::digest(content)), "size": content.len() });
    let batch = json!({ "operation": "upload", "transfers": ["basic"], "objects": [object] });
    client.post(BATCH, &batch).await
}

#[tokio::test]
async fn a_reader_proposes_a_large_file_and_the_owner_merges_it() {
    let app = TestApp::with(&[("GEOML_HUB__STORAGE__CONTRIBUTIONS", "10 KiB")])
        .start()
        .await;
    let (ana, ben) = (app.user("ana").await, app.user("ben").await);
    create(&ana, "rain").await;
    let oid = send_large(&ben, b"a large grid").await;
    // What was sent gives no right to a branch.
    refused(
        &commit(&ben, "main", &[header("No"), named("g.npy", &oid)]).await,
        403,
        "",
    );
    let made = commit(&ben, "main?create_pr=1", &[header("Propose"), named("g.npy", &oid)])
        .await
        .ok();
    assert!(made["pullRequestUrl"].as_str().unwrap().ends_with("/1"), "{made}");
    let proposed = ben.get("/ana/rain/resolve/refs%2Fpr%2F1/g.npy").await;
    assert_eq!(proposed.text(), "a large grid");
    // A second file, to the pull request that there is.
    let second = send_large(&ben, b"another grid").await;
    commit(&ben, "refs%2Fpr%2F1", &[header("More"), named("h.npy", &second)])
        .await
        .ok();
    // The share of those who may not write is used up, and is free again when the owner takes what there is.
    let full = ask_to_send(&ben, b"one too many").await.ok();
    let error = &full["objects"][0]["error"];
    assert!(error["message"].as_str().unwrap().contains("may not write"), "{full}");
    ana.post(MERGE, &json!({ "comment": "Thanks." })).await.ok();
    for (path, content) in [("g.npy", "a large grid"), ("h.npy", "another grid")] {
        assert_eq!(
            app.anonymous()
                .get(&format!("/ana/rain/resolve/main/{path}"))
                .await
                .text(),
            content
        );
    }
    let free = ask_to_send(&ben, b"one too many").await.ok();
    assert!(free["objects"][0]["actions"]["upload"].is_object(), "{free}");
    // The owner has all of its quota.
    assert!(ask_to_send(&ana, &vec![7; 40_000]).await.ok()["objects"][0]["actions"]["upload"].is_object());
    app.finish().await;
}

#[tokio::test]
async fn only_who_reads_the_content_with_a_token_to_write_may_send_some() {
    let app = TestApp::start().await;
    let (ana, ben) = (app.user("ana").await, app.user("ben").await);
    create(&ana, "rain").await;
    create(&ana, "secret").await;
    let hidden = send_large(&ana, b"ana's own").await;
    ana.put("/api/models/ana/secret/settings", &json!({ "private": true }))
        .await
        .ok();
    let hidden_batch = json!({ "operation": "upload", "objects": [{ "oid": hidden, "size": 9 }] });
    let missing = ben.post("/ana/secret.git/info/lfs/objects/batch", &hidden_batch).await;
    assert_eq!(missing.status, 404, "{}", missing.text());
    assert_eq!(ask_to_send(&app.anonymous(), b"x").await.status, 401);
    let read = json!({ "name": "reading", "scope": "read" });
    let token = ben.post("/api/auth/tokens", &read).await.ok()["token"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_eq!(ask_to_send(&app.anonymous().with_token(&token), b"x").await.status, 403);
    // Content of another repository is not named by its digest, be it here or not.
    let other =
        json!({ "operation": "upload", "objects": [{ "oid": hex::encode(Sha256::digest(b"nowhere")), "size": 7 }] });
    assert!(ben.post(BATCH, &other).await.ok()["objects"][0]["actions"]["upload"].is_object());
    let absent = hex::encode(Sha256::digest(b"nowhere"));
    refused(
        &commit(&ben, "main?create_pr=1", &[header("No"), named("g.npy", &absent)]).await,
        400,
        "",
    );
    ana.put(&format!("{BASE}/settings"), &json!({ "gated": "manual" }))
        .await
        .ok();
    assert_eq!(ask_to_send(&ben, b"x").await.status, 403);
    app.finish().await;
}
