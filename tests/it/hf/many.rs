use super::writing::{commit, commit_to, file, header, send_large, step};
use super::{create, refused};
use crate::support::TestApp;
use serde_json::{Value, json};

const BASE: &str = "/api/models/ana/rain";

fn delete(path: &str) -> Value {
    step("deletedFile", json!({ "path": path }))
}

#[tokio::test]
async fn thousands_of_steps_are_one_commit_and_are_listed_page_by_page() {
    let app = TestApp::with(&[("GEOML_HUB__UPLOADS__BATCH_FILES", "10")])
        .start()
        .await;
    let ana = app.user("ana").await;
    create(&ana, "rain").await;
    let oid = send_large(&ana, b"a grid").await;
    let lines = |step: &dyn Fn(u32) -> Value| {
        let steps = (0..1_500).map(step);
        std::iter::once(header("Many")).chain(steps).collect::<Vec<_>>()
    };
    let files = lines(&|n| file(&format!("flat/{n:04}.txt"), format!("{n}")));
    commit(&ana, "main", &files).await.ok();
    let grid =
        |n: u32| json!({ "path": format!("grids/{}/{n:04}.npy", n % 7), "algo": "sha256", "oid": oid, "size": 6 });
    commit(&ana, "main", &lines(&|n| step("lfsFile", grid(n)))).await.ok();
    let page = ana.get(&format!("{BASE}/tree/main/flat?limit=1000")).await;
    assert_eq!(page.json().as_array().unwrap().len(), 1_000);
    let next = page.header("link").split(['<', '>']).nth(1).unwrap().to_owned();
    let next = ana.get(next.strip_prefix(&app.address()).unwrap()).await.ok();
    assert_eq!(next.as_array().unwrap().len(), 500);
    assert_eq!(next[499]["path"], "flat/1499.txt");
    assert_eq!(
        ana.get("/ana/rain/resolve/main/grids/3/0003.npy").await.text(),
        "a grid"
    );

    let mut steps = lines(&|n| delete(&format!("flat/{n:04}.txt")));
    steps.push(delete("grids/1"));
    steps.push(file("grids/1/0001.npy.txt", "instead"));
    commit(&ana, "main", &steps).await.ok();
    let left = ana.get(&format!("{BASE}/tree/main?recursive=true")).await.ok();
    let left = left.as_array().unwrap().iter();
    let left: Vec<_> = left.map(|entry| entry["path"].as_str().unwrap()).collect();
    assert!(!left.iter().any(|path| path.starts_with("flat")), "{left:?}");
    let below: Vec<_> = left.iter().filter(|path| path.starts_with("grids/1/")).collect();
    assert_eq!(below, [&"grids/1/0001.npy.txt"]);
    app.finish().await;
}

#[tokio::test]
async fn too_many_steps_or_rules_are_refused_with_a_sentence_and_leave_nothing() {
    let app = TestApp::with(&[("GEOML_HUB__UPLOADS__COMMIT_STEPS", "1200")])
        .start()
        .await;
    let ana = app.user("ana").await;
    create(&ana, "rain").await;
    let before = ana.get(BASE).await.ok();
    let many = |length: u32, step: &dyn Fn(u32) -> Value| {
        let steps = (0..length).map(step);
        std::iter::once(header("Many")).chain(steps).collect::<Vec<_>>()
    };
    let files = many(1_201, &|n| file(&format!("{n}.txt"), ""));
    let sentence = refused(&commit(&ana, "main", &files).await, 413, "");
    assert!(sentence.contains("at most 1200 files"), "{sentence}");
    let deletions = many(1_201, &|n| delete(&format!("{n}.txt")));
    refused(&commit_to(&ana, BASE, "main", &deletions).await, 413, "");
    let mut twice = many(2, &|n| file(&format!("{n}.txt"), ""));
    twice.push(file("1.txt", "again"));
    refused(&commit(&ana, "main", &twice).await, 422, "");

    // Each would need a rule of its own.
    let oid = send_large(&ana, b"a grid").await;
    let odd = |n: u32| {
        step(
            "lfsFile",
            json!({ "path": format!("{n}/grid"), "algo": "sha256", "oid": oid }),
        )
    };
    let sentence = refused(&commit(&ana, "main", &many(1_200, &odd)).await, 422, "");
    assert!(sentence.contains("rules"), "{sentence}");
    // One for all of them is as good.
    let mut covered = many(1_100, &odd);
    covered.push(file(".gitattributes", "grid filter=lfs diff=lfs merge=lfs -text\n"));
    assert_eq!(ana.get(BASE).await.ok()["sha"], before["sha"]);
    commit(&ana, "main", &covered).await.ok();
    let rules = ana.get("/ana/rain/resolve/main/.gitattributes").await.text();
    assert_eq!(rules, "grid filter=lfs diff=lfs merge=lfs -text\n");
    app.finish().await;
}
