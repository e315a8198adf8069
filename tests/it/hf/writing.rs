use super::{create, refused};
use crate::support::{Client, Reply, TestApp};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use reqwest::Method;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

const BASE: &str = "/api/models/ana/rain";

async fn with_model() -> (TestApp, Client) {
    let app = TestApp::start().await;
    let ana = app.user("ana").await;
    create(&ana, "rain").await;
    (app, ana)
}

pub(super) fn header(summary: &str) -> Value {
    json!({ "key": "header", "value": { "summary": summary, "description": "" } })
}

/// A file as the clients write it: the content comes before the path.
pub(super) fn file(path: &str, content: impl AsRef<[u8]>) -> Value {
    let content = STANDARD.encode(content);
    json!({ "key": "file", "value": { "content": content, "path": path, "encoding": "base64" } })
}

pub(super) fn step(key: &str, value: Value) -> Value {
    json!({ "key": key, "value": value })
}

pub(super) async fn commit(client: &Client, branch: &str, lines: &[Value]) -> Reply {
    commit_to(client, BASE, branch, lines).await
}

/// A commit to the repository at this address.
pub(super) async fn commit_to(client: &Client, base: &str, branch: &str, lines: &[Value]) -> Reply {
    let body = lines.iter().map(Value::to_string).collect::<Vec<_>>().join("\n");
    let call = client.call(Method::POST, &format!("{base}/commit/{branch}"));
    call.header("content-type", "application/x-ndjson").body(body).await
}

async fn paths(client: &Client) -> Vec<String> {
    let info = client.get(BASE).await.ok();
    let names = info["siblings"].as_array().unwrap().iter();
    names
        .map(|file| file["rfilename"].as_str().unwrap().to_owned())
        .collect()
}

/// Sends content as the clients do without Xet, and names it.
pub(super) async fn send_large(client: &Client, content: &[u8]) -> String {
    send_large_to(client, "/ana/rain", content).await
}

/// The same for the repository with this page.
pub(super) async fn send_large_to(client: &Client, page: &str, content: &[u8]) -> String {
    let oid = hex::encode(Sha256::digest(content));
    let batch = json!({ "operation": "upload", "transfers": ["basic", "multipart"], "hash_algo": "sha256",
        "objects": [{ "oid": oid, "size": content.len() }] });
    let answer = client
        .post(&format!("{page}.git/info/lfs/objects/batch"), &batch)
        .await
        .ok();
    let Some(upload) = answer["objects"][0]["actions"]["upload"]["href"].as_str() else {
        // It is there, or the sender can read it elsewhere.
        return oid;
    };
    // Without a token, as the clients do it: the address is the right.
    let sent = reqwest::Client::new()
        .put(upload)
        .body(content.to_vec())
        .send()
        .await
        .unwrap();
    assert!(sent.status().is_success(), "{sent:?}");
    oid
}

#[tokio::test]
async fn a_commit_writes_and_deletes_files_and_folders_in_one_step() {
    let (app, ana) = with_model().await;
    let made = commit(
        &ana,
        "main",
        &[
            header("Add all"),
            file("a.txt", "a"),
            file("d/b.txt", "b"),
            file("d/e/c.txt", ""),
        ],
    )
    .await;
    let made = made.ok();
    let oid = made["commitOid"].as_str().unwrap();
    assert_eq!(made["commitUrl"], format!("{}/ana/rain/commit/{oid}", app.address()));
    assert_eq!(ana.get("/ana/rain/resolve/main/d/b.txt").await.text(), "b");
    let commits = ana.get(&format!("{BASE}/commits/main")).await.ok();
    assert_eq!(
        (&commits[0]["id"], &commits[0]["title"]),
        (&json!(oid), &json!("Add all"))
    );

    let described = json!({ "key": "header", "value": { "summary": "Tidy", "description": "All\nof it." } });
    let lines = [
        described,
        step("deletedFolder", json!({ "path": "d/e/" })),
        step("deletedFile", json!({ "path": "a.txt" })),
        file("d/b.txt", "B"),
    ];
    commit(&ana, "refs%2Fheads%2Fmain", &lines).await.ok();
    assert_eq!(paths(&ana).await, [".gitattributes", "d/b.txt"]);
    let commits = ana.get(&format!("{BASE}/commits/main")).await.ok();
    assert_eq!(
        (&commits[0]["title"], &commits[0]["message"]),
        (&json!("Tidy"), &json!("All\nof it."))
    );
    commit(
        &ana,
        "main",
        &[header("Folder"), step("deletedFile", json!({ "path": "d" }))],
    )
    .await
    .ok();
    assert_eq!(paths(&ana).await, [".gitattributes"]);

    let tip = ana.get(BASE).await.ok()["sha"].clone();
    commit(&ana, "main", &[header("Once"), file("x.txt", "x")]).await.ok();
    let again = commit(&ana, "main", &[header("Again"), file("x.txt", "x")]).await.ok();
    assert_ne!(again["commitOid"], tip);
    assert_eq!(
        ana.get(&format!("{BASE}/commits/main"))
            .await
            .ok()
            .as_array()
            .unwrap()
            .len(),
        5
    );
    app.finish().await;
}

#[tokio::test]
async fn a_commit_that_cannot_be_made_is_refused_in_the_words_of_the_clients_and_changes_nothing() {
    let (app, ana) = with_model().await;
    let ben = app.user("ben").await;
    let first = ana.get(BASE).await.ok()["sha"].as_str().unwrap().to_owned();
    commit(&ana, "main", &[header("One"), file("a.txt", "a")]).await.ok();
    let tip = ana.get(BASE).await.ok()["sha"].as_str().unwrap().to_owned();
    let at = |parent: &str| json!({ "key": "header", "value": { "summary": "Two", "parentCommit": parent } });
    let stale = commit(&ana, "main", &[at(&first), file("b.txt", "b")]).await;
    assert!(refused(&stale, 412, "").starts_with("The branch was updated since you opened this page."));
    refused(
        &commit(&ana, "main", &[at("0123456"), file("b.txt", "b")]).await,
        412,
        "",
    );
    let missing = commit(
        &ana,
        "main",
        &[header("No"), step("deletedFile", json!({ "path": "none" }))],
    )
    .await;
    assert_eq!(
        refused(&missing, 404, "EntryNotFound"),
        "A file with this name doesn't exist"
    );
    refused(
        &commit(&ana, "none", &[header("No"), file("b.txt", "b")]).await,
        404,
        "RevisionNotFound",
    );
    refused(
        &commit(&ana, &first, &[header("No"), file("b.txt", "b")]).await,
        404,
        "RevisionNotFound",
    );
    refused(
        &commit(&ana, "main", &[header("No"), file("..\\b", "b")]).await,
        422,
        "",
    );
    refused(&commit(&ana, "main", &[file("b.txt", "b")]).await, 400, "");
    refused(
        &commit(&ana, "main", &[header("No"), json!({ "key": "colour", "value": {} })]).await,
        400,
        "",
    );
    refused(&commit(&ana, "main", &[header("No"), json!("text")]).await, 400, "");
    let broken = json!({ "key": "file", "value": { "content": "no base64", "path": "b.txt" } });
    refused(&commit(&ana, "main", &[header("No"), broken]).await, 400, "");
    let unknown = json!({ "path": "b.bin", "algo": "sha256", "oid": "0".repeat(64), "size": 3 });
    refused(
        &commit(&ana, "main", &[header("No"), step("lfsFile", unknown)]).await,
        400,
        "",
    );
    refused(
        &commit(&ben, "main", &[header("No"), file("b.txt", "b")]).await,
        403,
        "",
    );
    refused(
        &commit(&app.anonymous(), "main", &[header("No"), file("b.txt", "b")]).await,
        401,
        "",
    );
    assert_eq!(ana.get(BASE).await.ok()["sha"], tip);
    commit(&ana, "main", &[at(&tip[..7]), file("b.txt", "b")]).await.ok();
    app.finish().await;
}

#[tokio::test]
async fn large_files_are_named_by_what_was_sent_for_this_repository_and_by_nothing_else() {
    let (app, ana) = with_model().await;
    let content = vec![3; 3_000];
    let oid = send_large(&ana, &content).await;
    let large = |path: &str, oid: &str| {
        step(
            "lfsFile",
            json!({ "path": path, "algo": "sha256", "oid": oid, "size": 3_000 }),
        )
    };
    commit(&ana, "main", &[header("Large"), large("w/a.safetensors", &oid)])
        .await
        .ok();
    assert_eq!(ana.get("/ana/rain/resolve/main/w/a.safetensors").await.body, content);
    // A copy names no size.
    let copy = step(
        "lfsFile",
        json!({ "path": "copy.safetensors", "algo": "sha256", "oid": oid }),
    );
    commit(&ana, "main", &[header("Copy"), copy]).await.ok();
    let wrong = step(
        "lfsFile",
        json!({ "path": "x.safetensors", "algo": "sha256", "oid": oid, "size": 2 }),
    );
    refused(&commit(&ana, "main", &[header("Wrong"), wrong]).await, 422, "");

    let ben = app.user("ben").await;
    create(&ben, "rain").await;
    let body = format!("{}\n{}\n", header("Steal"), large("x.bin", &oid));
    let theft = ben
        .call(Method::POST, "/api/models/ben/rain/commit/main")
        .body(body)
        .await;
    let unheard = format!("{}\n{}\n", header("Guess"), large("x.bin", &"1".repeat(64)));
    let guess = ben
        .call(Method::POST, "/api/models/ben/rain/commit/main")
        .body(unheard)
        .await;
    let (theft, guess) = (refused(&theft, 400, ""), refused(&guess, 400, ""));
    assert_eq!(theft.replace(&oid, ""), guess.replace(&"1".repeat(64), ""));
    app.finish().await;
}

#[tokio::test]
async fn content_in_the_commit_goes_where_every_upload_goes() {
    let (app, ana) = with_model().await;
    let binary: Vec<u8> = (0..2_500_000_u32).map(|number| (number % 251) as u8).collect();
    let lines = [
        header("Both"),
        file("table.dat", &binary),
        file("small.bin", "weights"),
        file("notes.md", "text"),
    ];
    commit(&ana, "main", &lines).await.ok();
    let tree = ana.get(&format!("{BASE}/tree/main")).await.ok();
    let is_large = |path: &str| {
        let entry = tree
            .as_array()
            .unwrap()
            .iter()
            .find(|entry| entry["path"] == path)
            .unwrap();
        entry.get("lfs").is_some()
    };
    assert!(
        is_large("table.dat") && is_large("small.bin") && !is_large("notes.md"),
        "{tree}"
    );
    assert_eq!(ana.get("/ana/rain/resolve/main/table.dat").await.body, binary);
    app.finish().await;
}

#[tokio::test]
async fn clients_are_told_before_an_upload_what_is_large_ignored_or_there_already() {
    let (app, ana) = with_model().await;
    commit(
        &ana,
        "main",
        &[header("One"), file(".gitignore", "*.log\n"), file("a.txt", "a")],
    )
    .await
    .ok();
    let oid = send_large(&ana, &[1; 200]).await;
    let large = step(
        "lfsFile",
        json!({ "path": "m.onnx", "algo": "sha256", "oid": oid, "size": 200 }),
    );
    commit(&ana, "main", &[header("Large"), large]).await.ok();

    let announced = |path: &str, size: u64| json!({ "path": path, "size": size, "sample": STANDARD.encode([0, 1, 2]) });
    let files = [
        announced("a.txt", 3),
        announced("m.onnx", 200),
        announced("empty.onnx", 0),
        announced("data.dat", 2 << 20),
        announced("debug.log", 3),
        announced("README.md", 50 << 20),
    ];
    let address = format!("{BASE}/preupload/main");
    let told = ana.post(&address, &json!({ "files": files })).await.ok();
    let plain = "2e65efe2a145dda7ee51d1741299f848e5bf752e";
    let expected = [
        json!({ "path": "a.txt", "uploadMode": "regular", "shouldIgnore": false, "oid": plain }),
        json!({ "path": "m.onnx", "uploadMode": "lfs", "shouldIgnore": false, "oid": oid }),
        json!({ "path": "empty.onnx", "uploadMode": "regular", "shouldIgnore": false }),
        json!({ "path": "data.dat", "uploadMode": "lfs", "shouldIgnore": false }),
        json!({ "path": "debug.log", "uploadMode": "regular", "shouldIgnore": true }),
        json!({ "path": "README.md", "uploadMode": "regular", "shouldIgnore": false }),
    ];
    assert_eq!(told["files"], json!(expected));
    let instead = json!({ "files": [announced("debug.log", 3), announced("a.txt", 3)], "gitIgnore": "*.txt" });
    let told = ana.post(&address, &instead).await.ok();
    let ignored: Vec<_> = told["files"]
        .as_array()
        .unwrap()
        .iter()
        .map(|file| &file["shouldIgnore"])
        .collect();
    assert_eq!(ignored, [false, true]);
    let missing = ana
        .post(&format!("{BASE}/preupload/none"), &json!({ "files": [] }))
        .await;
    refused(&missing, 404, "RevisionNotFound");
    refused(&app.anonymous().post(&address, &json!({ "files": [] })).await, 401, "");
    app.finish().await;
}

#[tokio::test]
async fn branches_and_tags_are_made_and_deleted_in_the_words_of_the_clients() {
    let (app, ana) = with_model().await;
    let (branch, tag) = (format!("{BASE}/branch/dev%2Fx"), format!("{BASE}/tag/main"));
    ana.post(&branch, &json!({})).await.ok();
    let again = ana.post(&branch, &json!({})).await;
    assert_eq!(refused(&again, 409, ""), "Reference refs/heads/dev/x already exists");
    commit(&ana, "dev%2Fx", &[header("One"), file("a.txt", "a")]).await.ok();
    let sha = ana.get(&format!("{BASE}/revision/dev%2Fx")).await.ok()["sha"]
        .as_str()
        .unwrap()
        .to_owned();
    let start = json!({ "startingPoint": &sha[..7] });
    ana.post(&format!("{BASE}/branch/from"), &start).await.ok();
    assert_eq!(ana.get(&format!("{BASE}/revision/from")).await.ok()["sha"], sha);
    let nowhere = ana
        .post(&format!("{BASE}/branch/y"), &json!({ "startingPoint": "none" }))
        .await;
    refused(&nowhere, 404, "RevisionNotFound");

    ana.post(&tag, &json!({ "tag": "v1", "message": "First" })).await.ok();
    let again = ana.post(&tag, &json!({ "tag": "v1" })).await;
    assert_eq!(refused(&again, 409, ""), "Reference refs/tags/v1 already exists");
    refused(
        &ana.post(&format!("{BASE}/tag/none"), &json!({ "tag": "a..b" })).await,
        404,
        "RevisionNotFound",
    );
    refused(&ana.post(&tag, &json!({ "tag": "a..b" })).await, 422, "");
    ana.post(&format!("{BASE}/tag/{}", &sha[..7]), &json!({ "tag": "dev/x" }))
        .await
        .ok();

    let delete = |path: &str| ana.delete(&format!("{BASE}/{path}"));
    assert_eq!(
        refused(&delete("branch/main").await, 403, ""),
        "Cannot delete refs/heads/main"
    );
    assert_eq!(refused(&delete("branch/v1").await, 404, ""), "Invalid rev id");
    delete("branch/dev%2Fx").await.ok();
    assert_eq!(refused(&delete("branch/dev%2Fx").await, 404, ""), "Invalid rev id");
    delete("tag/dev%2Fx").await.ok();
    refused(&delete("tag/dev%2Fx").await, 404, "RevisionNotFound");
    app.finish().await;
}
