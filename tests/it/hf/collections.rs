use super::create;
use crate::support::{Client, TestApp};
use reqwest::Method;
use serde_json::{Value, json};

async fn add(who: &Client, slug: &str, id: &str) -> Value {
    let item = json!({ "item": { "type": "model", "id": id } });
    who.post(&format!("/api/collections/{slug}/items"), &item).await.ok()
}

async fn with_collection() -> (TestApp, Client, Client, String) {
    let app = TestApp::start().await;
    let (ana, ben) = (app.user("ana").await, app.user("ben").await);
    create(&ana, "rain").await;
    ana.create_repository("hidden", "private").await;
    let wish = json!({ "title": "Rain & Snow", "namespace": "ana" });
    let made = ana.post("/api/collections", &wish).await.ok();
    let slug = made["slug"].as_str().unwrap().to_owned();
    assert!(slug.starts_with("ana/rain-snow-"), "{slug}");
    (app, ana, ben, slug)
}

#[tokio::test]
async fn a_collection_shows_to_everybody_what_they_may_see_of_it() {
    let (app, ana, ben, slug) = with_collection().await;
    add(&ana, &slug, "ana/rain").await;
    let filled = add(&ana, &slug, "ana/hidden").await;
    assert_eq!(filled["items"].as_array().unwrap().len(), 2);
    assert_eq!(filled["position"], 0);
    let path = format!("/api/collections/{slug}");
    let seen = ben.get(&path).await.ok();
    assert_eq!(
        (&seen["items"][0]["id"], seen["items"].as_array().unwrap().len()),
        (&json!("ana/rain"), 1)
    );
    let listed = app.anonymous().get("/api/collections?owner=ana").await.ok();
    assert_eq!(
        (&listed[0]["slug"], &listed[0]["position"]),
        (&json!(slug), &Value::Null)
    );
    // Whoever may not see a repository does not learn in which collections it is.
    assert_eq!(ben.get("/api/collections?item=models/ana/hidden").await.ok(), json!([]));
    let hers = ana.get("/api/collections?item=models/ana/hidden").await.ok();
    assert_eq!(hers[0]["slug"], json!(slug));
    let id = &slug[slug.len() - 32..];
    ben.get(&format!("/api/collections/ana/another-title-{id}"))
        .await
        .expect(200);
    ben.get(&format!("/api/collections/ben/another-title-{id}"))
        .await
        .expect(404);
    ben.get("/api/collections/ana/short").await.expect(404);
    app.finish().await;
}

#[tokio::test]
async fn only_its_owner_changes_a_collection_and_a_private_one_is_not_there_for_others() {
    let (app, ana, ben, slug) = with_collection().await;
    let path = format!("/api/collections/{slug}");
    let item = json!({ "item": { "type": "model", "id": "ana/rain" } });
    let items = format!("{path}/items");
    ben.post(&items, &item).await.expect(403);
    app.anonymous().post(&items, &item).await.expect(401);
    add(&ana, &slug, "ana/rain").await;
    ana.post(&items, &item).await.expect(409);
    let missing = json!({ "item": { "type": "model", "id": "ana/none" } });
    ana.post(&items, &missing).await.expect(404);
    let change = |who: &Client, body: Value| who.call(Method::PATCH, &path).json(&body);
    change(&ben, json!({ "title": "Mine" })).await.expect(403);
    change(&ana, json!({ "title": "x".repeat(61) })).await.expect(422);
    let hidden = change(&ana, json!({ "private": true })).await.ok();
    assert_eq!(hidden["data"]["private"], true);
    ben.get(&path).await.expect(404);
    ben.delete(&path).await.expect(404);
    assert_eq!(ben.get("/api/collections").await.ok(), json!([]));
    let again = json!({ "title": "rain & snow" });
    let taken = ana.post("/api/collections", &again).await.expect(409).json();
    assert_eq!(taken["slug"], json!(slug));
    ana.post("/api/collections", &json!({ "title": "X", "namespace": "ben" }))
        .await
        .expect(403);
    ana.delete(&format!("{items}/{:024x}", 9)).await.expect(404);
    let emptied = ana.delete(&format!("{items}/{:024x}", 0)).await.ok();
    assert_eq!(emptied["items"], json!([]));
    ana.delete(&path).await.ok();
    ana.get(&path).await.expect(404);
    app.finish().await;
}

#[tokio::test]
async fn a_repository_that_is_gone_for_good_leaves_its_collections() {
    let (app, ana, _ben, slug) = with_collection().await;
    add(&ana, &slug, "ana/rain").await;
    let id = ana.get("/api/ana/rain").await.ok()["id"].as_str().unwrap().to_owned();
    ana.delete("/api/ana/rain").await.expect(204);
    let path = format!("/api/collections/{slug}");
    assert_eq!(ana.get(&path).await.ok()["items"], json!([]));
    let purge = format!("/api/admin/repositories/{id}/hard-delete");
    app.admin().await.delete(&purge).await.expect(204);
    app.finish().await;
}

#[tokio::test]
async fn members_of_an_organization_who_may_write_keep_its_collections_and_all_members_see_them() {
    let app = TestApp::start().await;
    let (ana, ben) = (app.user("ana").await, app.user("ben").await);
    let (cleo, dan) = (app.user("cleo").await, app.user("dan").await);
    create(&ana, "rain").await;
    ana.post("/api/v1/organizations", &json!({ "name": "lab" }))
        .await
        .expect(201);
    for (name, role) in [("ben", "write"), ("cleo", "contributor")] {
        let member = json!({ "role": role });
        ana.put(&format!("/api/v1/organizations/lab/members/{name}"), &member)
            .await
            .ok();
    }
    let wish = json!({ "title": "Rain", "namespace": "Lab", "private": true });
    let made = ben.post("/api/collections", &wish).await.ok();
    assert_eq!(made["owner"], json!({ "name": "lab", "type": "org" }));
    let slug = made["slug"].as_str().unwrap().to_owned();
    assert!(slug.starts_with("lab/rain-"), "{slug}");
    let again = ana.post("/api/collections", &wish).await.expect(409).json();
    assert_eq!(again["slug"], json!(slug));
    for (who, namespace) in [(&cleo, "lab"), (&dan, "lab"), (&ana, "ben"), (&dan, "nobody")] {
        let wish = json!({ "title": "Snow", "namespace": namespace });
        who.post("/api/collections", &wish).await.expect(403);
    }
    let path = format!("/api/collections/{slug}");
    assert_eq!(ana.get(&path).await.ok()["canWrite"], true);
    assert_eq!(cleo.get(&path).await.ok()["canWrite"], false);
    assert_eq!(
        cleo.get("/api/collections?owner=lab").await.ok()[0]["slug"],
        json!(slug)
    );
    let item = json!({ "item": { "type": "model", "id": "ana/rain" } });
    cleo.post(&format!("{path}/items"), &item).await.expect(403);
    dan.get(&path).await.expect(404);
    dan.post(&format!("{path}/items"), &item).await.expect(404);
    assert_eq!(dan.get("/api/collections?owner=lab").await.ok(), json!([]));
    add(&ben, &slug, "ana/rain").await;
    // Who is no member any more has no part in them.
    ana.delete("/api/v1/organizations/lab/members/ben").await.expect(204);
    ben.get(&path).await.expect(404);
    ana.delete(&path).await.ok();
    app.finish().await;
}
