use crate::support::{Client, Reply, TestApp};
use serde_json::{Value, json};

const GRANT: &str = "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Adevice_code";
const FORM: &str = "application/x-www-form-urlencoded";
/// How `huggingface_hub` calls itself.
const LIBRARY: &str = "client_id=26be6b09-91c5-47da-9861-d2d2bb7a7e36";

async fn send(client: &Client, path: &str, form: String) -> Reply {
    client
        .call(reqwest::Method::POST, path)
        .header("content-type", FORM)
        .body(form)
        .await
}

async fn begin_as(client: &Client, form: &str) -> (String, String) {
    let begun = send(client, "/oauth/device", form.to_owned()).await;
    assert_eq!(begun.header("cache-control"), "no-store");
    let begun = begun.ok();
    let text = |name: &str| begun[name].as_str().unwrap().to_owned();
    assert_eq!(begun["interval"], 5);
    assert_eq!(begun["expires_in"], 600);
    assert!(text("verification_uri").ends_with("/device"));
    assert_eq!(
        text("verification_uri_complete"),
        format!("{}?code={}", text("verification_uri"), text("user_code"))
    );
    (text("device_code"), text("user_code"))
}

async fn begin(client: &Client) -> (String, String) {
    begin_as(client, LIBRARY).await
}

async fn ask(client: &Client, device_code: &str) -> Reply {
    let form = format!("{GRANT}&{LIBRARY}&device_code={device_code}");
    send(client, "/oauth/token", form).await
}

#[track_caller]
fn refusal(reply: Reply) -> Value {
    let refused = reply.expect(400).json();
    assert!(!refused["error_description"].as_str().unwrap().is_empty());
    refused["error"].clone()
}

fn yes(user_code: &str) -> Value {
    json!({ "user_code": user_code, "approve": true })
}

fn no(user_code: &str) -> Value {
    json!({ "user_code": user_code, "approve": false })
}

#[tokio::test]
async fn a_program_gets_a_token_once_when_somebody_says_yes_to_its_code() {
    let app = TestApp::start().await;
    let (ana, program) = (app.user("ana").await, app.anonymous());
    let (device_code, user_code) = begin(&program).await;
    assert_eq!(refusal(ask(&program, &device_code).await), "authorization_pending");

    let typed = user_code.to_lowercase().replace('-', "%20");
    let shown = ana.get(&format!("/api/auth/device?user_code={typed}")).await.ok();
    assert_eq!(shown["program"], "huggingface_hub");
    assert_eq!(shown["address"], "127.0.0.1");
    let typed = typed.replace("%20", " ");
    program.post("/api/auth/device", &yes(&typed)).await.expect(401);
    ana.post("/api/auth/device", &yes(&typed)).await.expect(204);
    // A code is answered once.
    ana.post("/api/auth/device", &no(&user_code)).await.expect(404);
    let address = format!("/api/auth/device?user_code={user_code}");
    ana.get(&address).await.expect(404);

    let granted = ask(&program, &device_code).await;
    assert_eq!(granted.header("cache-control"), "no-store");
    let granted = granted.ok();
    assert_eq!(
        (&granted["token_type"], &granted["scope"]),
        (&json!("bearer"), &json!("write"))
    );
    assert_eq!(granted.get("expires_in"), None);
    let let_in = program.with_token(granted["access_token"].as_str().unwrap());
    let me = let_in.get("/api/whoami-v2").await.ok();
    assert_eq!(me["name"], "ana");
    assert_eq!(me["auth"]["accessToken"]["displayName"], "huggingface_hub");
    assert_eq!(refusal(ask(&program, &device_code).await), "expired_token");
    app.finish().await;
}

#[tokio::test]
async fn the_token_of_a_program_is_listed_limited_and_revoked_like_any_other() {
    let app = TestApp::start().await;
    let (ana, program) = (app.user("ana").await, app.anonymous());
    let (device_code, user_code) = begin_as(&program, "client_id=").await;
    let past = json!({ "user_code": user_code, "approve": true, "expires_at": "2020-01-01T00:00:00Z" });
    let refused = ana.post("/api/auth/device", &past).await.expect(422).json();
    assert_eq!(refused["details"]["field"], "expires_at");
    let wish =
        json!({ "user_code": user_code, "approve": true, "scope": "read", "expires_at": "2999-01-01T00:00:00Z" });
    ana.post("/api/auth/device", &wish).await.expect(204);
    let granted = ask(&program, &device_code).await.ok();
    assert_eq!(granted["scope"], "read");
    assert!(granted["expires_in"].as_u64().unwrap() > 1_000_000_000);

    let listed = ana.get("/api/auth/tokens").await.ok();
    assert_eq!(listed["total"], 1);
    let token = &listed["items"][0];
    assert_eq!(
        (&token["name"], &token["scope"]),
        (&json!("unnamed program"), &json!("read"))
    );
    let let_in = program.with_token(granted["access_token"].as_str().unwrap());
    let_in
        .post("/api/repos/create", &json!({ "name": "rain" }))
        .await
        .expect(403);
    let address = format!("/api/auth/tokens/{}", token["id"].as_str().unwrap());
    ana.delete(&address).await.expect(204);
    let_in.get("/api/whoami-v2").await.expect(401);
    app.finish().await;
}

#[tokio::test]
async fn a_no_and_a_token_give_a_program_nothing() {
    let app = TestApp::start().await;
    let (ana, program) = (app.user("ana").await, app.anonymous());
    let (device_code, user_code) = begin(&program).await;
    let wish = json!({ "name": "notebook", "scope": "admin" });
    let token = ana.post("/api/auth/tokens", &wish).await.expect(201).json();
    let by_token = ana.with_token(token["token"].as_str().unwrap());
    by_token.post("/api/auth/device", &yes(&user_code)).await.expect(403);
    let address = format!("/api/auth/device?user_code={user_code}");
    by_token.get(&address).await.expect(403);
    ana.post("/api/auth/device", &no(&user_code)).await.expect(204);
    assert_eq!(refusal(ask(&program, &device_code).await), "access_denied");
    assert_eq!(refusal(ask(&program, &device_code).await), "access_denied");
    assert_eq!(refusal(ask(&program, "gmd_x").await), "expired_token");
    let other = send(&program, "/oauth/token", "grant_type=password".to_owned()).await;
    assert_eq!(refusal(other), "unsupported_grant_type");
    assert_eq!(ana.get("/api/auth/tokens").await.ok()["total"], 1);
    app.finish().await;
}

#[tokio::test]
async fn guessed_codes_impatient_programs_and_too_many_of_them_are_held_back() {
    let app = TestApp::start().await;
    let (ana, ben, program) = (app.user("ana").await, app.user("ben").await, app.anonymous());
    let (device_code, user_code) = begin(&program).await;
    // What is right counts as no guess.
    let address = format!("/api/auth/device?user_code={user_code}");
    for _ in 0..10 {
        ana.get(&address).await.expect(200);
    }
    // On a slow machine the budget refills meanwhile.
    let mut guesses = vec![ana.get("/api/auth/device?user_code=BCDF-GHJM").await];
    while guesses.last().unwrap().status == 404 {
        assert!(guesses.len() < 50);
        let wrong = ["BCDF-GHJK", "no code", ""][guesses.len() % 3];
        guesses.push(ana.post("/api/auth/device", &yes(wrong)).await);
    }
    assert!(guesses.len() > 5, "{}", guesses.len());
    let refused = guesses.pop().unwrap().expect(429);
    assert!(!refused.header("retry-after").is_empty());
    ben.get(&address).await.expect(200);

    let mut questions = 0;
    while refusal(ask(&program, &device_code).await) == "authorization_pending" {
        questions += 1;
        assert!(questions < 50);
    }
    assert!(questions >= 3, "{questions}");
    assert_eq!(refusal(ask(&program, &device_code).await), "slow_down");
    // A yes is heard all the same.
    ben.post("/api/auth/device", &yes(&user_code)).await.expect(204);
    ask(&program, &device_code).await.ok();

    let mut begun = 1;
    while send(&program, "/oauth/device", LIBRARY.to_owned()).await.status == 200 {
        begun += 1;
        assert!(begun < 200);
    }
    assert!(begun >= 100, "{begun}");
    app.finish().await;
}

#[tokio::test]
async fn the_login_of_a_program_outlives_a_crash_and_is_written_down() {
    let mut app = TestApp::start().await;
    let admin = app.admin().await;
    let program = app.anonymous();
    let (device_code, user_code) = begin(&program).await;
    let (_, refused) = begin(&program).await;
    admin.post("/api/auth/device", &yes(&user_code)).await.expect(204);
    admin.post("/api/auth/device", &no(&refused)).await.expect(204);
    app.kill().await;
    app.start_again().await;
    ask(&app.anonymous(), &device_code).await.ok();
    app.finish().await;
}
