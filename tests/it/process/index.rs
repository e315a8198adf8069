use crate::support::{Client, TestApp, eventually};
use serde_json::Value;
use std::path::Path;

async fn until_found(client: &Client, words: &str, repository: &str) {
    let path = format!("/api/search/repositories?q={words}");
    eventually(async || {
        let answer = client.get(&path).await;
        let names = |items: &Value| {
            items
                .as_array()
                .unwrap()
                .iter()
                .any(|item| item["full_name"] == repository)
        };
        let found = answer.status == 200 && names(&answer.json()["items"]);
        found
            .then_some(())
            .ok_or_else(|| format!("{words} does not find {repository}: {}", answer.text()))
    })
    .await;
}

/// Overwrites every file below a folder.
fn scribble(folder: &Path) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            scribble(&path);
        } else {
            std::fs::write(&path, b"scribble").unwrap();
        }
    }
}

#[tokio::test]
async fn an_index_that_is_missing_or_damaged_is_rebuilt_at_the_next_start() {
    let mut app = TestApp::start().await;
    let ana = app.user("ana").await;
    ana.create_repository("permafrost-thaw", "public").await;
    until_found(&ana, "permafrost", "ana/permafrost-thaw").await;

    app.stop().await;
    std::fs::remove_dir_all(app.folder().join("index")).unwrap();
    app.start_again().await;
    until_found(&ana, "permafrost", "ana/permafrost-thaw").await;

    app.stop().await;
    scribble(&app.folder().join("index"));
    app.start_again().await;
    until_found(&ana, "permafrost", "ana/permafrost-thaw").await;
    app.finish().await;
}
