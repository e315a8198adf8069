use super::{batch_call, fetch, href, object, oid, one, refused, send, stored};
use crate::support::{Random, TestApp, eventually};
use bytes::Bytes;
use futures_util::future::join_all;
use reqwest::{Body, Method};
use serde_json::json;
use std::time::Duration;

/// A body whose beginning is sent at once and whose end comes when the sender says so, or never.
fn slow_body() -> (tokio::sync::mpsc::Sender<std::io::Result<Bytes>>, Body) {
    let (sender, mut pieces) = tokio::sync::mpsc::channel(4);
    let stream = futures_util::stream::poll_fn(move |context| pieces.poll_recv(context));
    (sender, Body::wrap_stream(stream))
}

#[tokio::test]
async fn objects_go_up_and_come_down_at_every_address_of_a_repository() {
    let app = TestApp::start().await;
    let ana = app.user("ana").await;
    let kinds = [("model", "net"), ("dataset", "rain"), ("space", "demo")];
    for (kind, name) in kinds {
        let wish = json!({ "name": name, "repo_type": kind, "visibility": "private" });
        ana.post("/api/repositories", &wish).await.expect(201);
    }
    let bases = [
        "/ana/net.git/info/lfs",
        "/ana/net/info/lfs",
        "/datasets/ana/rain.git/info/lfs",
        "/datasets/ana/rain/info/lfs",
        "/spaces/ana/demo.git/info/lfs",
        "/spaces/ana/demo/info/lfs",
        "/api/v1/git/ana/net.git/info/lfs",
        "/api/v1/git/ana/rain/info/lfs",
        "/api/v1/repos/ana/demo/info/lfs",
        "/api/v1/repos/ana/net/info/lfs?repo_type=model",
    ];
    for base in bases {
        let (base, query) = base.split_once('?').unwrap_or((base, ""));
        let content = format!("content of {base}").into_bytes();
        assert_eq!(send(&app, &ana, base, &content).await.expect(200).body, b"");
        let call = fetch(&app, &ana, base, &content).await;
        let reply = call.await.expect(200);
        assert_eq!(reply.body, content, "{base} {query}");
        let again = one(&ana, base, "upload", &content).await;
        assert!(
            again.get("actions").is_none() && again.get("error").is_none(),
            "{again}"
        );
    }
    app.finish().await;
}

#[tokio::test]
async fn a_download_goes_on_where_it_broke_off() {
    let app = TestApp::start().await;
    let ana = app.user("ana").await;
    ana.create_repository("net", "private").await;
    let base = "/ana/net.git/info/lfs";
    let content = Random::new(7).bytes(700_001);
    send(&app, &ana, base, &content).await.expect(200);
    let object = one(&ana, base, "download", &content).await;
    assert_eq!(object["authenticated"], true);
    let address = href(&app, &object, "download");
    let rest = app
        .anonymous()
        .get(&address)
        .header("range", "bytes=300000-")
        .await
        .expect(206);
    assert_eq!(rest.body, content[300_000..]);
    assert_eq!(rest.header("content-range"), "bytes 300000-700000/700001");
    let last = app
        .anonymous()
        .get(&address)
        .header("range", "bytes=-5")
        .await
        .expect(206);
    assert_eq!(last.body, content[700_001 - 5..]);
    let beyond = app.anonymous().get(&address).header("range", "bytes=700001-").await;
    beyond.expect(416);
    let head = app.anonymous().head(&address).await.expect(200);
    assert_eq!(head.header("content-length"), "700001");
    app.finish().await;
}

#[tokio::test]
async fn bytes_that_were_not_announced_are_refused_and_leave_nothing() {
    let app = TestApp::start().await;
    let ana = app.user("ana").await;
    ana.create_repository("net", "public").await;
    let base = "/ana/net.git/info/lfs";
    let content = b"what was announced".as_slice();
    let before = stored(&app);
    let object = one(&ana, base, "upload", content).await;
    let upload = href(&app, &object, "upload");
    let put = |body: Body| app.anonymous().call(Method::PUT, &upload).body(body);
    let streamed = |bytes: &'static [u8]| {
        let pieces = bytes
            .chunks(4)
            .map(|piece| Ok::<_, std::io::Error>(Bytes::from_static(piece)));
        Body::wrap_stream(futures_util::stream::iter(pieces.collect::<Vec<_>>()))
    };
    for (body, told) in [
        (Body::from("what was announceD"), "SHA-256"),
        (Body::from("what was"), "18 bytes"),
        (Body::from("what was announced and more"), "18 bytes"),
        (streamed(b"what was announceD"), "SHA-256"),
        (streamed(b"what was"), "8 bytes arrived"),
        (streamed(b"what was announced and more"), "bytes arrived"),
    ] {
        let reply = put(body).await.expect(422);
        let message = reply.json()["message"].as_str().unwrap().to_owned();
        assert!(message.contains(told), "{message}");
    }
    wait_until(|| stored(&app) == before).await;
    let verify = href(&app, &object, "verify");
    let sent = json!({ "oid": oid(content), "size": content.len() });
    app.anonymous().post(&verify, &sent).await.expect(404);
    assert_eq!(refused(&one(&ana, base, "download", content).await), 404);
    put(Body::from(content.to_vec())).await.expect(200);
    app.anonymous().post(&verify, &sent).await.expect(200);
    let wrong_size = json!({ "oid": oid(content), "size": 3 });
    app.anonymous().post(&verify, &wrong_size).await.expect(422);
    let other = json!({ "oid": oid(b"other"), "size": 18 });
    app.anonymous().post(&verify, &other).await.expect(422);
    app.finish().await;
}

#[tokio::test]
async fn an_upload_that_breaks_off_leaves_nothing_and_can_be_sent_again() {
    let app = TestApp::start().await;
    let ana = app.user("ana").await;
    ana.create_repository("net", "private").await;
    let base = "/ana/net.git/info/lfs";
    let content = Random::new(8).bytes(300_000);
    let before = stored(&app);
    let upload = href(&app, &one(&ana, base, "upload", &content).await, "upload");
    let (sender, body) = slow_body();
    let attempt = tokio::spawn(app.anonymous().call(Method::PUT, &upload).body(body).attempt());
    sender
        .send(Ok(Bytes::copy_from_slice(&content[..200_000])))
        .await
        .unwrap();
    wait_until(|| stored(&app).len() > before.len()).await;
    sender.send(Err(std::io::Error::other("cut"))).await.unwrap();
    assert!(attempt.await.unwrap().is_err());
    wait_until(|| stored(&app) == before).await;
    send(&app, &ana, base, &content).await.expect(200);
    assert_eq!(fetch(&app, &ana, base, &content).await.await.body, content);
    app.finish().await;
}

pub(super) async fn wait_until(holds: impl Fn() -> bool) {
    eventually(async || holds().then_some(()).ok_or("it does not come to hold".to_owned())).await;
}

#[tokio::test]
async fn several_uploads_at_once_arrive_whole_even_of_one_object() {
    let app = TestApp::start().await;
    let ana = app.user("ana").await;
    ana.create_repository("net", "private").await;
    let base = "/ana/net.git/info/lfs";
    let contents: Vec<Vec<u8>> = (0..8).map(|seed| Random::new(seed).bytes(1 << 20)).collect();
    let slices: Vec<&[u8]> = contents.iter().chain(&contents[..2]).map(Vec::as_slice).collect();
    let answer = batch_call(&ana, base, "upload", &slices).await.ok();
    let sent = answer["objects"]
        .as_array()
        .unwrap()
        .iter()
        .zip(&slices)
        .map(|(object, content)| {
            let address = href(&app, object, "upload");
            let call = app.anonymous().call(Method::PUT, &address).body(content.to_vec());
            async move { call.await.expect(200) }
        });
    join_all(sent).await;
    for content in &contents {
        assert_eq!(fetch(&app, &ana, base, content).await.await.body, *content);
    }
    let settings = ana.get("/api/ana/net/settings").await.ok();
    let stored_bytes = settings["stored_bytes"].as_u64().unwrap();
    assert!(
        (8 << 20..9 << 20).contains(&stored_bytes),
        "each counts once: {stored_bytes}"
    );
    app.finish().await;
}

#[tokio::test]
async fn what_does_not_fit_the_quota_is_refused_before_and_while_it_comes() {
    let app = TestApp::with(&[("GEOML_HUB__STORAGE__QUOTA", "1 MiB")]).start().await;
    let ana = app.user("ana").await;
    ana.create_repository("net", "private").await;
    let base = "/ana/net.git/info/lfs";
    let [first, second] = [1, 2].map(|seed| Random::new(seed).bytes(600_000));
    let both = batch_call(&ana, base, "upload", &[&first, &second]).await.ok();
    for object in both["objects"].as_array().unwrap() {
        assert_eq!(refused(object), 413);
        let message = object["error"]["message"].as_str().unwrap();
        assert!(message.contains("quota") && message.contains("1 MiB"), "{message}");
    }
    let mut addresses = Vec::new();
    for content in [&first, &second] {
        addresses.push(href(&app, &one(&ana, base, "upload", content).await, "upload"));
    }
    let before = stored(&app);
    let (sender, body) = slow_body();
    let slow = tokio::spawn(app.anonymous().call(Method::PUT, &addresses[0]).body(body).attempt());
    sender
        .send(Ok(Bytes::copy_from_slice(&first[..400_000])))
        .await
        .unwrap();
    wait_until(|| stored(&app).len() > before.len()).await;
    let refusal = app
        .anonymous()
        .call(Method::PUT, &addresses[1])
        .body(second.clone())
        .await
        .expect(413);
    assert!(refusal.json()["message"].as_str().unwrap().contains("quota"));
    assert_eq!(refused(&one(&ana, base, "upload", &second).await), 413);
    sender
        .send(Ok(Bytes::copy_from_slice(&first[400_000..])))
        .await
        .unwrap();
    drop(sender);
    slow.await.unwrap().unwrap().expect(200);
    assert_eq!(refused(&one(&ana, base, "upload", &second).await), 413);
    app.finish().await;
}

#[tokio::test]
async fn an_address_works_for_its_request_and_its_time_only() {
    let app = TestApp::with(&[("GEOML_HUB__AUTH__LINK_LIFETIME", "10s")])
        .start()
        .await;
    let ana = app.user("ana").await;
    ana.create_repository("net", "private").await;
    let base = "/ana/net.git/info/lfs";
    let (old, new) = (b"sent before".as_slice(), b"never sent".as_slice());
    send(&app, &ana, base, old).await.expect(200);
    let upload = href(&app, &one(&ana, base, "upload", new).await, "upload");
    let download = href(&app, &one(&ana, base, "download", old).await, "download");
    let anonymous = app.anonymous();
    anonymous.get(&upload).await.expect(403);
    anonymous.call(Method::PUT, &download).body(old).await.expect(403);
    anonymous.get(&download.replace(&oid(old), &oid(new))).await.expect(403);
    let size = format!("size={}", new.len());
    assert!(upload.contains(&size));
    let larger = anonymous.call(Method::PUT, &upload.replace(&size, "size=9999"));
    larger.body(vec![0; 9999]).await.expect(403);
    anonymous.get(download.split_once('?').unwrap().0).await.expect(403);
    anonymous.get(&download).await.expect(200);
    tokio::time::sleep(Duration::from_secs(11)).await;
    let late = anonymous.get(&download).await.expect(403).json();
    assert!(late["message"].as_str().unwrap().contains("expired"), "{late}");
    anonymous.call(Method::PUT, &upload).body(new).await.expect(403);
    assert_eq!(refused(&one(&ana, base, "download", new).await), 404);
    assert!(!app.log().iter().any(|line| line.contains("signature=")));
    app.finish().await;
}

#[tokio::test]
async fn a_batch_that_breaks_a_rule_is_refused_and_a_bad_object_alone() {
    let app = TestApp::start().await;
    let ana = app.user("ana").await;
    ana.create_repository("net", "public").await;
    let base = "/ana/net.git/info/lfs";
    let path = format!("{base}/objects/batch");
    let good = object(b"good");
    let many: Vec<_> = (0..1_001).map(|_| good.clone()).collect();
    for (body, status) in [
        (json!({ "operation": "upload", "objects": many }), 413),
        (
            json!({ "operation": "upload", "objects": [good], "hash_algo": "sha512" }),
            409,
        ),
        (
            json!({ "operation": "upload", "objects": [good], "transfers": ["tus"] }),
            422,
        ),
        (json!({ "operation": "erase", "objects": [good] }), 400),
        (json!({ "operation": "upload" }), 400),
        (json!([]), 400),
    ] {
        let reply = ana.post(&path, &body).await.expect(status);
        assert_eq!(reply.header("content-type"), "application/vnd.git-lfs+json");
        assert!(!reply.json()["message"].as_str().unwrap().is_empty());
    }
    let bad = [
        json!({ "oid": "abc", "size": 1 }),
        json!({ "oid": oid(b"x").to_uppercase(), "size": 1 }),
        json!({ "oid": oid(b"x"), "size": -1 }),
        json!({ "oid": "../../etc/passwd", "size": 1 }),
    ];
    for operation in ["upload", "download"] {
        let mut objects = bad.to_vec();
        objects.insert(2, good.clone());
        let body = json!({ "operation": operation, "objects": objects });
        let answer = ana.post(&path, &body).await.ok();
        let answers = answer["objects"].as_array().unwrap();
        for index in [0, 1, 3, 4] {
            assert_eq!(refused(&answers[index]), 422);
            assert_eq!(answers[index]["oid"], objects[index]["oid"]);
        }
        assert_eq!(answers[2].get("actions").is_some(), operation == "upload");
    }
    let body = json!({ "operation": "upload", "objects": [good] });
    let upload = ana.post(&path, &body).await.ok();
    app.anonymous()
        .call(Method::PUT, &href(&app, &upload["objects"][0], "upload"))
        .body("good")
        .await
        .expect(200);
    for operation in ["upload", "download"] {
        let wrong_size = json!({ "operation": operation, "objects": [{ "oid": oid(b"good"), "size": 5 }] });
        let answer = ana.post(&path, &wrong_size).await.ok();
        assert_eq!(refused(&answer["objects"][0]), 422);
    }
    app.finish().await;
}
