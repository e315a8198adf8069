use crate::support::{TestApp, assert_git_agrees};
use std::collections::BTreeSet;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "slow; part of the whole test command"]
async fn sixteen_clients_committing_to_one_branch_at_once_lose_no_commit() {
    const CLIENTS: usize = 16;
    const COMMITS: usize = 10;
    let app = TestApp::start().await;
    let ana = app.user("ana").await;
    ana.create_repository("shared", "public").await;
    let tasks: Vec<_> = (0..CLIENTS)
        .map(|number| {
            let ana = ana.clone();
            tokio::spawn(async move {
                for commit in 0..COMMITS {
                    let path = format!("client-{number}/file-{commit}.txt");
                    ana.upload("ana/shared", &path, format!("{number} {commit}")).await;
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    let commits = crate::support::all_items(&ana, "/api/ana/shared/commits?").await;
    let titles: BTreeSet<_> = commits.iter().map(|commit| commit["title"].as_str().unwrap()).collect();
    for number in 0..CLIENTS {
        for commit in 0..COMMITS {
            let path = format!("client-{number}/file-{commit}.txt");
            assert!(
                titles.contains(format!("Add {path}").as_str()),
                "the commit of {path} is lost"
            );
            let file = ana.download_call("ana/shared", &path).await.expect(200);
            assert_eq!(file.text(), format!("{number} {commit}"));
        }
    }
    // The first commit of the repository, and every one of theirs.
    assert_eq!(commits.len(), 1 + CLIENTS * COMMITS);
    assert_git_agrees(&app).await;
    app.finish().await;
}
