//! Histories over HTTP, with stock git as the oracle.

use crate::files::{content, git, git_folder, repository, upload, upload_batch};
use crate::support::{Client, TestApp};
use serde_json::{Value, json};
use std::path::PathBuf;

async fn ids(client: &Client, query: &str) -> Vec<String> {
    let mut all = Vec::new();
    for page in 1.. {
        let answer = client
            .get(&format!("/api/ana/net/commits?page={page}&limit=3{query}"))
            .await
            .ok();
        let items = answer["items"].as_array().unwrap();
        all.extend(items.iter().map(|commit| commit["id"].as_str().unwrap().to_owned()));
        if all.len() as u64 >= answer["total"].as_u64().unwrap() {
            break;
        }
        assert!(!items.is_empty(), "{answer}");
    }
    all
}

#[tokio::test]
async fn histories_are_those_of_stock_git() {
    let app = TestApp::start().await;
    let ana = app.user("ana").await;
    let made = repository(&ana, "net", "public").await;
    for number in 0..4 {
        upload(&ana, "ana/net", "a.txt", format!("version {number}"))
            .await
            .expect(201);
        upload(&ana, "ana/net", &format!("data/{number}.txt"), "x")
            .await
            .expect(201);
    }
    let folder = git_folder(&app, &made);
    let oracle = |arguments: &[&str]| -> Vec<String> { git(&folder, arguments).lines().map(str::to_owned).collect() };
    let anonymous = app.anonymous();
    assert_eq!(ids(&anonymous, "").await, oracle(&["log", "--format=%H", "main"]));
    for path in ["a.txt", "data", "data/2.txt", "README.md"] {
        let found = ids(&anonymous, &format!("&path={path}")).await;
        assert_eq!(
            found,
            oracle(&["log", "--first-parent", "--format=%H", "main", "--", path]),
            "{path}"
        );
    }
    let middle = oracle(&["rev-parse", "main~3"]).remove(0);
    assert_eq!(
        ids(&anonymous, &format!("&revision={middle}")).await,
        oracle(&["log", "--format=%H", &middle])
    );
    let found = ids(&anonymous, &format!("&revision={middle}&path=a.txt")).await;
    assert_eq!(
        found,
        oracle(&["log", "--first-parent", "--format=%H", &middle, "--", "a.txt"])
    );
    anonymous
        .get("/api/ana/net/commits?path=nowhere")
        .await
        .refused(404, "not_found");
    anonymous
        .get("/api/ana/net/commits?revision=nope")
        .await
        .refused(404, "not_found");
    app.finish().await;
}

#[tokio::test]
async fn a_commit_shows_what_it_changed() {
    let app = TestApp::start().await;
    let ana = app.user("ana").await;
    repository(&ana, "net", "public").await;
    upload(&ana, "ana/net", "a.txt", "one\ntwo\nthree\n").await.expect(201);
    let files = vec![
        ("a.txt".to_owned(), b"one\n2\nthree\nfour\n".to_vec()),
        ("w.nc".to_owned(), content(9_000, 1)),
    ];
    let answer = upload_batch(&ana, "ana/net", files).await.expect(201).json();
    let id = answer["commit_id"].as_str().unwrap();
    let commit = app
        .anonymous()
        .get(&format!("/api/ana/net/commit/{}", &id[..10]))
        .await
        .ok();
    assert_eq!(
        (&commit["id"], &commit["title"]),
        (&json!(id), &json!("Upload 2 files"))
    );
    assert_eq!(commit["author"]["name"], "ana");
    let diff = &commit["diff"];
    assert_eq!(
        (&diff["added"], &diff["deleted"], &diff["truncated"]),
        (&json!(2), &json!(1), &json!(false))
    );
    let file = |path: &str| -> Value {
        let files = diff["files"].as_array().unwrap();
        files.iter().find(|file| file["path"] == path).unwrap().clone()
    };
    let text = file("a.txt");
    assert_eq!(
        (&text["status"], &text["content"]),
        (&json!("modified"), &json!("text"))
    );
    let lines: Vec<_> = text["hunks"][0]["lines"]
        .as_array()
        .unwrap()
        .iter()
        .map(|line| line["text"].as_str().unwrap())
        .collect();
    assert_eq!(lines, ["one", "two", "2", "three", "four"]);
    let large = file("w.nc");
    assert_eq!(
        (&large["status"], &large["content"]),
        (&json!("added"), &json!("large"))
    );
    assert_eq!(
        (&large["new"]["size"], &large["new"]["is_lfs"]),
        (&json!(9_000), &json!(true))
    );
    for unknown in ["main", "zzzz", "0000000000000000000000000000000000000000", "abc"] {
        ana.get(&format!("/api/ana/net/commit/{unknown}"))
            .await
            .refused(404, "not_found");
    }
    app.finish().await;
}

/// Makes branches and tags with stock git in the bare folder, whose branch `main` has commits.
fn side_branch(folder: &PathBuf) {
    let tree = git(folder, &["rev-parse", "main^{tree}"]);
    let who = ["-c", "user.name=Bo", "-c", "user.email=bo@lab.example"];
    let commit = |parent: &str, message: &str| {
        let arguments = ["commit-tree", tree.trim(), "-p", parent, "-m", message];
        git(folder, &[&who[..], &arguments[..]].concat()).trim().to_owned()
    };
    let base = git(folder, &["rev-parse", "main~2"]);
    let first = commit(base.trim(), "Side one");
    let second = commit(&first, "Side two");
    git(folder, &["update-ref", "refs/heads/side/way", &second]);
    git(folder, &["update-ref", "refs/tags/v1", base.trim()]);
    git(
        folder,
        &[&who[..], &["tag", "-a", "-m", "Second", "v2", &first]].concat(),
    );
}

#[tokio::test]
async fn branches_and_tags_are_listed_with_the_commits_they_name() {
    let app = TestApp::start().await;
    let ana = app.user("ana").await;
    let made = repository(&ana, "net", "public").await;
    for number in 0..3 {
        upload(&ana, "ana/net", "a.txt", format!("version {number}"))
            .await
            .expect(201);
    }
    let folder = git_folder(&app, &made);
    side_branch(&folder);
    let anonymous = app.anonymous();
    let names = |answer: &Value| -> Vec<String> {
        let items = answer["items"].as_array().unwrap();
        items
            .iter()
            .map(|item| item["name"].as_str().unwrap().to_owned())
            .collect()
    };
    let branches = anonymous.get("/api/v1/repos/ana/net/branches").await.ok();
    assert_eq!(
        (names(&branches), &branches["total"]),
        (vec!["main".to_owned(), "side/way".to_owned()], &json!(2))
    );
    assert_eq!(branches["items"][0]["is_default"], true);
    assert_eq!(branches["items"][1]["commit"]["title"], "Side two");
    let found = anonymous.get("/api/v1/repos/ana/net/branches?q=SIDE").await.ok();
    assert_eq!(names(&found), ["side/way"]);
    let tags = anonymous.get("/api/v1/repos/ana/net/tags").await.ok();
    assert_eq!(names(&tags), ["v2", "v1"]);
    let commit = git(&folder, &["rev-parse", "v2^{commit}"]);
    assert_eq!(tags["items"][0]["commit"]["id"], commit.trim());
    let one = anonymous.get("/api/v1/repos/ana/net/branches/side/way").await.ok();
    assert_eq!(one["commit"]["id"], git(&folder, &["rev-parse", "side/way"]).trim());
    for missing in ["no", "-x", "a..b", "main.lock"] {
        anonymous
            .get(&format!("/api/v1/repos/ana/net/branches/{missing}"))
            .await
            .refused(404, "not_found");
    }
    let commits = anonymous
        .get("/api/v1/repos/ana/net/commits?revision=side/way")
        .await
        .ok();
    assert_eq!(
        commits["total"].to_string(),
        git(&folder, &["rev-list", "--count", "side/way"]).trim()
    );
    app.finish().await;
}

#[tokio::test]
async fn two_revisions_are_compared_as_git_does() {
    let app = TestApp::start().await;
    let ana = app.user("ana").await;
    let made = repository(&ana, "net", "public").await;
    for number in 0..4 {
        upload(&ana, "ana/net", &format!("{number}.txt"), "x").await.expect(201);
    }
    let folder = git_folder(&app, &made);
    side_branch(&folder);
    for (base, head) in [
        ("main", "side/way"),
        ("side/way", "main"),
        ("v1", "main"),
        ("main", "v1"),
        ("main", "main"),
    ] {
        let address = format!("/api/v1/repos/ana/net/compare?base={base}&head={head}");
        let answer = app.anonymous().get(&address).await.ok();
        let ahead = git(&folder, &["rev-list", &format!("{base}..{head}")]);
        let ids = answer["commits"].as_array().unwrap();
        let ids: Vec<&str> = ids.iter().map(|commit| commit["id"].as_str().unwrap()).collect();
        assert_eq!(ids, ahead.lines().collect::<Vec<_>>(), "{base}..{head}");
        assert_eq!(answer["ahead"], json!({ "commits": ids.len(), "more": false }));
        let behind = git(&folder, &["rev-list", "--count", &format!("{head}..{base}")]);
        assert_eq!(answer["behind"]["commits"].to_string(), behind.trim());
        assert_eq!(answer["merge_base"], git(&folder, &["merge-base", base, head]).trim());
        let files = git(&folder, &["diff", "--name-only", &format!("{base}...{head}")]);
        let shown = answer["diff"]["files"].as_array().unwrap();
        let shown: Vec<&str> = shown.iter().map(|file| file["path"].as_str().unwrap()).collect();
        assert_eq!(shown, files.lines().collect::<Vec<_>>(), "{base}...{head}");
    }
    app.anonymous()
        .get("/api/v1/repos/ana/net/compare?base=main&head=nowhere")
        .await
        .refused(404, "not_found");
    app.finish().await;
}
