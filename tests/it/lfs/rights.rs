use super::{batch_call, fetch, href, oid, one, refused, send};
use crate::support::{Client, TestApp};
use reqwest::Method;
use serde_json::json;

const ANA: &str = "/ana/hidden.git/info/lfs";
const BEN: &str = "/ben/own.git/info/lfs";

async fn with_two() -> (TestApp, Client, Client) {
    let app = TestApp::start().await;
    let (ana, ben) = (app.user("ana").await, app.user("ben").await);
    ana.create_repository("hidden", "private").await;
    ben.create_repository("own", "private").await;
    (app, ana, ben)
}

#[tokio::test]
async fn knowing_a_digest_gives_nobody_content_that_they_cannot_read() {
    let (app, ana, ben) = with_two().await;
    let content = b"a secret of ana".as_slice();
    send(&app, &ana, ANA, content).await.expect(200);

    batch_call(&ben, ANA, "download", &[content]).await.expect(404);
    assert_eq!(refused(&one(&ben, BEN, "download", content).await), 404);
    // It has to be sent like anything that the hub does not have.
    let wanted = one(&ben, BEN, "upload", content).await;
    assert_eq!(
        wanted["actions"].as_object().unwrap().keys().collect::<Vec<_>>(),
        one(&ben, BEN, "upload", b"unknown").await["actions"]
            .as_object()
            .unwrap()
            .keys()
            .collect::<Vec<_>>()
    );
    let pointer = format!(
        "version https://git-lfs.github.com/spec/v1\noid sha256:{}\nsize {}\n",
        oid(content),
        content.len()
    );
    ben.upload("ben/own", "stolen.txt", pointer.clone()).await;
    let got = ben.download_call("ben/own", "stolen.txt").await.expect(200);
    assert_eq!(got.text(), pointer);
    assert_eq!(refused(&one(&ben, BEN, "download", content).await), 404);

    // Whoever has the bytes may have them stored.
    let upload = href(&app, &wanted, "upload");
    app.anonymous()
        .call(Method::PUT, &upload)
        .body(content)
        .await
        .expect(200);
    assert_eq!(fetch(&app, &ben, BEN, content).await.await.body, content);
    app.finish().await;
}

#[tokio::test]
async fn what_the_caller_reads_elsewhere_need_not_be_sent_again() {
    let (app, ana, ben) = with_two().await;
    let content = b"shared with ben later on".as_slice();
    send(&app, &ana, ANA, content).await.expect(200);
    let read = json!({ "username": "ben", "permission": "read" });
    ana.post("/api/v1/repos/ana/hidden/collaborators", &read)
        .await
        .expect(201);
    assert_eq!(refused(&one(&ben, BEN, "download", content).await), 404);
    let before = ben.get("/api/ben/own/settings").await.ok()["stored_bytes"]
        .as_u64()
        .unwrap();
    let skipped = one(&ben, BEN, "upload", content).await;
    assert!(
        skipped.get("actions").is_none() && skipped.get("error").is_none(),
        "{skipped}"
    );
    let after = ben.get("/api/ben/own/settings").await.ok()["stored_bytes"]
        .as_u64()
        .unwrap();
    assert_eq!(after - before, content.len() as u64, "it counts like any other");
    assert_eq!(fetch(&app, &ben, BEN, content).await.await.body, content);
    app.finish().await;
}

#[tokio::test]
async fn everybody_gets_what_their_part_in_the_repository_allows() {
    let (app, ana, ben) = with_two().await;
    let content = b"for those who may".as_slice();
    send(&app, &ana, ANA, content).await.expect(200);
    let anonymous = app.anonymous();
    for operation in ["download", "upload"] {
        for base in [ANA, "/ana/absent.git/info/lfs"] {
            let asked = batch_call(&anonymous, base, operation, &[content]).await.expect(401);
            assert!(asked.header("lfs-authenticate").starts_with("Basic "), "{base}");
            assert!(asked.header("www-authenticate").starts_with("Basic "), "{base}");
            assert_eq!(asked.header("content-type"), "application/vnd.git-lfs+json");
            batch_call(&ben, base, operation, &[content]).await.expect(404);
        }
    }
    let parts = "/api/v1/repos/ana/hidden/collaborators";
    ana.post(parts, &json!({ "username": "ben", "permission": "read" }))
        .await
        .expect(201);
    assert_eq!(fetch(&app, &ben, ANA, content).await.await.body, content);
    batch_call(&ben, ANA, "upload", &[b"new"]).await.expect(403);
    ana.post(parts, &json!({ "username": "ben", "permission": "write" }))
        .await
        .expect(200);
    send(&app, &ben, ANA, b"new").await.expect(200);
    let token = json!({ "name": "read", "scope": "read" });
    let token = ben.post("/api/auth/tokens", &token).await.ok();
    let reading = ben.with_token(token["token"].as_str().unwrap());
    fetch(&app, &reading, ANA, content).await.await.expect(200);
    batch_call(&reading, ANA, "upload", &[b"newer"]).await.expect(403);

    // An address ends with the right of the one for whom it was made.
    let download = href(&app, &one(&ben, ANA, "download", content).await, "download");
    let upload = href(&app, &one(&ben, ANA, "upload", b"late").await, "upload");
    let id = ana.get(parts).await.ok()["items"][0]["user_id"]
        .as_str()
        .unwrap()
        .to_owned();
    ana.delete(&format!("{parts}/{id}")).await.expect(204);
    anonymous.get(&download).await.expect(404);
    anonymous.call(Method::PUT, &upload).body("late").await.expect(404);
    app.finish().await;
}

#[tokio::test]
async fn a_public_repository_gives_to_everybody_and_takes_from_those_who_may_write() {
    let app = TestApp::start().await;
    let (ana, ben) = (app.user("ana").await, app.user("ben").await);
    ana.create_repository("open", "public").await;
    let base = "/ana/open/info/lfs";
    let content = b"for everybody".as_slice();
    send(&app, &ana, base, content).await.expect(200);
    assert_eq!(fetch(&app, &app.anonymous(), base, content).await.await.body, content);
    batch_call(&app.anonymous(), base, "upload", &[b"new"])
        .await
        .expect(401);
    batch_call(&ben, base, "upload", &[b"new"]).await.expect(403);
    // Made by somebody who needed no account: it ends when the repository is not public any more.
    let address = href(
        &app,
        &one(&app.anonymous(), base, "download", content).await,
        "download",
    );
    ana.put("/api/ana/open/settings", &json!({ "visibility": "private" }))
        .await
        .ok();
    app.anonymous().get(&address).await.expect(404);
    app.finish().await;
}
