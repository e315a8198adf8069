//! The tree over HTTP.

use crate::support::{Client, TestApp, eventually, until_answered};
use serde_json::{Value, json};

async fn count(client: &Client, node: &str, wanted: u64) {
    let path = format!("/api/classifications/{node}");
    until_answered(client, &path, |found| found["repository_count"] == wanted).await;
}

fn ids(nodes: &Value) -> Vec<&str> {
    nodes
        .as_array()
        .unwrap()
        .iter()
        .map(|node| node["id"].as_str().unwrap())
        .collect()
}

#[tokio::test]
async fn the_tree_is_there_from_the_first_start() {
    let mut app = TestApp::start().await;
    let anyone = app.anonymous();
    let tree = anyone.get("/api/classifications/tree").await.ok();
    assert_eq!(ids(&tree)[..3], ["solid-earth", "atmosphere", "hydrology"]);
    assert_eq!(tree[1]["name_zh"], "大气科学");
    assert_eq!(tree[1]["children"][1]["children"][0]["id"], "precipitation-nowcasting");
    let list = anyone.get("/api/classifications?level=1&limit=100").await.ok();
    assert_eq!(list["total"], tree.as_array().unwrap().len());
    let found = anyone.get("/api/classifications?q=%E6%B5%B7%E5%86%B0").await.ok();
    assert_eq!(
        ids(&found["items"]),
        ["sea-ice", "sea-ice-forecasting", "sea-ice-mapping"]
    );
    let children = anyone.get("/api/classifications/sea-ice/children").await.ok();
    assert_eq!(ids(&children), ["sea-ice-forecasting", "sea-ice-mapping"]);
    let path = anyone.get("/api/classifications/sea-ice-mapping/path").await.ok();
    assert_eq!(ids(&path), ["cryosphere", "sea-ice", "sea-ice-mapping"]);
    for address in ["alchemy", "alchemy/children", "alchemy/path"] {
        anyone
            .get(&format!("/api/classifications/{address}"))
            .await
            .refused(404, "not_found");
    }
    let before = anyone.get("/api/classifications?limit=100&page=2").await.ok();
    app.restart().await;
    assert_eq!(anyone.get("/api/classifications?limit=100&page=2").await.ok(), before);
    app.finish().await;
}

#[tokio::test]
async fn administrators_change_the_tree() {
    let mut app = TestApp::start().await;
    let (admin, ana) = (app.admin().await, app.user("ana").await);
    let new = json!({ "id": "caves", "parent_id": "solid-earth", "name_zh": "洞穴学", "name_en": "Speleology" });
    app.anonymous()
        .post("/api/classifications", &new)
        .await
        .refused(401, "unauthorized");
    ana.post("/api/classifications", &new).await.refused(403, "forbidden");
    let made = admin.post("/api/classifications", &new).await.expect(201).json();
    assert_eq!((&made["level"], &made["is_built_in"]), (&json!(2), &json!(false)));
    admin.post("/api/classifications", &new).await.refused(409, "conflict");
    let change = |field: &str, value: Value| {
        let mut other = new.clone();
        other["id"] = json!("other");
        other["name_zh"] = json!("其他");
        other["name_en"] = json!("Other");
        other[field] = value;
        let admin = admin.clone();
        async move { admin.post("/api/classifications", &other).await }
    };
    change("name_en", json!("speleology ")).await.refused(409, "conflict");
    change("name_zh", json!("海冰")).await.refused(409, "conflict");
    change("id", json!("Not A Slug")).await.refused(422, "invalid");
    change("id", json!("tree")).await.refused(422, "invalid");
    change("name_en", json!(" ")).await.refused(422, "invalid");
    change("parent_id", json!("alchemy")).await.refused(404, "not_found");
    change("parent_id", json!("sea-ice-mapping"))
        .await
        .refused(422, "invalid");

    let renamed = admin
        .put(
            "/api/classifications/caves",
            &json!({ "name_en": "Caves", "position": 0 }),
        )
        .await
        .ok();
    assert_eq!(
        (&renamed["name_en"], &renamed["name_zh"]),
        (&json!("Caves"), &json!("洞穴学"))
    );
    admin
        .put("/api/classifications/caves", &json!({ "name_en": "Climate" }))
        .await
        .refused(409, "conflict");
    ana.put("/api/classifications/caves", &json!({}))
        .await
        .refused(403, "forbidden");
    ana.delete("/api/classifications/caves").await.refused(403, "forbidden");
    admin
        .delete("/api/classifications/solid-earth")
        .await
        .refused(409, "conflict");
    admin.delete("/api/classifications/caves").await.expect(204);
    admin
        .delete("/api/classifications/caves")
        .await
        .refused(404, "not_found");

    admin.delete("/api/classifications/enso").await.expect(204);
    app.restart().await;
    admin.get("/api/classifications/enso").await.refused(404, "not_found");
    app.finish().await;
}

#[tokio::test]
async fn a_link_includes_all_nodes_above_and_counts_tell_nothing_of_private_repositories() {
    let app = TestApp::start().await;
    let (ana, bob) = (app.user("ana").await, app.user("bob").await);
    for (name, visibility) in [("open", "public"), ("closed", "private")] {
        ana.post("/api/repositories", &json!({ "name": name, "visibility": visibility }))
            .await
            .ok();
        let path = format!("/api/ana/{name}/classifications");
        let linked = ana
            .post(&path, &json!({ "classification_id": "sea-ice-mapping" }))
            .await
            .ok();
        assert_eq!(ids(&linked), ["cryosphere", "sea-ice", "sea-ice-mapping"]);
        ana.post(&path, &json!({ "classification_id": "snow-cover" }))
            .await
            .ok();
    }
    for node in ["cryosphere", "sea-ice", "snow"] {
        count(&bob, node, 1).await;
    }
    let tree = bob.get("/api/classifications/tree").await.ok();
    let cryosphere = tree
        .as_array()
        .unwrap()
        .iter()
        .find(|node| node["id"] == "cryosphere")
        .unwrap();
    assert_eq!(cryosphere["repository_count"], 1);
    bob.get("/api/ana/closed/classifications")
        .await
        .refused(404, "not_found");
    bob.post("/api/ana/open/classifications", &json!({ "classification_id": "enso" }))
        .await
        .refused(403, "forbidden");
    bob.delete("/api/ana/open/classifications")
        .await
        .refused(403, "forbidden");
    ana.post(
        "/api/ana/open/classifications",
        &json!({ "classification_id": "alchemy" }),
    )
    .await
    .refused(404, "not_found");

    ana.put("/api/ana/closed/settings", &json!({ "visibility": "public" }))
        .await
        .ok();
    count(&bob, "cryosphere", 2).await;
    ana.put("/api/ana/open/settings", &json!({ "visibility": "private" }))
        .await
        .ok();
    count(&bob, "cryosphere", 1).await;
    let left = ana
        .delete("/api/ana/closed/classifications?classification_id=snow-cover")
        .await
        .ok();
    assert_eq!(ids(&left), ["cryosphere", "sea-ice", "sea-ice-mapping"]);
    count(&bob, "snow", 0).await;
    ana.delete("/api/ana/closed").await.expect(204);
    count(&bob, "cryosphere", 0).await;
    app.finish().await;
}

#[tokio::test]
async fn a_purged_repository_leaves_no_link() {
    let app = TestApp::start().await;
    let (admin, ana) = (app.admin().await, app.user("ana").await);
    let made = ana.post("/api/repositories", &json!({ "name": "gone" })).await.ok();
    ana.post(
        "/api/ana/gone/classifications",
        &json!({ "classification_id": "volcanology" }),
    )
    .await
    .ok();
    ana.delete("/api/ana/gone").await.expect(204);
    let id = made["id"].as_str().unwrap();
    admin
        .delete(&format!("/api/admin/repositories/{id}/hard-delete"))
        .await
        .expect(204);
    eventually(async || match admin.delete("/api/classifications/volcanology").await {
        reply if reply.status == 204 => Ok(()),
        reply => Err(format!("the link is still there: {}", reply.status)),
    })
    .await;
    app.finish().await;
}
