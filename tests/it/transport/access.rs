use super::git::Git;
use super::token;
use crate::support::{PASSWORD, TestApp};
use serde_json::json;

fn with_credentials(address: &str, credentials: &str) -> String {
    address.replacen("http://", &format!("http://{credentials}@"), 1)
}

#[tokio::test]
async fn a_private_repository_is_cloned_with_password_or_token_and_by_nobody_else() {
    let app = TestApp::start().await;
    let (ana, ben) = (app.user("ana").await, app.user("ben").await);
    ana.create_repository("secret", "private").await;
    let git = Git::new();
    let url = format!("{}/ana/secret.git", app.address());
    let password = PASSWORD.replace(' ', "%20");

    let complaint = git.refused("", &["clone", "-q", &url, "anonymous"]);
    assert!(complaint.contains("could not read Username"), "{complaint}");
    let wrong = with_credentials(&url, "ana:not-the-password");
    let complaint = git.refused("", &["clone", "-q", &wrong, "wrong"]);
    assert!(complaint.contains("Authentication failed"), "{complaint}");
    let stranger = with_credentials(&url, &format!("ben:{password}"));
    let complaint = git.refused("", &["clone", "-q", &stranger, "stranger"]);
    assert!(complaint.contains("There is no repository ana/secret"), "{complaint}");

    git.run(
        "",
        &[
            "clone",
            "-q",
            &with_credentials(&url, &format!("ana:{password}")),
            "password",
        ],
    );
    git.run(
        "",
        &[
            "clone",
            "-q",
            &with_credentials(&url, &format!("ana%40example.org:{password}")),
            "mail",
        ],
    );
    let read = token(&ana, "read").await;
    git.run(
        "",
        &["clone", "-q", &with_credentials(&url, &format!("x:{read}")), "token"],
    );
    git.run("", &["clone", "-q", &with_credentials(&url, &read), "token-alone"]);
    let bearer = format!("http.extraHeader=Authorization: Bearer {read}");
    git.run("", &["-c", &bearer, "clone", "-q", &url, "bearer"]);
    for clone in ["password", "mail", "token", "token-alone", "bearer"] {
        git.assert_sound(clone);
        assert!(git.path(clone).join("README.md").exists());
    }

    let other = token(&ben, "admin").await;
    let complaint = git.refused(
        "",
        &["clone", "-q", &with_credentials(&url, &format!("x:{other}")), "other"],
    );
    assert!(complaint.contains("There is no repository ana/secret"), "{complaint}");
    app.finish().await;
}

#[tokio::test]
async fn whoever_may_log_in_further_is_asked_to_and_whoever_may_not_is_told() {
    let app = TestApp::start().await;
    let (ana, ben) = (app.user("ana").await, app.user("ben").await);
    ana.create_repository("rain", "public").await;
    ana.create_repository("secret", "private").await;
    let nobody = app.anonymous();
    let pull = |name: &str| format!("/ana/{name}.git/info/refs?service=git-upload-pack");
    let push = |name: &str| format!("/ana/{name}.git/info/refs?service=git-receive-pack");

    nobody.get(&pull("rain")).await.expect(200);
    for path in [
        pull("secret"),
        pull("nothing"),
        push("rain"),
        push("secret"),
        push("nothing"),
    ] {
        let reply = nobody.get(&path).await.expect(401);
        assert_eq!(reply.header("www-authenticate"), "Basic realm=\"GeoML-Hub\"");
        assert_eq!(reply.header("content-type"), "text/plain; charset=utf-8");
    }
    for path in [pull("secret"), pull("nothing"), push("secret"), push("nothing")] {
        let reply = ben.get(&path).await.expect(404);
        assert_eq!(reply.header("www-authenticate"), "");
        assert!(
            reply.text().starts_with("There is no repository ana/"),
            "{}",
            reply.text()
        );
    }
    let reply = ben.get(&push("rain")).await.expect(403);
    assert_eq!(reply.text(), "This needs write access to the repository.\n");
    let reader = ana.with_token(&token(&ana, "read").await);
    reader.get(&pull("secret")).await.expect(200);
    reader.get(&push("secret")).await.expect(403);
    ana.get(&push("secret")).await.expect(200);

    nobody.get("/ana/rain.git/info/refs").await.expect(400);
    let bad = nobody.get(&pull("rain")).header("authorization", "Basic no-base64!");
    bad.await.expect(401);
    app.finish().await;
}

#[tokio::test]
async fn guessing_passwords_over_git_is_limited_like_logins_and_a_new_password_ends_the_old_one() {
    let app = TestApp::with(&[("GEOML_HUB__AUTH__LOGIN_FAILURES_PER_MINUTE", "3")])
        .start()
        .await;
    let ana = app.user("ana").await;
    ana.create_repository("secret", "private").await;
    let nobody = app.anonymous();
    let ask = |password: &str| {
        let pair = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, format!("ana:{password}"));
        nobody
            .get("/ana/secret/info/refs?service=git-upload-pack")
            .header("authorization", &format!("Basic {pair}"))
    };
    for _ in 0..10 {
        ask(PASSWORD).await.expect(200);
    }
    let change = json!({ "current_password": PASSWORD, "new_password": "another battery" });
    ana.put("/api/users/ana/password", &change).await.expect(204);
    ask(PASSWORD).await.expect(401);
    ask("another battery").await.expect(200);
    for _ in 0..2 {
        ask("a guess").await.expect(401);
    }
    let reply = ask("a guess").await.expect(429);
    assert!(!reply.header("retry-after").is_empty());
    // Known to be right a moment ago, it costs nobody anything.
    ask("another battery").await.expect(200);
    app.finish().await;
}

#[tokio::test]
async fn every_kind_of_repository_has_its_address() {
    let app = TestApp::start().await;
    let ana = app.user("ana").await;
    for kind in ["model", "dataset", "space"] {
        let repository = json!({ "name": "rain", "repo_type": kind, "description": format!("the {kind}") });
        ana.post("/api/repositories", &repository).await.expect(201);
    }
    let only_a_space = json!({ "name": "demo", "repo_type": "space" });
    ana.post("/api/repositories", &only_a_space).await.expect(201);
    let git = Git::new();
    let addresses = [
        ("/ana/rain", "model"),
        ("/ana/rain.git", "model"),
        ("/datasets/ana/rain.git", "dataset"),
        ("/datasets/ana/rain", "dataset"),
        ("/spaces/ana/rain", "space"),
        ("/api/v1/git/ana/rain", "model"),
        ("/api/v1/git/ana/rain.git", "model"),
    ];
    for (number, (address, kind)) in addresses.into_iter().enumerate() {
        let folder = format!("clone-{number}");
        git.run("", &["clone", "-q", &format!("{}{address}", app.address()), &folder]);
        let readme = std::fs::read_to_string(git.path(&folder).join("README.md")).unwrap();
        assert!(readme.contains(&format!("the {kind}")), "{address}: {readme}");
    }
    git.run(
        "",
        &["clone", "-q", &format!("{}/ana/demo", app.address()), "without-family"],
    );
    let by_query = "/api/v1/git/ana/rain/info/refs?service=git-upload-pack&repo_type=dataset";
    let (by_query, by_prefix) = (
        app.anonymous().get(by_query).await.expect(200),
        app.anonymous()
            .get("/datasets/ana/rain/info/refs?service=git-upload-pack")
            .await
            .expect(200),
    );
    assert_eq!(by_query.text(), by_prefix.text());
    app.finish().await;
}
