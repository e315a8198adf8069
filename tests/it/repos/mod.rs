//! Repositories over HTTP: names, visibility, settings, deleting and restoring.

/// Accounts with a part in repositories of others.
mod collaborators;
mod gating;
/// Repositories of organizations.
mod organizations;

use crate::support::{Client, Reply, TestApp};
use serde_json::{Value, json};

async fn create(client: &Client, name: &str, kind: &str, visibility: &str) -> Reply {
    let body = json!({ "name": name, "repo_type": kind, "visibility": visibility, "description": "降水预测" });
    client.post("/api/repositories", &body).await
}

#[tokio::test]
async fn a_new_repository_begins_with_a_card_and_attributes() {
    let app = TestApp::start().await;
    let ana = app.user("ana").await;
    let made = create(&ana, "Rain-Nowcast", "model", "public").await.expect(201).json();
    assert_eq!(made["full_name"], "ana/Rain-Nowcast");
    assert_eq!(made["total_files"], 2);
    assert_eq!(made["last_commit"]["title"], "Create the repository");
    let listed = app.anonymous().get("/api/users/ana/repositories").await.ok();
    assert_eq!(listed["total"], 1);
    app.finish().await;
}

#[tokio::test]
async fn names_that_would_break_addresses_are_refused_with_a_sentence() {
    let app = TestApp::start().await;
    let ana = app.user("ana").await;
    for name in [
        "", "a/b", "..", "a b", "-a", "x.git", "a--b", "名", "api", "Settings", "datasets",
    ] {
        let sentence = create(&ana, name, "model", "public").await.refused(422, "invalid");
        assert!(sentence.ends_with('.'), "{name}: {sentence}");
    }
    for (field, body) in [
        ("repo_type", json!({ "name": "a", "repo_type": "moodel" })),
        ("visibility", json!({ "name": "a", "visibility": 3 })),
        ("description", json!({ "name": "a", "description": "x".repeat(501) })),
    ] {
        let reply = ana.post("/api/repositories", &body).await;
        assert!(reply.status.is_client_error(), "{}", reply.text());
        assert_eq!(reply.json()["details"]["field"], field, "{}", reply.text());
    }
    app.finish().await;
}

#[tokio::test]
async fn a_name_is_unique_per_family_without_regard_to_case() {
    let app = TestApp::start().await;
    let ana = app.user("ana").await;
    for kind in ["model", "dataset", "space"] {
        create(&ana, "era5", kind, "public").await.expect(201);
    }
    for kind in ["model", "code", "workflow", "project", "dataset"] {
        create(&ana, "ERA5", kind, "public").await.refused(409, "conflict");
    }
    let settings = ana.get("/api/ana/era5/settings?repo_type=dataset").await.ok();
    assert_eq!(settings["name"], "era5");
    ana.delete("/api/ana/era5").await.expect(204);
    let next = ana.get("/api/ana/era5/settings").await.ok();
    assert_eq!(
        next["name"], "era5",
        "without a kind, the dataset comes after the model"
    );
    app.finish().await;
}

#[tokio::test]
async fn many_creations_of_one_name_make_one_repository() {
    let app = TestApp::start().await;
    let ana = app.user("ana").await;
    let attempts = (0..8).map(|_| {
        let ana = ana.clone();
        tokio::spawn(async move { create(&ana, "one", "model", "public").await.status.as_u16() })
    });
    let mut statuses = Vec::new();
    for attempt in attempts.collect::<Vec<_>>() {
        statuses.push(attempt.await.unwrap());
    }
    statuses.sort_unstable();
    assert_eq!(statuses[0], 201);
    assert!(statuses[1..].iter().all(|status| *status == 409), "{statuses:?}");
    app.finish().await;
}

fn without_request_id(reply: &Reply) -> (u16, Value) {
    let mut body = reply.json();
    body["request_id"] = Value::Null;
    (reply.status.as_u16(), body)
}

#[tokio::test]
async fn a_private_repository_answers_strangers_like_a_missing_one() {
    let app = TestApp::start().await;
    let (ana, ben, anonymous) = (app.user("ana").await, app.user("ben").await, app.anonymous());
    create(&ana, "hidden", "model", "private").await.expect(201);
    for stranger in [&ben, &anonymous] {
        for tail in ["stats", "stars", "views", "settings"] {
            let hidden = stranger.get(&format!("/api/ana/hidden/{tail}")).await;
            let missing = stranger.get(&format!("/api/ana/absent/{tail}")).await;
            let text = without_request_id(&hidden).1.to_string().replace("hidden", "absent");
            assert_eq!(hidden.status.as_u16(), 404, "{}", hidden.text());
            assert_eq!(text, without_request_id(&missing).1.to_string());
        }
        assert_eq!(stranger.get("/api/users/ana/repositories").await.ok()["total"], 0);
    }
    assert_eq!(ana.get("/api/users/ana/repositories").await.ok()["total"], 1);
    ben.post("/api/ana/hidden/star", &json!({}))
        .await
        .refused(404, "not_found");
    app.admin().await.get("/api/ana/hidden/stats").await.expect(200);
    app.finish().await;
}

#[tokio::test]
async fn an_old_name_leads_to_its_repository_until_another_takes_it() {
    let app = TestApp::start().await;
    let ana = app.user("ana").await;
    create(&ana, "first", "model", "public").await.expect(201);
    ana.put("/api/ana/first/settings", &json!({ "name": "second" }))
        .await
        .ok();
    assert_eq!(ana.get("/api/ana/first/settings").await.ok()["name"], "second");
    create(&ana, "first", "model", "public").await.expect(201);
    assert_eq!(ana.get("/api/ana/first/settings").await.ok()["name"], "first");
    ana.put("/api/ana/second/settings", &json!({ "name": "FIRST" }))
        .await
        .refused(409, "conflict");
    ana.put("/api/ana/second/settings", &json!({ "name": "SECOND" }))
        .await
        .ok();
    assert_eq!(ana.get("/api/ana/second/settings").await.ok()["name"], "SECOND");
    app.finish().await;
}

#[tokio::test]
async fn a_deleted_repository_frees_its_name_and_is_restored_under_another() {
    let app = TestApp::start().await;
    let (ana, admin) = (app.user("ana").await, app.admin().await);
    let id = create(&ana, "rock", "model", "public").await.expect(201).json()["id"]
        .as_str()
        .unwrap()
        .to_owned();
    ana.delete("/api/ana/rock").await.expect(204);
    ana.get("/api/ana/rock/stats").await.refused(404, "not_found");
    create(&ana, "rock", "model", "public").await.expect(201);
    let restore = format!("/api/admin/repositories/{id}/restore");
    ana.post(&restore, &json!({})).await.refused(403, "forbidden");
    admin.post(&restore, &json!({})).await.refused(409, "conflict");
    let restored = admin.post(&restore, &json!({ "name": "old-rock" })).await.ok();
    assert_eq!(restored["full_name"], "ana/old-rock");
    let purge = format!("/api/admin/repositories/{id}/hard-delete");
    admin.delete(&purge).await.refused(404, "not_found");
    ana.delete("/api/ana/old-rock").await.expect(204);
    admin.delete(&purge).await.expect(204);
    admin.post(&restore, &json!({})).await.refused(404, "not_found");
    assert_eq!(ana.get("/api/users/ana/repositories").await.ok()["total"], 1);
    app.finish().await;
}

#[tokio::test]
async fn only_those_who_may_administer_change_settings() {
    let app = TestApp::start().await;
    let (ana, ben, anonymous) = (app.user("ana").await, app.user("ben").await, app.anonymous());
    create(&ana, "shared", "dataset", "public").await.expect(201);
    let change = json!({ "visibility": "private" });
    anonymous
        .put("/api/ana/shared/settings", &change)
        .await
        .refused(401, "unauthorized");
    ben.put("/api/ana/shared/settings", &change)
        .await
        .refused(403, "forbidden");
    ben.delete("/api/ana/shared").await.refused(403, "forbidden");
    let unknown = ana
        .put("/api/ana/shared/settings", &json!({ "visibillity": "private" }))
        .await;
    unknown.refused(400, "bad_request");
    ana.put("/api/ana/shared/settings", &json!({ "default_branch": "absent" }))
        .await
        .refused(422, "invalid");
    ana.put("/api/ana/shared/settings", &change).await.ok();
    anonymous.get("/api/ana/shared/stats").await.refused(404, "not_found");
    app.finish().await;
}

#[tokio::test]
async fn a_repository_that_does_not_fit_the_quota_is_refused() {
    let app = TestApp::with(&[("GEOML_HUB__STORAGE__QUOTA", "5 KiB")]).start().await;
    let ana = app.user("ana").await;
    create(&ana, "fits", "model", "public").await.expect(201);
    let sentence = create(&ana, "too-much", "model", "public")
        .await
        .refused(413, "quota_exceeded");
    assert!(sentence.contains("5 KiB"), "{sentence}");
    app.finish().await;
}
