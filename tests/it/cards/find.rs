//! Looking cards up by value, and counting values.

use super::support::{change, repository};
use crate::support::{TestApp, until_answered};
use serde_json::{Value, json};

fn names(page: &Value) -> Vec<&str> {
    page["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item["name"].as_str().unwrap())
        .collect()
}

#[tokio::test]
async fn cards_are_found_by_value_by_those_who_may_see_them() {
    let app = TestApp::start().await;
    let (ana, bob, admin) = (app.user("ana").await, app.user("bob").await, app.admin().await);
    repository(&ana, "one", "public", &json!({ "license": "MIT", "tags": ["rain"] })).await;
    repository(&ana, "two", "public", &json!({ "license": "mit", "depth": 12 })).await;
    repository(
        &ana,
        "secret",
        "private",
        &json!({ "license": "mit", "tags": ["hidden"] }),
    )
    .await;
    let path = "/api/metadata/search?field=license&value=Mit";
    until_answered(&ana, path, |page| page["total"] == 3).await;
    assert_eq!(names(&ana.get(path).await.ok()), ["secret", "two", "one"]);
    assert_eq!(names(&admin.get(path).await.ok()), ["secret", "two", "one"]);
    for client in [&bob, &app.anonymous()] {
        let page = client.get(path).await.ok();
        assert_eq!((names(&page), &page["total"]), (vec!["two", "one"], &json!(2)));
        let hidden = client.get("/api/metadata/search?field=tags&value=hidden").await.ok();
        assert_eq!(hidden["total"], 0);
    }
    let second = ana.get(&format!("{path}&limit=1&page=2")).await.ok();
    assert_eq!((names(&second), &second["total"]), (vec!["two"], &json!(3)));
    assert_eq!(names(&bob.get("/api/metadata/search?field=depth").await.ok()), ["two"]);
    assert_eq!(
        names(&bob.get("/api/metadata/search?field=licence&value=mit").await.ok()),
        ["two", "one"]
    );
    bob.get("/api/metadata/search").await.refused(400, "bad_request");
    app.finish().await;
}

#[tokio::test]
async fn values_are_counted_over_public_repositories_only() {
    let app = TestApp::start().await;
    let ana = app.user("ana").await;
    repository(
        &ana,
        "one",
        "public",
        &json!({ "license": "mit", "tags": ["rain", "radar"] }),
    )
    .await;
    repository(&ana, "two", "public", &json!({ "license": "mit", "tags": ["rain"] })).await;
    repository(
        &ana,
        "secret",
        "private",
        &json!({ "license": "secret", "hidden": "x" }),
    )
    .await;
    until_answered(&ana, "/api/metadata/search?field=hidden", |page| page["total"] == 1).await;
    let stats = "/api/metadata/stats?field=tags";
    let expected = json!([{ "field": "tags", "count": 2, "values": [{ "value": "rain", "count": 2 }, { "value": "radar", "count": 1 }] }]);
    until_answered(&app.anonymous(), stats, |answer| *answer == expected).await;
    let all = ana.get("/api/metadata/stats").await.ok();
    assert!(
        !all.to_string().contains("secret") && !all.to_string().contains("hidden"),
        "{all:#}"
    );

    ana.put("/api/ana/two/settings", &json!({ "visibility": "private" }))
        .await
        .ok();
    until_answered(&ana, stats, |answer| answer[0]["count"] == 1).await;
    change(&ana, "one", &json!({ "tags": ["snow"] })).await;
    let expected = json!([{ "field": "tags", "count": 1, "values": [{ "value": "snow", "count": 1 }] }]);
    until_answered(&ana, stats, |answer| *answer == expected).await;
    ana.delete("/api/ana/one").await.expect(204);
    until_answered(&ana, stats, |answer| answer[0]["count"] == 0).await;
    let gone = ana.get("/api/metadata/search?field=tags&value=snow").await.ok();
    assert_eq!(gone["items"], json!([]));
    app.finish().await;
}
