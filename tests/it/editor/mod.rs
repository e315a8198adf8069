//! Histories over HTTP, with stock git as the oracle.

use crate::files::{content, git, git_folder, repository, upload, upload_batch};
use crate::support::{Client, TestApp};
use serde_json::{Value, json};

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
