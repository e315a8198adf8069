use super::{create, refused};
use crate::support::{Client, Reply, TestApp};
use serde_json::{Value, json};
use std::time::Duration;

const REQUESTS: &str = "/api/models/ana/rain/user-access-request";

async fn gated() -> (TestApp, Client, Client) {
    let app = TestApp::start().await;
    let (ana, ben) = (app.user("ana").await, app.user("ben").await);
    create(&ana, "rain").await;
    let settings = "/api/models/ana/rain/settings";
    let answer = ana.put(settings, &json!({ "gated": "manual" })).await.ok();
    assert_eq!(answer["gated"], "manual");
    (app, ana, ben)
}

async fn handle(ana: &Client, status: &str) -> Reply {
    let body = json!({ "user": "ben", "status": status });
    ana.post(&format!("{REQUESTS}/handle"), &body).await
}

async fn names(ana: &Client, status: &str) -> Vec<Value> {
    let listed = ana.get(&format!("{REQUESTS}/{status}")).await.ok();
    listed.as_array().unwrap().clone()
}

#[tokio::test]
async fn clients_are_told_that_a_repository_is_gated_in_the_words_that_they_know() {
    let (app, ana, ben) = gated().await;
    let path = "/ana/rain/resolve/main/.gitattributes";
    for (who, status) in [(&ben, 403), (&app.anonymous(), 401)] {
        for reply in [
            who.get(path).await,
            who.head(path).await,
            who.get("/api/models/ana/rain/auth-check").await,
        ] {
            let message = refused(&reply, status, "GatedRepo");
            let expected = "Access to model ana/rain is restricted and you are not in the authorized list.";
            assert!(message.starts_with(expected), "{message}");
        }
        assert_eq!(who.get("/api/models/ana/rain").await.ok()["gated"], "manual");
    }
    ana.put("/api/models/ana/rain/settings", &json!({ "gated": true }))
        .await
        .expect(400);
    create(&ana, "snow").await;
    for (gated, expected) in [("true", "ana/rain"), ("false", "ana/snow")] {
        let path = format!("/api/models?gated={gated}");
        let mut found = Value::Null;
        for _ in 0..200 {
            found = ben.get(&path).await.ok();
            if found[0]["id"] == expected {
                break;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        assert_eq!(
            (&found[0]["id"], found.as_array().unwrap().len()),
            (&json!(expected), 1)
        );
    }
    app.finish().await;
}

#[tokio::test]
async fn requests_are_listed_handled_and_granted_and_no_state_is_set_twice() {
    let (app, ana, ben) = gated().await;
    for list in ["pending", "accepted", "rejected"] {
        let path = format!("{REQUESTS}/{list}");
        ben.get(&path).await.expect(403);
        app.anonymous().get(&path).await.expect(401);
    }
    handle(&ana, "accepted").await.expect(404);
    ben.post("/api/v1/repos/ana/rain/access-requests", &json!({}))
        .await
        .ok();
    let pending = names(&ana, "pending").await;
    assert_eq!(pending[0]["user"]["user"], "ben");
    assert_eq!(pending[0]["user"]["email"], "ben@example.org");
    assert!(pending[0]["timestamp"].as_str().unwrap().ends_with('Z'));
    handle(&ana, "pending").await.expect(409);
    handle(&ana, "accepted").await.ok();
    handle(&ana, "accepted").await.expect(409);
    assert_eq!(
        (names(&ana, "pending").await.len(), names(&ana, "accepted").await.len()),
        (0, 1)
    );
    ben.get("/ana/rain/resolve/main/.gitattributes").await.expect(200);
    let by_id = json!({ "requestId": pending[0]["requestId"], "status": "rejected", "rejectionReason": "No." });
    ana.post(&format!("{REQUESTS}/handle"), &by_id).await.ok();
    assert_eq!(names(&ana, "rejected").await.len(), 1);

    app.user("eva").await;
    let grant = |user: &'static str| ana.post(&format!("{REQUESTS}/grant"), &json!({ "user": user }));
    let granted = grant("eva").await.ok();
    assert_eq!(
        (&granted["status"], &granted["user"]["email"]),
        (&json!("accepted"), &Value::Null)
    );
    grant("eva").await.expect(409);
    grant("nobody-there").await.expect(404);
    ben.post(&format!("{REQUESTS}/grant"), &json!({ "user": "ben" }))
        .await
        .expect(403);
    app.finish().await;
}
