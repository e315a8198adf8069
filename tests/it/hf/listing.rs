use super::{create, refused};
use crate::support::{Client, TestApp};
use serde_json::{Value, json};
use std::time::Duration;

async fn ids(client: &Client, path: &str) -> Vec<String> {
    let found = client.get(path).await.ok();
    found
        .as_array()
        .unwrap()
        .iter()
        .map(|found| found["id"].as_str().unwrap().to_owned())
        .collect()
}

/// Asks until the answer is this one: the index follows within moments.
async fn until(client: &Client, path: &str, expected: &[&str]) {
    let mut found = Vec::new();
    for _ in 0..200 {
        found = ids(client, path).await;
        if found == expected {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("{path}: {found:?}, not {expected:?}");
}

async fn card(client: &Client, name: &str, front_matter: &str) {
    create(client, name).await;
    let repository = format!("{}/{name}", client.name);
    client
        .upload(&repository, "README.md", format!("---\n{front_matter}\n---\n"))
        .await;
}

#[tokio::test]
async fn repositories_are_found_by_words_tags_and_owners_as_far_as_the_caller_may_see_them() {
    let app = TestApp::start().await;
    let (ana, ben) = (app.user("ana").await, app.user("ben").await);
    card(
        &ana,
        "nowcast",
        "license: mit\nlanguage: en\ntags: [radar]\npipeline_tag: tabular-regression",
    )
    .await;
    card(&ana, "downscale", "license: apache-2.0\ntags: [radar, era5]").await;
    card(&ben, "hidden", "tags: [radar]").await;
    ben.put("/api/models/ben/hidden/settings", &json!({ "private": true }))
        .await
        .ok();
    ana.post("/api/repos/create", &json!({ "name": "gauges", "type": "dataset" }))
        .await
        .ok();

    let newest = "/api/models?sort=createdAt";
    until(
        &ana,
        &format!("{newest}&filter=radar"),
        &["ana/downscale", "ana/nowcast"],
    )
    .await;
    until(
        &ben,
        &format!("{newest}&filter=radar"),
        &["ben/hidden", "ana/downscale", "ana/nowcast"],
    )
    .await;
    until(
        &ana,
        &format!("{newest}&filter=radar&filter=license:mit&filter=language:en"),
        &["ana/nowcast"],
    )
    .await;
    until(&ana, "/api/models?pipeline_tag=tabular-regression", &["ana/nowcast"]).await;
    until(&ana, "/api/models?search=downsc", &["ana/downscale"]).await;
    until(&ben, "/api/models?author=ben", &["ben/hidden"]).await;
    until(&ana, "/api/models?author=ben", &[]).await;
    until(&ana, "/api/datasets", &["ana/gauges"]).await;
    until(&ana, "/api/spaces", &[]).await;
    until(&ana, "/api/models?gated=true", &[]).await;
    refused(&ana.get("/api/models?sort=colour").await, 400, "");

    let first = ana
        .get(&format!("{newest}&limit=1&expand=sha&expand=tags"))
        .await
        .expect(200);
    assert_eq!(first.json()[0]["id"], "ana/downscale");
    assert!(first.json()[0].get("likes").is_none());
    let link = first.header("link").to_owned();
    assert!(link.starts_with(&format!("<{}/api/models?", app.address())), "{link}");
    let next = link[1..link.find('>').unwrap()].strip_prefix(&app.address()).unwrap();
    assert_eq!(ids(&ana, next).await, ["ana/nowcast"]);
    let full = ana.get("/api/models?full=True&search=nowcast").await.ok();
    assert_eq!(full[0]["siblings"].as_array().unwrap().len(), 2);
    app.finish().await;
}

#[tokio::test]
async fn words_of_public_cards_are_told_by_type() {
    let app = TestApp::start().await;
    let ana = app.user("ana").await;
    card(&ana, "nowcast", "license: mit\nlanguage: en\ntags: [radar]").await;
    card(&ana, "secret", "license: gpl-3.0").await;
    ana.put("/api/models/ana/secret/settings", &json!({ "private": true }))
        .await
        .ok();
    let expected = json!([{ "id": "license:mit", "label": "mit", "type": "license" }]);
    let mut told = Value::Null;
    for _ in 0..200 {
        told = app.anonymous().get("/api/models-tags-by-type").await.ok();
        if told["license"] == expected && told["other"][0]["id"] == "radar" {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(told["license"], expected);
    let datasets = app.anonymous().get("/api/datasets-tags-by-type").await.ok();
    assert_eq!(
        datasets["language"][0],
        json!({ "id": "language:en", "label": "en", "type": "language" })
    );
    app.finish().await;
}
