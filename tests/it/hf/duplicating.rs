use super::writing::{commit, file, header, send_large, step};
use super::{create, refused};
use crate::support::{Client, TestApp};
use serde_json::{Value, json};

const DUPLICATE: &str = "/api/models/ana/rain/duplicate";

/// A model of ana's with a large file and a tag.
async fn with_model() -> (TestApp, Client, Client) {
    let app = TestApp::start().await;
    let (ana, ben) = (app.user("ana").await, app.user("ben").await);
    create(&ana, "rain").await;
    let oid = send_large(&ana, b"weights").await;
    let large = step(
        "lfsFile",
        json!({ "path": "net.bin", "algo": "sha256", "oid": oid, "size": 7 }),
    );
    commit(&ana, "main", &[header("Train"), large]).await.ok();
    ana.post("/api/v1/repos/ana/rain/tags", &json!({ "name": "v1" }))
        .await
        .expect(201);
    commit(&ana, "main", &[header("Say"), file("a.txt", "a")]).await.ok();
    (app, ana, ben)
}

fn wish(repository: &str) -> Value {
    json!({ "repository": repository })
}

#[tokio::test]
async fn a_duplicate_has_everything_and_is_nobodys_fork() {
    let (app, ana, ben) = with_model().await;
    let made = ben.post(DUPLICATE, &wish("ben/copy")).await.ok();
    assert_eq!(made["url"], format!("{}/ben/copy", app.address()));
    assert_eq!(made["filesCopyPending"], false);
    let both = ["ana/rain", "ben/copy"].map(|id| format!("/api/models/{id}/commits/main"));
    assert_eq!(ben.get(&both[0]).await.ok(), ben.get(&both[1]).await.ok());
    assert_eq!(ben.get("/ben/copy/resolve/v1/net.bin").await.text(), "weights");
    assert_eq!(ana.get("/api/v1/repos/ana/rain/forks").await.ok()["total"], 0);
    assert_eq!(ben.get("/api/ben/copy").await.ok()["forked_from"], Value::Null);

    let again = ben.post(DUPLICATE, &wish("ben/copy")).await.expect(409);
    assert_eq!(again.json()["url"], format!("{}/ben/copy", app.address()));
    for namespace in ["ana", "nobody"] {
        refused(&ben.post(DUPLICATE, &wish(&format!("{namespace}/copy"))).await, 403, "");
    }
    refused(&app.anonymous().post(DUPLICATE, &wish("ben/other")).await, 401, "");
    refused(&ben.post(DUPLICATE, &wish("without-namespace")).await, 422, "");
    refused(
        &ben.post("/api/models/ana/none/duplicate", &wish("ben/other")).await,
        404,
        "RepoNotFound",
    );

    // Both go their own ways.
    ana.upload("ana/rain", "b.txt", "b").await;
    ana.delete("/api/ana/rain").await.ok();
    assert_eq!(ben.get("/ben/copy/resolve/main/a.txt").await.text(), "a");
    assert_eq!(ben.get("/ben/copy/resolve/main/b.txt").await.status.as_u16(), 404);
    ben.upload("ben/copy", "c.txt", "c").await;
    app.finish().await;
}

#[tokio::test]
async fn a_duplicate_shows_no_more_than_what_it_is_made_from() {
    let (app, ana, ben) = with_model().await;
    let settings = "/api/models/ana/rain/settings";
    ana.put(settings, &json!({ "gated": "manual" })).await.ok();
    refused(&ben.post(DUPLICATE, &wish("ben/copy")).await, 403, "GatedRepo");
    ana.put(settings, &json!({ "gated": false, "visibility": "private" }))
        .await
        .ok();
    refused(&ben.post(DUPLICATE, &wish("ben/copy")).await, 404, "RepoNotFound");
    let part = json!({ "username": "ben", "permission": "read" });
    ana.post("/api/v1/repos/ana/rain/collaborators", &part)
        .await
        .expect(201);
    let public = json!({ "repository": "ben/copy", "visibility": "public" });
    refused(&ben.post(DUPLICATE, &public).await, 422, "");
    ben.post(DUPLICATE, &wish("ben/copy")).await.ok();
    assert_eq!(ben.get("/api/models/ben/copy").await.ok()["private"], true);
    ana.put(settings, &json!({ "visibility": "public" })).await.ok();
    let private = json!({ "repository": "ben/mine", "visibility": "private" });
    ben.post(DUPLICATE, &private).await.ok();
    refused(&ana.get("/api/models/ben/mine").await, 404, "RepoNotFound");
    app.finish().await;
}
