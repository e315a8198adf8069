use super::{create, refused};
use crate::support::TestApp;

#[tokio::test]
async fn whoever_is_logged_in_is_told_that_a_repository_is_missing_and_nobody_is_asked_to_log_in() {
    let app = TestApp::start().await;
    let (ana, nobody) = (app.user("ana").await, app.anonymous());
    for path in [
        "/api/models/ana/none/auth-check",
        "/api/datasets/ana/none/auth-check",
        "/api/models/none",
        "/api/models/none/revision/main",
    ] {
        let reply = ana.get(path).await;
        assert_eq!(refused(&reply, 404, "RepoNotFound"), "Repository not found");
        assert_eq!(reply.json()["error"], "Repository not found");
        assert_eq!(
            refused(&nobody.get(path).await, 401, "RepoNotFound"),
            "Repository not found"
        );
        let head = ana.head(path).await;
        assert_eq!(refused(&head, 404, "RepoNotFound"), "Repository not found", "{path}");
    }
    app.finish().await;
}

#[tokio::test]
async fn a_token_that_does_not_work_is_refused_with_one_sentence_everywhere() {
    let app = TestApp::start().await;
    create(&app.user("ana").await, "rain").await;
    let wrong = app.anonymous().with_token("gml_wrong");
    for path in ["/api/whoami-v2", "/api/models/ana/rain/auth-check"] {
        let reply = wrong.get(path).await;
        assert_eq!(refused(&reply, 401, ""), "Invalid credentials in Authorization header");
    }
    refused(&app.anonymous().get("/api/whoami-v2").await, 401, "");
    app.finish().await;
}

#[tokio::test]
async fn the_id_by_which_a_client_names_its_request_is_answered() {
    let app = TestApp::start().await;
    let nobody = app.anonymous();
    let answered = |name: &'static str, id: &'static str| {
        let call = nobody.get("/api/models/none").header(name, id);
        async move { call.await.header("x-request-id").to_owned() }
    };
    assert_eq!(answered("x-request-id", "mine-1").await, "mine-1");
    assert_eq!(answered("x-amzn-trace-id", "5b6a-77").await, "5b6a-77");
    let both = nobody
        .get("/health")
        .header("x-request-id", "a")
        .header("x-amzn-trace-id", "b");
    assert_eq!(both.await.header("x-request-id"), "a");
    assert_eq!(answered("x-amzn-trace-id", "not usable").await.len(), 32);
    app.finish().await;
}
