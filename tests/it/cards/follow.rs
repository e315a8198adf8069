//! What follows from a commit to a card.

use super::support::{change, repository};
use crate::support::{TestApp, until_answered};
use serde_json::{Value, json};

fn links(nodes: &Value) -> Vec<(&str, Vec<&str>)> {
    nodes
        .as_array()
        .unwrap()
        .iter()
        .map(|node| {
            let origins = node["origins"]
                .as_array()
                .unwrap()
                .iter()
                .map(|origin| origin.as_str().unwrap());
            (node["id"].as_str().unwrap(), origins.collect())
        })
        .collect()
}

#[tokio::test]
async fn a_commit_renews_only_the_links_of_the_card() {
    let app = TestApp::start().await;
    let ana = app.user("ana").await;
    repository(
        &ana,
        "rain",
        "public",
        &json!({ "classification_1": "大气科学", "classification_3": "Sea Ice Mapping" }),
    )
    .await;
    let path = "/api/ana/rain/classifications";
    let found = until_answered(&ana, path, |nodes| nodes.as_array().unwrap().len() == 4).await;
    let expected = [
        ("atmosphere", vec!["card"]),
        ("cryosphere", vec![]),
        ("sea-ice", vec![]),
        ("sea-ice-mapping", vec!["card"]),
    ];
    assert_eq!(links(&found), expected);

    for node in ["droughts", "大气科学"] {
        ana.post(path, &json!({ "classification_id": node })).await.ok();
    }
    change(
        &ana,
        "rain",
        &json!({ "classification_1": null, "classification_3": "floods" }),
    )
    .await;
    let found = until_answered(&ana, path, |nodes| nodes.to_string().contains("floods")).await;
    let expected = [
        ("atmosphere", vec!["person"]),
        ("natural-hazards", vec![]),
        ("hydrometeorological-hazards", vec![]),
        ("floods", vec!["card"]),
        ("droughts", vec!["person"]),
    ];
    assert_eq!(links(&found), expected);
    let left = ana.delete(path).await.ok();
    let expected = [
        ("natural-hazards", vec![]),
        ("hydrometeorological-hazards", vec![]),
        ("floods", vec!["card"]),
    ];
    assert_eq!(links(&left), expected);
    app.finish().await;
}

#[tokio::test]
async fn a_classification_made_later_is_linked_to_the_cards_that_name_it() {
    let app = TestApp::start().await;
    let (admin, ana) = (app.admin().await, app.user("ana").await);
    repository(&ana, "dust", "public", &json!({ "classification_2": "Loess Science" })).await;
    let metadata = ana.get("/api/ana/dust/metadata").await.ok();
    assert_eq!(metadata["problems"][0]["field"], "classification_2", "{metadata:#}");
    // The card's row has to be there before the node, as it would be in life.
    until_answered(
        &ana,
        "/api/metadata/search?field=classification_2&value=loess%20science",
        |page| page["total"] == 1,
    )
    .await;
    let node = json!({ "id": "loess", "parent_id": "biosphere-soil", "name_zh": "黄土学", "name_en": "Loess science" });
    admin.post("/api/classifications", &node).await.expect(201);
    let found = until_answered(&ana, "/api/ana/dust/classifications", |nodes| {
        nodes.as_array().unwrap().len() == 2
    })
    .await;
    assert_eq!(links(&found)[1], ("loess", vec!["card"]));
    assert_eq!(ana.get("/api/ana/dust/metadata").await.ok()["problems"], json!([]));
    admin
        .delete("/api/classifications/loess")
        .await
        .refused(409, "conflict");
    admin.delete("/api/classifications/loess?unlink=true").await.expect(204);
    assert_eq!(ana.get("/api/ana/dust/classifications").await.ok(), json!([]));
    app.finish().await;
}

#[tokio::test]
async fn what_follows_a_commit_survives_a_power_cut() {
    let mut app = TestApp::start().await;
    let ana = app.user("ana").await;
    for number in 0..5 {
        repository(
            &ana,
            &format!("r{number}"),
            "public",
            &json!({ "tags": ["kept"], "classification_1": "climate" }),
        )
        .await;
    }
    app.kill().await;
    app.start_again().await;
    until_answered(&ana, "/api/metadata/search?field=tags&value=kept", |page| {
        page["total"] == 5
    })
    .await;
    until_answered(&ana, "/api/classifications/climate", |node| {
        node["repository_count"] == 5
    })
    .await;
    app.finish().await;
}

#[tokio::test]
async fn a_repository_that_git_cannot_read_holds_up_no_other() {
    let mut app = TestApp::start().await;
    let ana = app.user("ana").await;
    repository(&ana, "broken", "public", &json!({ "tags": ["kept"] })).await;
    let found = "/api/metadata/search?field=tags&value=";
    until_answered(&ana, &format!("{found}kept"), |page| page["total"] == 1).await;
    let id = ana.get("/api/ana/broken").await.ok()["id"].as_str().unwrap().to_owned();
    app.stop().await;
    let fans = std::fs::read_dir(app.folder().join("git")).unwrap();
    let mut folders = fans.map(|fan| fan.unwrap().path().join(format!("{id}.git")));
    let objects = folders.find(|folder| folder.is_dir()).unwrap().join("objects");
    std::fs::remove_dir_all(&objects).unwrap();
    std::fs::create_dir(&objects).unwrap();
    app.start_again().await;
    app.expect_log("the card of a repository cannot be read");
    app.allow_log("cannot be read for the search index");

    let hidden = json!({ "visibility": "private" });
    ana.put("/api/ana/broken/settings", &hidden).await.ok();
    repository(&ana, "sound", "public", &json!({ "tags": ["new"] })).await;
    until_answered(&ana, &format!("{found}new"), |page| page["total"] == 1).await;
    app.finish_without_check().await;
}

#[tokio::test]
async fn repositories_that_are_purged_while_they_are_read_are_no_trouble() {
    let app = TestApp::start().await;
    let ana = app.user("ana").await;
    let admin = app.admin().await;
    let purged = (0..40).map(|number| {
        let (ana, admin) = (ana.clone(), admin.clone());
        async move {
            let name = format!("rock-{number}");
            repository(&ana, &name, "public", &json!({ "license": "mit" })).await;
            let path = format!("/api/ana/{name}");
            let id = ana.get(&path).await.ok()["id"].as_str().unwrap().to_owned();
            ana.delete(&path).await.expect(204);
            admin
                .delete(&format!("/api/admin/repositories/{id}/hard-delete"))
                .await
                .expect(204);
        }
    });
    futures_util::future::join_all(purged).await;
    assert_eq!(ana.get("/api/users/ana/repositories").await.ok()["total"], 0);
    app.finish().await;
}
