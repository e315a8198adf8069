//! The metadata of a repository over HTTP.

use super::support::{git_log, repository};
use crate::files::upload;
use crate::support::TestApp;
use serde_json::{Value, json};

#[tokio::test]
async fn a_new_repository_has_a_valid_card() {
    let app = TestApp::start().await;
    let ana = app.user("ana").await;
    let new = json!({ "name": "rain", "license": "mit", "tags": ["radar"], "description": "Nowcasts rain" });
    ana.post("/api/repositories", &new).await.ok();
    let read = app.anonymous().get("/api/ana/rain/metadata").await.ok();
    assert_eq!(read["valid"], true, "{read:#}");
    assert_eq!(
        read["metadata"],
        json!({ "title": "rain", "license": "mit", "tags": ["radar"] })
    );
    assert_eq!(read["card"]["license"], json!(["mit"]));
    assert_eq!(read["problems"], json!([]));
    assert_eq!(read["commit"].as_str().map(str::len), Some(40));
    app.finish().await;
}

#[tokio::test]
async fn a_change_of_metadata_is_a_commit_that_git_shows() {
    let app = TestApp::start().await;
    let ana = app.user("ana").await;
    ana.post("/api/repositories", &json!({ "name": "rain" })).await.ok();
    let body = json!({
        "metadata": { "bbox": [73.5, 18, 135.1, 53.6], "tags": ["a"], "title": null, "pretty_name": "雨" },
        "message": "Say where",
    });
    let changed = ana.put("/api/ana/rain/metadata", &body).await.ok();
    assert_eq!(changed["card"]["title"], "雨");
    assert_eq!(changed["card"]["bbox"], json!([73.5, 18.0, 135.1, 53.6]));
    assert_eq!(changed["metadata"]["license"], "other");
    let again = ana.put("/api/ana/rain/metadata", &body).await.ok();
    assert_eq!(
        again["commit"], changed["commit"],
        "nothing changed, so nothing is committed"
    );
    let replaced = json!({ "metadata": { "title": "T", "tags": [], "license": "mit" }, "replace": true });
    let replaced = ana.put("/api/ana/rain/metadata", &replaced).await.ok();
    assert_eq!(
        replaced["metadata"],
        json!({ "license": "mit", "tags": [], "title": "T" })
    );
    let old = format!(
        "/api/ana/rain/metadata?revision={}",
        changed["commit"].as_str().unwrap()
    );
    assert_eq!(ana.get(&old).await.ok()["card"]["title"], "雨");
    ana.get("/api/ana/rain/metadata?revision=nowhere")
        .await
        .refused(404, "not_found");
    let expected = ["Change the metadata of the card", "Say where", "Create the repository"];
    assert_eq!(git_log(&app), expected);
    app.finish().await;
}

#[tokio::test]
async fn changes_at_the_same_time_lose_nothing() {
    let app = TestApp::start().await;
    let ana = app.user("ana").await;
    ana.post("/api/repositories", &json!({ "name": "rain" })).await.ok();
    let change = |number: usize| {
        let mut fields = serde_json::Map::new();
        fields.insert(format!("field{number}"), json!(number));
        let ana = ana.clone();
        async move {
            ana.put("/api/ana/rain/metadata", &json!({ "metadata": fields }))
                .await
                .ok()
        }
    };
    futures_util::future::join_all((0..6).map(change)).await;
    let read = ana.get("/api/ana/rain/metadata").await.ok();
    for number in 0..6 {
        assert_eq!(read["metadata"][format!("field{number}")], number, "{read:#}");
    }
    app.finish().await;
}

#[tokio::test]
async fn only_those_who_may_write_change_a_card_and_only_those_who_may_read_see_it() {
    let app = TestApp::start().await;
    let (ana, bob) = (app.user("ana").await, app.user("bob").await);
    repository(&ana, "open", "public", &json!({})).await;
    repository(&ana, "closed", "private", &json!({})).await;
    let change = json!({ "metadata": { "title": "X" } });
    bob.put("/api/ana/open/metadata", &change)
        .await
        .refused(403, "forbidden");
    app.anonymous()
        .put("/api/ana/open/metadata", &change)
        .await
        .refused(401, "unauthorized");
    bob.post("/api/ana/open/parse-readme", &json!({}))
        .await
        .refused(403, "forbidden");
    for path in ["metadata", "model-card"] {
        let hidden = bob
            .get(&format!("/api/ana/closed/{path}"))
            .await
            .refused(404, "not_found");
        let missing = bob
            .get(&format!("/api/ana/clothed/{path}"))
            .await
            .refused(404, "not_found");
        assert_eq!(hidden.replace("closed", "clothed"), missing);
        ana.get(&format!("/api/ana/closed/{path}")).await.ok();
    }
    bob.put("/api/ana/closed/metadata", &change)
        .await
        .refused(404, "not_found");
    app.finish().await;
}

#[tokio::test]
async fn bad_changes_are_refused_with_the_field() {
    let app = TestApp::start().await;
    let ana = app.user("ana").await;
    ana.post("/api/repositories", &json!({ "name": "rain" })).await.ok();
    let put = |body: Value| {
        let ana = ana.clone();
        async move { ana.put("/api/ana/rain/metadata", &body).await }
    };
    let reply = put(json!({ "metadata": { "a\nb": 1 } })).await;
    assert_eq!(reply.json()["details"]["field"], "a\nb");
    reply.refused(422, "invalid");
    put(json!({ "metadata": [] })).await.refused(400, "bad_request");
    put(json!({ "metadata": {}, "extra": 1 }))
        .await
        .refused(400, "bad_request");
    put(json!({ "metadata": { "a": 1 }, "branch": "nowhere" }))
        .await
        .refused(404, "not_found");
    app.finish().await;
}

#[tokio::test]
async fn a_change_of_card_and_settings_is_made_as_a_whole_or_not_at_all() {
    let app = TestApp::start().await;
    let ana = app.user("ana").await;
    repository(&ana, "rain", "public", &json!({ "title": "Rain" })).await;
    let commits = git_log(&app).len();
    let wrong = json!({ "title": "Another", "description": "two\u{0}words" });
    ana.put("/api/ana/rain", &wrong).await.refused(422, "invalid");
    assert_eq!(git_log(&app).len(), commits);
    assert_eq!(
        ana.get("/api/ana/rain/metadata").await.ok()["metadata"]["title"],
        "Rain"
    );
    app.finish().await;
}

#[tokio::test]
async fn a_model_card_holds_safe_html_with_links_into_the_repository() {
    let app = TestApp::start().await;
    let ana = app.user("ana").await;
    ana.post(
        "/api/repositories",
        &json!({ "name": "rain", "repo_type": "dataset", "description": "About <b>rain</b>" }),
    )
    .await
    .ok();
    ana.put(
        "/api/ana/rain/metadata",
        &json!({ "metadata": { "classification_3": "precipitation-nowcasting" } }),
    )
    .await
    .ok();
    let parsed = ana.post("/api/ana/rain/parse-readme", &json!({})).await.ok();
    assert_eq!(parsed["valid"], true);
    let card = app
        .anonymous()
        .get("/api/ana/rain/model-card?repo_type=dataset")
        .await
        .ok();
    assert_eq!(card["repository"]["full_name"], "ana/rain");
    assert_eq!(card["readme"], "\n# rain\n\nAbout <b>rain</b>\n");
    assert!(card["html"].as_str().unwrap().contains("About <b>rain</b>"), "{card:#}");
    let nodes: Vec<_> = card["classifications"]
        .as_array()
        .unwrap()
        .iter()
        .map(|node| &node["id"])
        .collect();
    assert_eq!(nodes, ["atmosphere", "precipitation", "precipitation-nowcasting"]);
    assert_eq!(card["is_truncated"], false);
    app.finish().await;
}

#[tokio::test]
async fn anything_can_be_validated_with_an_account() {
    let app = TestApp::start().await;
    let (anonymous, ana) = (app.anonymous(), app.user("ana").await);
    anonymous
        .post("/api/metadata/validate", &json!({ "readme": "" }))
        .await
        .refused(401, "unauthorized");
    let validate = |body: Value| ana.post("/api/metadata/validate", &body);
    let good =
        validate(json!({ "metadata": { "title": "T", "tags": ["a"], "license": "mit", "classification_1": "气候" } }));
    let good = good.await.ok();
    assert_eq!(
        (&good["valid"], &good["problems"]),
        (&json!(true), &json!([])),
        "{good:#}"
    );
    let bad = validate(json!({ "readme": "---\ntitle: T\ntags: [a\n---\n" }))
        .await
        .ok();
    assert_eq!((&bad["valid"], &bad["metadata"]), (&json!(false), &json!({})));
    assert!(bad["problems"][0]["line"].as_u64().unwrap() >= 3, "{bad:#}");
    let poor = validate(json!({ "yaml": "title: T\nbbox: [1]\nclassification_1: alchemy\n" }))
        .await
        .ok();
    let problems = poor["problems"].as_array().unwrap();
    let said: Vec<_> = problems
        .iter()
        .map(|p| (p["severity"].as_str(), p["field"].as_str(), p["line"].as_u64()))
        .collect();
    let expected = [
        (Some("error"), Some("tags"), Some(2)),
        (Some("error"), Some("license"), Some(2)),
        (Some("warning"), Some("bbox"), Some(3)),
        (Some("warning"), Some("classification_1"), Some(4)),
    ];
    assert_eq!(said, expected, "{poor:#}");
    validate(json!({})).await.refused(400, "bad_request");
    validate(json!({ "yaml": "", "readme": "" }))
        .await
        .refused(400, "bad_request");
    let schema = anonymous.get("/api/metadata/schema").await.ok();
    assert_eq!(schema["required"], json!(["title", "tags", "license"]));
    app.finish().await;
}

#[tokio::test]
async fn templates_come_with_the_hub_and_from_people() {
    let app = TestApp::start().await;
    let ana = app.user("ana").await;
    let listed = app.anonymous().get("/api/metadata/templates").await.ok();
    assert_eq!(listed["total"], 12);
    let new = json!({
        "name": "Our models", "repo_type": "model", "language": "en", "content": "---\ntitle: {{title}}\n---\n",
        "description": "What we always say",
    });
    app.anonymous()
        .post("/api/metadata/templates", &new)
        .await
        .refused(401, "unauthorized");
    let made = ana.post("/api/metadata/templates", &new).await.expect(201).json();
    assert_eq!(
        (&made["id"], &made["variables"]),
        (&json!("ana/Our models"), &json!(["title"]))
    );
    ana.post("/api/metadata/templates", &new).await.expect(201);
    let listed = app
        .anonymous()
        .get("/api/metadata/templates?repo_type=model&language=en")
        .await
        .ok();
    let ids: Vec<_> = listed["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|template| &template["id"])
        .collect();
    assert_eq!(ids, ["model-en", "ana/Our models"]);
    for (page, ids) in [(1, vec!["model-en"]), (2, vec!["ana/Our models"]), (3, vec![])] {
        let path = format!("/api/metadata/templates?repo_type=model&language=en&limit=1&page={page}");
        let listed = app.anonymous().get(&path).await.ok();
        let items = listed["items"].as_array().unwrap();
        let found: Vec<_> = items.iter().map(|template| template["id"].as_str().unwrap()).collect();
        assert_eq!((found, &listed["total"]), (ids, &json!(2)), "page {page}");
    }
    let (admin, ben) = (app.admin().await, app.user("ben").await);
    let path = "/api/metadata/templates/ana/our%20models";
    app.anonymous().delete(path).await.refused(401, "unauthorized");
    ben.delete(path).await.refused(403, "forbidden");
    ana.delete(path).await.expect(204);
    ana.delete(path).await.refused(404, "not_found");
    ana.post("/api/metadata/templates", &new).await.expect(201);
    admin.delete(path).await.expect(204);
    assert_eq!(ana.get("/api/metadata/templates").await.ok()["total"], 12);
    let bad = json!({ "name": "", "repo_type": "model", "language": "en", "content": "x" });
    ana.post("/api/metadata/templates", &bad).await.refused(422, "invalid");
    app.finish().await;
}

#[tokio::test]
async fn bad_yaml_never_blocks_a_commit_and_is_shown_with_its_place() {
    let app = TestApp::start().await;
    let ana = app.user("ana").await;
    ana.post("/api/repositories", &json!({ "name": "rain" })).await.ok();
    for (readme, line) in [
        ("---\ntitle: T\ntags: [a\nlicense: mit\n---\n# Text\n", 3..=5),
        ("---\ntitle: \"open\nlicense: mit\n---\n", 2..=5),
        ("---\ntitle: T\n\tlicense: mit\n---\n", 2..=3),
        ("---\ntitle: T\ntitle: U\n---\n", 3..=3),
    ] {
        upload(&ana, "ana/rain", "README.md", readme).await.expect(201);
        let read = ana.get("/api/ana/rain/metadata").await.ok();
        assert_eq!(read["valid"], false, "{readme:?}: {read:#}");
        let problem = &read["problems"][0];
        let place = (problem["line"].as_u64(), problem["column"].as_u64());
        assert!(
            place.0.is_some_and(|at| line.contains(&at)) && place.1.is_some_and(|at| at > 0),
            "{readme:?}: {read:#}"
        );
        let shown = ana.get("/api/ana/rain").await.ok();
        assert_eq!(shown["card"]["is_valid"], false, "{shown:#}");
        ana.get("/api/ana/rain/download/README.md").await.expect(200);
    }
    upload(
        &ana,
        "ana/rain",
        "README.md",
        "---\ntitle: T\ntags: [a]\nlicense: mit\n---\n",
    )
    .await
    .expect(201);
    assert_eq!(ana.get("/api/ana/rain/metadata").await.ok()["valid"], true);
    app.finish().await;
}
