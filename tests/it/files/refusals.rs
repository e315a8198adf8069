use super::{content, git, git_folder, repository, upload, upload_batch};
use crate::support::TestApp;
use reqwest::Method;
use reqwest::multipart::Form;
use serde_json::json;

/// Paths that escape, deceive, or that some file system cannot hold.
const BAD_PATHS: &[&str] = &[
    "../x",
    "a/../../x",
    "/etc/passwd",
    "C:/windows",
    "a\\b",
    "a//b",
    "./a",
    "a/./b",
    ".git/config",
    "sub/.git/hooks/post-receive",
    ".GIT/config",
    "git~1/config",
    "name.",
    "name ",
    "x\u{202e}gpj.exe",
    "tab\there",
    "nul\0byte",
];

#[tokio::test]
async fn paths_that_no_repository_can_hold_are_refused_everywhere() {
    let app = TestApp::start().await;
    let ana = app.user("ana").await;
    let made = repository(&ana, "net", "public").await;
    let id = upload(&ana, "ana/net", "a.txt", "a").await.expect(201).json()["files"][0]["file_id"].clone();
    let id = id.as_str().unwrap();
    let long_part = "x".repeat(256);
    let long_path = "a/".repeat(600) + "a";
    for path in BAD_PATHS
        .iter()
        .copied()
        .chain([long_part.as_str(), long_path.as_str()])
    {
        let reply = upload(&ana, "ana/net", path, "x").await.expect(422);
        assert_eq!(reply.json()["details"]["field"], "path", "{path:?}");
        let start = json!({ "path": path, "size": 1 });
        ana.post("/api/ana/net/upload/init", &start)
            .await
            .refused(422, "invalid");
        let to = json!({ "path": path });
        ana.post(&format!("/api/files/{id}/move"), &to)
            .await
            .refused(422, "invalid");
        ana.post(&format!("/api/files/{id}/copy"), &to)
            .await
            .refused(422, "invalid");
        if !path.contains(['\0', '\t']) {
            upload_batch(&ana, "ana/net", vec![(path.to_owned(), b"x".to_vec())])
                .await
                .expect(422);
        }
    }
    assert_eq!(
        git(&git_folder(&app, &made), &["rev-list", "--count", "main"]).trim(),
        "2"
    );
    app.finish().await;
}

#[tokio::test]
async fn addresses_that_climb_find_nothing() {
    let app = TestApp::start().await;
    let ana = app.user("ana").await;
    repository(&ana, "net", "public").await;
    let climbing = [
        "..%2F..%2Fhub.redb",
        "%2e%2e%2fhub.redb",
        "%252e%252e%252fhub.redb",
        "a%00b",
        ".git%2Fconfig",
        "%2Fetc%2Fpasswd",
    ];
    for path in climbing {
        for route in ["blob", "download", "tree/main"] {
            ana.get(&format!("/api/ana/net/{route}/{path}")).await.expect(404);
        }
    }
    app.finish().await;
}

#[tokio::test]
async fn names_that_differ_only_in_case_are_refused() {
    let app = TestApp::start().await;
    let ana = app.user("ana").await;
    repository(&ana, "net", "public").await;
    upload(&ana, "ana/net", "data/Map.txt", "x").await.expect(201);
    let sentence = upload(&ana, "ana/net", "data/map.txt", "y")
        .await
        .refused(409, "conflict");
    assert!(sentence.contains("capital letters"), "{sentence}");
    upload(&ana, "ana/net", "DATA/other.txt", "y")
        .await
        .refused(409, "conflict");
    upload(&ana, "ana/net", "data", "y").await.refused(422, "invalid");
    app.finish().await;
}

#[tokio::test]
async fn forms_that_lack_something_are_refused_with_the_field_named() {
    let app = TestApp::start().await;
    let ana = app.user("ana").await;
    repository(&ana, "net", "public").await;
    let send = |form: Form| ana.call(Method::POST, "/api/ana/net/upload").form(form);
    let reply = send(Form::new().text("path", "a.txt")).await.expect(422);
    assert_eq!(reply.json()["details"]["field"], "file");
    let file = || reqwest::multipart::Part::bytes(b"x".to_vec()).file_name("a.txt");
    let reply = send(Form::new().part("file", file()).text("message", "m".repeat(20_000)))
        .await
        .expect(422);
    assert_eq!(reply.json()["details"]["field"], "message");
    send(Form::new().part("file", file()).text("branch", "no-such-branch"))
        .await
        .expect(404);
    send(Form::new().part("file", file()).part("file", file()))
        .await
        .refused(413, "too_large");
    ana.call(Method::POST, "/api/ana/net/upload")
        .body("no form")
        .await
        .expect(400);
    app.finish().await;
}

#[tokio::test]
async fn a_private_repository_answers_like_a_missing_one_to_everybody_else() {
    let app = TestApp::start().await;
    let ana = app.user("ana").await;
    let bo = app.user("bo").await;
    repository(&ana, "net", "private").await;
    let id = upload(&ana, "ana/net", "a.nc", content(2_000, 1))
        .await
        .expect(201)
        .json()["files"][0]["file_id"]
        .clone();
    let id = id.as_str().unwrap();
    let reads = [
        "tree/main",
        "tree/main/x",
        "files",
        "blob/a.nc",
        "download/a.nc",
        "download/",
        "commits",
        "upload/x/status",
    ];
    for read in reads {
        for other in [app.anonymous(), bo.clone()] {
            if read.ends_with("status") && other.token.is_none() {
                continue;
            }
            let hidden = other
                .get(&format!("/api/ana/net/{read}"))
                .await
                .refused(404, "not_found");
            let missing = other
                .get(&format!("/api/ana/nix/{read}"))
                .await
                .refused(404, "not_found");
            assert_eq!(
                hidden.replace("ana/net", "X"),
                missing.replace("ana/nix", "X"),
                "{read}"
            );
        }
    }
    for path in [format!("/api/files/{id}"), format!("/api/files/{id}/download")] {
        assert_eq!(
            bo.get(&path).await.refused(404, "not_found"),
            bo.get("/api/files/f1AAAA").await.refused(404, "not_found")
        );
        ana.get(&path).await.expect(200);
    }
    let start = json!({ "path": "b.nc", "size": 5 });
    bo.post("/api/ana/net/upload/init", &start)
        .await
        .refused(404, "not_found");
    upload(&bo, "ana/net", "b.txt", "x").await.refused(404, "not_found");
    app.finish().await;
}

#[tokio::test]
async fn who_may_only_read_changes_nothing() {
    let app = TestApp::start().await;
    let ana = app.user("ana").await;
    let bo = app.user("bo").await;
    repository(&ana, "net", "public").await;
    let id = upload(&ana, "ana/net", "a.txt", "a").await.expect(201).json()["files"][0]["file_id"].clone();
    let file = format!("/api/files/{}", id.as_str().unwrap());
    for (client, status) in [(bo, 403), (app.anonymous(), 401)] {
        upload(&client, "ana/net", "b.txt", "b").await.expect(status);
        upload_batch(&client, "ana/net", vec![("b.txt".to_owned(), b"b".to_vec())])
            .await
            .expect(status);
        client
            .post("/api/ana/net/upload/init", &json!({ "path": "b.txt", "size": 1 }))
            .await
            .expect(status);
        client
            .put(&file, &json!({ "description": "mine" }))
            .await
            .expect(status);
        client
            .post(&format!("{file}/move"), &json!({ "path": "c.txt" }))
            .await
            .expect(status);
        client
            .post(&format!("{file}/copy"), &json!({ "path": "c.txt" }))
            .await
            .expect(status);
        client.delete(&file).await.expect(status);
        client.get("/api/files").await.expect(status);
        client.get("/api/users/ana/storage").await.expect(status);
    }
    app.finish().await;
}
