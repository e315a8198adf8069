use super::{content, git, git_folder, repository, sha256, upload, upload_batch};
use crate::support::TestApp;
use reqwest::Method;
use reqwest::multipart::{Form, Part};
use serde_json::json;
use std::time::Duration;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

#[tokio::test]
async fn a_small_text_is_kept_in_git_and_answered_byte_for_byte() {
    let app = TestApp::start().await;
    let ana = app.user("ana").await;
    let made = repository(&ana, "net", "public").await;
    let text = "降水预测\nsecond line\n";
    let answer = upload(&ana, "ana/net", "文档/说明 1.txt", text)
        .await
        .expect(201)
        .json();
    assert_eq!((&answer["changed"], &answer["branch"]), (&json!(true), &json!("main")));
    let file = &answer["files"][0];
    assert_eq!((&file["is_lfs"], &file["size"]), (&json!(false), &json!(text.len())));
    assert_eq!(file["sha256"], sha256(text.as_bytes()));
    let folder = git_folder(&app, &made);
    assert_eq!(git(&folder, &["show", "main:文档/说明 1.txt"]), text);
    let blob = app
        .anonymous()
        .get("/api/ana/net/blob/%E6%96%87%E6%A1%A3/%E8%AF%B4%E6%98%8E%201.txt")
        .await
        .ok();
    assert_eq!(
        (&blob["content"], &blob["is_binary"], &blob["language"]),
        (&json!(text), &json!(false), &json!("Text"))
    );
    assert_eq!(blob["last_commit"]["id"], answer["commit_id"]);
    assert_eq!(blob["file_id"], file["file_id"]);
    let id = file["file_id"].as_str().unwrap();
    let download = app
        .anonymous()
        .get(&format!("/api/files/{id}/download"))
        .await
        .expect(200);
    assert_eq!(download.text(), text);
    git(&folder, &["fsck", "--strict"]);
    app.finish().await;
}

#[tokio::test]
async fn a_file_of_a_large_format_becomes_a_pointer_that_clones_understand() {
    let app = TestApp::start().await;
    let ana = app.user("ana").await;
    let made = repository(&ana, "net", "public").await;
    let weights = content(100_000, 1);
    let answer = upload(&ana, "ana/net", "weights/model.safetensors", weights.clone())
        .await
        .expect(201)
        .json();
    assert_eq!(answer["files"][0]["is_lfs"], true);
    let folder = git_folder(&app, &made);
    let pointer = git(&folder, &["show", "main:weights/model.safetensors"]);
    assert!(
        pointer.contains(&format!("oid sha256:{}", sha256(&weights))),
        "{pointer}"
    );
    let attribute = git(
        &folder,
        &["check-attr", "--source=main", "filter", "weights/model.safetensors"],
    );
    assert!(attribute.trim_end().ends_with("filter: lfs"), "{attribute}");
    let download = app
        .anonymous()
        .get("/api/ana/net/download/weights/model.safetensors")
        .await
        .expect(200);
    assert!(download.body == weights);
    assert_eq!(download.header("etag"), format!("\"{}\"", sha256(&weights)));
    let blob = ana.get("/api/ana/net/blob/weights/model.safetensors").await.ok();
    assert_eq!((&blob["is_lfs"], &blob["size"]), (&json!(true), &json!(weights.len())));
    assert_eq!((&blob["is_binary"], &blob["content"]), (&json!(true), &json!(null)));
    app.finish().await;
}

#[tokio::test]
async fn size_decides_where_the_name_does_not() {
    let limits = [
        ("GEOML_HUB__UPLOADS__BINARY_LIMIT", "10 KiB"),
        ("GEOML_HUB__UPLOADS__TEXT_LIMIT", "50 KiB"),
    ];
    let app = TestApp::with(&limits).start().await;
    let ana = app.user("ana").await;
    let made = repository(&ana, "net", "public").await;
    let text = |length: usize| "a line of text\n".repeat(length / 15 + 1).into_bytes();
    let mut binary = content(20_000, 2);
    binary[5] = 0;
    let cases = [
        ("small.dat", binary[..9_000].to_vec(), false),
        ("big.dat", binary.clone(), true),
        ("small.json", text(40_000), false),
        ("big.json", text(60_000), true),
        ("empty.nc", Vec::new(), false),
    ];
    for (path, bytes, large) in cases {
        let answer = upload(&ana, "ana/net", path, bytes.clone()).await.expect(201).json();
        assert_eq!(answer["files"][0]["is_lfs"], large, "{path}");
        let download = ana.get(&format!("/api/ana/net/download/{path}")).await.expect(200);
        assert!(download.body == bytes, "{path}");
    }
    let folder = git_folder(&app, &made);
    let attributes = git(
        &folder,
        &[
            "check-attr",
            "--source=main",
            "filter",
            "big.json",
            "small.json",
            "big.dat",
        ],
    );
    let filters: Vec<_> = attributes.lines().map(|line| line.ends_with("lfs")).collect();
    assert_eq!(filters, [true, false, true]);
    git(&folder, &["fsck", "--strict"]);
    app.finish().await;
}

#[tokio::test]
async fn the_same_content_again_is_no_commit() {
    let app = TestApp::start().await;
    let ana = app.user("ana").await;
    repository(&ana, "net", "public").await;
    for (path, bytes) in [("a.txt", b"one".to_vec()), ("b.nc", content(5_000, 3))] {
        let first = upload(&ana, "ana/net", path, bytes.clone()).await.expect(201).json();
        let second = upload(&ana, "ana/net", path, bytes).await.expect(200).json();
        assert_eq!(second["changed"], false);
        assert_eq!(second["commit_id"], first["commit_id"]);
    }
    app.finish().await;
}

#[tokio::test]
async fn content_that_comes_after_its_pointer_is_kept_and_served() {
    let mut app = TestApp::start().await;
    let ana = app.user("ana").await;
    repository(&ana, "net", "public").await;
    let picture = content(30_000, 5);
    let pointer = format!(
        "version https://git-lfs.github.com/spec/v1\noid sha256:{}\nsize {}\n",
        sha256(&picture),
        picture.len()
    );
    let rules = String::from("*.png filter=lfs diff=lfs merge=lfs -text\n");
    // A clone without its large files, uploaded as a folder: the rules come with the pointers that they are for.
    let files = vec![
        (".gitattributes".to_owned(), rules.into_bytes()),
        ("p.png".to_owned(), pointer.clone().into_bytes()),
    ];
    upload_batch(&ana, "ana/net", files).await.expect(201);
    let download = "/api/ana/net/download/p.png";
    assert_eq!(ana.get(download).await.expect(200).text(), pointer);
    let answer = upload(&ana, "ana/net", "p.png", picture.clone())
        .await
        .expect(200)
        .json();
    assert_eq!(answer["changed"], false, "the pointer was there");
    assert!(ana.get(download).await.expect(200).body == picture);
    app.restart().await;
    assert!(app.anonymous().get(download).await.expect(200).body == picture);
    app.finish().await;
}

/// Sends an upload and resets the connection after a while, as a client does that crashes.
async fn upload_and_vanish(app: &TestApp, token: &str, text: &str, after: Duration) {
    let body = format!(
        "--b\r\ncontent-disposition: form-data; name=\"path\"\r\n\r\na.txt\r\n--b\r\n\
         content-disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\n{text}\r\n--b--\r\n"
    );
    let head = format!(
        "POST /api/ana/net/upload HTTP/1.1\r\nhost: hub\r\nauthorization: Bearer {token}\r\n\
         content-type: multipart/form-data; boundary=b\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    let address = app.address().trim_start_matches("http://").to_owned();
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(format!("{head}{body}").as_bytes()).await.unwrap();
    tokio::time::sleep(after).await;
    stream.set_zero_linger().unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_commit_goes_on_to_its_end_when_its_client_is_gone() {
    let app = TestApp::start().await;
    let ana = app.user("ana").await;
    let made = repository(&ana, "net", "public").await;
    let folder = git_folder(&app, &made);
    for n in 0..60_u64 {
        let after = Duration::from_micros(n * 200);
        upload_and_vanish(&app, ana.token.as_deref().unwrap(), &format!("text {n}"), after).await;
        let known = async || ana.get("/api/ana/net").await.ok()["last_commit"]["id"].clone();
        for left in (0..200).rev() {
            if known().await == git(&folder, &["rev-parse", "main"]).trim() {
                break;
            }
            assert!(left > 0, "the branch moved and nobody was told");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
    let commits = git(&folder, &["rev-list", "--count", "main"]);
    assert!(
        commits.trim().parse::<u32>().unwrap() > 1,
        "no upload got through: {commits}"
    );
    app.finish().await;
}

#[tokio::test]
async fn the_fields_of_a_form_may_come_in_any_order() {
    let app = TestApp::start().await;
    let ana = app.user("ana").await;
    let made = repository(&ana, "net", "public").await;
    let form = Form::new()
        .part("file", Part::bytes(content(3_000, 4)).file_name("local.dat"))
        .text("message", "Add the array")
        .text("path", "data/array.npy");
    let answer = ana
        .call(Method::POST, "/api/ana/net/upload")
        .form(form)
        .await
        .expect(201)
        .json();
    assert_eq!(
        (&answer["files"][0]["path"], &answer["files"][0]["is_lfs"]),
        (&json!("data/array.npy"), &json!(true))
    );
    let form = Form::new().part("file", Part::bytes(b"x".to_vec()).file_name("名 字.txt"));
    let answer = ana
        .call(Method::POST, "/api/ana/net/upload")
        .form(form)
        .await
        .expect(201)
        .json();
    assert_eq!(answer["files"][0]["path"], "名 字.txt");
    let form = Form::new()
        .text("path", "notes/")
        .part("file", Part::bytes(b"y".to_vec()).file_name("y.txt"));
    let answer = ana
        .call(Method::POST, "/api/ana/net/upload")
        .form(form)
        .await
        .expect(201)
        .json();
    assert_eq!(answer["files"][0]["path"], "notes/y.txt");
    let titles = git(&git_folder(&app, &made), &["log", "--format=%s", "main"]);
    let titles: Vec<_> = titles.lines().take(3).collect();
    assert_eq!(titles, ["Upload notes/y.txt", "Upload 名 字.txt", "Add the array"]);
    app.finish().await;
}

#[tokio::test]
async fn a_quota_refuses_before_and_during_an_upload() {
    let app = TestApp::with(&[("GEOML_HUB__STORAGE__QUOTA", "1 MiB")]).start().await;
    let ana = app.user("ana").await;
    repository(&ana, "net", "public").await;
    upload(&ana, "ana/net", "a.nc", content(600_000, 5)).await.expect(201);
    upload(&ana, "ana/net", "b.nc", content(600_000, 6))
        .await
        .refused(413, "quota_exceeded");
    // Without a length the hub counts what comes.
    let pieces = (0..12_u64).map(|seed| Ok::<_, std::io::Error>(content(50_000, seed)));
    let stream = reqwest::Body::wrap_stream(futures_util::stream::iter(pieces));
    let form = Form::new()
        .text("path", "c.nc")
        .part("file", Part::stream(stream).file_name("c.nc"));
    ana.call(Method::POST, "/api/ana/net/upload")
        .form(form)
        .await
        .refused(413, "quota_exceeded");
    upload(&ana, "ana/net", "d.nc", content(300_000, 7)).await.expect(201);
    let storage = ana.get("/api/users/ana/storage").await.ok();
    assert_eq!(storage["quota"], 1 << 20);
    assert!(storage["used"].as_u64().unwrap() > 900_000, "{storage}");
    app.finish().await;
}
