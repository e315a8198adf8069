use crate::support::{Client, Reply, TestApp};
use geoml_hub::base::Sha256;
use reqwest::Method;
use serde_json::{Value, json};

const REQUESTS: &str = "/api/v1/repos/ana/rain/access-requests";

/// A hub with a gated model `ana/rain` that has a small file, a large one and a second commit.
async fn gated(gating: &str) -> (TestApp, Client, Client) {
    let app = TestApp::start().await;
    let (ana, ben) = (app.user("ana").await, app.user("ben").await);
    ana.create_repository("rain", "public").await;
    ana.upload("ana/rain", "notes.txt", "secret notes").await;
    ana.upload("ana/rain", "model.bin", "secret weights").await;
    let header = br#"{"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#;
    let tensors = [&(header.len() as u64).to_le_bytes()[..], header, &[0; 4]].concat();
    ana.upload("ana/rain", "model.safetensors", tensors).await;
    ana.put("/api/ana/rain/settings", &json!({ "gating": gating }))
        .await
        .ok();
    (app, ana, ben)
}

async fn decide(who: &Client, name: &str, status: &str) -> Reply {
    who.put(&format!("{REQUESTS}/{name}"), &json!({ "status": status }))
        .await
}

/// Every door to content: how it is called, and what whoever has access gets.
async fn doors(ana: &Client) -> Vec<(Method, String, Option<Value>, u16)> {
    let files = ana.get("/api/ana/rain/files").await.ok();
    let items = files["items"].as_array().unwrap();
    let file = items.iter().find(|file| file["path"] == "notes.txt").unwrap();
    let id = file["file_id"].as_str().unwrap().to_owned();
    let commits = ana.get("/api/ana/rain/commits").await.ok();
    let commit = commits["items"][0]["id"].as_str().unwrap().to_owned();
    let weights = b"secret weights";
    let batch = json!({ "operation": "download", "transfers": ["basic"],
        "objects": [{ "oid": Sha256::of(weights.as_slice()).to_string(), "size": weights.len() }] });
    let get = |path: &str| (Method::GET, path.to_owned(), None, 200);
    vec![
        get("/ana/rain/resolve/main/notes.txt"),
        get("/ana/rain/resolve/main/model.bin"),
        (Method::HEAD, "/ana/rain/resolve/main/model.bin".to_owned(), None, 200),
        get("/api/models/ana/rain/safetensors-metadata/model.safetensors"),
        get("/api/ana/rain/download/notes.txt"),
        (Method::HEAD, "/api/ana/rain/download/notes.txt".to_owned(), None, 200),
        get("/api/ana/rain/download/model.bin"),
        get("/api/ana/rain/download/?format=zip"),
        get("/api/v1/repos/ana/rain/archive/main.tar.gz"),
        get("/api/ana/rain/blob/notes.txt"),
        get("/api/ana/rain/blob/README.md"),
        get(&format!("/api/files/{id}")),
        get(&format!("/api/files/{id}/download")),
        get(&format!("/api/ana/rain/commit/{commit}")),
        get("/api/v1/repos/ana/rain/compare?base=main&head=main"),
        get("/ana/rain.git/info/refs?service=git-upload-pack"),
        (
            Method::POST,
            "/api/ana/rain/sign".to_owned(),
            Some(json!({ "path": "notes.txt" })),
            200,
        ),
        (
            Method::POST,
            "/ana/rain.git/info/lfs/objects/batch".to_owned(),
            Some(batch),
            200,
        ),
        get("/api/models/ana/rain/xet-read-token/main"),
        get("/api/models/ana/rain/auth-check"),
    ]
}

async fn try_doors(who: &Client, doors: &[(Method, String, Option<Value>, u16)], refused: Option<u16>) {
    for (method, path, body, granted) in doors {
        let mut call = who.call(method.clone(), path);
        if let Some(body) = body {
            call = call.json(body);
        }
        let reply = call.await;
        let expected = refused.unwrap_or(*granted);
        let status = reply.status.as_u16();
        assert_eq!(status, expected, "{} {method} {path}: {}", who.name, reply.text());
        if refused.is_some() {
            assert!(!reply.text().contains("secret"), "{path}: {}", reply.text());
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_door_to_content_opens_for_those_who_got_access_and_for_nobody_else() {
    let (app, ana, ben) = gated("manual").await;
    let eva = app.user("eva").await;
    let part = json!({ "username": "eva", "permission": "read" });
    ana.post("/api/v1/repos/ana/rain/collaborators", &part)
        .await
        .expect(201);
    let doors = doors(&ana).await;
    try_doors(&app.anonymous(), &doors, Some(401)).await;
    try_doors(&ben, &doors, Some(403)).await;
    for insider in [&ana, &eva, &app.admin().await] {
        try_doors(insider, &doors, None).await;
    }
    // A token that is limited to other repositories is nobody's.
    ana.create_repository("other", "private").await;
    let wish = json!({ "name": "other", "scope": "admin", "repositories": ["ana/other"] });
    let token = ana.post("/api/auth/tokens", &wish).await.ok()["token"].clone();
    try_doors(&ana.with_token(token.as_str().unwrap()), &doors, Some(403)).await;

    assert_eq!(ben.post(REQUESTS, &json!({})).await.ok()["status"], "pending");
    try_doors(&ben, &doors, Some(403)).await;
    decide(&ana, "ben", "accepted").await.ok();
    try_doors(&ben, &doors, None).await;
    decide(&ana, "ben", "rejected").await.ok();
    try_doors(&ben, &doors, Some(403)).await;
    ana.put("/api/ana/rain/settings", &json!({ "gating": "none" }))
        .await
        .ok();
    try_doors(&ben, &doors, None).await;
    try_doors(&app.anonymous(), &doors, None).await;
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_gated_repository_is_and_which_files_it_has_everybody_sees() {
    let (app, _ana, ben) = gated("manual").await;
    for path in [
        "/api/ana/rain",
        "/api/ana/rain/files",
        "/api/ana/rain/tree/main",
        "/api/ana/rain/commits",
        "/api/ana/rain/metadata",
        "/api/ana/rain/model-card",
        "/api/models/ana/rain",
        "/api/models/ana/rain/tree/main",
        "/api/models/ana/rain/refs",
    ] {
        for who in [&ben, &app.anonymous()] {
            who.get(path).await.expect(200);
        }
    }
    assert_eq!(ben.get("/api/ana/rain").await.ok()["gating"], "manual");
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_handed_out_ends_with_the_access() {
    let (app, ana, ben) = gated("manual").await;
    decide(&ana, "ben", "accepted").await.ok();
    let wish = json!({ "path": "notes.txt" });
    let signed = ben.post("/api/ana/rain/sign", &wish).await.ok()["url"].clone();
    let weights = b"secret weights";
    let oid = Sha256::of(weights.as_slice()).to_string();
    let batch = json!({ "operation": "download", "transfers": ["basic"],
        "objects": [{ "oid": oid, "size": weights.len() }] });
    let answer = ben.post("/ana/rain.git/info/lfs/objects/batch", &batch).await.ok();
    let link = answer["objects"][0]["actions"]["download"]["href"].as_str().unwrap();
    let link = link.strip_prefix(&app.address()).unwrap().to_owned();
    let nobody = app.anonymous();
    for path in [signed.as_str().unwrap(), &link] {
        assert!(nobody.get(path).await.expect(200).text().starts_with("secret"));
    }
    decide(&ana, "ben", "rejected").await.ok();
    for path in [signed.as_str().unwrap(), &link] {
        nobody.get(path).await.expect(403);
    }

    // Nor does content leave by what is made from it: forks, copies, large files by their digest, pull requests.
    ben.post("/api/v1/repos/ana/rain/fork", &json!({ "name": "mine" }))
        .await
        .refused(403, "forbidden");
    ben.create_repository("mine", "private").await;
    let files = ana.get("/api/ana/rain/files").await.ok();
    let id = files["items"][0]["file_id"].as_str().unwrap();
    let copy = json!({ "path": "copy", "repository": "ben/mine" });
    ben.post(&format!("/api/files/{id}/copy"), &copy)
        .await
        .refused(403, "forbidden");
    let send = json!({ "operation": "upload", "transfers": ["basic"],
        "objects": [{ "oid": oid, "size": weights.len() }] });
    let answer = ben.post("/ben/mine.git/info/lfs/objects/batch", &send).await.ok();
    assert!(answer["objects"][0]["actions"]["upload"].is_object(), "{answer}");
    let proposal = "{\"key\":\"header\",\"value\":{\"summary\":\"Add\"}}\n";
    let path = "/api/models/ana/rain/commit/main?create_pr=1";
    let commit = ben
        .call(Method::POST, path)
        .header("content-type", "application/x-ndjson");
    commit.body(proposal).await.expect(403);
    app.finish().await;
}

#[tokio::test]
async fn whoever_asks_gets_access_at_once_or_waits_for_a_decision() {
    let (app, ana, ben) = gated("auto").await;
    let access = "/api/v1/repos/ana/rain/access";
    let mine = ben.get(access).await.ok();
    assert_eq!((&mine["granted"], &mine["status"]), (&json!(false), &Value::Null));
    app.anonymous()
        .post(REQUESTS, &json!({}))
        .await
        .refused(401, "unauthorized");
    assert_eq!(ben.post(REQUESTS, &json!({})).await.ok()["status"], "accepted");
    ben.post(REQUESTS, &json!({})).await.refused(409, "conflict");
    assert_eq!(ben.get(access).await.ok()["granted"], true);

    ana.put("/api/ana/rain/settings", &json!({ "gating": "manual" }))
        .await
        .ok();
    assert_eq!(ben.get(access).await.ok()["granted"], true);
    let eva = app.user("eva").await;
    let asked = eva.post(REQUESTS, &json!({})).await.ok();
    assert_eq!(asked["status"], "pending");
    assert_eq!(eva.post(REQUESTS, &json!({})).await.ok(), asked);
    let waiting = ana.get(REQUESTS).await.ok();
    assert_eq!(
        (&waiting["total"], &waiting["items"][0]["username"]),
        (&json!(1), &json!("eva"))
    );
    let accepted = ana.get(&format!("{REQUESTS}?status=accepted")).await.ok();
    assert_eq!(accepted["items"][0]["username"], "ben");
    for who in [&ben, &eva] {
        who.get(REQUESTS).await.refused(403, "forbidden");
        decide(who, "eva", "accepted").await.refused(403, "forbidden");
    }
    let no = json!({ "status": "rejected", "reason": "Write to us first." });
    ana.put(&format!("{REQUESTS}/eva"), &no).await.ok();
    ana.put(&format!("{REQUESTS}/eva"), &no).await.refused(409, "conflict");
    assert_eq!(eva.get(access).await.ok()["reason"], "Write to us first.");
    eva.post(REQUESTS, &json!({})).await.refused(409, "conflict");
    decide(&ana, "nobody-there", "accepted").await.refused(404, "not_found");
    decide(&ana, "admin", "rejected").await.refused(404, "not_found");
    ana.delete("/api/ana/rain").await.expect(204);
    app.finish().await;
}

#[tokio::test]
async fn pictures_of_a_card_load_for_those_with_access_and_the_text_for_all() {
    let (app, ana, ben) = gated("manual").await;
    ana.upload("ana/rain", "README.md", "# Rain\n\n![map](map.png)\n").await;
    ana.upload("ana/rain", "map.png", "no picture").await;
    for (who, signed) in [(&ana, true), (&ben, false)] {
        let html = who.get("/api/ana/rain/model-card").await.ok().to_string();
        assert!(html.contains("<h1"), "{html}");
        assert_eq!(html.contains("signature="), signed, "{html}");
    }
    app.finish().await;
}
