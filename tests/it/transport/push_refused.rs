use super::work::{Hosted, Work};
use crate::support::{Random, TestApp, assert_git_agrees};
use serde_json::json;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_may_not_write_is_refused_before_anything_is_sent() {
    let app = TestApp::start().await;
    let ana = app.user("ana").await;
    let ben = app.user("ben").await;
    let hosted = Hosted::new(&app, &ana, "mine").await;
    ana.create_repository("secret", "private").await;
    let token = |scope: &str| json!({ "name": scope, "scope": scope });
    let read = ana.post("/api/auth/tokens", &token("read")).await.expect(201).json();
    let reader = ana.with_token(read["token"].as_str().unwrap());
    let work = Work::of(&hosted.bare);
    let before = hosted.references();
    work.commit("One");
    for (client, why) in [(&app.anonymous(), "Authentication"), (&ben, "403"), (&reader, "403")] {
        let said = work.refused(client, &hosted.url, &["main"]);
        assert!(said.contains(why) || said.contains("could not read"), "{said}");
    }
    let secret = hosted.url.replace("mine", "secret");
    assert!(work.refused(&ben, &secret, &["main"]).contains("not found"));
    // The second request is refused by itself too, whatever the first one said.
    for (client, status) in [(&app.anonymous(), 401), (&ben, 403), (&reader, 403)] {
        let reply = client
            .call(reqwest::Method::POST, "/ana/mine.git/git-receive-pack")
            .header("content-type", "application/x-git-receive-pack-request")
            .body("0000")
            .await;
        assert_eq!(reply.status.as_u16(), status, "{}", reply.text());
        assert_eq!(reply.headers.contains_key("www-authenticate"), status == 401);
    }
    assert_eq!(hosted.references(), before);
    hosted.assert_sound();
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_above_the_limit_is_refused_by_name_however_the_pack_comes() {
    let app = TestApp::with(&[("GEOML_HUB__GIT__PUSH_FILE_SIZE", "64 KiB")])
        .start()
        .await;
    let ana = app.user("ana").await;
    let hosted = Hosted::new(&app, &ana, "large").await;
    let mut random = Random::new(3);
    for size in [65_537, 3_000_000] {
        let work = Work::of(&hosted.bare);
        work.write("models/big one.bin", random.bytes(size));
        work.write("small.bin", random.bytes(65_536));
        work.commit("Add a model");
        let said = work.refused(&ana, &hosted.url, &["main"]);
        assert!(
            said.contains("models/big one.bin has") && !said.contains("small.bin"),
            "{said}"
        );
        assert!(said.contains("git lfs track \"models/big one.bin\""), "{said}");
        hosted.assert_sound();
    }
    let work = Work::of(&hosted.bare);
    work.write("small.bin", random.bytes(65_536));
    work.commit("Just right");
    work.push(&ana, &hosted.url, &["main"]);
    assert_git_agrees(&app).await;
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_push_above_the_quota_is_stopped_and_leaves_nothing() {
    let app = TestApp::with(&[("GEOML_HUB__STORAGE__QUOTA", "1 MiB")]).start().await;
    let ana = app.user("ana").await;
    let hosted = Hosted::new(&app, &ana, "full").await;
    let work = Work::of(&hosted.bare);
    let before = hosted.references();
    let mut random = Random::new(3);
    work.write("noise", random.bytes(6_000_000));
    work.commit("Too much");
    let said = work.refused(&ana, &hosted.url, &["main"]);
    assert!(said.contains("quota"), "{said}");
    assert_eq!(hosted.references(), before);
    hosted.assert_sound();
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pointers_come_with_their_content_unless_the_repository_allows_otherwise() {
    let app = TestApp::start().await;
    let ana = app.user("ana").await;
    let hosted = Hosted::new(&app, &ana, "pointers").await;
    let mut random = Random::new(8);
    ana.upload("ana/pointers", "there.bin", random.bytes(2_000_000)).await;
    let work = Work::of(&hosted.bare);
    let there = std::fs::read_to_string(work.path().join("there.bin")).unwrap();
    assert!(there.starts_with("version https://git-lfs"), "{there}");
    work.write("copy.bin", &there);
    work.commit("The same content");
    work.push(&ana, &hosted.url, &["main"]);
    let oid = "4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393";
    let absent = format!("version https://git-lfs.github.com/spec/v1\noid sha256:{oid}\nsize 12345\n");
    work.write("weights/absent.bin", absent);
    let tip = work.commit("Without content");
    let said = work.refused(&ana, &hosted.url, &["main"]);
    assert!(said.contains("weights/absent.bin") && said.contains(oid), "{said}");
    // A right to the content under another size is no right.
    work.git(&["reset", "--hard", "--quiet", "HEAD~1"]);
    work.write("lie.bin", there.replace("size 2000000", "size 2000001"));
    work.commit("Another size");
    assert!(work.refused(&ana, &hosted.url, &["main"]).contains("lie.bin"));
    let rules = json!({ "protections": [], "missing_lfs": true });
    ana.put("/api/v1/repos/ana/pointers/protections", &rules).await.ok();
    work.push(&ana, &hosted.url, &[&format!("{tip}:refs/heads/main")]);
    hosted.assert_sound();
    app.finish_without_check().await;
}
