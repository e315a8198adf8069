use super::create;
use crate::support::{Reply, TestApp};
use serde_json::{Value, json};

/// What `huggingface_hub` calls itself.
const AGENT: &str = "unknown/None; hf_hub/2.4.0; python/3.11.2";

fn names(reply: &Reply) -> Vec<String> {
    let views: Value = reply.json();
    let views = views
        .as_array()
        .unwrap_or_else(|| panic!("no list: {}", reply.text()))
        .iter();
    views.map(|view| view["user"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn an_overview_counts_what_the_caller_may_see() {
    let app = TestApp::start().await;
    let (ana, ben) = (app.user("ana").await, app.user("ben").await);
    ana.put("/api/users/ana", &json!({ "full_name": "Ana Gauge", "bio": "Rain." }))
        .await
        .ok();
    create(&ana, "rain").await;
    ana.create_repository("hidden", "private").await;
    let dataset = json!({ "name": "gauges", "type": "dataset" });
    ana.post("/api/repos/create", &dataset).await.ok();
    ana.post("/api/models/ana/rain/like", &json!({})).await.ok();
    ben.post("/api/users/ana/follow", &json!({})).await.expect(204);

    let told = ben.get("/api/users/ana/overview").await.ok();
    assert_eq!((&told["user"], &told["fullname"]), (&json!("ana"), &json!("Ana Gauge")));
    assert_eq!((&told["type"], &told["details"]), (&json!("user"), &json!("Rain.")));
    assert_eq!(told["avatarUrl"], format!("{}/api/users/ana/avatar", app.address()));
    assert_eq!((&told["numModels"], &told["numDatasets"]), (&json!(1), &json!(1)));
    assert_eq!((&told["numLikes"], &told["numSpaces"]), (&json!(1), &json!(0)));
    assert_eq!((&told["numFollowers"], &told["numFollowing"]), (&json!(1), &json!(0)));
    assert_eq!(told["isFollowing"], true);
    assert!(told["createdAt"].as_str().unwrap().ends_with('Z'));
    assert!(told.get("email").is_none());
    assert_eq!(ana.get("/api/users/ana/overview").await.ok()["numModels"], 2);
    let anybody = app.anonymous().get("/api/users/ana/overview").await.ok();
    assert!(anybody.get("isFollowing").is_none());
    ana.get("/api/users/nobody-there/overview").await.expect(404);
    app.finish().await;
}

#[tokio::test]
async fn followers_are_a_bare_list_to_hugging_face_clients_and_a_page_to_all_others() {
    let app = TestApp::start().await;
    let (ana, ben, eva) = (app.user("ana").await, app.user("ben").await, app.user("eva").await);
    for follower in [&ben, &eva] {
        follower.post("/api/users/ana/follow", &json!({})).await.expect(204);
    }
    let as_client = |path: &'static str| ana.get(path).header("user-agent", AGENT);
    let followers = as_client("/api/users/ana/followers").await;
    assert_eq!(followers.json()[0]["type"], "user");
    let mut followers = names(&followers);
    followers.sort();
    assert_eq!(followers, ["ben", "eva"]);
    assert_eq!(names(&as_client("/api/users/ben/following").await), ["ana"]);
    assert_eq!(names(&as_client("/api/users/ana/followers?skip=1").await).len(), 1);
    as_client("/api/users/nobody-there/followers").await.expect(404);
    let page = ana.get("/api/users/ana/followers").await.ok();
    assert_eq!((&page["total"], &page["page"]), (&json!(2), &json!(1)));
    app.finish().await;
}
