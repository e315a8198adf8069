use super::*;

#[tokio::test]
async fn a_webhook_is_told_of_commits_and_discussions_with_its_secret_and_a_signature() {
    let (app, ana, receiver) = with_rain().await;
    let id = hook(&ana, &receiver.url(), "model", "ana/rain").await;
    ana.upload("ana/rain", "a.txt", "a").await;
    receiver.wait_for(1).await;
    let opening = json!({ "title": "Rain", "description": "It rains.", "pullRequest": false });
    ana.post("/api/models/ana/rain/discussions", &opening).await.ok();
    receiver.wait_for(2).await;
    let comment = json!({ "comment": "Still." });
    ana.post("/api/models/ana/rain/discussions/1/comment", &comment)
        .await
        .ok();
    receiver.wait_for(3).await;
    {
        let got = receiver.got.lock().unwrap();
        let head = &got[0].headers;
        assert_eq!(head["x-webhook-secret"], "s3cret-of-ana");
        let mut code = Hmac::<sha2::Sha256>::new_from_slice(b"s3cret-of-ana").unwrap();
        code.update(&got[0].body);
        let signature = format!("sha256={}", hex::encode(code.finalize().into_bytes()));
        assert_eq!(head["x-geoml-signature-256"], signature);
        let commit = got[0].json();
        assert_eq!(got[0].event(), "update repo.content");
        assert_eq!(commit["webhook"], json!({ "id": id, "version": 3 }));
        assert_eq!(
            (&commit["repo"]["type"], &commit["repo"]["name"]),
            (&json!("model"), &json!("ana/rain"))
        );
        let page = format!("{}/ana/rain", app.address());
        assert_eq!(commit["repo"]["url"]["web"], json!(page));
        let moved = &commit["updatedRefs"][0];
        assert_eq!(moved["ref"], "refs/heads/main");
        assert_eq!(moved["newSha"], commit["repo"]["headSha"]);
        let opened = got[1].json();
        assert_eq!(got[1].event(), "create discussion");
        assert_eq!(
            (&opened["discussion"]["num"], &opened["discussion"]["title"]),
            (&json!(1), &json!("Rain"))
        );
        assert_eq!(opened["comment"]["content"], "It rains.");
        assert_eq!(got[2].event(), "create discussion.comment");
        assert_eq!(got[2].json()["comment"]["content"], "Still.");
    }
    let log = attempts(&ana, &id, 3).await;
    assert_eq!(
        (&log[0]["event"], &log[0]["status"]),
        (&json!("create discussion.comment"), &json!(200))
    );
    ana.post(&format!("{HOUSE}/{id}/ping"), &json!({})).await.expect(202);
    let ping = &attempts(&ana, &id, 4).await[0];
    assert_eq!(
        (&ping["event"], &ping["repeatable"]),
        (&json!("ping webhook"), &json!(false))
    );
    app.finish().await;
}

#[tokio::test]
async fn a_receiver_in_trouble_is_told_again_and_one_that_sends_elsewhere_is_not_followed() {
    let (app, ana, receiver) = with_rain().await;
    app.expect_log("a job failed");
    let id = hook(&ana, &receiver.url(), "user", "ana").await;
    receiver.answer(500);
    ana.upload("ana/rain", "a.txt", "a").await;
    receiver.wait_for(2).await;
    let log = attempts(&ana, &id, 2).await;
    let told = |at: usize| (log[at]["status"].as_u64(), log[at]["attempt"].as_u64());
    assert_eq!((told(1), told(0)), ((Some(500), Some(1)), (Some(200), Some(2))));
    let of = |at: usize| receiver.got.lock().unwrap()[at].headers["x-geoml-delivery"].clone();
    assert_eq!(of(0), of(1));
    receiver.answer(302);
    ana.upload("ana/rain", "b.txt", "b").await;
    assert_eq!(attempts(&ana, &id, 3).await[0]["status"], 302);
    assert_eq!(receiver.events().len(), 3);
    app.finish().await;
}

#[tokio::test]
async fn nobody_is_told_of_a_private_repository_that_he_may_not_read_any_more() {
    let (app, ana, receiver) = with_rain().await;
    let ben = app.user("ben").await;
    ana.create_repository("hidden", "private").await;
    let wish = json!({ "url": receiver.url(), "watched": [{ "type": "model", "name": "ana/hidden" }] });
    ben.post(HOOKS, &wish).await.expect(404);
    hook(&ben, &receiver.url(), "user", "ana").await;
    ana.upload("ana/hidden", "a.txt", "a").await;
    let parts = "/api/v1/repos/ana/hidden/collaborators";
    let who = ben.get("/api/auth/me").await.ok()["id"].as_str().unwrap().to_owned();
    let part = json!({ "user_id": who, "permission": "read" });
    ana.upload("ana/rain", "a.txt", "a").await;
    receiver.wait_for(1).await;
    ana.post(parts, &part).await.expect(201);
    ana.upload("ana/hidden", "b.txt", "b").await;
    receiver.wait_for(2).await;
    ana.delete(&format!("{parts}/{who}")).await.expect(204);
    ana.upload("ana/hidden", "c.txt", "c").await;
    ana.upload("ana/rain", "d.txt", "d").await;
    receiver.wait_for(3).await;
    let got = receiver.got.lock().unwrap().iter().map(Got::json).collect::<Vec<_>>();
    let names: Vec<_> = got.iter().map(|one| one["repo"]["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["ana/rain", "ana/hidden", "ana/rain"]);
    app.finish().await;
}

#[tokio::test]
async fn what_was_not_delivered_before_a_kill_is_delivered_after_it() {
    let (mut app, ana, receiver) = with_rain().await;
    app.allow_log("a job failed");
    let id = hook(&ana, &receiver.url(), "model", "ana/rain").await;
    receiver.answer(503);
    ana.upload("ana/rain", "a.txt", "a").await;
    receiver.wait_for(1).await;
    app.kill().await;
    app.start_again().await;
    receiver.wait_for(2).await;
    ana.upload("ana/rain", "b.txt", "b").await;
    receiver.wait_for(3).await;
    let got = receiver.got.lock().unwrap().iter().map(Got::json).collect::<Vec<_>>();
    assert_eq!(got[0]["updatedRefs"], got[1]["updatedRefs"]);
    assert_ne!(got[1]["updatedRefs"], got[2]["updatedRefs"]);
    assert_eq!(got.len(), 3);
    assert_eq!(attempts(&ana, &id, 2).await[0]["status"], 200);
    app.finish().await;
}

#[tokio::test]
async fn members_hear_of_what_an_organization_keeps_private_and_those_who_left_do_not() {
    let (app, ana, receiver) = with_rain().await;
    let (ben, eve) = (app.user("ben").await, app.user("eve").await);
    ana.post("/api/v1/organizations", &json!({ "name": "lab" }))
        .await
        .expect(201);
    let member = "/api/v1/organizations/lab/members/ben";
    ana.put(member, &json!({ "role": "read" })).await.expect(201);
    let wish = json!({ "name": "ice", "repo_type": "model", "owner": "lab", "visibility": "private" });
    ana.post("/api/repositories", &wish).await.expect(201);
    let wish = json!({ "url": receiver.url(), "watched": [{ "type": "user", "name": "lab" }] });
    ben.post(HOOKS, &wish).await.expect(422);
    let id = hook(&ben, &receiver.url(), "org", "lab").await;
    let strange = hook(&eve, &receiver.url(), "org", "lab").await;
    ana.upload("lab/ice", "a.txt", "a").await;
    let log = attempts(&ben, &id, 1).await;
    ana.delete(member).await.expect(204);
    ana.upload("lab/ice", "b.txt", "b").await;
    let again = format!("{HOUSE}/{id}/deliveries/{}/redeliver", log[0]["number"]);
    ben.post(&again, &json!({})).await.refused(409, "conflict");
    // What comes later has come to both, so nothing else is under way.
    let wish = json!({ "name": "snow", "repo_type": "model", "owner": "lab", "visibility": "public" });
    ana.post("/api/repositories", &wish).await.expect(201);
    // Its first commit follows.
    receiver.wait_for(5).await;
    let got = receiver.got.lock().unwrap().iter().map(Got::json).collect::<Vec<_>>();
    let heard = |id: &str, name: &str| {
        let of = |one: &&Value| one["webhook"]["id"] == id && one["repo"]["name"] == name;
        got.iter().filter(of).count()
    };
    assert_eq!((heard(&id, "lab/ice"), heard(&id, "lab/snow")), (1, 2));
    assert_eq!((heard(&strange, "lab/ice"), heard(&strange, "lab/snow")), (0, 2));
    app.finish().await;
}

#[tokio::test]
async fn what_was_sent_is_remembered_and_told_once_more_under_the_same_id() {
    let (app, ana, receiver) = with_rain().await;
    let (ben, id) = (
        app.user("ben").await,
        hook(&ana, &receiver.url(), "model", "ana/rain").await,
    );
    receiver.answer(404);
    ana.upload("ana/rain", "a.txt", "a").await;
    let log = attempts(&ana, &id, 1).await;
    assert_eq!(
        (&log[0]["status"], &log[0]["error"], &log[0]["repeatable"]),
        (&json!(404), &json!("The receiver answered 404."), &json!(true))
    );
    let one = format!("{HOUSE}/{id}/deliveries/1");
    let whole = ana.get(&one).await.ok();
    let sent: Value = serde_json::from_str(whole["payload"].as_str().unwrap()).unwrap();
    assert_eq!(sent["repo"]["name"], "ana/rain");
    for stranger in [&ben, &app.admin().await] {
        stranger.get(&one).await.refused(404, "not_found");
        stranger
            .get(&format!("{HOUSE}/{id}/deliveries"))
            .await
            .refused(404, "not_found");
        stranger
            .post(&format!("{one}/redeliver"), &json!({}))
            .await
            .refused(404, "not_found");
        stranger
            .post(&format!("{HOUSE}/{id}/ping"), &json!({}))
            .await
            .refused(404, "not_found");
    }
    ana.post(&format!("{one}/redeliver"), &json!({})).await.expect(202);
    let log = attempts(&ana, &id, 2).await;
    assert_eq!(
        (&log[0]["status"], &log[0]["delivery_id"]),
        (&json!(200), &log[1]["delivery_id"])
    );
    let of = |at: usize| receiver.got.lock().unwrap()[at].headers["x-geoml-delivery"].clone();
    assert_eq!((json!(of(0)), of(0)), (log[0]["delivery_id"].clone(), of(1)));
    for count in [3, 4] {
        ana.post(&format!("{HOUSE}/{id}/ping"), &json!({})).await.expect(202);
        receiver.wait_for(count).await;
    }
    assert_ne!(of(2), of(3));
    ana.get(&format!("{HOUSE}/{id}/deliveries/99"))
        .await
        .refused(404, "not_found");
    attempts(&ana, &id, 4).await;
    let page = ana.get(&format!("{HOUSE}/{id}/deliveries?limit=2&page=2")).await.ok();
    assert_eq!((&page["total"], &page["items"][0]["number"]), (&json!(4), &json!(2)));
    ana.post(&format!("{HOOKS}/{id}/disable"), &json!({})).await.ok();
    ana.post(&format!("{one}/redeliver"), &json!({}))
        .await
        .refused(409, "conflict");
    app.finish().await;
}

#[tokio::test]
async fn a_webhook_that_nothing_has_reached_for_long_is_disabled_with_a_reason() {
    let patience = ("GEOML_HUB__HOOKS__GIVE_UP_AFTER", "1ms");
    let app = TestApp::with(&[ALLOWED, patience]).start().await;
    let ana = app.user("ana").await;
    create(&ana, "rain").await;
    let receiver = Receiver::start().await;
    let id = hook(&ana, &receiver.url(), "model", "ana/rain").await;
    let path = format!("{HOOKS}/{id}");
    for number in 1..=10 {
        let before = ana.get(&path).await.ok();
        assert_eq!(before["webhook"]["disabled"], false, "{number}");
        receiver.answer(410);
        ana.upload("ana/rain", "a.txt", number.to_string()).await;
        attempts(&ana, &id, number).await;
    }
    let given_up = ana.get(&path).await.ok()["webhook"].clone();
    assert_eq!(given_up["disabled"], true);
    let reason = given_up["disabledReason"].as_str().unwrap();
    assert!(
        reason.contains("in 10 attempts") && reason.contains("answered 410"),
        "{reason}"
    );
    ana.upload("ana/rain", "a.txt", "nobody hears of it").await;
    let on = ana.post(&format!("{path}/enable"), &json!({})).await.ok()["webhook"].clone();
    assert_eq!(
        (&on["disabled"], &on["disabledReason"], &on["trouble"]),
        (&json!(false), &Value::Null, &Value::Null)
    );
    ana.upload("ana/rain", "a.txt", "everybody does").await;
    receiver.wait_for(11).await;
    assert_eq!(attempts(&ana, &id, 11).await[0]["status"], 200);
    app.finish().await;
}

#[tokio::test]
async fn a_webhook_is_told_what_a_repository_was_called_and_what_it_is_now() {
    let (app, ana, receiver) = with_rain().await;
    ana.post("/api/v1/organizations", &json!({ "name": "lab" }))
        .await
        .expect(201);
    hook(&ana, &receiver.url(), "user", "ana").await;
    let private = json!({ "private": true });
    ana.put("/api/models/ana/rain/settings", &private).await.ok();
    receiver.wait_for(1).await;
    let renaming = json!({ "fromRepo": "ana/rain", "toRepo": "ana/snow", "type": "model" });
    ana.post("/api/repos/move", &renaming).await.ok();
    receiver.wait_for(2).await;
    let moving = json!({ "fromRepo": "ana/snow", "toRepo": "lab/ice", "type": "model" });
    ana.post("/api/repos/move", &moving).await.ok();
    receiver.wait_for(3).await;
    let got = receiver.got.lock().unwrap().iter().map(Got::json).collect::<Vec<_>>();
    assert_eq!(got[0]["event"], json!({ "action": "update", "scope": "repo.config" }));
    assert_eq!(got[0]["updatedConfig"], private);
    let moved = |at: usize| (&got[at]["repo"]["name"], &got[at]["movedTo"]["name"]);
    assert_eq!(
        got.iter().map(|one| &one["event"]["action"]).collect::<Vec<_>>(),
        ["update", "move", "move"]
    );
    assert_eq!((moved(1).0, moved(2).0), (&json!("ana/rain"), &json!("ana/snow")));
    assert_eq!(moved(2).1, "lab/ice");
    assert_ne!(got[2]["repo"]["owner"], got[2]["movedTo"]["owner"]);
    app.finish().await;
}
