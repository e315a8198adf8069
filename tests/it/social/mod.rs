//! Stars, follows and counters over HTTP.

use crate::support::{Client, TestApp};
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
    let gazers = ana.get("/api/ana/waves/stars?limit=2").await.ok();
    assert_eq!(
        (gazers["total"].as_u64(), gazers["items"].as_array().map(Vec::len)),
        (Some(5), Some(2))
    );
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
