use super::{cloned, make, patch};
use crate::files::content;
use crate::support::{Client, TestApp, assert_git_agrees, run_task, until_answered};
use crate::transport::work::{Hosted, Work, run};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// A fork of `owner/name` under a name of the client's own.
pub(super) async fn fork(client: &Client, of: &str, name: &str) -> Value {
    let body = json!({ "name": name });
    let made = client.post(&format!("/api/v1/repos/{of}/fork"), &body).await;
    made.expect(201).json()
}

fn folder(app: &TestApp, repository: &Value) -> PathBuf {
    crate::files::git_folder(app, repository)
}

fn git(folder: &Path, arguments: &[&str]) -> String {
    let output = run(folder, arguments, &[]);
    let said = String::from_utf8_lossy(&[output.stdout.clone(), output.stderr.clone()].concat()).into_owned();
    assert!(output.status.success(), "git {arguments:?}: {said}");
    said
}

/// Stock git finds nothing wrong and has nothing to say.
fn assert_sound(folder: &Path) {
    let said = git(
        folder,
        &["fsck", "--strict", "--full", "--no-dangling", "--no-progress"],
    );
    let complaints: Vec<_> = said.lines().filter(|line| !line.starts_with("notice:")).collect();
    assert!(complaints.is_empty(), "{said}");
}

fn packs(folder: &Path) -> usize {
    let files = std::fs::read_dir(folder.join("objects/pack")).unwrap();
    let packs = files.filter(|file| {
        file.as_ref()
            .unwrap()
            .path()
            .extension()
            .is_some_and(|end| end == "pack")
    });
    packs.count()
}

pub(super) async fn purge(app: &TestApp, client: &Client, repository: &Value) {
    let full_name = repository["full_name"].as_str().unwrap();
    client.delete(&format!("/api/v1/repos/{full_name}")).await.expect(204);
    let id = repository["id"].as_str().unwrap();
    let address = format!("/api/admin/repositories/{id}/hard-delete");
    app.admin().await.delete(&address).await.expect(204);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_fork_has_everything_and_stores_nothing() {
    let app = TestApp::start().await;
    let (ana, ben) = (app.user("ana").await, app.user("ben").await);
    let origin = Hosted::new(&app, &ana, "net").await;
    let large = content(300_000, 7);
    ana.upload("ana/net", "weights.onnx", large.clone()).await;
    ana.post("/api/v1/repos/ana/net/branches", &json!({ "name": "side/way" }))
        .await
        .expect(201);
    let tag = json!({ "name": "v1", "message": "The first" });
    ana.post("/api/v1/repos/ana/net/tags", &tag).await.expect(201);
    origin.git(&["update-ref", "refs/hidden/one", "main"]);
    let before = ben.get("/api/users/ben/storage").await.ok();
    let made = ben
        .call(reqwest::Method::POST, "/api/v1/repos/ana/net/fork")
        .await
        .expect(201)
        .json();
    assert_eq!(
        (
            &made["full_name"],
            &made["forked_from"]["full_name"],
            &made["permission"]
        ),
        (&json!("ben/net"), &json!("ana/net"), &json!("admin"))
    );
    let shown = app.anonymous().get("/api/v1/repos/ana/net").await.ok();
    assert_eq!((&shown["forks"], &shown["forked_from"]), (&json!(1), &Value::Null));
    assert_eq!(
        (&made["total_files"], &made["last_commit"]),
        (&shown["total_files"], &shown["last_commit"])
    );
    let bare = folder(&app, &made);
    let alternates = std::fs::read_to_string(bare.join("objects/info/alternates")).unwrap();
    assert!(
        alternates.starts_with("../../../") && alternates.lines().count() == 1,
        "{alternates}"
    );
    assert_eq!(packs(&bare), 0);
    let references = |folder: &Path| git(folder, &["for-each-ref", "--format=%(refname) %(objectname)"]);
    let theirs = references(&origin.bare);
    let ours = references(&bare);
    let shown = theirs.lines().filter(|line| !line.contains("hidden"));
    assert!(ours.lines().eq(shown), "{ours} instead of {theirs}");
    assert_sound(&bare);
    // Large files are there, and count.
    let found = app
        .anonymous()
        .download_call("ben/net", "weights.onnx")
        .await
        .expect(200);
    assert!(found.body == large);
    let after = ben.get("/api/users/ben/storage").await.ok();
    let used = |storage: &Value| storage.as_object().unwrap().values().filter_map(Value::as_u64).max();
    assert!(after != before && used(&after) >= Some(300_000), "{before} {after}");
    // Its owner goes on with it, with git and without, and the origin does not notice.
    let url = format!("{}/ben/net.git", app.address());
    let (_clone, path) = cloned(&ben, &url);
    std::fs::write(path.join("new.txt"), "new").unwrap();
    git(&path, &["add", "new.txt"]);
    git(&path, &["commit", "--quiet", "-m", "By Ben"]);
    let settings = [(
        "http.extraHeader".to_owned(),
        format!("Authorization: Bearer {}", ben.token.as_ref().unwrap()),
    )];
    let pushed = run(&path, &["push", "--quiet", &url, "HEAD:main"], &settings);
    assert!(pushed.status.success(), "{}", String::from_utf8_lossy(&pushed.stderr));
    ben.upload("ben/net", "web.txt", "web").await;
    assert_eq!(packs(&bare), 2);
    assert_sound(&bare);
    assert_sound(&origin.bare);
    assert_eq!(
        ben.get("/api/v1/repos/ben/net/compare?base=side/way").await.ok()["ahead"]["commits"],
        2
    );
    // A name is taken once.
    ben.post("/api/v1/repos/ana/net/fork", &json!({}))
        .await
        .refused(409, "conflict");
    ana.post("/api/v1/repos/ana/net/fork", &json!({}))
        .await
        .refused(409, "conflict");
    app.anonymous()
        .post("/api/v1/repos/ana/net/fork", &json!({}))
        .await
        .refused(401, "unauthorized");
    let bad = json!({ "name": "a/b" });
    ben.post("/api/v1/repos/ana/net/fork", &bad)
        .await
        .refused(422, "invalid");
    until_answered(&ben, "/api/v1/repos?owner=ben", |found| found["total"] == 1).await;
    assert_git_agrees(&app).await;
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_fork_shows_nothing_that_its_reader_may_not_see() {
    let app = TestApp::start().await;
    let (ana, ben) = (app.user("ana").await, app.user("ben").await);
    make(&ana, "net", json!({ "visibility": "private" })).await;
    ben.post("/api/v1/repos/ana/net/fork", &json!({}))
        .await
        .refused(404, "not_found");
    let part = json!({ "username": "ben", "permission": "read" });
    ana.post("/api/v1/repos/ana/net/collaborators", &part).await.expect(201);
    let made = fork(&ben, "ana/net", "mine").await;
    assert_eq!(made["visibility"], "private");
    app.anonymous()
        .get("/api/v1/repos/ben/mine")
        .await
        .refused(404, "not_found");
    let old = made["last_commit"]["id"].as_str().unwrap();
    for id in [old, &old[..8]] {
        ben.get(&format!("/api/ben/mine/commit/{id}")).await.ok();
    }
    // What the origin gets later stays there, also for those who learn its name.
    ana.upload("ana/net", "secret.txt", "secret").await;
    let later = ana.get("/api/v1/repos/ana/net").await.ok()["last_commit"]["id"].clone();
    let later = later.as_str().unwrap();
    for id in [later, &later[..8], &later[..4]] {
        ben.get(&format!("/api/ben/mine/commit/{id}"))
            .await
            .refused(404, "not_found");
        ben.get(&format!("/api/ben/mine/files?revision={id}"))
            .await
            .refused(404, "not_found");
    }
    let taken = json!({ "name": "taken", "revision": later });
    ben.post("/api/v1/repos/ben/mine/branches", &taken)
        .await
        .refused(404, "not_found");
    // A push without the objects, by a client that claims to have them.
    let advertised = "/ben/mine.git/info/refs?service=git-receive-pack";
    assert!(ben.get(advertised).await.expect(200).text().contains(" .have"));
    ana.call(
        reqwest::Method::DELETE,
        &format!("/api/v1/repos/ana/net/collaborators/{}", user_id(&ben).await),
    )
    .await
    .expect(204);
    assert!(!ben.get(advertised).await.expect(200).text().contains(" .have"));
    let zero = "0".repeat(40);
    let command = format!("{zero} {later} refs/heads/taken\0report-status");
    let empty_pack = [
        &b"PACK\0\0\0\x02\0\0\0\0"[..],
        &hex::decode("029d08823bd8a8eab510ad6ac75c823cfd3ed31e").unwrap(),
    ]
    .concat();
    let mut body = format!("{:04x}{command}0000", command.len() + 4).into_bytes();
    body.extend(empty_pack);
    let said = ben
        .call(reqwest::Method::POST, "/ben/mine.git/git-receive-pack")
        .header("content-type", "application/x-git-receive-pack-request")
        .body(body)
        .await
        .text();
    assert!(said.contains("is missing"), "{said}");
    assert_eq!(ben.get("/api/v1/repos/ben/mine").await.ok()["forked_from"], Value::Null);
    assert_eq!(ana.get("/api/v1/repos/ana/net").await.ok()["forks"], 1);
    app.finish().await;
}

async fn user_id(client: &Client) -> String {
    let account = client.get(&format!("/api/users/{}", client.name)).await.ok();
    account["id"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_origin_has_is_pushed_to_a_fork_without_being_sent() {
    let app = TestApp::start().await;
    let (ana, ben) = (app.user("ana").await, app.user("ben").await);
    let origin = Hosted::new(&app, &ana, "net").await;
    let made = fork(&ben, "ana/net", "net").await;
    let work = Work::of(&origin.bare);
    work.write("big.txt", "many words ".repeat(20_000));
    let tip = work.commit("In the origin");
    work.push(&ana, &origin.url, &["main"]);
    let (bare, url) = (folder(&app, &made), format!("{}/ben/net.git", app.address()));
    work.push(&ben, &url, &["main", "main:refs/heads/copy"]);
    assert_eq!(packs(&bare), 0, "objects were sent that the origin has");
    assert_eq!(git(&bare, &["rev-parse", "copy"]).trim(), tip);
    // And what stands on it is sent alone.
    let next = work.commit("In the fork");
    work.push(&ben, &url, &["main"]);
    assert_eq!(packs(&bare), 1);
    assert_sound(&bare);
    let (_folder, clone) = cloned(&ben, &url);
    assert_eq!(git(&clone, &["rev-parse", "HEAD"]).trim(), next);
    assert_sound(&clone);
    assert_git_agrees(&app).await;
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn forks_live_on_when_their_origin_is_gone() {
    let app = TestApp::start().await;
    let (ana, ben) = (app.user("ana").await, app.user("ben").await);
    let origin = make(&ana, "net", json!({})).await;
    let large = content(200_000, 9);
    ana.upload("ana/net", "weights.onnx", large.clone()).await;
    let first = fork(&ben, "ana/net", "first").await;
    ben.upload("ben/first", "own.txt", "own").await;
    let second = fork(&ana, "ben/first", "second").await;
    let (of_origin, of_first, of_second) = (folder(&app, &origin), folder(&app, &first), folder(&app, &second));
    purge(&app, &ana, &origin).await;
    purge(&app, &ben, &first).await;
    run_task(&app.admin().await, "sweep").await;
    assert!(of_origin.is_dir() && of_first.is_dir());
    ana.get("/api/v1/repos/ana/net").await.refused(404, "not_found");
    let shown = ana.get("/api/v1/repos/ana/second").await.ok();
    assert_eq!(
        (&shown["forked_from"], &shown["total_files"]),
        (&Value::Null, &json!(4))
    );
    let found = ana.download_call("ana/second", "weights.onnx").await.expect(200);
    assert!(found.body == large);
    assert_sound(&of_second);
    let url = format!("{}/ana/second.git", app.address());
    let (_folder, clone) = cloned(&ana, &url);
    assert_sound(&clone);
    ana.upload("ana/second", "more.txt", "more").await;
    // Its name is free, and another repository under it is another one.
    make(&ana, "net", json!({})).await;
    assert_eq!(ana.get("/api/v1/repos/ana/net").await.ok()["forks"], 0);
    assert_git_agrees(&app).await;
    // The last borrower takes what it borrowed along.
    purge(&app, &ana, &second).await;
    run_task(&app.admin().await, "sweep").await;
    assert!(!of_origin.exists() && !of_first.exists() && !of_second.exists());
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_long_chain_of_forks_is_read_in_one_step() {
    let app = TestApp::start().await;
    let ana = app.user("ana").await;
    make(&ana, "fork-0", json!({})).await;
    let mut last = Value::Null;
    for number in 1..=9 {
        let from = format!("ana/fork-{}", number - 1);
        ana.upload(&from, &format!("{number}.txt"), "x").await;
        last = fork(&ana, &from, &format!("fork-{number}")).await;
    }
    let bare = folder(&app, &last);
    assert_sound(&bare);
    assert_eq!(git(&bare, &["rev-list", "--count", "main"]).trim(), "10");
    let (_folder, clone) = cloned(&ana, &format!("{}/ana/fork-9.git", app.address()));
    assert_eq!(std::fs::read_dir(&clone).unwrap().count(), 12);
    // A lender is packed anew while its borrowers are open.
    for number in 0..30 {
        ana.upload("ana/fork-0", "busy.txt", number.to_string()).await;
    }
    run_task(&app.admin().await, "pack").await;
    let shown = ana.get("/api/ana/fork-9/commits?limit=100").await.ok();
    assert_eq!(shown["total"], 10);
    ana.upload("ana/fork-9", "own.txt", "own").await;
    assert_sound(&bare);
    assert_git_agrees(&app).await;
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_private_origin_can_be_forked_into_ones_own_namespace_and_opened() {
    let app = TestApp::start().await;
    let ana = app.user("ana").await;
    make(&ana, "empty", json!({ "init_readme": false, "visibility": "private" })).await;
    let made = fork(&ana, "ana/empty", "copy").await;
    assert_eq!(
        (&made["last_commit"], &made["visibility"]),
        (&Value::Null, &json!("private"))
    );
    let opened = patch(&ana, "/api/v1/repos/ana/copy", &json!({ "visibility": "public" }))
        .await
        .ok();
    assert_eq!(opened["forked_from"]["full_name"], "ana/empty");
    let shown = app.anonymous().get("/api/v1/repos/ana/copy").await.ok();
    assert_eq!(shown["forked_from"], Value::Null);
    let work = Work::new();
    work.write("a.txt", "a");
    work.commit("First");
    work.push(
        &ana,
        &format!("{}/ana/copy.git", app.address()),
        &["HEAD:refs/heads/main"],
    );
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_kill_leaves_a_whole_fork_or_none() {
    let mut app = TestApp::start().await;
    let ana = app.user("ana").await;
    make(&ana, "net", json!({})).await;
    ana.upload("ana/net", "weights.onnx", content(50_000, 3)).await;
    for round in 0..5_u64 {
        let calls: Vec<_> = (0..12)
            .map(|number| {
                let (ana, name) = (ana.clone(), format!("fork-{round}-{number}"));
                let of = if number % 3 == 2 && round > 0 {
                    "ana/fork-0-0"
                } else {
                    "ana/net"
                };
                tokio::spawn(async move {
                    let address = format!("/api/v1/repos/{of}/fork");
                    let answer = ana.post(&address, &json!({ "name": name })).attempt().await;
                    answer.is_ok_and(|reply| reply.status == 201).then_some(name)
                })
            })
            .collect();
        if round == 0 {
            for call in calls {
                assert!(call.await.unwrap().is_some());
            }
            continue;
        }
        tokio::time::sleep(Duration::from_millis(5 + 15 * round)).await;
        app.kill().await;
        let mut made = Vec::new();
        for call in calls {
            made.extend(call.await.unwrap());
        }
        app.start_again().await;
        for name in made {
            let shown = ana.get(&format!("/api/v1/repos/ana/{name}")).await.ok();
            assert_eq!(shown["total_files"], 3, "{name}");
            ana.download_call(&format!("ana/{name}"), "weights.onnx")
                .await
                .expect(200);
        }
    }
    run_task(&app.admin().await, "sweep").await;
    let all = ana.get("/api/users/ana/repositories?limit=100").await.ok();
    for repository in all["items"].as_array().unwrap() {
        assert_sound(&folder(&app, repository));
    }
    assert_git_agrees(&app).await;
    app.finish().await;
}
