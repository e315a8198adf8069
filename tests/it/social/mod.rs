//! Stars, follows and counters over HTTP.

use crate::files::upload;
use crate::support::{Client, TestApp, until_answered};
use serde_json::{Value, json};

async fn repository(client: &Client, name: &str) {
    client
        .post("/api/repositories", &json!({ "name": name }))
        .await
        .expect(201);
}

#[tokio::test]
async fn stars_are_exact_whoever_stars_how_often() {
    let app = TestApp::start().await;
    let ana = app.user("ana").await;
    repository(&ana, "waves").await;
    let mut fans = Vec::new();
    for number in 0..6 {
        fans.push(app.user(&format!("fan{number}")).await);
    }
    let stars = fans
        .iter()
        .flat_map(|fan| [fan.clone(), fan.clone()])
        .map(|fan| tokio::spawn(async move { fan.post("/api/ana/waves/star", &json!({})).await.ok() }));
    for star in stars.collect::<Vec<_>>() {
        star.await.unwrap();
    }
    assert_eq!(ana.get("/api/ana/waves/stats").await.ok()["stars"], 6);
    let gone = fans[0].delete("/api/ana/waves/star").await.ok();
    assert_eq!((&gone["starred"], &gone["stars"]), (&json!(false), &json!(5)));
    for (page, length) in [(1, 2), (3, 1), (4, 0)] {
        let path = format!("/api/ana/waves/stars?limit=2&page={page}");
        let gazers = ana.get(&path).await.ok();
        let found = (gazers["total"].as_u64(), gazers["items"].as_array().map(Vec::len));
        assert_eq!(found, (Some(5), Some(length)), "{path}");
    }
    assert_eq!(
        fans[1].get("/api/users/fan1/starred").await.ok()["items"][0]["full_name"],
        "ana/waves"
    );
    app.anonymous()
        .post("/api/ana/waves/star", &json!({}))
        .await
        .refused(401, "unauthorized");
    app.finish().await;
}

#[tokio::test]
async fn following_shows_on_both_sides() {
    let app = TestApp::start().await;
    let (ana, ben) = (app.user("ana").await, app.user("ben").await);
    ana.post("/api/users/ben/follow", &json!({})).await.expect(204);
    ana.post("/api/users/ben/follow", &json!({})).await.expect(204);
    ana.post("/api/users/ana/follow", &json!({}))
        .await
        .refused(422, "invalid");
    ana.post("/api/users/nobody/follow", &json!({}))
        .await
        .refused(404, "not_found");
    assert_eq!(
        ben.get("/api/users/ben/followers").await.ok()["items"][0]["username"],
        "ana"
    );
    assert_eq!(ben.get("/api/users/ana/following").await.ok()["total"], 1);
    assert_eq!(ben.get("/api/users/ben/stats").await.ok()["followers"], 1);
    ana.delete("/api/users/ben/follow").await.expect(204);
    assert_eq!(ben.get("/api/users/ben/followers").await.ok()["total"], 0);
    app.finish().await;
}

async fn views(client: &Client) -> Value {
    client.get("/api/ana/waves/views").await.ok()
}

#[tokio::test]
async fn views_are_counted_by_day_and_survive_a_clean_stop() {
    let mut app = TestApp::with(&[("GEOML_HUB__STATISTICS__FLUSH_PERIOD", "1m")])
        .start()
        .await;
    let (ana, ben) = (app.user("ana").await, app.user("ben").await);
    repository(&ana, "waves").await;
    for agent in ["Mozilla/5.0 one", "Mozilla/5.0 one", "curl/8"] {
        let view = ben.post("/api/ana/waves/view", &json!({})).header("user-agent", agent);
        view.await.expect(204);
    }
    assert_eq!(
        views(&ana).await["total"],
        0,
        "nothing is written before the period ends"
    );
    app.restart().await;
    let counted = views(&ana).await;
    assert_eq!(counted["total"], 3);
    assert_eq!(counted["days"][0]["unique_visitors"], 2);
    let statistics = ana.get("/api/ana/waves/stats").await.ok();
    assert_eq!(
        (&statistics["views_7d"], &statistics["trending_score"]),
        (&json!(3), &json!(3.0))
    );
    ana.get("/api/ana/waves/views?days=0").await.refused(400, "bad_request");
    app.finish().await;
}

/// The id of the file that an upload made.
async fn uploaded(client: &Client, path: &str) -> String {
    let written = upload(client, "ana/waves", path, path).await.expect(201).json();
    written["files"][0]["file_id"].as_str().unwrap().to_owned()
}

/// Asks for the figures of a file until it has so many downloads.
async fn downloads(client: &Client, file: &str, expected: u64) -> Value {
    let path = format!("/api/files/{file}/stats");
    until_answered(client, &path, |figures| figures["downloads"] == expected).await
}

#[tokio::test]
async fn what_is_counted_of_a_file_follows_it_when_it_is_moved() {
    let app = TestApp::start().await;
    let ana = app.user("ana").await;
    for name in ["waves", "archive"] {
        repository(&ana, name).await;
    }
    let first = uploaded(&ana, "a.txt").await;
    for _ in 0..3 {
        ana.get("/api/ana/waves/download/a.txt").await.expect(200);
    }
    // Not waited for: what is counted but not yet written moves too.
    let second = relocate(&ana, &first, json!({ "path": "b.txt" })).await;
    let figures = downloads(&ana, &second, 3).await;
    assert_eq!((&figures["path"], &figures["views"]), (&json!("b.txt"), &json!(0)));
    let third = relocate(&ana, &second, json!({ "path": "c.txt", "repository": "ana/archive" })).await;
    downloads(&ana, &third, 3).await;
    ana.get(&format!("/api/files/{second}/stats"))
        .await
        .refused(404, "not_found");
    let again = uploaded(&ana, "b.txt").await;
    downloads(&ana, &again, 0).await;
    app.finish().await;
}

async fn relocate(client: &Client, file: &str, to: Value) -> String {
    let moved = client.post(&format!("/api/files/{file}/move"), &to).await.ok();
    moved["files"][0]["file_id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn analytics_show_every_day_and_the_most_used_files() {
    let app = TestApp::start().await;
    let ana = app.user("ana").await;
    repository(&ana, "waves").await;
    uploaded(&ana, "rare.txt").await;
    let often = uploaded(&ana, "often.txt").await;
    for path in ["rare.txt", "often.txt", "often.txt"] {
        ana.get(&format!("/api/ana/waves/download/{path}")).await.expect(200);
    }
    ana.post("/api/ana/waves/view", &json!({})).await.expect(204);
    let counted = |shown: &Value| shown["views"] == 1 && shown["downloads"] == 3;
    let shown = until_answered(&ana, "/api/ana/waves/analytics?days=7", counted).await;
    let days = shown["days"].as_array().unwrap();
    assert_eq!(days.len(), 7);
    let counted = days.iter().filter(|day| day["downloads"] != 0);
    assert!(
        (1..=2).contains(&counted.count()),
        "today, or the two sides of midnight"
    );
    let top: Vec<_> = shown["top_files"].as_array().unwrap().iter().collect();
    assert_eq!(
        (top.len(), &top[0]["path"], &top[0]["downloads"], &top[1]["path"]),
        (2, &json!("often.txt"), &json!(2), &json!("rare.txt"))
    );
    assert_eq!(top[0]["file_id"], often);
    ana.get("/api/ana/waves/analytics?days=0")
        .await
        .refused(400, "bad_request");
    app.finish().await;
}
