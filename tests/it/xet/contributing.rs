use super::{Xet, commit, commit_to, create, fetched, made, noise, pack};
use crate::support::{Client, Reply, TestApp};
use serde_json::json;

const ROUTE: &str = "/api/models/ana/rain/xet-write-token";

fn said(reply: &Reply) -> String {
    reply.json()["error"].as_str().unwrap().to_owned()
}

async fn contributor(app: &TestApp, who: &Client) -> Xet {
    Xet::at(app, who, &format!("{ROUTE}/None?create_pr=1")).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_sends_a_large_file_for_a_pull_request_and_the_owner_merges_it() {
    let app = TestApp::start().await;
    let (ana, ben) = (app.user("ana").await, app.user("ben").await);
    create(&ana, "rain", "public").await;
    ben.get(&format!("{ROUTE}/main")).await.expect(403);
    let his = contributor(&app, &ben).await;
    let xorb = pack(&[noise(50_000, 1), noise(60_000, 2)]);
    let (file, part) = (made(&[(&xorb, 0..2)]), made(&[(&xorb, 1..2)]));
    assert_eq!(his.send_xorb(&xorb).await.ok()["was_inserted"], true);
    assert_eq!(his.send_xorb(&xorb).await.ok()["was_inserted"], false);
    his.send(&[], &file).await;
    // What he sent gives him no right to a branch.
    commit(&ben, "ana/rain", "model.bin", &file).await.expect(403);
    let opened = commit_to(&ben, "ana/rain", "main?create_pr=1", "model.bin", &file)
        .await
        .ok();
    assert!(opened["pullRequestUrl"].as_str().unwrap().ends_with("/1"), "{opened}");
    // More of it goes to the pull request that there is.
    let more = Xet::at(&app, &ben, &format!("{ROUTE}/refs%2Fpr%2F1")).await;
    more.send(&[], &part).await;
    commit_to(&ben, "ana/rain", "refs%2Fpr%2F1", "part.bin", &part)
        .await
        .ok();
    let merge = "/api/models/ana/rain/discussions/1/merge";
    ana.post(merge, &json!({ "comment": "Thanks." })).await.ok();
    for (path, file) in [("model.bin", &file), ("part.bin", &part)] {
        let read = app.anonymous().get(&format!("/ana/rain/resolve/main/{path}")).await;
        assert!(read.expect(200).body == file.content);
        let plan = Xet::open(&app, &app.anonymous(), "ana/rain", "read")
            .await
            .reconstruction(file.file, None)
            .await
            .ok();
        assert!(fetched(&app, &plan).await == file.content);
    }
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_only_contributes_names_nothing_that_others_sent() {
    let app = TestApp::start().await;
    let (ana, ben, eva) = (app.user("ana").await, app.user("ben").await, app.user("eva").await);
    create(&ana, "rain", "public").await;
    let hers = pack(&[noise(50_000, 1), noise(60_000, 2), noise(30_000, 3)]);
    let file = made(&[(&hers, 0..1)]);
    let xet = Xet::open(&app, &ana, "ana/rain", "write").await;
    xet.send(&[&hers], &file).await;
    commit(&ana, "ana/rain", "model.bin", &file).await.ok();

    // A reader learns the name of the xorb with the file. The rest of what is in it is hers.
    let his = contributor(&app, &ben).await;
    let plan = his.reconstruction(file.file, None).await.ok();
    assert_eq!(plan["terms"][0]["hash"], hers.hash.to_string());
    let stolen = made(&[(&hers, 1..3)]);
    let unknown = pack(&[noise(20_000, 9)]);
    let hers_refused = said(&his.send_shard(&[&stolen]).await.expect(422));
    let absent_refused = said(&his.send_shard(&[&made(&[(&unknown, 0..1)])]).await.expect(422));
    assert_eq!(
        hers_refused.replace(&hers.hash.to_string(), ""),
        absent_refused.replace(&unknown.hash.to_string(), "")
    );
    for (chunk, _) in &hers.chunks {
        his.chunk(*chunk).await.expect(404);
    }
    commit_to(&ben, "ana/rain", "main?create_pr=1", "stolen.bin", &stolen)
        .await
        .expect(400);

    // Nor do two contributors know of each other, and the same bytes are new of each.
    let other = pack(&[noise(40_000, 4)]);
    let another = made(&[(&other, 0..1)]);
    assert_eq!(his.send_xorb(&other).await.ok()["was_inserted"], true);
    let third = contributor(&app, &eva).await;
    third.send_shard(&[&another]).await.expect(422);
    assert_eq!(third.send_xorb(&other).await.ok()["was_inserted"], true);
    assert_eq!(his.send_xorb(&hers).await.ok()["was_inserted"], true);
    third.send(&[], &another).await;
    // What he sends himself, be it there or not, he may name.
    his.send(&[], &stolen).await;

    // To a file that is there he adds nothing, however he cuts it.
    let (one, two) = hers.chunks[0].1.split_at(20_000);
    let cut = pack(&[one.to_vec().into(), two.to_vec().into()]);
    let again = made(&[(&cut, 0..2)]);
    assert_eq!(again.sha256(), file.sha256());
    his.send(&[&cut], &again).await;
    his.reconstruction(again.file, None).await.expect(404);
    his.reconstruction(file.file, None).await.ok();
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_contributors_send_has_a_share_of_its_own() {
    let app = TestApp::with(&[("GEOML_HUB__STORAGE__CONTRIBUTIONS", "200 KiB")])
        .start()
        .await;
    let (ana, ben) = (app.user("ana").await, app.user("ben").await);
    create(&ana, "rain", "public").await;
    let his = contributor(&app, &ben).await;
    let (first, second) = (pack(&[noise(90_000, 1), noise(60_000, 2)]), pack(&[noise(90_000, 3)]));
    his.send_xorb(&first).await.ok();
    // It leaves no room for more, named or not.
    let full = said(&his.send_xorb(&second).await.expect(413));
    assert!(full.contains("may not write") && !full.contains("quota"), "{full}");
    let little = made(&[(&first, 1..2)]);
    his.send(&[], &little).await;
    his.send_xorb(&second).await.expect(413);
    // The owner has all of the quota, and what she merges is hers.
    let hers = Xet::open(&app, &ana, "ana/rain", "write").await;
    let own = pack(&[noise(120_000, 5), noise(120_000, 6)]);
    hers.send(&[&own], &made(&[(&own, 0..2)])).await;
    commit_to(&ben, "ana/rain", "main?create_pr=1", "little.bin", &little)
        .await
        .ok();
    his.send_xorb(&second).await.expect(413);
    ana.post("/api/models/ana/rain/discussions/1/merge", &json!({}))
        .await
        .ok();
    // Of two at once that do not fit together one is taken.
    let third = pack(&[noise(120_000, 7)]);
    let (one, other) = tokio::join!(his.send_xorb(&second), his.send_xorb(&third));
    let mut statuses = [one.status.as_u16(), other.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 413]);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_to_contribute_ends_with_the_access_and_opens_nothing_else() {
    let app = TestApp::start().await;
    let (ana, ben) = (app.user("ana").await, app.user("ben").await);
    create(&ana, "rain", "public").await;
    create(&ana, "snow", "public").await;
    create(&ana, "secret", "private").await;
    let token = |repository: &str| format!("/api/models/ana/{repository}/xet-write-token/main?create_pr=1");
    app.anonymous().get(&token("rain")).await.expect(401);
    ben.get(&token("secret")).await.expect(404);
    let read = json!({ "name": "reading", "scope": "read" });
    let text = ben.post("/api/auth/tokens", &read).await.ok()["token"]
        .as_str()
        .unwrap()
        .to_owned();
    app.anonymous().with_token(&text).get(&token("rain")).await.expect(403);
    let his = contributor(&app, &ben).await;
    let xorb = pack(&[noise(50_000, 1)]);
    let elsewhere = Xet {
        client: his.client.clone(),
        place: Xet::open(&app, &ben, "ana/snow", "read").await.place,
    };
    elsewhere.send_xorb(&xorb).await.expect(401);
    his.client.get("/api/whoami-v2").await.expect(401);
    his.send_xorb(&xorb).await.ok();
    ana.put("/api/models/ana/rain/settings", &json!({ "gated": "manual" }))
        .await
        .ok();
    ben.get(&token("rain")).await.expect(403);
    his.send_xorb(&xorb).await.expect(403);
    his.send_shard(&[&made(&[(&xorb, 0..1)])]).await.expect(403);
    ana.put(
        "/api/models/ana/rain/settings",
        &json!({ "gated": false, "private": true }),
    )
    .await
    .ok();
    his.send_xorb(&xorb).await.expect(404);
    app.finish().await;
}
