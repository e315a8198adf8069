use super::{content, git, git_folder, repository, upload_batch};
use crate::support::TestApp;
use std::time::Instant;

#[tokio::test]
async fn two_thousand_files_are_one_commit() {
    let app = TestApp::start().await;
    let ana = app.user("ana").await;
    let made = repository(&ana, "net", "public").await;
    let name = |number: usize| format!("part-{}/file {number}.txt", number % 20);
    let files = (0..2_000)
        .map(|number| (name(number), format!("content of {number}\n").into_bytes()))
        .collect();
    let started = Instant::now();
    let answer = upload_batch(&ana, "ana/net", files).await.expect(201).json();
    println!("2,000 files in one batch: {:?}", started.elapsed());
    assert_eq!(answer["files"].as_array().unwrap().len(), 2_000);
    let folder = git_folder(&app, &made);
    assert_eq!(git(&folder, &["rev-list", "--count", "main"]).trim(), "2");
    assert_eq!(
        git(&folder, &["ls-tree", "-r", "--name-only", "main"]).lines().count(),
        2_002
    );
    git(&folder, &["fsck", "--strict"]);
    for number in [0, 999, 1_999] {
        let path = name(number).replace(' ', "%20");
        let download = ana.get(&format!("/api/ana/net/download/{path}")).await.expect(200);
        assert_eq!(download.text(), format!("content of {number}\n"));
    }
    app.finish().await;
}

#[tokio::test]
async fn a_batch_is_committed_whole_or_not_at_all() {
    let app = TestApp::with(&[("GEOML_HUB__UPLOADS__BATCH_FILES", "5")]).start().await;
    let ana = app.user("ana").await;
    let made = repository(&ana, "net", "public").await;
    let text = |path: &str| (path.to_owned(), b"text".to_vec());
    let twice = vec![text("a.txt"), text("b.txt"), text("a.txt")];
    let reply = upload_batch(&ana, "ana/net", twice).await.expect(422);
    assert_eq!(reply.json()["details"]["path"], "a.txt");
    upload_batch(&ana, "ana/net", vec![text("a.txt"), text("../b.txt")])
        .await
        .refused(422, "invalid");
    upload_batch(&ana, "ana/net", vec![text("a.txt"), text("A.txt")])
        .await
        .refused(409, "conflict");
    upload_batch(&ana, "ana/net", (0..6).map(|n| text(&n.to_string())).collect())
        .await
        .refused(413, "too_large");
    let empty = reqwest::multipart::Form::new().text("message", "nothing");
    ana.call(reqwest::Method::POST, "/api/ana/net/upload/batch")
        .form(empty)
        .await
        .refused(422, "invalid");
    let folder = git_folder(&app, &made);
    assert_eq!(git(&folder, &["rev-list", "--count", "main"]).trim(), "1");
    let mixed = vec![
        text("a.txt"),
        ("b.nc".to_owned(), content(9_000, 1)),
        ("c/d.tif".to_owned(), content(9_000, 2)),
    ];
    let answer = upload_batch(&ana, "ana/net", mixed).await.expect(201).json();
    let large: Vec<_> = answer["files"]
        .as_array()
        .unwrap()
        .iter()
        .map(|file| file["is_lfs"].as_bool().unwrap())
        .collect();
    assert_eq!(large, [false, true, true]);
    assert_eq!(git(&folder, &["rev-list", "--count", "main"]).trim(), "2");
    app.finish().await;
}
