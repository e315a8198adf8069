use super::transfer::wait_until;
use super::{batch_call, object, oid};
use crate::support::{Client, Random, Reply, S3Server, TestApp, assert_git_agrees, start_task};
use reqwest::Method;
use serde_json::{Value, json};
use std::time::Duration;

const BASE: &str = "/ana/net.git/info/lfs";
const PART: usize = 64 * 1024 * 1024;

async fn start(server: &S3Server, more: &[(&str, &str)]) -> (TestApp, Client) {
    let environment = server.environment();
    let mut all: Vec<(&str, &str)> = environment
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    all.push(("GEOML_HUB__BLOBS__S3_DIRECT_UPLOAD", "true"));
    all.extend(more);
    let app = TestApp::with(&all).start().await;
    let ana = app.user("ana").await;
    ana.create_repository("net", "private").await;
    (app, ana)
}

/// What the hub answers to a client that knows `multipart` and wants to send this.
async fn wish(client: &Client, content: &[u8]) -> Value {
    let body = json!({ "operation": "upload", "transfers": ["multipart", "basic"], "objects": [object(content)] });
    client.post(&format!("{BASE}/objects/batch"), &body).await.ok()
}

/// Puts the parts as the Hugging Face clients do; answers what they would send to the hub then.
async fn put_parts(upload: &Value, content: &[u8]) -> Value {
    let header = upload["header"].as_object().unwrap();
    let size: usize = header["chunk_size"].as_str().unwrap().parse().unwrap();
    assert_eq!(header.len() - 1, content.len().div_ceil(size));
    let mut parts = Vec::new();
    for (index, part) in content.chunks(size).enumerate() {
        let address = header[&format!("{:05}", index + 1)].as_str().unwrap();
        let reply = reqwest::Client::new()
            .put(address)
            .body(part.to_vec())
            .send()
            .await
            .unwrap();
        assert!(reply.status().is_success(), "{:?}", reply.text().await);
        let tag = reply.headers()["etag"].to_str().unwrap();
        parts.push(json!({ "partNumber": index + 1, "etag": tag }));
    }
    json!({ "oid": oid(content), "parts": parts })
}

async fn join(app: &TestApp, upload: &Value, body: &Value) -> Reply {
    let path = upload["href"]
        .as_str()
        .unwrap()
        .strip_prefix(&app.address())
        .unwrap()
        .to_owned();
    app.anonymous().post(&path, body).await
}

#[tokio::test]
async fn large_content_goes_to_the_object_store_in_parts_and_comes_from_there() {
    let server = S3Server::start();
    let (app, ana) = start(&server, &[("GEOML_HUB__BLOBS__S3_DIRECT_DOWNLOAD", "true")]).await;
    let content = Random::new(11).bytes(PART + 1_000);
    let answer = wish(&ana, &content).await;
    assert_eq!(answer["transfer"], "multipart");
    let actions = &answer["objects"][0]["actions"];
    let sent = put_parts(&actions["upload"], &content).await;
    let fetch = batch_call(&ana, BASE, "download", &[&content]).await.ok();
    assert_eq!(
        fetch["objects"][0]["error"]["code"], 404,
        "nothing is there before it is verified"
    );

    join(&app, &actions["upload"], &sent).await.expect(200);
    join(&app, &actions["upload"], &sent).await.expect(200);
    let verify = actions["verify"]["href"]
        .as_str()
        .unwrap()
        .strip_prefix(&app.address())
        .unwrap();
    app.anonymous().post(verify, &object(&content)).await.expect(200);
    assert_eq!(server.objects("uploads"), Vec::<std::path::PathBuf>::new());

    let fetch = batch_call(&ana, BASE, "download", &[&content]).await.ok();
    assert_eq!(fetch["transfer"], "basic");
    let address = fetch["objects"][0]["actions"]["download"]["href"].as_str().unwrap();
    assert!(!address.starts_with(&app.address()), "{address} is the object store's");
    let whole = reqwest::get(address).await.unwrap().bytes().await.unwrap();
    assert!(whole == content);
    let rest = reqwest::Client::new()
        .get(address)
        .header("range", format!("bytes={PART}-"));
    assert_eq!(rest.send().await.unwrap().bytes().await.unwrap(), content[PART..]);

    let again = wish(&ana, &content).await;
    assert!(again["objects"][0].get("actions").is_none(), "{again}");
    app.finish().await;
}

#[tokio::test]
async fn parts_that_are_not_what_was_announced_are_refused_and_leave_nothing() {
    let server = S3Server::start();
    let (app, ana) = start(&server, &[]).await;
    let announced = Random::new(12).bytes(PART + 10);
    let mut other = announced.clone();
    other[5] ^= 1;
    let upload = wish(&ana, &announced).await["objects"][0]["actions"]["upload"].clone();
    let mut sent = put_parts(&upload, &other).await;
    sent["oid"] = json!(oid(&announced));
    let mut gap = sent.clone();
    gap["parts"][1]["partNumber"] = json!(3);
    join(&app, &upload, &gap).await.expect(422);
    let mut few = sent.clone();
    few["parts"].as_array_mut().unwrap().pop();
    join(&app, &upload, &few).await.expect(422);
    let mut foreign = sent.clone();
    foreign["oid"] = json!(oid(b"another"));
    join(&app, &upload, &foreign).await.expect(422);

    let refused = join(&app, &upload, &sent).await.expect(422);
    let message = refused.json()["message"].as_str().unwrap().to_owned();
    assert!(message.contains("SHA-256"), "{message}");
    join(&app, &upload, &sent).await.expect(404);
    assert_eq!(server.objects("uploads"), Vec::<std::path::PathBuf>::new());
    assert_eq!(server.objects("blobs"), Vec::<std::path::PathBuf>::new());

    let mut forged = upload.clone();
    forged["href"] = json!(upload["href"].as_str().unwrap().replace("upload=", "upload=0"));
    join(&app, &forged, &sent).await.expect(403);
    app.finish().await;
}

#[tokio::test]
async fn small_content_and_clients_that_know_no_parts_go_through_the_hub() {
    let server = S3Server::start();
    let (app, ana) = start(&server, &[]).await;
    let small = wish(&ana, b"small").await;
    assert_eq!(small["transfer"], "basic");
    let upload = &small["objects"][0]["actions"]["upload"];
    assert!(upload.get("header").is_none() && upload["href"].as_str().unwrap().starts_with(&app.address()));
    let large = json!([{ "oid": oid(b"large"), "size": 3 * PART }]);
    let body = json!({ "operation": "upload", "transfers": ["basic"], "objects": large });
    let answer = ana.post(&format!("{BASE}/objects/batch"), &body).await.ok();
    assert_eq!(answer["transfer"], "basic");

    // In one batch all objects go the same way, but empty ones have no parts.
    let objects = json!([{ "oid": oid(b"large"), "size": 3 * PART }, object(b"small"), object(b"")]);
    let body = json!({ "operation": "upload", "transfers": ["multipart", "basic"], "objects": objects });
    let answer = ana.post(&format!("{BASE}/objects/batch"), &body).await.ok();
    assert_eq!(answer["transfer"], "multipart");
    let parts = |index: usize| answer["objects"][index]["actions"]["upload"]["header"].as_object();
    assert_eq!(parts(0).map(serde_json::Map::len), Some(4));
    assert_eq!(parts(1).map(serde_json::Map::len), Some(2));
    assert_eq!(parts(2), None);
    app.finish().await;
}

#[tokio::test]
async fn what_goes_to_the_object_store_has_room_reserved_until_it_is_there() {
    let server = S3Server::start();
    let (app, ana) = start(&server, &[("GEOML_HUB__STORAGE__QUOTA", "100 MiB")]).await;
    ana.create_repository("other", "private").await;
    let wish_for = async |repository: &str, content: &[u8]| {
        let body = json!({ "operation": "upload", "transfers": ["multipart", "basic"], "objects": [object(content)] });
        let address = format!("/ana/{repository}.git/info/lfs/objects/batch");
        ana.post(&address, &body).await.ok()["objects"][0].clone()
    };
    let reserved = async || ana.get("/api/users/ana/storage").await.ok();
    let before = reserved().await;
    let content = Random::new(14).bytes(PART + 10);
    let first = wish_for("net", &content).await;
    let taken = reserved().await;
    assert_eq!(taken["reserved"], content.len(), "{taken}");
    // A client that begins again needs no room twice, by whatever way the content comes.
    let again = wish_for("net", &content).await;
    assert!(first["actions"]["upload"] != again["actions"]["upload"]);
    assert_eq!(reserved().await, taken);
    let plain = batch_call(&ana, BASE, "upload", &[&content]).await.ok();
    assert!(plain["objects"][0].get("error").is_none(), "{plain}");
    // Anything else finds what is left, in every repository of the owner and by every door.
    let large = Random::new(15).bytes(PART);
    for repository in ["net", "other"] {
        let refused = wish_for(repository, &large).await;
        assert!(
            refused["error"]["message"].as_str().unwrap().contains("quota"),
            "{refused}"
        );
    }
    assert!(wish_for("other", &content).await.get("error").is_some());
    let session = json!({ "path": "large.bin", "size": PART });
    ana.post("/api/ana/net/upload/init", &session)
        .await
        .refused(413, "quota_exceeded");
    // It is there: the room that it took is used now, and not twice.
    let sent = put_parts(&again["actions"]["upload"], &content).await;
    join(&app, &again["actions"]["upload"], &sent).await.expect(200);
    let after = reserved().await;
    let used = |storage: &Value| storage["used"].as_u64().unwrap();
    assert_eq!(used(&after) - used(&before), content.len() as u64);
    assert_eq!(after["reserved"], 0);
    assert_git_agrees(&app).await;
    app.finish().await;
}

#[tokio::test]
async fn an_upload_that_takes_longer_than_its_address_works_is_verified() {
    let app = TestApp::with(&[("GEOML_HUB__AUTH__LINK_LIFETIME", "10s")])
        .start()
        .await;
    let ana = app.user("ana").await;
    ana.create_repository("net", "private").await;
    let answer = batch_call(&ana, BASE, "upload", &[b"slow"]).await.ok();
    let actions = &answer["objects"][0]["actions"];
    let path = |action: &str| {
        actions[action]["href"]
            .as_str()
            .unwrap()
            .strip_prefix(&app.address())
            .unwrap()
    };
    app.anonymous()
        .call(Method::PUT, path("upload"))
        .body("slow")
        .await
        .expect(200);
    tokio::time::sleep(Duration::from_secs(11)).await;
    app.anonymous()
        .call(Method::PUT, path("upload"))
        .body("slow")
        .await
        .expect(403);
    app.anonymous().post(path("verify"), &object(b"slow")).await.expect(200);
    app.finish().await;
}

#[tokio::test]
#[ignore = "slow; part of the whole test command"]
async fn uploads_whose_time_is_over_leave_nothing_in_the_object_store() {
    let server = S3Server::start();
    let lifetime = [
        ("GEOML_HUB__UPLOADS__SESSION_LIFETIME", "1m"),
        ("GEOML_HUB__AUTH__LINK_LIFETIME", "1s"),
    ];
    let (app, ana) = start(&server, &lifetime).await;
    let content = Random::new(13).bytes(PART + 10);
    let upload = wish(&ana, &content).await["objects"][0]["actions"]["upload"].clone();
    let sent = put_parts(&upload, &content).await;
    tokio::time::sleep(Duration::from_secs(62)).await;
    join(&app, &upload, &sent).await.expect(403);
    start_task(&app.admin().await, "expire-uploads").await;
    wait_until(|| server.objects("uploads").is_empty()).await;
    app.finish().await;
}
