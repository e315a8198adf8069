use super::create;
use crate::support::TestApp;
use serde_json::json;

#[tokio::test]
async fn likes_are_stars() {
    let app = TestApp::start().await;
    let (ana, ben) = (app.user("ana").await, app.user("ben").await);
    create(&ana, "rain").await;
    ana.create_repository("hidden", "private").await;
    let like = "/api/models/ana/rain/like";
    app.anonymous().post(like, &json!({})).await.expect(401);
    ben.post("/api/models/ana/hidden/like", &json!({})).await.expect(404);
    assert_eq!(ben.post(like, &json!({})).await.ok()["likes"], 1);
    ana.post("/api/ana/hidden/star", &json!({})).await.ok();
    let likers = app.anonymous().get("/api/models/ana/rain/likers").await.ok();
    assert_eq!(
        (&likers[0]["user"], &likers[0]["fullname"]),
        (&json!("ben"), &json!("ben"))
    );
    assert!(likers[0]["avatarUrl"].as_str().unwrap().ends_with("/avatar"));
    let likes = ana.get("/api/users/ben/likes").await.ok();
    assert_eq!(likes[0]["repo"], json!({ "name": "ana/rain", "type": "model" }));
    // What is private is liked in private.
    assert_eq!(ben.get("/api/users/ana/likes").await.ok(), json!([]));
    assert_eq!(ana.get("/api/users/ana/likes").await.ok().as_array().unwrap().len(), 1);
    app.anonymous().get("/api/users/nobody-there/likes").await.expect(404);
    assert_eq!(ben.delete(like).await.ok()["likes"], 0);
    assert_eq!(ben.delete(like).await.ok()["likes"], 0);
    assert_eq!(ben.get("/api/models/ana/rain/likers").await.ok(), json!([]));
    app.finish().await;
}
