//! What administrators see of background work.

use crate::support::{TestApp, run_task, start_task};
use geoml_hub::base::Clock;
use geoml_hub::events::Events;
use geoml_hub::store::Store;
use serde_json::json;

#[tokio::test]
async fn an_administrator_sees_every_task_and_runs_one_now() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let list = admin.get("/api/admin/tasks").await.ok();
    let names: Vec<&str> = list["items"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|task| task["name"].as_str().expect("a name"))
        .collect();
    for name in ["check", "forget-jobs", "pack", "sweep"] {
        assert!(names.contains(&name), "{name} is missing in {names:?}");
    }

    assert_eq!(run_task(&admin, "check").await, "Everything agrees.");
    let told = admin
        .post("/api/admin/tasks/nonsense/run", &json!({}))
        .await
        .refused(404, "not_found");
    assert!(told.contains("nonsense"), "{told}");
    app.finish().await;
}

#[tokio::test]
async fn an_administrator_sees_jobs_and_who_follows_the_events() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let list = admin.get("/api/admin/jobs?state=dead&limit=5").await.ok();
    assert_eq!(list, json!({ "items": [], "total": 0, "page": 1, "limit": 5 }));
    admin
        .get("/api/admin/jobs?state=sleepy")
        .await
        .refused(400, "bad_request");
    let unknown = "/api/admin/jobs/0198c9a2-0000-7000-8000-000000000000";
    admin.get(unknown).await.refused(404, "not_found");
    admin
        .post(&format!("{unknown}/retry"), &json!({}))
        .await
        .refused(404, "not_found");
    admin
        .post(&format!("{unknown}/cancel"), &json!({}))
        .await
        .refused(404, "not_found");

    let consumers = admin.get("/api/admin/consumers").await.ok();
    let consumers = consumers["items"].as_array().expect("a list");
    assert!(
        consumers.iter().any(|consumer| consumer["name"] == "path-history"),
        "{consumers:?}"
    );
    assert!(
        consumers.iter().all(|consumer| consumer["failures"] == 0),
        "{consumers:?}"
    );
    app.finish().await;
}

#[tokio::test]
async fn background_work_is_nobody_elses_business() {
    let app = TestApp::start().await;
    let ana = app.user("ana").await;
    for path in ["/api/admin/tasks", "/api/admin/jobs", "/api/admin/consumers"] {
        app.anonymous().get(path).await.refused(401, "unauthorized");
        ana.get(path).await.refused(403, "forbidden");
    }
    app.finish().await;
}

#[tokio::test]
async fn what_an_administrator_starts_is_recorded() {
    let mut app = TestApp::start().await;
    let admin = app.admin().await;
    start_task(&admin, "pack").await;
    app.stop().await;
    let store = Store::open(&app.folder().join("hub.redb"), &geoml_hub::app::schema(), 1 << 20).unwrap();
    let events = Events::open(store.clone(), Clock::system())
        .unwrap()
        .after(0, 1_000)
        .unwrap();
    store.close();
    let started = events
        .iter()
        .find(|event| event.kind == "task.started")
        .expect("recorded");
    assert_eq!(started.subject.as_ref().unwrap().to_string(), "task:pack");
    assert!(started.actor.is_some() && started.address.is_some());
    app.finish().await;
}
