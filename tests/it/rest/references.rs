use super::patch;
use crate::support::{Client, TestApp, assert_git_agrees};
use crate::transport::work::{Hosted, Work};
use serde_json::{Value, json};

const BRANCHES: &str = "/api/v1/repos/ana/net/branches";
const TAGS: &str = "/api/v1/repos/ana/net/tags";

async fn hosted() -> (TestApp, Client, Hosted) {
    let app = TestApp::start().await;
    let ana = app.user("ana").await;
    let hosted = Hosted::new(&app, &ana, "net").await;
    ana.upload("ana/net", "a.txt", "one").await;
    (app, ana, hosted)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn branches_are_made_renamed_and_deleted_with_slashes_in_their_names() {
    let (app, ana, hosted) = hosted().await;
    let main = hosted.tip("refs/heads/main");
    let first = hosted.git(&["rev-parse", "main~1"]).trim().to_owned();
    let made = ana
        .post(BRANCHES, &json!({ "name": "feature/rain" }))
        .await
        .expect(201)
        .json();
    assert_eq!(
        (&made["name"], &made["commit"]["id"]),
        (&json!("feature/rain"), &json!(main))
    );
    for (name, revision) in [
        ("by-id", first.as_str()),
        ("by-short", &first[..8]),
        ("by-name", "feature/rain"),
    ] {
        let body = json!({ "name": name, "revision": revision });
        ana.post(BRANCHES, &body).await.expect(201);
    }
    assert_eq!(hosted.tip("refs/heads/by-short"), first);
    assert_eq!(hosted.tip("refs/heads/by-name"), main);
    // A slash is encoded or not.
    for address in ["feature%2Frain", "feature/rain"] {
        let found = ana.get(&format!("{BRANCHES}/{address}")).await.ok();
        assert_eq!(found["name"], "feature/rain");
    }
    let renamed = json!({ "name": "feature/snow" });
    let answer = patch(&ana, &format!("{BRANCHES}/feature%2Frain"), &renamed).await.ok();
    assert_eq!(
        (&answer["name"], &answer["commit"]["id"]),
        (&json!("feature/snow"), &json!(main))
    );
    assert_eq!(hosted.tip("refs/heads/feature/rain"), "");
    ana.delete(&format!("{BRANCHES}/feature%2Fsnow")).await.expect(204);
    ana.delete(&format!("{BRANCHES}/feature%2Fsnow"))
        .await
        .refused(404, "not_found");
    for (name, status, code) in [
        ("by-id", 409, "conflict"),
        ("by-id/below", 409, "conflict"),
        ("a..b", 422, "invalid"),
        ("HEAD", 422, "invalid"),
    ] {
        ana.post(BRANCHES, &json!({ "name": name })).await.refused(status, code);
    }
    let nowhere = json!({ "name": "x", "revision": "nowhere" });
    ana.post(BRANCHES, &nowhere).await.refused(404, "not_found");
    ana.delete(&format!("{BRANCHES}/main")).await.refused(409, "conflict");
    patch(&ana, &format!("{BRANCHES}/main"), &renamed)
        .await
        .refused(409, "conflict");
    hosted.assert_sound();
    assert_git_agrees(&app).await;
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_list_of_branches_tells_how_far_each_is_from_the_default_one() {
    let (app, ana, hosted) = hosted().await;
    let work = Work::of(&hosted.bare);
    for (branch, from, commits) in [("ahead", "origin/main", 2), ("apart", "origin/main~1", 3)] {
        work.git(&["checkout", "--quiet", "--no-track", "-b", branch, from]);
        for number in 0..commits {
            work.commit(&format!("{branch} {number}"));
        }
        work.push(&ana, &hosted.url, &[branch]);
    }
    work.git(&["checkout", "--quiet", "--orphan", "alone"]);
    work.commit("Alone");
    work.push(&ana, &hosted.url, &["alone"]);
    let plain = ana.get(BRANCHES).await.ok();
    assert!(plain["items"][0].get("divergence").is_none(), "{plain}");
    let told = ana.get(&format!("{BRANCHES}?divergence=true")).await.ok();
    let branches: Vec<(&str, [&Value; 4])> = told["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|branch| {
            let (ahead, behind) = (&branch["divergence"]["ahead"], &branch["divergence"]["behind"]);
            let figures = [&ahead["commits"], &ahead["more"], &behind["commits"], &behind["more"]];
            (branch["name"].as_str().unwrap(), figures)
        })
        .collect();
    let no = &json!(false);
    let mains = hosted.git(&["rev-list", "--count", "main"]);
    let mains: u64 = mains.trim().parse().unwrap();
    assert_eq!(
        branches,
        [
            ("main", [&json!(0), no, &json!(0), no]),
            ("ahead", [&json!(2), no, &json!(0), no]),
            ("alone", [&json!(1), no, &json!(mains), no]),
            ("apart", [&json!(3), no, &json!(1), no]),
        ]
    );
    let page = ana
        .get(&format!("{BRANCHES}?divergence=true&limit=1&page=4"))
        .await
        .ok();
    assert_eq!(page["items"][0]["divergence"]["ahead"]["commits"], 3);
    // Where the default branch has no commit there is nothing to be told.
    ana.post("/api/v1/repos", &json!({ "name": "empty", "init_readme": false }))
        .await
        .expect(201);
    let empty = ana.get("/api/v1/repos/ana/empty/branches?divergence=true").await.ok();
    assert_eq!(empty["total"], 0);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tags_are_lightweight_or_say_something() {
    let (app, ana, hosted) = hosted().await;
    let main = hosted.tip("refs/heads/main");
    let light = ana.post(TAGS, &json!({ "name": "v1" })).await.expect(201).json();
    assert_eq!(
        (&light["commit"]["id"], &light["annotation"]),
        (&json!(main), &Value::Null)
    );
    let body = json!({ "name": "release/2", "revision": "v1", "message": "降水\n\nAll of it." });
    let made = ana.post(TAGS, &body).await.expect(201).json();
    assert_eq!(made["annotation"]["message"], "降水\n\nAll of it.\n");
    assert_eq!(made["annotation"]["tagger"]["name"], "ana");
    assert_eq!(hosted.git(&["cat-file", "-t", "refs/tags/v1"]).trim(), "commit");
    assert_eq!(hosted.git(&["cat-file", "-t", "refs/tags/release/2"]).trim(), "tag");
    let told = hosted.git(&[
        "for-each-ref",
        "--format=%(contents:subject)|%(*objectname)",
        "refs/tags/release/2",
    ]);
    assert_eq!(told.trim(), format!("降水|{main}"));
    let found = app.anonymous().get(&format!("{TAGS}/release%2F2")).await.ok();
    assert_eq!(found, made);
    let all = app.anonymous().get(TAGS).await.ok();
    assert_eq!(all["items"][1]["annotation"], made["annotation"]);
    // Clones get them.
    let work = Work::of(&hosted.bare);
    assert_eq!(work.tip("release/2^{commit}"), main);
    ana.post(TAGS, &body).await.refused(409, "conflict");
    let nul = json!({ "name": "nul", "message": "a\0b" });
    ana.post(TAGS, &nul).await.refused(422, "invalid");
    ana.delete(&format!("{TAGS}/release%2F2")).await.expect(204);
    ana.delete(&format!("{TAGS}/v1")).await.expect(204);
    ana.delete(&format!("{TAGS}/v1")).await.refused(404, "not_found");
    ana.delete(&format!("{TAGS}/a..b")).await.refused(404, "not_found");
    assert_eq!(hosted.tip("refs/tags/"), "");
    hosted.assert_sound();
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rules_for_branches_hold_at_every_address() {
    let (app, ana, hosted) = hosted().await;
    let ben = app.user("ben").await;
    let part = json!({ "username": "ben", "permission": "write" });
    ana.post("/api/v1/repos/ana/net/collaborators", &part).await.expect(201);
    let rules = json!({ "protections": [
        { "pattern": "release/**", "push": "admin" },
        { "pattern": "kept", "push": "write" },
    ] });
    ana.put("/api/v1/repos/ana/net/protections", &rules).await.ok();
    // Whoever may write reads the rules that hold for the branches, and changes none.
    let address = "/api/v1/repos/ana/net/protections";
    let read = ben.get(address).await.ok();
    assert_eq!(read, ana.get(address).await.ok());
    assert_eq!(read["protections"][0]["push"], "admin");
    ben.put(address, &rules).await.refused(403, "forbidden");
    app.user("guest").await.get(address).await.refused(403, "forbidden");
    let release = json!({ "name": "release/1" });
    ben.post(BRANCHES, &release).await.refused(403, "forbidden");
    ana.post(BRANCHES, &release).await.expect(201);
    ben.post(BRANCHES, &json!({ "name": "kept" })).await.expect(201);
    ben.delete(&format!("{BRANCHES}/kept")).await.refused(403, "forbidden");
    ben.delete(&format!("{BRANCHES}/release%2F1"))
        .await
        .refused(403, "forbidden");
    ben.post(BRANCHES, &json!({ "name": "free" })).await.expect(201);
    let into = json!({ "name": "release/2" });
    patch(&ben, &format!("{BRANCHES}/free"), &into)
        .await
        .refused(403, "forbidden");
    // A commit to which nothing leads any more does not come back: it may not be whole.
    let work = Work::of(&hosted.bare);
    let lost = work.commit("Lost");
    work.push(&ana, &hosted.url, &["HEAD:refs/heads/lost"]);
    ana.delete(&format!("{BRANCHES}/lost")).await.expect(204);
    let back = json!({ "name": "back", "revision": lost });
    ana.post(BRANCHES, &back).await.refused(404, "not_found");
    // What the record says of it.
    let references = hosted.references();
    assert_eq!(references.lines().count(), 4, "{references}");
    assert_git_agrees(&app).await;
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_kill_in_the_middle_leaves_every_answered_branch() {
    let (mut app, ana, mut hosted) = hosted().await;
    for round in 0..4 {
        let mut made = Vec::new();
        let calls: Vec<_> = (0..40)
            .map(|number| {
                let name = format!("round-{round}/branch-{number}");
                let body = json!({ "name": name });
                let ana = ana.clone();
                tokio::spawn(async move {
                    let answer = ana.post(BRANCHES, &body).attempt().await;
                    answer.is_ok_and(|reply| reply.status == 201).then_some(name)
                })
            })
            .collect();
        tokio::time::sleep(std::time::Duration::from_millis(20 + 30 * round)).await;
        app.kill().await;
        for call in calls {
            made.extend(call.await.unwrap());
        }
        app.start_again().await;
        hosted.moved_to(&app);
        for name in made {
            assert_ne!(hosted.tip(&format!("refs/heads/{name}")), "", "{name} is lost");
        }
        hosted.assert_sound();
    }
    app.finish().await;
}
