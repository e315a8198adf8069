use super::{Xet, commit, create, made, noise, pack};
use crate::support::TestApp;
use serde_json::json;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_of_a_private_repository_shows_to_another_account() {
    let app = TestApp::start().await;
    let (ana, ben) = (app.user("ana").await, app.user("ben").await);
    create(&ana, "rain", "private").await;
    create(&ben, "snow", "private").await;
    let xorb = pack(&[noise(50_000, 1), noise(60_000, 2), noise(30_000, 3)]);
    let file = made(&[(&xorb, 0..3)]);
    let hers = Xet::open(&app, &ana, "ana/rain", "write").await;
    hers.send(&[&xorb], &file).await;
    commit(&ana, "ana/rain", "model.bin", &file).await.ok();

    for token in ["read", "write"] {
        ben.get(&format!("/api/models/ana/rain/xet-{token}-token/main"))
            .await
            .expect(404);
        app.anonymous()
            .get(&format!("/api/models/ana/rain/xet-{token}-token/main"))
            .await
            .expect(401);
    }
    let his = Xet::open(&app, &ben, "ben/snow", "write").await;
    // Hashes that he knows are no right, whether he names them or asks for them.
    his.send_shard(&[&file]).await.expect(422);
    his.reconstruction(file.file, None).await.expect(404);
    commit(&ben, "ben/snow", "model.bin", &file).await.expect(400);
    // His token opens no place but his own, and only while it fits.
    let elsewhere = Xet {
        client: his.client.clone(),
        place: hers.place.clone(),
    };
    elsewhere.reconstruction(file.file, None).await.expect(401);
    elsewhere.send_xorb(&xorb).await.expect(401);
    his.client.get("/api/whoami-v2").await.expect(401);
    hers.client.get("/api/models/ana/rain").await.expect(401);

    // The same bytes are new to his repository, and everything of it is his own.
    assert_eq!(his.send_xorb(&xorb).await.ok()["was_inserted"], true);
    his.send(&[], &file).await;
    commit(&ben, "ben/snow", "copy.bin", &file).await.ok();
    let plan = his.reconstruction(file.file, None).await.ok();
    assert!(plan.to_string().contains(&his.place), "{plan}");
    assert!(ben.get("/ben/snow/resolve/main/copy.bin").await.expect(200).body == file.content);

    // A reader of the repository loses its addresses with its right.
    let plan = hers.reconstruction(file.file, None).await.ok();
    let url = plan["xorbs"][xorb.hash.to_string()][0]["url"].as_str().unwrap();
    let path = url.strip_prefix(&app.address()).unwrap().to_owned();
    app.anonymous().get(&path).await.expect(200);
    app.anonymous().get(&format!("{path}0")).await.expect(403);
    app.anonymous().get(path.split('?').next().unwrap()).await.expect(403);
    ana.delete("/api/ana/rain").await.ok();
    app.anonymous().get(&path).await.expect(404);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_address_opens_only_the_chunks_of_the_file() {
    let app = TestApp::start().await;
    let ana = app.user("ana").await;
    create(&ana, "rain", "public").await;
    let xorb = pack(&[noise(50_000, 1), noise(60_000, 2), noise(30_000, 3)]);
    let file = made(&[(&xorb, 1..2)]);
    let xet = Xet::open(&app, &ana, "ana/rain", "write").await;
    xet.send(&[&xorb], &file).await;
    commit(&ana, "ana/rain", "model.bin", &file).await.ok();
    let reader = Xet::open(&app, &app.anonymous(), "ana/rain", "read").await;
    reader.send_xorb(&xorb).await.expect(403);
    reader.send_shard(&[&file]).await.expect(403);
    let plan = reader.reconstruction(file.file, None).await.ok();
    let fetch = &plan["xorbs"][xorb.hash.to_string()][0];
    let path = fetch["url"]
        .as_str()
        .unwrap()
        .strip_prefix(&app.address())
        .unwrap()
        .to_owned();
    let (start, end) = (
        fetch["ranges"][0]["bytes"]["start"].as_u64().unwrap(),
        fetch["ranges"][0]["bytes"]["end"].as_u64().unwrap(),
    );
    let get = |range: String| app.anonymous().get(&path).header("range", &range);
    get(format!("bytes={start}-{end}")).await.expect(206);
    let several = get(format!("bytes={start}-{start},{end}-{end}")).await.expect(206);
    assert!(several.header("content-type").starts_with("multipart/byteranges"));
    get(format!("bytes={}-{end}", start - 1)).await.expect(403);
    get(format!("bytes={start}-{}", end + 1)).await.expect(403);
    get("bytes=0-".to_owned()).await.expect(403);
    app.anonymous().get(&path).await.expect(403);
    get(format!("bytes={start}-{end}"))
        .header("if-range", "\"other\"")
        .await
        .expect(403);
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_a_gated_repository_neither_tokens_nor_addresses_outlive_the_access() {
    let app = TestApp::start().await;
    let (ana, ben) = (app.user("ana").await, app.user("ben").await);
    create(&ana, "rain", "public").await;
    let xorb = pack(&[noise(50_000, 1), noise(60_000, 2)]);
    let file = made(&[(&xorb, 0..2)]);
    let hers = Xet::open(&app, &ana, "ana/rain", "write").await;
    hers.send(&[&xorb], &file).await;
    commit(&ana, "ana/rain", "model.bin", &file).await.ok();
    let set = |gated: &'static str| ana.put("/api/models/ana/rain/settings", &json!({ "gated": gated }));
    let his = Xet::open(&app, &ben, "ana/rain", "read").await;
    let plan = his.reconstruction(file.file, None).await.ok();
    let url = plan["xorbs"][xorb.hash.to_string()][0]["url"].as_str().unwrap();
    let path = url.strip_prefix(&app.address()).unwrap().to_owned();
    app.anonymous().get(&path).await.expect(200);
    set("manual").await.ok();
    ben.get("/api/models/ana/rain/xet-read-token/main").await.expect(403);
    let refused = his.reconstruction(file.file, None).await.expect(403);
    assert_eq!(refused.header("x-error-code"), "GatedRepo");
    app.anonymous().get(&path).await.expect(403);
    hers.reconstruction(file.file, None).await.expect(200);
    let grant = json!({ "user": "ben" });
    ana.post("/api/models/ana/rain/user-access-request/grant", &grant)
        .await
        .ok();
    his.reconstruction(file.file, None).await.expect(200);
    app.anonymous().get(&path).await.expect(200);
    app.finish().await;
}
