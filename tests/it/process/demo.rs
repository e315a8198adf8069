use crate::support::{TestApp, hub_command};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::Stdio;

/// Starts `serve --demo`, waits until it says how to log in, and stops it; answers what it said.
fn serve_demo(folder: &Path) -> Vec<String> {
    let mut command = hub_command(&["serve", "--demo", "--listen", "127.0.0.1:0", "--data"]);
    command.arg(folder);
    command.env("GEOML_HUB__AUTH__PASSWORD_MEMORY", "8 MiB");
    command.env("GEOML_HUB__AUTH__PASSWORD_PASSES", "1");
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let said: Vec<String> = lines.take(2).map(Result::unwrap).collect();
    let id = Pid::from_raw(i32::try_from(child.id()).unwrap()).unwrap();
    kill_process(id, Signal::TERM).unwrap();
    assert!(child.wait().unwrap().success());
    said
}

async fn names(app: &TestApp, words: &str) -> Vec<String> {
    let address = format!("/api/search/repositories?limit=50&q={words}");
    let found = app.anonymous().get(&address).await.ok();
    let items = found["items"].as_array().unwrap();
    items
        .iter()
        .map(|item| item["name"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "slow; part of the whole test command"]
async fn a_demo_is_filled_once_and_looks_like_a_hub_that_people_use() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().join("data");
    let said = serve_demo(&folder);
    assert!(said[0].starts_with("GeoML-Hub listens on"), "{said:?}");
    let password = said[1].split('\'').nth(3).unwrap().to_owned();
    // An earlier start has filled it.
    assert_eq!(serve_demo(&folder)[1], said[1]);
    let app = TestApp::with(&[]).folder(&folder).start().await;
    // At once: the first page that a newcomer opens shows what is there.
    assert_eq!(names(&app, "").await.len(), 13);
    assert!(
        names(&app, "%E9%9C%87%E7%9B%B8")
            .await
            .contains(&"seismic-phase-picker".to_owned())
    );
    assert!(
        names(&app, "landslides")
            .await
            .contains(&"landslide-segmentation-s2".to_owned())
    );
    let login = json!({ "username": "demo", "password": password });
    let tokens = app.anonymous().post("/api/auth/login", &login).await.ok();
    let demo = app
        .anonymous()
        .named("demo")
        .with_token(tokens["access_token"].as_str().unwrap());
    demo.get("/api/demo/groundwater-levels-lstm").await.expect(200);
    app.anonymous()
        .get("/api/demo/groundwater-levels-lstm")
        .await
        .refused(404, "not_found");
    let shown = demo.get("/api/lin-yuchen/rainfall-nowcast-unet").await.ok();
    assert!(shown["counters"]["stars"].as_u64() > Some(5), "{shown}");
    assert!(shown["counters"]["views_30d"].as_u64() > Some(100), "{shown}");
    let commits = demo.get("/api/lin-yuchen/rainfall-nowcast-unet/commits").await.ok();
    let authors: std::collections::BTreeSet<&str> = commits["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|commit| commit["author"]["name"].as_str().unwrap())
        .collect();
    assert!(authors.len() >= 3, "{authors:?}");
    assert_cards_are_right(&demo).await;
    app.finish().await;
}

/// What the demo shows must not be what the hub complains about.
async fn assert_cards_are_right(demo: &crate::support::Client) {
    let found = demo.get("/api/search/repositories?limit=50").await.ok();
    for item in found["items"].as_array().unwrap() {
        let (name, kind) = (item["full_name"].as_str().unwrap(), item["repo_type"].as_str().unwrap());
        let card = demo.get(&format!("/api/{name}/metadata?repo_type={kind}")).await.ok();
        assert_eq!(card["problems"], Value::Array(Vec::new()), "{name}");
    }
}

#[tokio::test]
async fn a_hub_that_holds_accounts_is_not_filled_with_a_demo() {
    let mut app = TestApp::start().await;
    app.user("ana").await;
    app.stop().await;
    let refused = app.command(&["serve", "--demo", "--listen", "127.0.0.1:0"]).await;
    assert_eq!(refused.code, Some(1));
    assert!(refused.errors.contains("fills an empty hub"), "{}", refused.errors);
    app.finish().await;
}
