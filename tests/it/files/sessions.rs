use super::{content, git, git_folder, repository, sha256};
use crate::support::{Client, Reply, TestApp};
use reqwest::Method;
use serde_json::{Value, json};

const MIB: usize = 1 << 20;

async fn start(client: &Client, body: &Value) -> Value {
    client.post("/api/ana/net/upload/init", body).await.expect(201).json()
}

fn address(session: &Value, rest: &str) -> String {
    format!("/api/ana/net/upload/{}/{rest}", session["session_id"].as_str().unwrap())
}

async fn send(client: &Client, session: &Value, number: usize, bytes: &[u8]) -> Reply {
    client
        .call(Method::POST, &address(session, &format!("chunk/{number}")))
        .body(bytes.to_vec())
        .await
}

async fn complete(client: &Client, session: &Value) -> Reply {
    client.call(Method::POST, &address(session, "complete")).await
}

#[tokio::test]
async fn chunks_come_in_any_order_at_once_and_again_across_a_kill() {
    let mut app = TestApp::start().await;
    let ana = app.user("ana").await;
    let made = repository(&ana, "net", "public").await;
    let bytes = content(5 * MIB + 1_234, 1);
    let chunks: Vec<&[u8]> = bytes.chunks(MIB).collect();
    let body = json!({ "path": "data/big.nc", "size": bytes.len(), "sha256": sha256(&bytes), "chunk_size": MIB });
    let session = start(&ana, &body).await;
    assert_eq!(
        (&session["total_chunks"], &session["chunk_size"]),
        (&json!(6), &json!(MIB))
    );
    let (sixth, second, third) = tokio::join!(
        send(&ana, &session, 6, chunks[5]),
        send(&ana, &session, 2, chunks[1]),
        send(&ana, &session, 3, chunks[2])
    );
    for reply in [sixth, second, third] {
        reply.expect(200);
    }
    send(&ana, &session, 2, chunks[1]).await.expect(200);
    app.kill().await;
    app.start_again().await;
    let status = ana.get(&address(&session, "status")).await.ok();
    assert_eq!(
        (&status["uploaded_chunks"], &status["missing_count"]),
        (&json!([2, 3, 6]), &json!(3))
    );
    let early = complete(&ana, &session).await.expect(422).json();
    assert_eq!(
        early["details"],
        json!({ "missing_count": 3, "missing_chunks": [1, 4, 5] })
    );
    for number in [1, 5, 4] {
        send(&ana, &session, number, chunks[number - 1]).await.expect(200);
    }
    let done = complete(&ana, &session).await.expect(201).json();
    assert_eq!(complete(&ana, &session).await.ok()["commit_id"], done["commit_id"]);
    app.restart().await;
    assert_eq!(complete(&ana, &session).await.ok(), done);
    let download = app
        .anonymous()
        .get("/api/ana/net/download/data/big.nc")
        .await
        .expect(200);
    assert!(download.body == bytes);
    assert_eq!(ana.get(&address(&session, "status")).await.ok()["status"], "completed");
    send(&ana, &session, 1, chunks[0]).await.refused(409, "conflict");
    assert_eq!(
        git(&git_folder(&app, &made), &["rev-list", "--count", "main"]).trim(),
        "2"
    );
    app.finish().await;
}

#[tokio::test]
async fn content_other_than_announced_is_refused_and_can_be_sent_again() {
    let app = TestApp::start().await;
    let ana = app.user("ana").await;
    repository(&ana, "net", "public").await;
    let bytes = content(MIB + 10, 1);
    let body = json!({ "path": "a.nc", "size": bytes.len(), "sha256": sha256(&bytes), "chunk_size": MIB });
    let session = start(&ana, &body).await;
    send(&ana, &session, 1, &content(MIB, 2)).await.expect(200);
    send(&ana, &session, 2, &bytes[MIB..]).await.expect(200);
    let refused = complete(&ana, &session).await.expect(422).json();
    assert_eq!(refused["details"]["field"], "sha256");
    for (number, wrong) in [(1, MIB - 1), (1, MIB + 1), (2, 9), (2, 11)] {
        let reply = send(&ana, &session, number, &content(wrong, 3))
            .await
            .expect(422)
            .json();
        assert_eq!(reply["details"]["actual"], wrong);
    }
    for number in [0, 3] {
        send(&ana, &session, number, b"x").await.refused(422, "invalid");
    }
    send(&ana, &session, 1, &bytes[..MIB]).await.expect(200);
    complete(&ana, &session).await.expect(201);
    assert!(ana.get("/api/ana/net/download/a.nc").await.expect(200).body == bytes);
    app.finish().await;
}

#[tokio::test]
async fn a_small_text_ends_in_git_whichever_way_it_came() {
    let app = TestApp::start().await;
    let ana = app.user("ana").await;
    let made = repository(&ana, "net", "public").await;
    let session = start(
        &ana,
        &json!({ "path": "notes.txt", "size": 5, "message": "Take notes" }),
    )
    .await;
    assert_eq!(session["chunk_size"], 5 * MIB);
    send(&ana, &session, 1, b"notes").await.expect(200);
    let done = complete(&ana, &session).await.expect(201).json();
    assert_eq!(done["files"][0]["is_lfs"], false);
    let folder = git_folder(&app, &made);
    assert_eq!(git(&folder, &["show", "main:notes.txt"]), "notes");
    assert_eq!(git(&folder, &["log", "-1", "--format=%s", "main"]).trim(), "Take notes");
    let empty = start(&ana, &json!({ "path": "empty.nc", "size": 0 })).await;
    assert_eq!(empty["total_chunks"], 0);
    complete(&ana, &empty).await.expect(201);
    assert_eq!(git(&folder, &["show", "main:empty.nc"]), "");
    app.finish().await;
}

#[tokio::test]
async fn a_session_belongs_to_one_account_and_one_repository() {
    let app = TestApp::start().await;
    let ana = app.user("ana").await;
    let admin = app.admin().await;
    repository(&ana, "net", "public").await;
    repository(&ana, "other", "public").await;
    let session = start(&ana, &json!({ "path": "a.nc", "size": 10 })).await;
    let id = session["session_id"].as_str().unwrap();
    // An administrator may write to the repository, but the session is another's.
    send(&admin, &session, 1, b"0123456789").await.refused(404, "not_found");
    admin.get(&address(&session, "status")).await.refused(404, "not_found");
    admin
        .delete(&format!("/api/ana/net/upload/{id}"))
        .await
        .refused(404, "not_found");
    ana.get(&format!("/api/ana/other/upload/{id}/status"))
        .await
        .refused(404, "not_found");
    ana.get("/api/ana/net/upload/nonsense/status")
        .await
        .refused(404, "not_found");
    complete(&admin, &session).await.refused(404, "not_found");
    app.anonymous()
        .get(&address(&session, "status"))
        .await
        .refused(401, "unauthorized");
    app.finish().await;
}

#[tokio::test]
async fn an_upload_reserves_room_until_it_is_cancelled() {
    let limits = [
        ("GEOML_HUB__STORAGE__QUOTA", "10 MiB"),
        ("GEOML_HUB__UPLOADS__SESSIONS_PER_ACCOUNT", "2"),
    ];
    let app = TestApp::with(&limits).start().await;
    let ana = app.user("ana").await;
    repository(&ana, "net", "public").await;
    let body = |size: usize| json!({ "path": "a.nc", "size": size });
    let first = start(&ana, &body(6 * MIB)).await;
    ana.post("/api/ana/net/upload/init", &body(6 * MIB))
        .await
        .refused(413, "quota_exceeded");
    super::upload(&ana, "ana/net", "b.nc", content(5 * MIB, 1))
        .await
        .refused(413, "quota_exceeded");
    let staged = app.folder().join("uploads").join(first["session_id"].as_str().unwrap());
    assert!(staged.exists());
    ana.delete(&format!(
        "/api/ana/net/upload/{}",
        first["session_id"].as_str().unwrap()
    ))
    .await
    .expect(204);
    assert!(!staged.exists());
    start(&ana, &body(6 * MIB)).await;
    start(&ana, &body(1)).await;
    ana.post("/api/ana/net/upload/init", &body(1))
        .await
        .refused(409, "conflict");
    for chunk_size in [1, MIB - 1, 64 * MIB + 1] {
        let body = json!({ "path": "a.nc", "size": 1, "chunk_size": chunk_size });
        let reply = ana.post("/api/ana/net/upload/init", &body).await.expect(422);
        assert_eq!(reply.json()["details"]["field"], "chunk_size");
    }
    app.finish().await;
}
