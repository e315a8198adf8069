use super::work::{Hosted, Work};
use crate::support::{TestApp, assert_git_agrees};
use serde_json::json;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_default_branch_is_protected_until_a_rule_allows_more() {
    let app = TestApp::start().await;
    let ana = app.user("ana").await;
    let hosted = Hosted::new(&app, &ana, "rules").await;
    let work = Work::of(&hosted.bare);
    let first = work.tip("HEAD");
    let tip = work.commit("One");
    work.push(&ana, &hosted.url, &["main", "main:refs/heads/free"]);
    work.git(&["reset", "--hard", "--quiet", &first]);
    let other = work.commit("Instead");
    let said = work.refused(&ana, &hosted.url, &["--force", "main"]);
    assert!(said.contains("protected") && said.contains("rewritten"), "{said}");
    let said = work.refused(&ana, &hosted.url, &[":main"]);
    assert!(said.contains("protected") && said.contains("deleted"), "{said}");
    assert_eq!(hosted.tip("refs/heads/main"), tip);
    // Other branches are free.
    work.push(&ana, &hosted.url, &["--force", "main:free"]);
    assert_eq!(hosted.tip("refs/heads/free"), other);
    work.push(&ana, &hosted.url, &[":free"]);
    let rules = "/api/v1/repos/ana/rules/protections";
    let shown = ana.get(rules).await.ok();
    assert_eq!(shown, json!({ "protections": [], "missing_lfs": false }));
    let allowing = json!({ "protections": [{ "pattern": "ma*", "force_push": true, "deletion": true }] });
    ana.put(rules, &allowing).await.ok();
    work.push(&ana, &hosted.url, &["--force", "main"]);
    assert_eq!(hosted.tip("refs/heads/main"), other);
    assert_git_agrees(&app).await;
    // Even the default branch may go then, and come back.
    work.push(&ana, &hosted.url, &[":main"]);
    assert_eq!(hosted.tip("refs/heads/main"), "");
    work.push(&ana, &hosted.url, &["main"]);
    hosted.assert_sound();
    assert_git_agrees(&app).await;
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rule_says_who_may_push_and_holds_for_the_web_too() {
    let app = TestApp::start().await;
    let ana = app.user("ana").await;
    let ben = app.user("ben").await;
    let hosted = Hosted::new(&app, &ana, "shared").await;
    let part = json!({ "username": "ben", "permission": "write" });
    ana.post("/api/v1/repos/ana/shared/collaborators", &part)
        .await
        .expect(201);
    let rules = "/api/v1/repos/ana/shared/protections";
    let for_admins = json!({ "protections": [
        { "pattern": "main", "push": "admin" },
        { "pattern": "release/**", "push": "nobody" },
    ] });
    ben.put(rules, &for_admins).await.refused(403, "forbidden");
    ana.put(rules, &for_admins).await.ok();
    let work = Work::of(&hosted.bare);
    let tip = work.commit("By Ben");
    let said = work.refused(&ben, &hosted.url, &["main"]);
    assert!(said.contains("protected") && said.contains("may not push"), "{said}");
    ben.upload_call("ana/shared", "x", "y").await.refused(403, "forbidden");
    work.push(&ben, &hosted.url, &["main:refs/heads/ben"]);
    work.refused(&ana, &hosted.url, &["main:refs/heads/release/1/0"]);
    work.push(&ana, &hosted.url, &["main"]);
    assert_eq!(hosted.tip("refs/heads/main"), tip);
    for wrong in [
        json!({ "protections": [{ "pattern": "" }] }),
        json!({ "protections": [{ "pattern": "a\nb" }] }),
    ] {
        ana.put(rules, &wrong).await.refused(422, "invalid");
    }
    hosted.assert_sound();
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_atomic_push_moves_all_references_or_none() {
    let app = TestApp::start().await;
    let ana = app.user("ana").await;
    let hosted = Hosted::new(&app, &ana, "atomic").await;
    let work = Work::of(&hosted.bare);
    let tip = work.commit("One");
    work.push(
        &ana,
        &hosted.url,
        &["--atomic", "main", "main:refs/heads/a", "main:refs/tags/t"],
    );
    let before = hosted.references();
    work.git(&["commit", "--quiet", "--amend", "--allow-empty", "-m", "Instead"]);
    // The client sends everything, as it is told to force; the hub refuses one of them.
    let said = work.refused(
        &ana,
        &hosted.url,
        &["--atomic", "--force", "main", "main:a", "main:refs/heads/b"],
    );
    assert!(said.contains("atomic"), "{said}");
    assert_eq!(hosted.references(), before);
    let said = work.refused(&ana, &hosted.url, &["--force", "main", "main:a", "main:refs/heads/b"]);
    assert!(said.contains("protected"), "{said}");
    assert_eq!(hosted.tip("refs/heads/main"), tip);
    assert_eq!(hosted.tip("refs/heads/a"), work.tip("HEAD"));
    assert_eq!(hosted.tip("refs/heads/b"), work.tip("HEAD"));
    hosted.assert_sound();
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_atomic_push_of_which_a_part_cannot_be_written_leaves_everything_as_it_was() {
    let app = TestApp::start().await;
    let ana = app.user("ana").await;
    let hosted = Hosted::new(&app, &ana, "atomic").await;
    let work = Work::of(&hosted.bare);
    work.push(&ana, &hosted.url, &["main:a", "main:gone", "main:place", "main:packed"]);
    hosted.git(&["pack-refs", "--all"]);
    let before = hosted.references();
    work.commit("Next");
    // Nobody can write the last one: what is in the way is no lock that anybody could take or remove.
    let lock = hosted.bare.join("refs/heads/z.lock");
    std::fs::create_dir_all(lock.join("in the way")).unwrap();
    let changes = [
        "main",
        "main:a",
        "main:packed",
        ":gone",
        ":place",
        "main:place/below",
        "main:refs/tags/t",
        "main:z",
    ];
    let push = [&["--atomic"], changes.as_slice()].concat();
    app.expect_log("a reference could not be written");
    let said = work.refused(&ana, &hosted.url, &push);
    assert!(
        said.contains("nothing was changed") && said.contains("its log says why"),
        "{said}"
    );
    assert_eq!(hosted.references(), before);
    hosted.assert_sound();
    // Nothing tells of what was taken back, and nothing is left to be done.
    assert_git_agrees(&app).await;
    let shown = ana.get("/api/v1/repos/ana/atomic").await.ok();
    assert_eq!(shown["last_commit"]["title"], "Create the repository", "{shown}");
    // Without the wish for all or none, the others move.
    let said = work.refused(&ana, &hosted.url, &["main:b", "main:z"]);
    assert!(
        said.contains("new branch") && said.contains("its log says why"),
        "{said}"
    );
    assert_eq!(hosted.tip("refs/heads/b"), work.tip("HEAD"));
    std::fs::remove_dir_all(lock).unwrap();
    work.push(&ana, &hosted.url, &push);
    let after = hosted.references();
    assert!(
        after.contains("refs/heads/place/below") && after.contains("refs/heads/z") && !after.contains("gone"),
        "{after}"
    );
    assert_git_agrees(&app).await;
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn names_that_cannot_be_are_refused_one_by_one() {
    let app = TestApp::start().await;
    let ana = app.user("ana").await;
    let hosted = Hosted::new(&app, &ana, "names").await;
    let work = Work::of(&hosted.bare);
    let tip = work.commit("One");
    for (name, why) in [
        ("refs/heads/main/below", "folder of the other"),
        ("refs/pr/1/head", "only branches"),
        ("refs/hub/keep", "only branches"),
        ("refs/notes/commits", "only branches"),
        ("refs/heads/HEAD", "does not allow"),
    ] {
        let said = work.refused(&ana, &hosted.url, &[&format!("main:{name}"), "main:refs/heads/fine"]);
        assert!(said.contains(why), "{name}: {said}");
        assert_eq!(hosted.tip(name), "", "{name}");
        assert_eq!(hosted.tip("refs/heads/fine"), tip);
    }
    let said = work.refused(&ana, &hosted.url, &["--push-option=x", "main"]);
    assert!(said.contains("push options"), "{said}");
    assert_ne!(hosted.tip("refs/heads/main"), tip);
    hosted.assert_sound();
    app.finish().await;
}
