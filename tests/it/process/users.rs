use crate::support::{Outcome, TestApp, hub_command};
use serde_json::json;
use std::io::Write;
use std::process::Stdio;

const PASSWORD: &str = "correct horse battery";

/// Runs a command on the app's stopped hub with this text on standard input.
fn run(app: &TestApp, arguments: &[&str], input: &str) -> Outcome {
    let mut command = hub_command(arguments);
    command.arg("--data").arg(app.folder());
    let streams = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = streams.spawn().expect("the binary runs");
    let mut stdin = child.stdin.take().expect("piped");
    // A command that refuses before it reads has closed its end.
    let _ = stdin.write_all(input.as_bytes());
    drop(stdin);
    let output = child.wait_with_output().expect("it ends");
    Outcome {
        code: output.status.code(),
        output: String::from_utf8(output.stdout).expect("text"),
        errors: String::from_utf8(output.stderr).expect("text"),
    }
}

async fn stopped() -> TestApp {
    let mut app = TestApp::start().await;
    app.stop().await;
    app
}

fn create(app: &TestApp, name: &str, further: &[&str]) -> Outcome {
    let email = format!("{name}@example.org");
    let arguments = [&["user", "create", name, "--email", &email], further].concat();
    run(app, &arguments, &format!("{PASSWORD}\n"))
}

#[tokio::test]
async fn accounts_made_on_the_command_line_can_log_in_and_the_first_administers_the_hub() {
    let mut app = stopped().await;
    let outcome = create(&app, "ana", &[]);
    assert_eq!(
        (outcome.code, outcome.output.as_str()),
        (Some(0), "Made the account ana, who administers the hub.\n"),
        "{}",
        outcome.errors
    );
    assert_eq!(create(&app, "bo", &[]).output, "Made the account bo.\n");
    assert_eq!(
        create(&app, "cleo", &["--admin"]).output,
        "Made the account cleo, who administers the hub.\n"
    );
    let again = create(&app, "ANA", &[]);
    assert_eq!(again.code, Some(1));
    assert!(
        again.errors.starts_with("geoml-hub: ") && again.errors.contains("ANA"),
        "{}",
        again.errors
    );

    let list = run(&app, &["user", "list"], "").output;
    let lines: Vec<Vec<&str>> = list.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(lines.len(), 4, "{list}");
    assert_eq!(lines[1][..4], ["ana", "admin", "active", "ana@example.org"]);
    assert_eq!(lines[2][..2], ["bo", "user"]);

    app.start_again().await;
    let ana = app.log_in("ana").await;
    ana.get("/api/admin/tasks").await.ok();
    let bo = app.log_in("bo").await;
    assert_eq!(bo.get("/api/admin/tasks").await.status, 403);
    app.finish().await;
}

#[tokio::test]
async fn a_password_set_on_the_command_line_replaces_the_old_one() {
    let mut app = stopped().await;
    create(&app, "ana", &[]);
    let short = run(&app, &["user", "set-password", "ana"], "short\n");
    assert!(
        short.code == Some(1) && short.errors.contains("at least 8 characters"),
        "{}",
        short.errors
    );
    let empty = run(&app, &["user", "set-password", "ana"], "");
    assert!(
        empty.code == Some(1) && empty.errors.contains("No password was given"),
        "{}",
        empty.errors
    );
    let nobody = run(&app, &["user", "set-password", "nobody"], "another good one\n");
    assert!(
        nobody.code == Some(1) && nobody.errors.contains("nobody"),
        "{}",
        nobody.errors
    );
    let outcome = run(&app, &["user", "set-password", "ana"], "another good one\n");
    assert_eq!(outcome.code, Some(0), "{}", outcome.errors);
    assert!(!outcome.output.contains("another good one") && !outcome.errors.contains("another good one"));

    app.start_again().await;
    let login = |password: &str| json!({ "username": "ana", "password": password });
    let anonymous = app.anonymous();
    assert_eq!(anonymous.post("/api/auth/login", &login(PASSWORD)).await.status, 401);
    anonymous.post("/api/auth/login", &login("another good one")).await.ok();
    app.finish().await;
}

#[tokio::test]
async fn a_token_made_on_the_command_line_works_within_its_scope() {
    let mut app = stopped().await;
    create(&app, "ana", &[]);
    let outcome = run(
        &app,
        &["user", "token", "ana", "--scope", "read", "--expires", "30d"],
        "",
    );
    assert_eq!(outcome.code, Some(0), "{}", outcome.errors);
    let token = outcome.output.trim().to_owned();
    assert!(token.starts_with("gml_"), "{token}");
    let wrong = run(&app, &["user", "token", "ana", "--scope", "all"], "");
    assert!(
        wrong.code == Some(2) && wrong.errors.contains("read, write or admin"),
        "{}",
        wrong.errors
    );

    app.start_again().await;
    let ana = app.anonymous().with_token(&token);
    assert_eq!(ana.get("/api/auth/me").await.ok()["username"], "ana");
    let repository = json!({ "name": "a", "repo_type": "model", "visibility": "public" });
    assert_eq!(ana.post("/api/repositories", &repository).await.status, 403);
    app.finish().await;
}

#[tokio::test]
async fn account_commands_on_a_running_hub_name_the_api_that_does_the_same() {
    let app = TestApp::start().await;
    let cases = [
        (
            &["user", "create", "ana", "--email", "ana@example.org"][..],
            "POST /api/users",
        ),
        (&["user", "list"], "GET /api/users"),
        (&["user", "set-password", "ana"], "PUT /api/users/{username}/password"),
        (&["user", "token", "ana"], "POST /api/auth/tokens"),
    ];
    for (arguments, api) in cases {
        let outcome = run(&app, arguments, "correct horse battery\n");
        assert_eq!(outcome.code, Some(1));
        assert!(
            outcome.errors.contains(&format!("While it runs, {api} does the same.")),
            "{}",
            outcome.errors
        );
    }
    app.finish().await;
}
