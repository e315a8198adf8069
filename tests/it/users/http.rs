use crate::support::{Client, TestApp};
use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};
use std::time::Duration;

const PASSWORD: &str = "correct horse battery";

async fn log_in(app: &TestApp, name: &str) -> Value {
    let login = json!({ "username": name, "password": PASSWORD });
    app.anonymous().post("/api/auth/login", &login).await.ok()
}

fn with(app: &TestApp, grant: &Value) -> Client {
    app.anonymous().with_token(grant["access_token"].as_str().unwrap())
}

#[tokio::test]
async fn registering_answers_the_account_and_the_first_administers_the_hub() {
    let app = TestApp::start().await;
    let health = app.anonymous().get("/api/auth/health").await.ok();
    assert_eq!(health["needs_first_account"], true);
    let account = |name: &str| json!({ "username": name, "email": format!("{name}@x.org"), "password": PASSWORD });
    let reply = app
        .anonymous()
        .post("/api/auth/register", &account("Ana"))
        .await
        .expect(201);
    let ana = reply.json();
    assert_eq!(
        (ana["username"].as_str(), ana["is_admin"].as_bool()),
        (Some("Ana"), Some(true))
    );
    assert_eq!(ana["storage_quota"], 5_u64 << 30);
    let ben = app.anonymous().post("/api/auth/register", &account("ben")).await.ok();
    assert_eq!(ben["is_admin"], false);

    let anybody = app.anonymous();
    let taken = anybody
        .post("/api/auth/register", &account("ANA"))
        .await
        .refused(409, "conflict");
    assert!(taken.contains("taken"), "{taken}");
    let reserved = anybody.post("/api/auth/register", &account("Datasets")).await;
    assert_eq!(reserved.json()["details"]["field"], "username");
    assert!(reserved.refused(422, "invalid").contains("reserved"));
    let short = json!({ "username": "eve", "email": "eve@x.org", "password": "1234567" });
    let short = anybody.post("/api/auth/register", &short).await;
    assert_eq!(short.json()["details"]["field"], "password");
    let missing = anybody.post("/api/auth/register", &json!({ "username": "eve" })).await;
    missing.refused(400, "bad_request");
    app.finish().await;
}

#[tokio::test]
async fn a_login_lives_through_refresh_and_restart_and_ends_with_logout() {
    let mut app = TestApp::start().await;
    app.user("ana").await;
    let grant = log_in(&app, "ana").await;
    assert_eq!(
        (&grant["token_type"], &grant["expires_in"]),
        (&json!("Bearer"), &json!(3600))
    );
    assert_eq!(grant["user"]["email"], "ana@example.org");
    app.restart().await;
    let me = with(&app, &grant).get("/api/auth/me").await.ok();
    assert_eq!(me["username"], "ana");

    let refresh = json!({ "refresh_token": grant["refresh_token"] });
    let next = app.anonymous().post("/api/auth/refresh", &refresh).await.ok();
    assert_ne!(next["refresh_token"], grant["refresh_token"]);
    let verified = app
        .anonymous()
        .post("/api/auth/verify", &json!({ "token": next["access_token"] }))
        .await
        .ok();
    assert_eq!(
        (&verified["valid"], &verified["user"]["username"]),
        (&json!(true), &json!("ana"))
    );
    assert!(verified["user"].get("email").is_none());

    with(&app, &next)
        .call(reqwest::Method::POST, "/api/auth/logout")
        .await
        .expect(204);
    app.restart().await;
    for ended in [&grant, &next] {
        let reply = with(&app, ended).get("/api/auth/me").await;
        assert!(reply.header("www-authenticate").starts_with("Bearer"));
        reply.refused(401, "unauthorized");
        // A credential that does not work is refused on public addresses too.
        with(&app, ended)
            .get("/api/users/ana")
            .await
            .refused(401, "unauthorized");
        let body = json!({ "token": ended["access_token"] });
        let verified = app.anonymous().post("/api/auth/verify", &body).await.ok();
        assert_eq!(verified["valid"], false);
    }
    let body = json!({ "refresh_token": next["refresh_token"] });
    app.anonymous()
        .post("/api/auth/refresh", &body)
        .await
        .refused(401, "unauthorized");
    app.anonymous().get("/api/auth/me").await.refused(401, "unauthorized");
    app.anonymous()
        .get("/api/auth/me")
        .header("authorization", "Basic YTpi")
        .await
        .refused(401, "unauthorized");
    app.finish().await;
}

#[tokio::test]
async fn wrong_logins_are_told_when_to_come_again() {
    let app = TestApp::with(&[("GEOML_HUB__AUTH__LOGIN_FAILURES_PER_MINUTE", "2")])
        .start()
        .await;
    app.user("ana").await;
    let wrong = json!({ "username": "ana", "password": "a wrong password" });
    let unknown = json!({ "username": "nobody", "password": "a wrong password" });
    let told = app
        .anonymous()
        .post("/api/auth/login", &wrong)
        .await
        .refused(401, "unauthorized");
    let same = app
        .anonymous()
        .post("/api/auth/login", &unknown)
        .await
        .refused(401, "unauthorized");
    assert_eq!(told, same);
    app.anonymous().post("/api/auth/login", &wrong).await.expect(401);
    let reply = app.anonymous().post("/api/auth/login", &wrong).await;
    let wait: u64 = reply.header("retry-after").parse().unwrap();
    assert!((1..=30).contains(&wait), "{wait}");
    reply.refused(429, "too_many_requests");
    app.finish().await;
}

#[tokio::test]
async fn personal_access_tokens_are_shown_once_and_work_at_once() {
    let app = TestApp::start().await;
    let ana = app.user("ana").await;
    let new = json!({ "name": "laptop", "scope": "read", "expires_at": "2999-01-01T00:00:00Z" });
    let made = ana.post("/api/auth/tokens", &new).await.expect(201).json();
    let secret = made["token"].as_str().unwrap();
    assert!(secret.starts_with("gml_"), "{secret}");
    let reader = ana.with_token(secret);
    assert_eq!(reader.get("/api/auth/me").await.ok()["username"], "ana");
    let refused = reader
        .put("/api/users/ana", &json!({ "bio": "x" }))
        .await
        .refused(403, "forbidden");
    assert!(refused.contains("'write'"), "{refused}");
    reader.post("/api/auth/tokens", &new).await.refused(403, "forbidden");
    reader
        .call(reqwest::Method::POST, "/api/auth/logout")
        .await
        .refused(422, "invalid");

    let list = ana.get("/api/auth/tokens").await.ok();
    assert_eq!(
        (&list["total"], &list["items"][0]["name"]),
        (&json!(1), &json!("laptop"))
    );
    assert!(list["items"][0].get("token").is_none());
    assert!(list["items"][0]["last_used_at"].is_string());
    assert!(!list.to_string().contains(secret));

    let path = format!("/api/auth/tokens/{}", made["id"].as_str().unwrap());
    app.user("ben").await.delete(&path).await.refused(404, "not_found");
    ana.delete(&path).await.expect(204);
    reader.get("/api/auth/me").await.refused(401, "unauthorized");
    for (field, body) in [
        ("name", json!({ "name": " ", "scope": "read" })),
        ("scope", json!({ "name": "x", "scope": "root" })),
        (
            "expires_at",
            json!({ "name": "x", "scope": "read", "expires_at": "2001-01-01T00:00:00Z" }),
        ),
    ] {
        let reply = ana.post("/api/auth/tokens", &body).await;
        assert!(reply.status.is_client_error());
        assert_eq!(reply.json()["details"]["field"], field);
    }
    app.finish().await;
}

#[tokio::test]
async fn a_token_is_limited_to_repositories_by_their_names() {
    let app = TestApp::start().await;
    let (ana, ben) = (app.user("ana").await, app.user("ben").await);
    let repository = json!({ "name": "rain", "repo_type": "dataset", "visibility": "private" });
    let repository = ana.post("/api/repositories", &repository).await.ok();
    for name in ["ana/rain", "datasets/ana/rain", repository["id"].as_str().unwrap()] {
        let new = json!({ "name": "x", "scope": "write", "repositories": [name] });
        let made = ana.post("/api/auth/tokens", &new).await.ok();
        assert_eq!(made["repositories"], json!([repository["id"]]));
        let limited = ana.with_token(made["token"].as_str().unwrap());
        limited
            .put("/api/users/ana", &json!({ "bio": "x" }))
            .await
            .refused(403, "forbidden");
        assert!(limited.get("/api/auth/me").await.ok().get("email").is_none());
        // What ben may not see does not exist for him.
        ben.post("/api/auth/tokens", &new).await.refused(404, "not_found");
    }
    // Too many names are refused before any of them is looked up.
    let many = json!({ "name": "x", "scope": "read", "repositories": vec!["ben/absent"; 1_001] });
    let refused = ana.post("/api/auth/tokens", &many).await;
    assert_eq!(refused.json()["details"]["field"], "repositories");
    refused.refused(422, "invalid");
    app.finish().await;
}

#[tokio::test]
async fn profiles_are_public_but_for_what_is_private() {
    let app = TestApp::start().await;
    let (admin, ana) = (app.admin().await, app.user("ana").await);
    let change = json!({ "full_name": "Ana", "bio": "云", "website": "https://x.org", "location": "Kiel" });
    assert_eq!(ana.put("/api/users/ANA", &change).await.ok()["bio"], "云");
    let seen = app.anonymous().get("/api/users/Ana").await.ok();
    assert_eq!((&seen["full_name"], &seen["location"]), (&json!("Ana"), &json!("Kiel")));
    for private in ["email", "is_admin", "is_active", "storage_quota"] {
        assert!(seen.get(private).is_none(), "{private}");
        assert!(
            admin.get("/api/users/ana").await.ok().get(private).is_some(),
            "{private}"
        );
    }
    let kept = ana.put("/api/users/ana", &json!({ "bio": null })).await.ok();
    assert_eq!((&kept["bio"], &kept["location"]), (&json!(null), &json!("Kiel")));
    let bad = ana
        .put("/api/users/ana", &json!({ "website": "javascript:alert(1)" }))
        .await;
    assert_eq!(bad.json()["details"]["field"], "website");
    let quota = json!({ "storage_quota": 1234 });
    ana.put("/api/users/ana", &quota).await.refused(403, "forbidden");
    assert_eq!(admin.put("/api/users/ana", &quota).await.ok()["storage_quota"], 1234);
    app.anonymous()
        .put("/api/users/ana", &quota)
        .await
        .refused(401, "unauthorized");
    app.anonymous().get("/api/users/nobody").await.refused(404, "not_found");
    app.anonymous().get("/api/users/a%2Fb").await.refused(404, "not_found");

    let made = json!({ "username": "cleo", "email": "c@x.org", "password": PASSWORD, "is_admin": true });
    ana.post("/api/users", &made).await.refused(403, "forbidden");
    assert_eq!(
        admin.post("/api/users", &made).await.expect(201).json()["is_admin"],
        true
    );
    let list = app.anonymous().get("/api/users?limit=2&q=A").await.ok();
    assert_eq!((&list["total"], &list["limit"]), (&json!(2), &json!(2)));
    assert_eq!(list["items"][0]["username"], "ana");
    app.anonymous()
        .get("/api/users?limit=0")
        .await
        .refused(400, "bad_request");
    app.finish().await;
}

#[tokio::test]
async fn a_password_is_changed_with_the_present_one() {
    let app = TestApp::start().await;
    let (admin, ana, ben) = (app.admin().await, app.user("ana").await, app.user("ben").await);
    let path = "/api/users/ana/password";
    let new = json!({ "new_password": "a new password" });
    ana.put(path, &new).await.refused(422, "invalid");
    let wrong = json!({ "current_password": "wrong", "new_password": "a new password" });
    ana.put(path, &wrong).await.refused(403, "forbidden");
    ben.put(path, &new).await.refused(403, "forbidden");
    let right = json!({ "old_password": PASSWORD, "new_password": "a new password" });
    ana.put(path, &right).await.expect(204);
    ana.get("/api/auth/me").await.expect(200);
    admin.put(path, &json!({ "new_password": PASSWORD })).await.expect(204);
    ana.get("/api/auth/me").await.refused(401, "unauthorized");
    log_in(&app, "ana").await;
    app.finish().await;
}

#[tokio::test]
async fn an_avatar_is_uploaded_as_a_form_or_as_it_is() {
    let app = TestApp::start().await;
    let ana = app.user("ana").await;
    let mut png = std::io::Cursor::new(Vec::new());
    let picture = image::DynamicImage::from(image::RgbImage::from_pixel(600, 300, image::Rgb([9, 99, 199])));
    picture.write_to(&mut png, image::ImageFormat::Png).unwrap();
    let png = png.into_inner();
    let path = "/api/users/ana/avatar";
    app.anonymous().get(path).await.refused(404, "not_found");
    let put = || ana.call(reqwest::Method::PUT, path);
    let form = Form::new()
        .text("note", "x")
        .part("file", Part::bytes(png.clone()).file_name("me.png"));
    let first = put().form(form).await.ok();
    let raw = put().header("content-type", "image/png").body(png).await.ok();
    assert_eq!(first["avatar_url"], raw["avatar_url"]);
    let reply = app
        .anonymous()
        .get(raw["avatar_url"].as_str().unwrap())
        .await
        .expect(200);
    assert_eq!(reply.header("content-type"), "image/png");
    assert_eq!(reply.header("x-content-type-options"), "nosniff");
    let known = app
        .anonymous()
        .get(path)
        .header("if-none-match", reply.header("etag"))
        .await;
    known.expect(304);

    put().body("no picture").await.refused(422, "invalid");
    put().form(Form::new().text("note", "x")).await.refused(422, "invalid");
    put().body(vec![0_u8; 6 << 20]).await.refused(413, "too_large");
    app.user("ben")
        .await
        .call(reqwest::Method::PUT, path)
        .body("x")
        .await
        .refused(403, "forbidden");
    app.finish().await;
}

#[tokio::test]
async fn one_address_makes_only_so_many_accounts_in_an_hour() {
    let app = TestApp::with(&[("GEOML_HUB__AUTH__REGISTRATIONS_PER_HOUR", "3")])
        .start()
        .await;
    let account =
        |name: &str| json!({ "username": name, "email": format!("{name}@example.org"), "password": PASSWORD });
    for name in ["ana", "ben", "cai"] {
        app.anonymous()
            .post("/api/auth/register", &account(name))
            .await
            .expect(201);
    }
    let reply = app.anonymous().post("/api/auth/register", &account("dan")).await;
    let wait: u64 = reply.header("retry-after").parse().unwrap();
    assert!((1..=1_200).contains(&wait), "{wait}");
    reply.refused(429, "too_many_requests");
    let ana = app.log_in("ana").await;
    ana.post("/api/users", &account("dan")).await.expect(201);
    app.finish().await;
}

#[tokio::test]
async fn a_session_ends_with_its_tokens_and_a_refresh_begins_it_anew() {
    let app = TestApp::with(&[
        ("GEOML_HUB__AUTH__ACCESS_TOKEN_LIFETIME", "10s"),
        ("GEOML_HUB__AUTH__REFRESH_TOKEN_LIFETIME", "20s"),
    ])
    .start()
    .await;
    app.user("ana").await;
    let grant = log_in(&app, "ana").await;
    assert_eq!(grant["expires_in"], 10);
    let person = |grant: &Value| app.anonymous().with_token(grant["access_token"].as_str().unwrap());
    let refresh = |grant: &Value| {
        let body = json!({ "refresh_token": grant["refresh_token"] });
        app.anonymous().post("/api/auth/refresh", &body)
    };
    tokio::time::sleep(Duration::from_millis(10_100)).await;
    person(&grant).get("/api/auth/me").await.refused(401, "unauthorized");
    let renewed = refresh(&grant).await.ok();
    person(&renewed).get("/api/auth/me").await.ok();
    tokio::time::sleep(Duration::from_millis(20_100)).await;
    refresh(&renewed).await.refused(401, "unauthorized");
    person(&renewed).get("/api/auth/me").await.refused(401, "unauthorized");
    app.finish().await;
}
