use crate::support::{Client, TestApp};
use std::path::Path;
use std::time::{Duration, Instant};

/// A change, or a rebuilt index, has to be found within this time. A loaded machine gets more than the second that the
/// hub promises.
const PATIENCE: Duration = Duration::from_secs(10);

async fn until_found(client: &Client, words: &str, repository: &str) {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let answer = client.get(&format!("/api/search/repositories?q={words}")).await;
        let found = answer.status == 200
            && answer.json()["items"]
                .as_array()
                .unwrap()
                .iter()
                .any(|item| item["full_name"] == repository);
        if found {
            return;
        }
        assert!(
            Instant::now() < deadline,
            "{words} does not find {repository}: {}",
            answer.text()
        );
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
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
