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

#[tokio::test]
async fn organizations_stand_in_whoami_and_tell_their_members_and_their_storage() {
    let app = TestApp::start().await;
    let (ana, ben) = (app.user("ana").await, app.user("ben").await);
    let wish = json!({ "name": "lab", "full_name": "Ice Lab", "private_by_default": true });
    ana.post("/api/v1/organizations", &wish).await.expect(201);
    let made = json!({ "name": "ice", "organization": "lab" });
    ben.post("/api/repos/create", &made).await.refused(403, "forbidden");
    ana.post("/api/repos/create", &made).await.ok();
    let settings = "/api/organizations/lab/settings/repositories";
    ben.get(settings).await.refused(403, "forbidden");
    let member = json!({ "role": "contributor" });
    ana.put("/api/v1/organizations/lab/members/ben", &member)
        .await
        .expect(201);

    let orgs = ben.get("/api/whoami-v2").await.ok()["orgs"].clone();
    assert_eq!(
        (&orgs[0]["name"], &orgs[0]["roleInOrg"]),
        (&json!("lab"), &json!("contributor"))
    );
    assert_eq!(
        ana.get("/api/users/ben/overview").await.ok()["orgs"][0]["fullname"],
        "Ice Lab"
    );
    assert_eq!(ben.get(settings).await.ok()[0]["id"], "lab/ice");
    ben.post("/api/users/lab/follow", &json!({})).await.expect(204);
    let told = ben.get("/api/organizations/lab/overview").await.ok();
    assert_eq!((&told["numUsers"], &told["numModels"]), (&json!(2), &json!(1)));
    assert_eq!((&told["isFollowing"], &told["numFollowers"]), (&json!(true), &json!(1)));
    // What is private is not counted for others.
    let told = app.anonymous().get("/api/organizations/lab/overview").await.ok();
    assert_eq!((&told["numModels"], &told["fullname"]), (&json!(0), &json!("Ice Lab")));
    assert_eq!(names(&ana.get("/api/organizations/lab/members").await), ["ana", "ben"]);
    assert_eq!(names(&ana.get("/api/organizations/lab/followers").await), ["ben"]);
    ana.get("/api/organizations/ana/overview").await.expect(404);
    app.finish().await;
}
