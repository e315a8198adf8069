//! Search as people meet it: over HTTP, against the running hub.

use crate::support::{Client, TestApp, until_answered};
use serde_json::{Value, json};

async fn create(person: &Client, name: &str, more: Value) -> Value {
    let mut body = json!({ "name": name, "repo_type": "model", "visibility": "public" });
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    person.post("/api/repositories", &body).await.ok()
}

fn names(answer: &Value) -> Vec<String> {
    let items = answer["items"].as_array().unwrap();
    items
        .iter()
        .map(|item| item["name"].as_str().unwrap().to_owned())
        .collect()
}

fn total(expected: u64) -> impl Fn(&Value) -> bool {
    move |answer| answer["total"] == expected
}

#[tokio::test]
async fn a_new_repository_is_found_in_both_languages_with_facets_and_highlights() {
    let app = TestApp::start().await;
    let ana = app.user("ana").await;
    create(
        &ana,
        "rain-lstm",
        json!({ "description": "短临降水预测 with ERA5 & LSTM" }),
    )
    .await;
    create(
        &ana,
        "ice-data",
        json!({ "repo_type": "dataset", "description": "Sea ice masks" }),
    )
    .await;
    let found = until_answered(&app.anonymous(), "/api/search/repositories?q=降水预测", total(1)).await;
    assert_eq!(names(&found), ["rain-lstm"]);
    let item = &found["items"][0];
    assert_eq!(item["full_name"], "ana/rain-lstm");
    assert!(
        item["highlights"]["description"]
            .as_str()
            .unwrap()
            .contains("<mark>降水预测</mark>")
    );
    assert!(
        item["highlights"]["description"]
            .as_str()
            .unwrap()
            .contains("ERA5 &amp; LSTM")
    );
    assert_eq!(found["facets"]["repo_type"], json!([{ "value": "model", "count": 1 }]));
    for query in ["ERA5 LSTM", "era 5", "lstn 降水", "rain-l"] {
        let path = format!("/api/search/repositories?q={query}");
        assert_eq!(
            names(&until_answered(&ana, &path, total(1)).await),
            ["rain-lstm"],
            "{query}"
        );
    }
    let all = until_answered(
        &ana,
        "/api/search/repositories?repo_type=dataset&repo_type=model",
        total(2),
    )
    .await;
    assert_eq!(all["corrected"], false);
    let one = app
        .anonymous()
        .get("/api/search/repositories?repo_type=dataset&sort=name")
        .await
        .ok();
    assert_eq!(names(&one), ["ice-data"]);
    assert_eq!(
        one["facets"]["repo_type"].as_array().unwrap().len(),
        2,
        "other kinds can still be chosen"
    );
    app.finish().await;
}

#[tokio::test]
async fn renaming_hiding_deleting_and_restoring_are_followed() {
    let app = TestApp::start().await;
    let (ana, anonymous) = (app.user("ana").await, app.anonymous());
    create(&ana, "moraine", json!({ "description": "glacial till" })).await;
    let path = "/api/search/repositories?q=glacial";
    until_answered(&anonymous, path, total(1)).await;
    let private = json!({ "visibility": "private" });
    ana.put("/api/ana/moraine/settings", &private).await.ok();
    until_answered(&anonymous, path, total(0)).await;
    let own = until_answered(&ana, path, total(1)).await;
    assert_eq!(own["items"][0]["visibility"], "private");
    assert_eq!(app.user("ben").await.get(path).await.ok()["total"], 0);
    assert_eq!(app.admin().await.get(path).await.ok()["total"], 1);
    let suggestions = anonymous.get("/api/search/suggestions?q=mor").await.ok();
    assert_eq!(suggestions["items"], json!([]));
    let suggestions = ana.get("/api/search/suggestions?q=mor").await.ok();
    assert_eq!(suggestions["items"][0]["text"], "ana/moraine");
    ana.delete("/api/ana/moraine").await.ok();
    until_answered(&ana, path, total(0)).await;
    app.finish().await;
}

#[tokio::test]
async fn stars_reorder_and_lists_of_trending_and_recent_follow() {
    let app = TestApp::start().await;
    let ana = app.user("ana").await;
    for name in ["one", "two", "three"] {
        create(&ana, name, json!({})).await;
    }
    let recent = until_answered(&ana, "/api/recent", total(3)).await;
    assert_eq!(names(&recent), ["three", "two", "one"]);
    ana.post("/api/ana/two/star", &json!({})).await.ok();
    for path in [
        "/api/search/repositories?sort=stars",
        "/api/trending",
        "/api/search/trending?repo_type=model",
    ] {
        until_answered(&ana, path, |answer| names(answer)[0] == "two").await;
    }
    app.finish().await;
}

#[tokio::test]
async fn accounts_and_files_are_searched() {
    let app = TestApp::start().await;
    let ana = app.user("ana.silva").await;
    create(&ana, "data", json!({})).await;
    let found = until_answered(&app.anonymous(), "/api/search/users?q=silv", total(1)).await;
    assert_eq!(found["items"][0]["username"], "ana.silva");
    assert_eq!(found["items"][0]["email"], Value::Null);
    let files = until_answered(&app.anonymous(), "/api/files/search?q=readme", total(1)).await;
    assert_eq!(files["items"][0]["path"], "README.md");
    assert_eq!(files["items"][0]["repository"], "ana.silva/data");
    assert_eq!(
        app.anonymous().get("/api/files/search?extension=tif").await.ok()["total"],
        0
    );
    assert_eq!(
        app.anonymous()
            .get("/api/files/search?extension=md&size_min=1")
            .await
            .ok()["total"],
        1
    );
    app.finish().await;
}

#[tokio::test]
async fn impossible_parameters_are_refused_by_name_and_odd_texts_are_not() {
    let app = TestApp::start().await;
    let anonymous = app.anonymous();
    let many: Vec<String> = (0..51).map(|number| format!("tags=t{number}")).collect();
    let repeated = format!("tags={}", vec!["t"; 60].join(","));
    anonymous
        .get(&format!("/api/search/repositories?{repeated}"))
        .await
        .ok();
    for (query, field) in [
        (many.join("&").as_str(), "tags"),
        ("sort=beauty", "sort"),
        ("repo_type=book", "repo_type"),
        ("limit=0", "limit"),
        ("limit=1000", "limit"),
        ("page=0", "page"),
        ("size_min=much", "size_min"),
        ("facets=maybe", "facets"),
    ] {
        let reply = anonymous.get(&format!("/api/search/repositories?{query}")).await;
        assert!(reply.refused(400, "bad_request").contains(field), "{query}");
    }
    for text in [
        "%00",
        "%22",
        "-",
        "%28%29%5B%5E~*%3F%3A",
        &"a".repeat(5_000),
        &"%E6%B0%B4".repeat(500),
    ] {
        anonymous.get(&format!("/api/search/repositories?q={text}")).await.ok();
        anonymous.get(&format!("/api/search/suggestions?q={text}")).await.ok();
        anonymous.get(&format!("/api/search/users?q={text}")).await.ok();
        anonymous.get(&format!("/api/files/search?q={text}")).await.ok();
    }
    app.finish().await;
}

#[tokio::test]
async fn a_lost_or_damaged_index_is_filled_again_by_itself() {
    let mut app = TestApp::start().await;
    let ana = app.user("ana").await;
    create(&ana, "moraine", json!({ "description": "glacial till" })).await;
    let path = "/api/search/repositories?q=glacial";
    until_answered(&ana, path, total(1)).await;
    app.stop().await;
    std::fs::remove_dir_all(app.folder().join("index")).unwrap();
    app.start_again().await;
    let ana = app.log_in("ana").await;
    until_answered(&ana, path, total(1)).await;
    until_answered(&ana, "/api/search/users?q=ana", total(1)).await;
    until_answered(&ana, "/api/files/search?q=readme", total(1)).await;
    app.stop().await;
    std::fs::write(app.folder().join("index/repositories/meta.json"), "{").unwrap();
    app.expect_log("the search index is damaged");
    app.start_again().await;
    until_answered(&app.anonymous(), path, total(1)).await;
    app.finish().await;
}

#[tokio::test]
async fn what_was_acknowledged_before_a_kill_is_found_after_it() {
    let mut app = TestApp::start().await;
    let ana = app.user("ana").await;
    for round in 0..5_u64 {
        create(&ana, &format!("round-{round}"), json!({ "description": "survivor" })).await;
        app.kill().await;
        app.start_again().await;
        until_answered(
            &app.anonymous(),
            "/api/search/repositories?q=survivor",
            total(round + 1),
        )
        .await;
    }
    app.finish().await;
}

#[tokio::test]
async fn classified_repositories_are_found_below_every_node_above_and_by_the_names_of_nodes() {
    let app = TestApp::start().await;
    let ana = app.user("ana").await;
    create(&ana, "one", json!({})).await;
    create(&ana, "two", json!({})).await;
    let tree = app.anonymous().get("/api/classifications").await.ok();
    let all = tree.as_array().or(tree["items"].as_array()).unwrap().clone();
    let leaf = all.iter().find(|node| node["level"] == 3).unwrap();
    let id = leaf["id"].as_str().unwrap();
    let link = json!({ "classification_id": id });
    ana.post("/api/ana/one/classifications", &link).await.ok();
    let path = app
        .anonymous()
        .get(&format!("/api/classifications/{id}/path"))
        .await
        .ok();
    for node in path.as_array().or(path["items"].as_array()).unwrap() {
        let node = node["id"].as_str().unwrap();
        for parameter in ["classification", "classification_1", "classification_3"] {
            let query = format!("/api/search/repositories?{parameter}={node}");
            assert_eq!(names(&until_answered(&ana, &query, total(1)).await), ["one"]);
        }
    }
    for name in ["name_zh", "name_en"] {
        let Some(name) = leaf[name].as_str().or(leaf["names"][name].as_str()) else {
            continue;
        };
        let query = format!("/api/search/repositories?q={name}");
        assert_eq!(names(&until_answered(&ana, &query, total(1)).await), ["one"], "{name}");
    }
    app.finish().await;
}

#[tokio::test]
async fn repositories_are_browsed_with_filters_facets_and_pages() {
    let app = TestApp::start().await;
    let (ana, anonymous) = (app.user("ana").await, app.anonymous());
    for (name, more) in [
        ("one", json!({ "license": "mit", "tags": ["radar"] })),
        ("two", json!({ "license": "mit", "repo_type": "dataset" })),
        ("three", json!({ "visibility": "private" })),
    ] {
        create(&ana, name, more).await;
    }
    let own = until_answered(&ana, "/api/repositories", total(3)).await;
    assert_eq!(names(&own), ["three", "two", "one"], "the last changed first");
    let public = until_answered(&anonymous, "/api/repositories?sort=name", total(2)).await;
    assert_eq!(names(&public), ["one", "two"]);
    assert_eq!(public["facets"]["license"], json!([{ "value": "mit", "count": 2 }]));
    let page = anonymous.get("/api/repositories?limit=1&page=2&sort=name").await.ok();
    assert_eq!((names(&page), &page["total"]), (vec!["two".to_owned()], &json!(2)));
    let tagged = anonymous.get("/api/repositories?tags=radar&license=mit").await.ok();
    assert_eq!(names(&tagged), ["one"]);
    assert_eq!(names(&anonymous.get("/api/repositories?q=two").await.ok()), ["two"]);
    anonymous
        .get("/api/repositories?sort=beauty")
        .await
        .refused(400, "bad_request");
    app.finish().await;
}

#[tokio::test]
async fn the_popular_and_the_featured_are_listed() {
    let app = TestApp::start().await;
    let (ana, admin, anonymous) = (app.user("ana").await, app.admin().await, app.anonymous());
    let mut ids = Vec::new();
    for name in ["one", "two", "three"] {
        ids.push(create(&ana, name, json!({})).await["id"].as_str().unwrap().to_owned());
    }
    until_answered(&anonymous, "/api/popular", total(3)).await;
    ana.post("/api/ana/two/star", &json!({})).await.ok();
    anonymous.get("/api/ana/one/download/README.md").await.expect(200);
    until_answered(&anonymous, "/api/popular", |answer| {
        names(answer) == ["two", "one", "three"]
    })
    .await;
    assert_eq!(anonymous.get("/api/featured").await.ok()["total"], 0);
    let status = |id: &str| format!("/api/admin/repositories/{id}/status");
    let feature = json!({ "is_featured": true });
    ana.put(&status(&ids[2]), &feature).await.refused(403, "forbidden");
    let featured = admin.put(&status(&ids[2]), &feature).await.ok();
    assert_eq!(
        (&featured["is_featured"], &featured["visibility"]),
        (&json!(true), &json!("public"))
    );
    let listed = until_answered(&anonymous, "/api/featured?repo_type=model", total(1)).await;
    assert_eq!(names(&listed), ["three"]);
    admin
        .put(&status(&ids[2]), &json!({ "visibility": "private" }))
        .await
        .ok();
    until_answered(&anonymous, "/api/featured", total(0)).await;
    assert_eq!(names(&until_answered(&ana, "/api/featured", total(1)).await), ["three"]);
    let unknown = status("01900000-0000-7000-8000-000000000000");
    admin.put(&unknown, &feature).await.refused(404, "not_found");
    app.finish().await;
}

#[tokio::test]
async fn renaming_a_classification_renews_what_finds_the_repositories_below_it() {
    let app = TestApp::start().await;
    let (ana, admin) = (app.user("ana").await, app.admin().await);
    create(&ana, "one", json!({})).await;
    for (id, parent) in [("own-root", None), ("own-leaf", Some("own-root"))] {
        let node =
            json!({ "id": id, "parent_id": parent, "name_en": format!("Name {id}"), "name_zh": format!("名 {id}") });
        admin.post("/api/classifications", &node).await.expect(201);
    }
    let link = json!({ "classification_id": "own-leaf" });
    ana.post("/api/ana/one/classifications", &link).await.ok();
    let path = |word: &str| format!("/api/search/repositories?q={word}");
    admin
        .put(
            "/api/classifications/own-leaf",
            &json!({ "name_en": "Speleothem archives" }),
        )
        .await
        .ok();
    until_answered(&ana, &path("speleothem"), total(1)).await;
    admin
        .put("/api/classifications/own-leaf", &json!({ "name_en": "Varve archives" }))
        .await
        .ok();
    until_answered(&ana, &path("varve"), total(1)).await;
    until_answered(&ana, &path("speleothem"), total(0)).await;
    app.finish().await;
}
