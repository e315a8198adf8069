//! What readers of forks see: which there are, and what belongs to them.

use super::forks::{fork, purge};
use super::{make, patch};
use crate::support::{Client, TestApp};
use crate::transport::work::Hosted;
use serde_json::json;
use std::fmt::Write as _;
use std::time::{Duration, Instant};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn forks_are_listed_for_whom_may_read_them() {
    let app = TestApp::start().await;
    let (ana, ben, cleo) = (app.user("ana").await, app.user("ben").await, app.user("cleo").await);
    make(&ana, "net", json!({})).await;
    let list = "/api/v1/repos/ana/net/forks";
    assert_eq!(app.anonymous().get(list).await.ok()["total"], 0);
    fork(&ben, "ana/net", "open").await;
    let hidden = fork(&cleo, "ana/net", "hidden").await;
    let settings = json!({ "visibility": "private" });
    patch(&cleo, "/api/v1/repos/cleo/hidden", &settings).await.ok();
    fork(&cleo, "ben/open", "of-a-fork").await;
    let gone = fork(&ana, "ana/net", "gone").await;
    purge(&app, &ana, &gone).await;
    let names = async |client: &Client, query: &str| {
        let found = client.get(&format!("{list}{query}")).await.ok();
        let items = found["items"].as_array().unwrap().iter();
        let names: Vec<String> = items
            .map(|fork| fork["full_name"].as_str().unwrap().to_owned())
            .collect();
        (names, found["total"].as_u64().unwrap())
    };
    let (open, both) = (
        vec!["ben/open".to_owned()],
        vec!["cleo/hidden".to_owned(), "ben/open".to_owned()],
    );
    // The newest first; what one may not read is neither listed nor counted.
    assert_eq!(names(&cleo, "").await, (both.clone(), 2));
    assert_eq!(names(&app.admin().await, "").await, (both.clone(), 2));
    assert_eq!(names(&cleo, "?limit=1&page=2").await, (open.clone(), 2));
    for client in [&ana, &ben, &app.anonymous()] {
        assert_eq!(names(client, "").await, (open.clone(), 1));
    }
    let part = json!({ "username": "ben", "permission": "read" });
    let address = format!("/api/v1/repos/{}/collaborators", hidden["full_name"].as_str().unwrap());
    cleo.post(&address, &part).await.expect(201);
    assert_eq!(names(&ben, "").await, (both, 2));
    ana.get(&format!("{list}?limit=0")).await.refused(400, "bad_request");
    // Who may not read the origin learns of no fork.
    patch(&ana, "/api/v1/repos/ana/net", &settings).await.ok();
    ben.get(list).await.refused(404, "not_found");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn old_commits_of_a_fork_are_found_in_one_walk_until_its_branches_move() {
    let app = TestApp::start().await;
    let (ana, ben) = (app.user("ana").await, app.user("ben").await);
    let origin = Hosted::new(&app, &ana, "net").await;
    let mut story = String::from("reset refs/heads/long\nfrom refs/heads/main^0\n\n");
    for number in 0..20_000 {
        let time = 1_700_000_000 + number;
        let _ = write!(
            story,
            "commit refs/heads/long\ncommitter Ada <ada@example.org> {time} +0000\ndata 0\n"
        );
    }
    let told = app.folder().join("story");
    std::fs::write(&told, story).unwrap();
    let imported = std::process::Command::new("git")
        .args(["-c", "safe.directory=*", "fast-import", "--quiet"])
        .current_dir(&origin.bare)
        .stdin(std::fs::File::open(&told).unwrap())
        .status();
    assert!(imported.unwrap().success());
    std::fs::remove_file(told).unwrap();
    fork(&ben, "ana/net", "copy").await;
    let old = |back: u64| origin.git(&["rev-parse", &format!("long~{back}")]).trim().to_owned();
    let asked = async |id: &str| {
        let start = Instant::now();
        let status = ben.get(&format!("/api/ben/copy/commit/{id}")).await.status;
        (status.as_u16(), start.elapsed())
    };
    let oldest = old(19_999);
    let (status, first) = asked(&oldest).await;
    assert_eq!(status, 200);
    let mut others = Duration::ZERO;
    for back in [0, 1, 10_000, 19_000, 19_998, 19_999] {
        let (status, time) = asked(&old(back)).await;
        assert_eq!(status, 200, "long~{back}");
        others += time;
    }
    assert!(others < first * 2, "{others:?} after {first:?}");
    // A commit that the origin got later belongs to it alone, and nothing belongs to a fork without a branch to it.
    ana.upload("ana/net", "later.txt", "later").await;
    assert_eq!(asked(&origin.tip("refs/heads/main")).await.0, 404);
    ben.delete("/api/v1/repos/ben/copy/branches/long").await.expect(204);
    assert_eq!(asked(&oldest).await.0, 404);
    let back = json!({ "name": "back", "revision": "main" });
    ben.post("/api/v1/repos/ben/copy/branches", &back).await.expect(201);
    assert_eq!(asked(&oldest).await.0, 404);
    app.finish().await;
}
