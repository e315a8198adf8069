use super::*;

#[tokio::test]
async fn addresses_within_the_lab_are_refused_unless_they_are_allowed() {
    let app = TestApp::start().await;
    let ana = app.user("ana").await;
    create(&ana, "rain").await;
    let receiver = Receiver::start().await;
    let port = receiver.port;
    for host in [
        "127.0.0.1",
        "2130706433",
        "0x7f.1",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "169.254.169.254",
        "0.0.0.0",
    ] {
        let watched = json!([{ "type": "model", "name": "ana/rain" }]);
        let wish = json!({ "url": format!("http://{host}:{port}/"), "watched": watched });
        let refused = ana.post(HOOKS, &wish).await.expect(422);
        assert!(
            refused.text().contains("allowed_private_hosts"),
            "{host}: {}",
            refused.text()
        );
    }
    let id = hook(&ana, &format!("http://localhost:{port}/"), "model", "ana/rain").await;
    ana.upload("ana/rain", "a.txt", "a").await;
    let log = attempts(&ana, &id, 1).await;
    let error = log[0]["error"].as_str().unwrap();
    assert!(error.contains("localhost has no public address"), "{error}");
    assert_eq!(receiver.events(), Vec::<String>::new());
    app.finish().await;
}

#[tokio::test]
async fn a_disabled_webhook_is_told_nothing_and_an_enabled_one_of_what_happens_then() {
    let (app, ana, receiver) = with_rain().await;
    let id = hook(&ana, &receiver.url(), "model", "ana/rain").await;
    let off = ana.post(&format!("{HOOKS}/{id}/disable"), &json!({})).await.ok();
    assert_eq!(off["webhook"]["disabled"], true);
    ana.upload("ana/rain", "a.txt", "a").await;
    let on = ana.post(&format!("{HOOKS}/{id}/enable"), &json!({})).await.ok();
    assert_eq!(on["webhook"]["disabled"], false);
    let changed = json!({ "watched": [{ "type": "user", "name": "ana" }], "domains": ["repo"] });
    let changed = ana.post(&format!("{HOOKS}/{id}"), &changed).await.ok();
    assert_eq!(changed["webhook"]["secret"], "s3cret-of-ana");
    let opening = json!({ "title": "Rain", "description": "It rains.", "pullRequest": false });
    ana.post("/api/models/ana/rain/discussions", &opening).await.ok();
    create(&ana, "snow").await;
    receiver.hears("create repo").await;
    ana.delete("/api/ana/snow").await.expect(204);
    receiver.hears("delete repo").await;
    assert!(!receiver.events().iter().any(|event| event.contains("discussion")));
    ana.delete(&format!("{HOOKS}/{id}")).await.ok();
    ana.get(&format!("{HOOKS}/{id}")).await.expect(404);
    app.finish().await;
}

#[tokio::test]
async fn a_webhook_is_its_owners_alone_and_its_secret_is_sealed() {
    let (mut app, ana, receiver) = with_rain().await;
    let ben = app.user("ben").await;
    let id = hook(&ana, &receiver.url(), "model", "ana/rain").await;
    let path = format!("{HOOKS}/{id}");
    ben.get(&path).await.expect(404);
    for action in ["", "/enable", "/disable"] {
        ben.post(&format!("{path}{action}"), &json!({})).await.expect(404);
    }
    ben.delete(&path).await.expect(404);
    app.admin().await.get(&path).await.expect(404);
    app.anonymous().get(HOOKS).await.expect(401);
    assert_eq!(ben.get(HOOKS).await.ok(), json!([]));
    let token = json!({ "name": "reader", "scope": "read" });
    let token = ana.post("/api/auth/tokens", &token).await.expect(201).json();
    let reader = ana.with_token(token["token"].as_str().unwrap());
    assert_eq!(reader.get(&path).await.ok()["webhook"]["secret"], Value::Null);
    reader.post(&format!("{path}/disable"), &json!({})).await.expect(403);
    assert_eq!(ana.get(HOOKS).await.ok()[0]["secret"], "s3cret-of-ana");
    let wish = json!({ "jobSourceId": "job", "watched": [{ "type": "model", "name": "ana/rain" }] });
    ana.post(HOOKS, &wish).await.expect(422);
    for _ in 1..50 {
        hook(&ana, &receiver.url(), "model", "ana/rain").await;
    }
    let wish = json!({ "url": receiver.url(), "watched": [{ "type": "model", "name": "ana/rain" }] });
    ana.post(HOOKS, &wish).await.expect(409);
    app.stop().await;
    let rows = std::fs::read(app.folder().join("hub.redb")).unwrap();
    assert!(!rows.windows(13).any(|part| part == b"s3cret-of-ana"));
    assert!(!app.log().iter().any(|line| line.contains("s3cret-of-ana")));
    app.finish().await;
}
