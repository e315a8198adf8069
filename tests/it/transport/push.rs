use super::work::{Hosted, Work};
use crate::support::{Client, Random, TestApp, assert_git_agrees, until_answered};
use serde_json::Value;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_push_shows_in_the_api_the_card_and_the_search_as_a_commit_of_the_web_does() {
    let app = TestApp::start().await;
    let ana = app.user("ana").await;
    let hosted = Hosted::new(&app, &ana, "snow").await;
    let work = Work::of(&hosted.bare);
    work.write(
        "README.md",
        "---\nlicense: mit\ntags: [avalanche]\n---\n# Snow\n\nPermafrost thaw depth.\n",
    );
    work.write("data/ü name.csv", "a,b\n1,2\n");
    work.commit("Describe the snow");
    work.write("data/more.csv", "a\n");
    let tip = work.commit("Add more");
    work.push(&ana, &hosted.url, &["main"]);
    assert_eq!(hosted.tip("refs/heads/main"), tip);
    hosted.assert_sound();
    assert_git_agrees(&app).await;
    let found = |page: &Value| page["total"] == 1;
    until_answered(&ana, "/api/metadata/search?field=license&value=mit", found).await;
    until_answered(&ana, "/api/search/repositories?q=permafrost", found).await;
    until_answered(&ana, "/api/files/search?q=more.csv", found).await;
    let versions = ana.get("/api/ana/snow/commits?path=data/more.csv").await;
    assert!(versions.status.is_success(), "{}", versions.text());
    // A push that the hub has already changes nothing, and web commits go on from it.
    assert!(work.push(&ana, &hosted.url, &["main"]).contains("up-to-date"));
    ana.upload("ana/snow", "later.txt", "later").await;
    assert_git_agrees(&app).await;
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn branches_and_tags_are_made_moved_and_deleted_in_one_push() {
    let app = TestApp::start().await;
    let ana = app.user("ana").await;
    let hosted = Hosted::new(&app, &ana, "refs").await;
    let work = Work::of(&hosted.bare);
    let one = work.commit("One");
    work.git(&["branch", "feature/a"]);
    work.git(&["tag", "light"]);
    work.git(&["tag", "-a", "-m", "First", "v1"]);
    work.git(&["tag", "-a", "-m", "Of a tag", "nested", "v1"]);
    work.git(&["tag", "blob", "HEAD:README.md"]);
    work.push(&ana, &hosted.url, &["--tags", "main", "feature/a"]);
    hosted.assert_sound();
    for reference in ["refs/heads/main", "refs/heads/feature/a", "refs/tags/light"] {
        assert_eq!(hosted.tip(reference), one, "{reference}");
    }
    assert_eq!(hosted.tip("refs/tags/v1"), work.tip("v1"));
    assert_eq!(hosted.tip("refs/tags/nested"), work.tip("nested"));
    // An update, a new one and two deletions; a folder of names makes room for a name.
    let two = work.commit("Two");
    work.push(
        &ana,
        &hosted.url,
        &[
            "main",
            "main:refs/heads/other",
            ":feature/a",
            "main:refs/heads/feature",
            ":refs/tags/light",
        ],
    );
    hosted.assert_sound();
    assert_eq!(hosted.tip("refs/heads/feature"), two);
    assert_eq!(hosted.tip("refs/heads/other"), two);
    assert_eq!(hosted.tip("refs/heads/feature/a") + &hosted.tip("refs/tags/light"), "");
    // What is packed can be moved and deleted too, without a pack of the client.
    hosted.git(&["pack-refs", "--all"]);
    work.push(&ana, &hosted.url, &[":feature", ":refs/tags/nested", ":refs/tags/blob"]);
    assert!(!hosted.references().contains("nested"));
    assert_eq!(hosted.tip("refs/heads/main"), two);
    hosted.assert_sound();
    assert_git_agrees(&app).await;
    app.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_history_of_its_own_and_a_thin_update_of_a_large_text_arrive() {
    let app = TestApp::start().await;
    let ana = app.user("ana").await;
    let hosted = Hosted::new(&app, &ana, "own").await;
    let work = Work::new();
    let mut random = Random::new(5);
    let mut text: Vec<u8> = (0..400_000)
        .map(|_| b'a' + u8::try_from(random.below(26)).unwrap())
        .collect();
    for round in 0..20 {
        let place = random.index(text.len());
        text[place] = b'!';
        work.write("text", &text);
        work.write(&format!("noise/{round}.bin"), random.bytes(100_000));
        work.commit(&format!("Round {round}"));
    }
    // More than a megabyte goes in chunks, after a probe.
    work.push(&ana, &hosted.url, &["main:refs/heads/import"]);
    hosted.assert_sound();
    let before: u64 = stored(&ana, "ana/own").await;
    text[7] = b'?';
    work.write("text", &text);
    let tip = work.commit("A letter");
    work.push(&ana, &hosted.url, &["main:refs/heads/import"]);
    assert_eq!(hosted.tip("refs/heads/import"), tip);
    let added = stored(&ana, "ana/own").await - before;
    assert!((1..20_000).contains(&added), "{added} bytes for a letter");
    hosted.assert_sound();
    let same = |revision: &str| work.git(&["rev-list", "--objects", "--count", revision]);
    assert_eq!(
        hosted.git(&["rev-list", "--objects", "--count", "import"]),
        same("main")
    );
    assert_git_agrees(&app).await;
    app.finish().await;
}

async fn stored(client: &Client, repository: &str) -> u64 {
    let settings = client.get(&format!("/api/{repository}/settings")).await.ok();
    settings["stored_bytes"].as_u64().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dataset_is_pushed_under_its_prefix_and_by_name_and_password() {
    let app = TestApp::start().await;
    let ana = app.user("ana").await;
    let made = ana
        .post(
            "/api/repositories",
            &serde_json::json!({ "name": "rain", "repo_type": "dataset", "visibility": "private" }),
        )
        .await
        .expect(201)
        .json();
    let id = made["id"].as_str().unwrap();
    let bare = app
        .folder()
        .join("git")
        .join(&id[id.len() - 2..])
        .join(format!("{id}.git"));
    let work = Work::of(&bare);
    let tip = work.commit("By password");
    let host = app.address().replace("http://", "");
    let password = crate::support::PASSWORD.replace(' ', "%20");
    let url = format!("http://ana:{password}@{host}/datasets/ana/rain");
    work.push(&app.anonymous(), &url, &["main"]);
    let shown = std::fs::read_to_string(bare.join("refs/heads/main")).unwrap();
    assert_eq!(shown.trim(), tip);
    assert_git_agrees(&app).await;
    app.finish().await;
}
