use super::work::{Hosted, Work};
use crate::support::{TestApp, assert_git_agrees};

/// Clients that push at the same time, and the commits of each.
const CLIENTS: usize = 8;
const PUSHES: usize = 3;

#[tokio::test(flavor = "multi_thread", worker_threads = 10)]
async fn eight_clients_and_the_web_lose_nothing_in_one_repository() {
    let app = TestApp::start().await;
    let ana = app.user("ana").await;
    let hosted = std::sync::Arc::new(Hosted::new(&app, &ana, "busy").await);
    let mut tasks = Vec::new();
    for number in 0..CLIENTS {
        let (hosted, ana) = (std::sync::Arc::clone(&hosted), ana.clone());
        tasks.push(tokio::task::spawn_blocking(move || {
            let work = Work::of(&hosted.bare);
            let mut pushed = Vec::new();
            for round in 0..PUSHES {
                work.write(&format!("client-{number}/{round}"), format!("{number} {round}"));
                work.commit(&format!("Client {number}, round {round}"));
                let own = format!("+main:refs/heads/client-{number}");
                if round + 1 < PUSHES {
                    work.push(&ana, &hosted.url, &[&own]);
                    continue;
                }
                // All of them meet on one branch in the end.
                for attempt in 0.. {
                    let (done, said) = work.try_push(&ana, &hosted.url, &["--atomic", "main", &own]);
                    if done {
                        break;
                    }
                    let lost = ["fetch first", "non-fast-forward", "moved meanwhile"];
                    assert!(attempt < 100 && lost.iter().any(|why| said.contains(why)), "{said}");
                    work.git(&["fetch", "--quiet", "origin"]);
                    work.git(&["rebase", "--quiet", "origin/main"]);
                }
                pushed.push(work.tip("HEAD"));
            }
            pushed
        }));
    }
    let web = {
        let ana = ana.clone();
        tokio::spawn(async move {
            for round in 0..10 {
                ana.upload("ana/busy", &format!("web/{round}"), format!("{round}"))
                    .await;
            }
        })
    };
    let mut pushed = Vec::new();
    for task in tasks {
        pushed.extend(task.await.unwrap());
    }
    web.await.unwrap();
    let kept = hosted.git(&["rev-list", "main"]);
    for commit in pushed {
        assert!(kept.contains(&commit), "{commit} is lost");
    }
    let files = hosted.git(&["ls-tree", "-r", "--name-only", "main"]);
    assert_eq!(
        files.lines().filter(|path| path.starts_with("client-")).count(),
        CLIENTS * PUSHES
    );
    assert_eq!(files.lines().filter(|path| path.starts_with("web/")).count(), 10);
    hosted.assert_sound();
    assert_git_agrees(&app).await;
    app.finish().await;
}
