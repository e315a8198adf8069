use super::writing::{commit, commit_to, file, header, send_large, send_large_to, step};
use super::{create, refused};
use crate::support::{Client, TestApp};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

const BASE: &str = "/api/models/ana/rain";

/// A model of ana's with two versions of a large file, and ben, who may write to it.
async fn with_history() -> (TestApp, Client, Client) {
    let app = TestApp::start().await;
    let (ana, ben) = (app.user("ana").await, app.user("ben").await);
    create(&ana, "rain").await;
    let part = json!({ "username": "ben", "permission": "write" });
    ana.post("/api/v1/repos/ana/rain/collaborators", &part)
        .await
        .expect(201);
    for content in ["first", "second"] {
        put_large(&ana, "main", "deep/net.bin", content).await;
    }
    commit(&ana, "main", &[header("Say"), file("a.txt", "a")]).await.ok();
    (app, ana, ben)
}

fn digest_of(content: &str) -> String {
    hex::encode(Sha256::digest(content))
}

async fn put_large(client: &Client, branch: &str, path: &str, content: &str) -> String {
    let oid = send_large(client, content.as_bytes()).await;
    let large = step(
        "lfsFile",
        json!({ "path": path, "algo": "sha256", "oid": oid, "size": content.len() }),
    );
    commit(client, branch, &[header("Train"), large]).await.ok();
    oid
}

/// Large content and where it is said to stand, by its digest.
async fn large(client: &Client) -> Vec<(String, String)> {
    let listed = client.get(&format!("{BASE}/lfs-files")).await.ok();
    let listed = listed.as_array().unwrap().iter();
    let mut found: Vec<_> = listed
        .map(|one| {
            assert_eq!(one["fileOid"], one["oid"]);
            assert!(one["pushedAt"].as_str().unwrap().ends_with('Z'));
            let place = format!(
                "{} {}",
                one["ref"].as_str().unwrap_or("-"),
                one["filename"].as_str().unwrap()
            );
            (place, one["oid"].as_str().unwrap().to_owned())
        })
        .collect();
    found.sort();
    found
}

async fn stored(client: &Client) -> u64 {
    let listed = client.get("/api/settings/repositories").await.ok();
    listed[0]["storage"].as_u64().unwrap()
}

fn deletions(contents: &[&str], rewrite: bool) -> Value {
    json!({ "deletions": { "sha": contents, "rewriteHistory": rewrite } })
}

async fn commits(client: &Client, branch: &str) -> Vec<Value> {
    let commits = client.get(&format!("{BASE}/commits/{branch}")).await.ok();
    commits.as_array().unwrap().clone()
}

async fn tree(client: &Client, branch: &str) -> Value {
    client.get(&format!("{BASE}/tree/{branch}?recursive=true")).await.ok()
}

#[tokio::test]
async fn a_branch_is_squashed_to_one_commit_with_the_same_files() {
    let (app, ana, _) = with_history().await;
    let before = tree(&ana, "main").await;
    let old = ana.get(BASE).await.ok()["sha"].as_str().unwrap().to_owned();
    let squash = format!("{BASE}/super-squash/main");
    ana.post(&squash, &json!({ "message": "All\n\nof it." })).await.ok();
    let after = commits(&ana, "main").await;
    assert_eq!(after.len(), 1);
    assert_eq!(
        (
            &after[0]["title"],
            &after[0]["message"],
            &after[0]["authors"][0]["user"]
        ),
        (&json!("All"), &json!("of it."), &json!("ana"))
    );
    assert_eq!(tree(&ana, "main").await, before);
    assert_eq!(ana.get("/ana/rain/resolve/main/deep/net.bin").await.text(), "second");
    let told = ana.get(&format!("{BASE}/tree/main/deep?expand=true")).await.ok();
    assert_eq!(told[0]["lastCommit"]["id"], after[0]["id"]);
    // Work goes on from there, and not from where the branch stood.
    let stale = json!({ "key": "header", "value": { "summary": "Late", "parentCommit": old } });
    refused(&commit(&ana, "main", &[stale, file("b.txt", "b")]).await, 412, "");
    commit(&ana, "main", &[header("Next"), file("b.txt", "b")]).await.ok();
    assert_eq!(commits(&ana, "main").await.len(), 2);
    refused(
        &ana.post(&format!("{BASE}/super-squash/nowhere"), &json!({ "message": "x" }))
            .await,
        404,
        "RevisionNotFound",
    );
    app.finish().await;
}

#[tokio::test]
async fn whoever_may_write_squashes_what_no_rule_protects() {
    let (app, ana, ben) = with_history().await;
    let squash = |branch: &str| format!("{BASE}/super-squash/{branch}");
    let wish = json!({ "message": "One" });
    refused(&app.anonymous().post(&squash("main"), &wish).await, 401, "");
    let eva = app.user("eva").await;
    refused(&eva.post(&squash("main"), &wish).await, 403, "");
    let said = refused(&ben.post(&squash("main"), &wish).await, 403, "");
    assert!(said.contains("protected"), "{said}");
    assert_eq!(commits(&ana, "main").await.len(), 4);

    ben.post(&format!("{BASE}/branch/work"), &json!({})).await.ok();
    ben.post(&squash("work"), &wish).await.ok();
    assert_eq!(commits(&ana, "work").await.len(), 1);
    assert_eq!(
        commits(&ana, "main").await.len(),
        4,
        "the other branch keeps its history"
    );

    // A rule that somebody wrote holds for everybody.
    let rules = |force_push: bool| {
        json!({ "protections": [
            { "pattern": "work", "force_push": false },
            { "pattern": "main", "force_push": force_push },
        ] })
    };
    let address = "/api/v1/repos/ana/rain/protections";
    ana.put(address, &rules(false)).await.ok();
    for branch in ["work", "main"] {
        refused(&ana.post(&squash(branch), &wish).await, 403, "");
    }
    ana.put(address, &rules(true)).await.ok();
    ben.post(&squash("main"), &wish).await.ok();
    assert_eq!(commits(&ana, "main").await.len(), 1);
    app.finish().await;
}

#[tokio::test]
async fn large_content_is_listed_with_the_reference_and_the_path_that_show_it() {
    let (app, ana, ben) = with_history().await;
    ana.post(&format!("{BASE}/branch/work"), &json!({})).await.ok();
    let third = put_large(&ana, "work", "work.bin", "third").await;
    let fourth = send_large(&ana, b"fourth").await;
    let large_file = step(
        "lfsFile",
        json!({ "path": "pr.bin", "algo": "sha256", "oid": fourth, "size": 6 }),
    );
    commit(&ana, "main?create_pr=1", &[header("Propose"), large_file])
        .await
        .ok();
    send_large(&ana, b"named by no commit").await;
    let found = large(&ben).await;
    let places: Vec<_> = found.iter().map(|(place, _)| place.as_str()).collect();
    assert_eq!(
        places,
        [
            "main deep/net.bin",
            "main deep/net.bin",
            "refs/pr/1 pr.bin",
            "work work.bin"
        ]
    );
    assert_eq!((&found[2].1, &found[3].1), (&fourth, &third));
    let mut digests: Vec<_> = found.iter().map(|(_, digest)| digest.clone()).collect();
    digests.sort();
    let behind = ana.get(&format!("{BASE}/lfs-files?cursor={}", digests[0])).await.ok();
    let behind: Vec<_> = behind
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["oid"].clone())
        .collect();
    assert_eq!(behind, digests[1..]);
    ana.get(&format!("{BASE}/lfs-files?cursor=x")).await.expect(400);
    let eva = app.user("eva").await;
    refused(&eva.get(&format!("{BASE}/lfs-files")).await, 403, "");
    app.finish().await;
}

#[tokio::test]
async fn deleted_large_content_leaves_the_histories_of_all_branches_and_this_repository_alone() {
    let (app, ana, ben) = with_history().await;
    let content = "heavy ".repeat(50_000);
    ana.post("/api/v1/repos/ana/rain/tags", &json!({ "name": "before" }))
        .await
        .expect(201);
    let heavy = put_large(&ana, "main", "deep/down/heavy.bin", &content).await;
    put_large(&ana, "main", "deep/net.bin", &content).await;
    ana.post(&format!("{BASE}/branch/work"), &json!({})).await.ok();
    commit(&ana, "work", &[header("Side"), file("side.txt", "s")])
        .await
        .ok();
    ben.post("/api/v1/repos/ana/rain/fork", &json!({ "name": "mine" }))
        .await
        .expect(201);
    let titles = |commits: Vec<Value>| commits.into_iter().map(|one| one["title"].clone()).collect::<Vec<_>>();
    let told = (titles(commits(&ana, "main").await), titles(commits(&ana, "work").await));
    let (oldest, before) = (commits(&ana, "before").await, stored(&ana).await);

    let address = format!("{BASE}/lfs-files/batch");
    refused(&ben.post(&address, &deletions(&[&heavy], true)).await, 403, "");
    ana.post(&address, &deletions(&[&heavy, &"0".repeat(64)], true))
        .await
        .ok();
    for branch in ["main", "work"] {
        for path in ["deep/down/heavy.bin", "deep/net.bin"] {
            let gone = ana.get(&format!("/ana/rain/resolve/{branch}/{path}")).await;
            refused(&gone, 404, "EntryNotFound");
        }
    }
    assert_eq!(ana.get("/ana/rain/resolve/work/side.txt").await.text(), "s");
    let after = commits(&ana, "main").await;
    assert_eq!((titles(after.clone()), titles(commits(&ana, "work").await)), told);
    assert_eq!(after[2..], oldest, "what comes before the content keeps its name");
    assert_eq!(ana.get("/ana/rain/resolve/before/deep/net.bin").await.text(), "second");
    let names: Vec<_> = large(&ana).await.into_iter().map(|(place, _)| place).collect();
    assert_eq!(names.len(), 2, "{names:?}");
    assert!(stored(&ana).await < before - 250_000);
    // The fork has a right of its own.
    assert_eq!(ben.get("/ben/mine/resolve/main/deep/net.bin").await.text(), content);

    // What was deleted can be sent anew.
    ana.post(&address, &deletions(&[&heavy], true)).await.ok();
    put_large(&ana, "main", "deep/net.bin", &content).await;
    assert_eq!(ana.get("/ana/rain/resolve/main/deep/net.bin").await.text(), content);
    app.finish().await;
}

#[tokio::test]
async fn a_rule_keeps_a_history_while_content_can_still_be_deleted() {
    let (app, ana, _) = with_history().await;
    let rules = json!({ "protections": [{ "pattern": "main", "force_push": false }] });
    ana.put("/api/v1/repos/ana/rain/protections", &rules).await.ok();
    let path = "/ana/rain/resolve/main/deep/net.bin";
    assert_eq!(ana.get(path).await.text(), "second");
    let second = digest_of("second");
    let address = format!("{BASE}/lfs-files/batch");
    let said = refused(&ana.post(&address, &deletions(&[&second], true)).await, 403, "");
    assert!(said.contains("protected"), "{said}");
    assert_eq!(ana.get(path).await.text(), "second", "nothing was changed");
    ana.post(&address, &deletions(&[&second], false)).await.ok();
    let left = ana.get(path).await.text();
    assert!(left.starts_with("version https://git-lfs.github.com/spec/v1"), "{left}");
    assert_eq!(large(&ana).await.len(), 1);
    assert_eq!(commits(&ana, "main").await.len(), 4);
    app.finish().await;
}

#[tokio::test]
async fn large_content_is_given_by_whoever_reads_it_to_what_it_may_write() {
    let (app, ana, ben) = with_history().await;
    let eva = app.user("eva").await;
    for client in [&ben, &eva] {
        create(client, "snow").await;
    }
    let second = digest_of("second");
    let address = format!("{BASE}/lfs-files/duplicate");
    let wish = |target: &str, contents: &[&str]| {
        let files = contents
            .iter()
            .map(|sha256| json!({ "xetHash": sha256, "sha256": sha256, "filename": "net.bin" }));
        json!({ "target": { "type": "model", "name": target }, "files": files.collect::<Vec<_>>() })
    };
    let named = step("lfsFile", json!({ "path": "net.bin", "algo": "sha256", "oid": second }));
    let lines = [header("Copy"), named];
    refused(&commit_to(&ben, "/api/models/ben/snow", "main", &lines).await, 400, "");
    let zeros = "0".repeat(64);
    let given = ben.post(&address, &wish("ben/snow", &[&second, &zeros])).await.ok();
    assert_eq!(given["failed"].as_array().unwrap().len(), 1);
    assert_eq!(given["failed"][0]["sha256"], zeros);
    assert!(!given["failed"][0]["error"].as_str().unwrap().is_empty());
    commit_to(&ben, "/api/models/ben/snow", "main", &lines).await.ok();
    assert_eq!(ben.get("/ben/snow/resolve/main/net.bin").await.text(), "second");

    refused(&eva.post(&address, &wish("ben/snow", &[&second])).await, 403, "");
    refused(
        &eva.post(&address, &wish("eva/none", &[&second])).await,
        404,
        "RepoNotFound",
    );
    refused(
        &app.anonymous().post(&address, &wish("eva/snow", &[&second])).await,
        401,
        "",
    );
    // Knowing a digest is no right to the content.
    let hidden = send_large_to(&ben, "/ben/snow", b"hidden").await;
    let given = eva.post(&address, &wish("eva/snow", &[&hidden])).await.ok();
    assert_eq!(given["failed"][0]["sha256"], hidden);
    ana.put(&format!("{BASE}/settings"), &json!({ "gated": "manual" }))
        .await
        .ok();
    refused(
        &eva.post(&address, &wish("eva/snow", &[&second])).await,
        403,
        "GatedRepo",
    );
    ana.put(
        &format!("{BASE}/settings"),
        &json!({ "gated": false, "visibility": "private" }),
    )
    .await
    .ok();
    refused(
        &eva.post(&address, &wish("eva/snow", &[&second])).await,
        404,
        "RepoNotFound",
    );
    ana.put(&format!("{BASE}/settings"), &json!({ "visibility": "public" }))
        .await
        .ok();
    let quota = json!({ "storage_quota": 3 });
    app.admin().await.put("/api/users/eva", &quota).await.ok();
    let said = refused_anyhow(&eva.post(&address, &wish("eva/snow", &[&second])).await);
    assert!(said.contains("quota"), "{said}");
    app.finish().await;
}

#[track_caller]
fn refused_anyhow(reply: &crate::support::Reply) -> String {
    assert!(reply.status.is_client_error(), "{}", reply.text());
    reply.text()
}
