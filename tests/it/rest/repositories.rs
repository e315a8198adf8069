use super::{cloned, make, patch};
use crate::files::{content, git_folder, sha256};
use crate::support::{Client, TestApp, assert_git_agrees};
use crate::transport::work::{Work, run};
use serde_json::{Value, json};
use std::time::Duration;

/// Waits until a list has so many items: it follows the record of events.
async fn listed(client: &Client, query: &str, expected: &[&str]) {
    let address = format!("/api/v1/repos?sort=name{query}");
    let mut found = Value::Null;
    for _ in 0..200 {
        found = client.get(&address).await.ok();
        let names: Vec<&str> = found["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|item| item["name"].as_str().unwrap())
            .collect();
        if names == expected {
            assert_eq!(found["total"], expected.len());
            assert_eq!((&found["page"], &found["limit"]), (&json!(1), &json!(20)));
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("{address} lists {found}, not {expected:?}");
}

#[tokio::test]
async fn a_list_shows_what_the_caller_may_see_by_owner_kind_and_text() {
    let app = TestApp::start().await;
    let (ana, ben) = (app.user("ana").await, app.user("ben").await);
    make(
        &ana,
        "alpha",
        json!({ "kind": "workflow", "description": "rain radar" }),
    )
    .await;
    make(&ana, "beta", json!({ "kind": "dataset", "visibility": "private" })).await;
    make(&ana, "delta", json!({})).await;
    make(&ben, "gamma", json!({ "repo_type": "project" })).await;
    listed(&app.anonymous(), "", &["alpha", "delta", "gamma"]).await;
    listed(&ana, "", &["alpha", "beta", "delta", "gamma"]).await;
    listed(&ben, "&owner=ana", &["alpha", "delta"]).await;
    listed(&ana, "&owner=ana&kind=dataset,workflow", &["alpha", "beta"]).await;
    listed(&ben, "&kind=code", &["delta"]).await;
    listed(&ben, "&q=radar", &["alpha"]).await;
    listed(&app.admin().await, "&kind=dataset", &["beta"]).await;
    app.anonymous()
        .get("/api/v1/repos?kind=nothing")
        .await
        .refused(400, "bad_request");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_repository_without_a_first_commit_is_cloned_and_pushed_to() {
    let app = TestApp::start().await;
    let ana = app.user("ana").await;
    let made = make(
        &ana,
        "empty",
        json!({ "init_readme": false, "default_branch": "trunk" }),
    )
    .await;
    assert_eq!((&made["repo_type"], &made["total_files"]), (&json!("code"), &json!(0)));
    assert_eq!(
        (&made["last_commit"], &made["default_branch"]),
        (&Value::Null, &json!("trunk"))
    );
    let url = format!("{}/ana/empty.git", app.address());
    let (_folder, clone) = cloned(&ana, &url);
    let head = run(&clone, &["symbolic-ref", "HEAD"], &[]);
    assert_eq!(String::from_utf8_lossy(&head.stdout).trim(), "refs/heads/trunk");
    // What a page asks of it is answered.
    let anonymous = app.anonymous();
    for address in [
        "/api/v1/repos/ana/empty",
        "/api/ana/empty",
        "/api/v1/repos/ana/empty/branches",
    ] {
        anonymous.get(address).await.ok();
    }
    for address in ["/api/ana/empty/files", "/api/v1/repos/ana/empty/commits"] {
        let status = anonymous.get(address).await.status.as_u16();
        assert!(matches!(status, 200 | 404), "{address}: {status}");
    }
    let work = Work::new();
    work.write("a.txt", "a");
    work.commit("First");
    work.push(&ana, &url, &["HEAD:refs/heads/trunk"]);
    let shown = anonymous.get("/api/v1/repos/ana/empty").await.ok();
    assert_eq!(
        (&shown["total_files"], &shown["last_commit"]["title"]),
        (&json!(1), &json!("First"))
    );
    // A commit from the web is a first commit too.
    make(&ana, "other", json!({ "init_readme": false })).await;
    ana.upload("ana/other", "b.txt", "b").await;
    let shown = anonymous.get("/api/v1/repos/ana/other").await.ok();
    assert_eq!(
        (&shown["total_files"], &shown["default_branch"]),
        (&json!(1), &json!("main"))
    );
    assert_git_agrees(&app).await;
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_git_lfs_large_files_are_refused_on_every_way() {
    let app = TestApp::with(&[("GEOML_HUB__UPLOADS__BINARY_LIMIT", "10 KiB")])
        .start()
        .await;
    let ana = app.user("ana").await;
    let made = make(&ana, "plain", json!({ "lfs_enabled": false, "kind": "model" })).await;
    assert_eq!((&made["lfs_enabled"], &made["total_files"]), (&json!(false), &json!(1)));
    // What is named like large content and small is a plain file here.
    let small = content(2_000, 1);
    ana.upload("ana/plain", "weights.onnx", small.clone()).await;
    let folder = git_folder(&app, &made);
    let kept = std::process::Command::new("git")
        .args([
            "--git-dir",
            folder.to_str().unwrap(),
            "cat-file",
            "blob",
            "main:weights.onnx",
        ])
        .output()
        .unwrap();
    assert_eq!(kept.stdout, small);
    let large = content(20_000, 2);
    let sentence = ana
        .upload_call("ana/plain", "large.bin", large.clone())
        .await
        .refused(413, "too_large");
    assert!(sentence.contains("git LFS is switched off"), "{sentence}");
    let session = json!({ "path": "large.bin", "size": 50_000_000, "message": "Add" });
    ana.post("/api/ana/plain/upload/init", &session)
        .await
        .refused(413, "too_large");
    let wish = json!({ "operation": "upload", "objects": [{ "oid": sha256(&large), "size": large.len() }] });
    let batch = "/api/v1/repos/ana/plain/info/lfs/objects/batch";
    let refused = ana.post(batch, &wish).await.expect(403).json();
    assert!(
        refused["message"].as_str().unwrap().contains("switched off"),
        "{refused}"
    );
    // A file of another repository does not come in as a pointer either.
    make(&ana, "source", json!({ "kind": "model" })).await;
    ana.upload("ana/source", "large.bin", large.clone()).await;
    let files = ana.get("/api/ana/source/files").await.ok();
    let items = files["items"].as_array().unwrap();
    let file = items.iter().find(|file| file["path"] == "large.bin").unwrap();
    let address = format!("/api/files/{}/copy", file["file_id"].as_str().unwrap());
    let copy = json!({ "path": "large.bin", "repository": "ana/plain" });
    let refused = ana.post(&address, &copy).await;
    assert!(refused.status.is_client_error(), "{}", refused.text());
    // Switched on again, it takes everything.
    let changed = patch(&ana, "/api/v1/repos/ana/plain", &json!({ "lfs_enabled": true }))
        .await
        .ok();
    assert_eq!(changed["lfs_enabled"], true);
    ana.post(batch, &wish).await.ok();
    ana.upload("ana/plain", "large.bin", large).await;
    app.finish().await;
}

#[tokio::test]
async fn a_repository_is_changed_and_deleted_by_whom_its_settings_are() {
    let app = TestApp::start().await;
    let (ana, ben) = (app.user("ana").await, app.user("ben").await);
    make(&ana, "net", json!({ "description": "one" })).await;
    make(&ana, "taken", json!({})).await;
    let address = "/api/v1/repos/ana/net";
    let side = json!({ "name": "side" });
    ana.post(&format!("{address}/branches"), &side).await.expect(201);
    let change = json!({ "description": "two", "visibility": "private", "default_branch": "side", "name": "network" });
    patch(&ben, address, &change).await.refused(403, "forbidden");
    let changed = patch(&ana, address, &change).await.ok();
    assert_eq!(
        (
            &changed["full_name"],
            &changed["default_branch"],
            &changed["visibility"],
            &changed["description"]
        ),
        (&json!("ana/network"), &json!("side"), &json!("private"), &json!("two"))
    );
    // The old name leads on.
    assert_eq!(ana.get(address).await.ok()["name"], "network");
    ben.get(address).await.refused(404, "not_found");
    for (field, body) in [
        ("default_branch", json!({ "default_branch": "nowhere" })),
        ("name", json!({ "name": "a/b" })),
        ("description", json!({ "description": "x".repeat(501) })),
    ] {
        let reply = patch(&ana, address, &body).await.expect(422);
        assert_eq!(reply.json()["details"]["field"], field, "{}", reply.text());
    }
    patch(&ana, address, &json!({ "name": "TAKEN" }))
        .await
        .refused(409, "conflict");
    ben.delete(address).await.refused(404, "not_found");
    ana.delete(address).await.expect(204);
    ana.get(address).await.refused(404, "not_found");
    let again = json!({ "name": "taken" });
    ana.post("/api/v1/repos", &again).await.refused(409, "conflict");
    app.anonymous()
        .post("/api/v1/repos", &again)
        .await
        .refused(401, "unauthorized");
    let bad = json!({ "name": "odd", "default_branch": "a..b" });
    ana.post("/api/v1/repos", &bad).await.refused(422, "invalid");
    app.finish().await;
}
