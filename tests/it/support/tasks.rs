use super::{Client, eventually};
use serde_json::{Value, json};

/// Starts a periodic task. One that the hub began by itself is waited for, as it may not have seen what came before the call.
pub async fn start_task(admin: &Client, name: &str) {
    let path = format!("/api/admin/tasks/{name}/run");
    eventually(async || match admin.post(&path, &json!({})).await {
        reply if reply.status == 409 => Err(format!("{name} runs already, and does not end")),
        reply => Ok(reply.expect(202)),
    })
    .await;
}

/// Starts a periodic task and waits for its end; answers what it said.
pub async fn run_task(admin: &Client, name: &str) -> String {
    // Whatever ran before has ended when this run is accepted, and says another moment.
    let before = task(admin, name).await["last"]["started_at"].clone();
    start_task(admin, name).await;
    let last = eventually(async || match task(admin, name).await {
        task if task["running_since"].is_null() && task["last"]["started_at"] != before => Ok(task["last"].clone()),
        task => Err(format!("{name} does not end: {task}")),
    })
    .await;
    assert_eq!(last["succeeded"], true, "{last}");
    last["result"].as_str().expect("a sentence").to_owned()
}

/// A periodic task as administrators see it.
async fn task(admin: &Client, name: &str) -> Value {
    let tasks = admin.get("/api/admin/tasks").await.ok();
    let mut tasks = tasks["items"].as_array().expect("a list").iter();
    tasks.find(|task| task["name"] == name).expect("listed").clone()
}
