use crate::support::{TestApp, run_task};
use serde_json::{Value, json};

/// A hub with one repository of the account ana.
async fn with_repository() -> TestApp {
    let app = TestApp::start().await;
    let ana = app.user("ana").await;
    let repository = json!({ "name": "sea-ice", "repo_type": "model", "visibility": "public" });
    ana.post("/api/repositories", &repository).await.ok();
    app
}

async fn names_found(app: &TestApp) -> Vec<Value> {
    let found = app.anonymous().get("/api/search/repositories?q=sea-ice").await.ok();
    let items = found["items"].as_array().expect("a list");
    items.iter().map(|item| item["name"].clone()).collect()
}

#[tokio::test]
async fn the_command_makes_anew_what_is_derived() {
    let mut app = with_repository().await;
    app.stop().await;
    std::fs::remove_dir_all(app.folder().join("index")).expect("there is an index");
    let outcome = app.command(&["reindex"]).await;
    assert_eq!((outcome.code, outcome.errors.as_str()), (Some(0), ""));
    // Whether the card was taken over before the stop or is only now, is a race that either may win.
    for expected in [
        "Read the history of 1 repositories;",
        "Indexed 1 repositories, 2 accounts and",
    ] {
        assert!(outcome.output.contains(expected), "{}", outcome.output);
    }
    app.assert_check_is_clean().await;

    app.start_again().await;
    assert_eq!(names_found(&app).await, [json!("sea-ice")]);
    let ana = app.log_in("ana").await;
    let commits = ana.get("/api/ana/sea-ice").await.ok();
    assert!(commits["last_commit"].is_object(), "{commits}");
    app.finish().await;
}

#[tokio::test]
async fn the_task_of_a_running_hub_does_the_same() {
    let app = with_repository().await;
    let admin = app.admin().await;
    let refused = app.command(&["reindex"]).await;
    assert_eq!(refused.code, Some(1));
    assert!(
        refused.errors.contains("POST /api/admin/tasks/reindex/run"),
        "{}",
        refused.errors
    );

    run_task(&admin, "reindex").await;
    assert_eq!(names_found(&app).await, [json!("sea-ice")]);
    app.finish().await;
}
