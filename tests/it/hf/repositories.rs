use super::{create, refused};
use crate::support::TestApp;
use reqwest::Method;
use serde_json::{Value, json};

#[tokio::test]
async fn a_token_tells_whose_it_is_and_what_it_is_called() {
    let app = TestApp::start().await;
    let ana = app.user("ana").await;
    let wish = json!({ "name": "notebook", "scope": "read" });
    let token = ana.post("/api/auth/tokens", &wish).await.ok();
    let reader = ana.with_token(token["token"].as_str().unwrap());
    let told = reader.get("/api/whoami-v2").await.ok();
    assert_eq!((&told["type"], &told["name"]), (&json!("user"), &json!("ana")));
    assert_eq!(told["email"], "ana@example.org");
    assert_eq!(told["orgs"], json!([]));
    let shown = &told["auth"]["accessToken"];
    assert_eq!(
        (&shown["displayName"], &shown["role"]),
        (&json!("notebook"), &json!("read"))
    );
    assert!(shown["createdAt"].as_str().unwrap().ends_with('Z'));
    let login = ana.get("/api/whoami-v2").await.ok();
    assert_eq!(login["auth"]["accessToken"]["role"], "write");
    app.finish().await;
}

#[tokio::test]
async fn a_new_repository_begins_with_the_rules_of_large_files_and_a_space_with_its_card() {
    let app = TestApp::start().await;
    let ana = app.user("ana").await;
    let made = create(&ana, "rain").await;
    assert_eq!(made["url"], format!("{}/ana/rain", app.address()));
    assert_eq!(made["name"], "ana/rain");
    let files = ana.get("/api/ana/rain/files").await.ok();
    assert_eq!(
        (&files["total"], &files["items"][0]["path"]),
        (&json!(1), &json!(".gitattributes"))
    );
    assert_eq!(ana.get("/api/ana/rain/commits").await.ok()["total"], 1);

    let space = json!({ "name": "ana/rain", "type": "space", "sdk": "gradio", "private": true });
    let made = ana.post("/api/repos/create", &space).await.ok();
    assert_eq!(made["url"], format!("{}/spaces/ana/rain", app.address()));
    let card = ana.get("/api/ana/rain/download/README.md?repo_type=space").await.text();
    assert!(card.contains("sdk: gradio"), "{card}");
    refused(
        &app.anonymous().get("/api/spaces/ana/rain/auth-check").await,
        401,
        "RepoNotFound",
    );
    let without = json!({ "name": "demo", "type": "space" });
    refused(&ana.post("/api/repos/create", &without).await, 422, "");
    app.finish().await;
}

#[tokio::test]
async fn making_what_exists_tells_its_address_and_a_namespace_of_another_is_refused() {
    let app = TestApp::start().await;
    let (ana, ben) = (app.user("ana").await, app.user("ben").await);
    create(&ana, "rain").await;
    let again = ana
        .post("/api/repos/create", &json!({ "name": "rain" }))
        .await
        .expect(409);
    assert_eq!(again.json()["url"], format!("{}/ana/rain", app.address()));
    for namespace in ["ana", "nobody"] {
        let wish = json!({ "name": "rain", "organization": namespace });
        refused(&ben.post("/api/repos/create", &wish).await, 403, "");
    }
    let dataset = json!({ "name": "rain", "type": "dataset" });
    ana.post("/api/repos/create", &dataset).await.ok();
    app.finish().await;
}

#[tokio::test]
async fn an_old_name_leads_readers_to_the_new_one() {
    let app = TestApp::start().await;
    let (ana, ben) = (app.user("ana").await, app.user("ben").await);
    create(&ana, "rain").await;
    create(&ana, "taken").await;
    let to = |target: &str| json!({ "fromRepo": "ana/rain", "toRepo": target, "type": "model" });
    let reply = ana.post("/api/repos/move", &to("ana/taken")).await;
    assert_eq!(
        refused(&reply, 409, ""),
        "A model repository called ana/taken already exists"
    );
    refused(&ana.post("/api/repos/move", &to("ben/rain")).await, 403, "");
    refused(&ben.post("/api/repos/move", &to("ana/snow")).await, 403, "");
    ana.post("/api/repos/move", &to("ana/Snow")).await.ok();

    let old = "/api/models/ANA/rain/auth-check?x=1";
    let client = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .unwrap();
    let moved = client.get(format!("{}{old}", app.address())).send().await.unwrap();
    assert_eq!(moved.status().as_u16(), 307);
    assert_eq!(moved.headers()["location"], "/api/models/ana/Snow/auth-check?x=1");
    ben.get("/api/models/Ana/SNOW/auth-check").await.expect(200);
    ana.put("/api/models/ana/rain/settings", &json!({ "visibility": "private" }))
        .await
        .ok();
    refused(&ben.get("/api/models/ana/rain/auth-check").await, 404, "RepoNotFound");
    app.finish().await;
}

#[tokio::test]
async fn settings_hide_a_repository_and_deleting_frees_its_name() {
    let app = TestApp::start().await;
    let (ana, ben) = (app.user("ana").await, app.user("ben").await);
    create(&ana, "rain").await;
    let settings = "/api/models/ana/rain/settings";
    ben.get("/api/models/ana/rain/auth-check").await.expect(200);
    refused(&ben.get("/api/models/ana/rain/auth-check/write").await, 403, "");
    refused(&ben.put(settings, &json!({ "private": true })).await, 403, "");
    let shown = ana.put(settings, &json!({ "private": true })).await.ok();
    assert_eq!(
        shown,
        json!({ "visibility": "private", "private": true, "gated": false })
    );
    refused(
        &ben.put(settings, &json!({ "private": false })).await,
        404,
        "RepoNotFound",
    );
    ana.put(settings, &json!({ "gated": "sometimes" }))
        .await
        .refused(400, "bad_request");
    ana.put(settings, &json!({ "visibility": "secret" }))
        .await
        .refused(400, "bad_request");
    ana.put(settings, &json!({ "visibility": "public", "gated": false }))
        .await
        .ok();
    ben.get("/api/models/ana/rain/auth-check").await.expect(200);

    let body = json!({ "name": "rain", "organization": "ana", "type": "model" });
    let delete = |client: &crate::support::Client| client.call(Method::DELETE, "/api/repos/delete").json(&body);
    refused(&delete(&ben).await, 403, "");
    delete(&ana).await.ok();
    refused(&delete(&ana).await, 404, "RepoNotFound");
    create(&ana, "rain").await;
    app.finish().await;
}

#[tokio::test]
async fn a_card_that_cannot_be_read_is_an_error_and_everything_else_a_warning() {
    let app = TestApp::start().await;
    let nobody = app.anonymous();
    let validate = |content: &str| {
        nobody.post(
            "/api/validate-yaml",
            &json!({ "content": content, "repoType": "model" }),
        )
    };
    let good = validate("---\ntitle: Rain\nlicense: mit\ntags: [rain]\n---\n# Rain\n")
        .await
        .ok();
    assert_eq!(good, json!({ "errors": [], "warnings": [] }));
    let none = validate("# Rain\n").await.ok();
    assert_eq!(
        none["warnings"][0]["message"],
        "empty or missing yaml metadata in repo card"
    );
    let incomplete = validate("---\nlanguage: en\n---\n").await.ok();
    assert_eq!(incomplete["errors"], json!([]));
    assert!(!incomplete["warnings"].as_array().unwrap().is_empty());
    let broken = validate("---\na: [1\n---\n").await.expect(400).json();
    let message = broken["errors"][0]["message"].as_str().unwrap();
    assert!(message.contains("line"), "{message}");
    assert!(matches!(broken["warnings"], Value::Array(_)));
    app.finish().await;
}
