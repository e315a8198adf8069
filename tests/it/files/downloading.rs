use super::{content, repository, sha256, upload};
use crate::support::TestApp;
use geoml_hub::base::{Clock, Timestamp};
use geoml_hub::keys::{Keys, SignedUrl};
use std::time::Duration;

#[tokio::test]
async fn ranges_answer_the_bytes_they_name() {
    let app = TestApp::start().await;
    let ana = app.user("ana").await;
    repository(&ana, "net", "public").await;
    let anonymous = app.anonymous();
    for (path, bytes) in [
        ("big.nc", content(1_000_000, 1)),
        ("small.txt", b"0123456789".repeat(20)),
    ] {
        upload(&ana, "ana/net", path, bytes.clone()).await.expect(201);
        let address = format!("/api/ana/net/download/{path}");
        let get = |range: &str| anonymous.get(&address).header("range", range);
        let part = get("bytes=10-19").await.expect(206);
        assert!(part.body == bytes[10..20], "{path}");
        assert_eq!(part.header("content-range"), format!("bytes 10-19/{}", bytes.len()));
        assert!(get("bytes=-7").await.expect(206).body == bytes[bytes.len() - 7..]);
        assert!(get("bytes=150-").await.expect(206).body == bytes[150..]);
        let refused = get(&format!("bytes={}-", bytes.len())).await.expect(416);
        assert_eq!(refused.header("content-range"), format!("bytes */{}", bytes.len()));
        let several = get("bytes=0-3,100-103").await.expect(206);
        assert!(
            several
                .header("content-type")
                .starts_with("multipart/byteranges; boundary=")
        );
        let body = String::from_utf8_lossy(&several.body).into_owned();
        assert!(
            body.contains(&format!("Content-Range: bytes 100-103/{}", bytes.len())),
            "{body}"
        );
        let whole = anonymous.get(&address).await.expect(200);
        assert!(whole.body == bytes);
        let tag = whole.header("etag").to_owned();
        let same = get("bytes=0-3").header("if-range", &tag).await.expect(206);
        assert!(same.body == bytes[..4]);
        let other = get("bytes=0-3").header("if-range", "\"another\"").await.expect(200);
        assert!(other.body == bytes);
        let known = anonymous.get(&address).header("if-none-match", &tag).await.expect(304);
        assert!(known.body.is_empty());
        let head = anonymous.head(&address).await.expect(200);
        assert_eq!(head.header("content-length"), bytes.len().to_string());
        assert_eq!(
            (head.header("etag"), head.header("accept-ranges")),
            (tag.as_str(), "bytes")
        );
    }
    app.finish().await;
}

#[tokio::test]
async fn content_cannot_act_as_a_page_of_the_hub() {
    let app = TestApp::start().await;
    let ana = app.user("ana").await;
    repository(&ana, "net", "public").await;
    upload(&ana, "ana/net", "页 面.html", "<script>alert(1)</script>")
        .await
        .expect(201);
    let address = "/api/ana/net/download/%E9%A1%B5%20%E9%9D%A2.html";
    let saved = app.anonymous().get(address).await.expect(200);
    assert_eq!(saved.header("x-content-type-options"), "nosniff");
    assert!(saved.header("content-security-policy").contains("sandbox"));
    let disposition = saved.header("content-disposition");
    assert!(disposition.starts_with("attachment;"), "{disposition}");
    assert!(
        disposition.contains("filename*=UTF-8''%E9%A1%B5%20%E9%9D%A2.html"),
        "{disposition}"
    );
    let shown = app.anonymous().get(&format!("{address}?inline=true")).await.expect(200);
    assert!(shown.header("content-disposition").starts_with("inline;"));
    assert!(shown.header("content-security-policy").contains("sandbox"));
    app.finish().await;
}

#[tokio::test]
async fn a_pointer_to_content_of_somebody_else_is_only_a_text() {
    let app = TestApp::start().await;
    let ana = app.user("ana").await;
    let bo = app.user("bo").await;
    repository(&ana, "secret", "private").await;
    repository(&bo, "mine", "public").await;
    let weights = content(50_000, 9);
    upload(&ana, "ana/secret", "w.nc", weights.clone()).await.expect(201);
    let pointer = format!(
        "version https://git-lfs.github.com/spec/v1\noid sha256:{}\nsize {}\n",
        sha256(&weights),
        weights.len()
    );
    upload(&bo, "bo/mine", "stolen.txt", pointer.clone()).await.expect(201);
    assert_eq!(
        bo.get("/api/bo/mine/download/stolen.txt").await.expect(200).text(),
        pointer
    );
    let blob = bo.get("/api/bo/mine/blob/stolen.txt").await.ok();
    assert_eq!((&blob["is_lfs"], &blob["size"]), (&false.into(), &pointer.len().into()));
    let link = format!("/blobs/{}?expires=99999999999&signature=00", sha256(&weights));
    bo.get(&link).await.refused(403, "forbidden");
    app.finish().await;
}

#[tokio::test]
async fn a_revision_is_a_branch_or_a_commit() {
    let app = TestApp::start().await;
    let ana = app.user("ana").await;
    repository(&ana, "net", "public").await;
    let first = upload(&ana, "ana/net", "a.txt", "one").await.expect(201).json();
    upload(&ana, "ana/net", "a.txt", "two").await.expect(201);
    let commit = first["commit_id"].as_str().unwrap();
    for (revision, text) in [("main", "two"), (commit, "one"), (&commit[..8], "one"), ("", "two")] {
        let address = format!("/api/ana/net/download/a.txt?revision={revision}");
        assert_eq!(ana.get(&address).await.expect(200).text(), text, "{revision}");
    }
    for missing in ["nope", "HEAD~1", "../main", "0000000000000000000000000000000000000000"] {
        ana.get(&format!("/api/ana/net/download/a.txt?revision={missing}"))
            .await
            .refused(404, "not_found");
    }
    app.finish().await;
}

#[tokio::test]
async fn a_signed_address_reads_its_content_until_it_expires_or_is_changed() {
    let app = TestApp::start().await;
    let ana = app.user("ana").await;
    repository(&ana, "net", "private").await;
    let weights = content(200_000, 3);
    upload(&ana, "ana/net", "w.nc", weights.clone()).await.expect(201);
    let keys = Keys::open(&app.folder().join("keys")).unwrap();
    let address = |seconds: i64| {
        let url = SignedUrl {
            method: "GET".to_owned(),
            path: format!("/blobs/{}", sha256(&weights)),
            expires_at: Timestamp::from_seconds(Clock::system().now().as_seconds() + seconds),
            parameters: [("response-content-type".to_owned(), "text/csv".to_owned())].into(),
        };
        url.issue(&keys)
    };
    let (good, anonymous) = (address(60), app.anonymous());
    let reply = anonymous.get(&good).await.expect(200);
    assert!(reply.body == weights && reply.header("content-type") == "text/csv");
    let part = anonymous.get(&good).header("range", "bytes=5-9").await.expect(206);
    assert_eq!(part.body, weights[5..10]);
    for changed in [
        good.replace("text", "html"),
        good.replace("expires=", "expires=9"),
        good.replace(&sha256(&weights), &sha256(b"another")),
        good.split("&signature").next().unwrap().to_owned(),
        address(-1),
    ] {
        anonymous.get(&changed).await.refused(403, "forbidden");
    }
    let brief = address(1);
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    anonymous.get(&brief).await.refused(403, "forbidden");
    app.finish().await;
}
