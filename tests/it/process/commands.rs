use crate::support::{Outcome, TestApp, hub_command};
use std::path::Path;

fn run(arguments: &[&str], environment: &[(&str, &str)]) -> Outcome {
    let mut command = hub_command(arguments);
    command.envs(environment.iter().copied());
    let output = command.output().expect("the binary runs");
    Outcome {
        code: output.status.code(),
        output: String::from_utf8(output.stdout).expect("text"),
        errors: String::from_utf8(output.stderr).expect("text"),
    }
}

fn text(path: &Path) -> &str {
    path.to_str().expect("text")
}

#[test]
fn config_example_prints_the_committed_example() {
    let outcome = run(&["config", "example"], &[]);
    let committed = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/example.toml");
    assert_eq!(outcome.code, Some(0));
    assert_eq!(
        outcome.output,
        std::fs::read_to_string(committed).expect("it is committed")
    );
}

#[test]
fn config_show_names_the_source_of_every_value_and_masks_secrets() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("hub.toml");
    std::fs::write(&file, "[jobs]\nworkers = 3\n").expect("writable");
    let outcome = run(
        &["config", "show", "--config", text(&file), "--data", "/somewhere"],
        &[
            ("GEOML_HUB__BLOBS__S3_ACCESS_KEY_ID", "someone"),
            ("GEOML_HUB__BLOBS__S3_SECRET_ACCESS_KEY", "hunter2-hunter2"),
        ],
    );
    assert_eq!((outcome.code, outcome.errors.as_str()), (Some(0), ""));
    let expected = [
        format!("jobs.workers = 3  # {} line 2\n", file.display()),
        "data.folder = \"/somewhere\"  # flag --data\n".to_owned(),
        "blobs.s3_secret_access_key = \"***\"  # environment GEOML_HUB__BLOBS__S3_SECRET_ACCESS_KEY\n".to_owned(),
        "storage.quota = \"5 GiB\"  # default\n".to_owned(),
    ];
    for line in expected {
        assert!(outcome.output.contains(&line), "{line}{}", outcome.output);
    }
    assert!(!outcome.output.contains("hunter2"));
}

#[test]
fn config_check_tells_every_problem_and_fails() {
    let outcome = run(&["config", "check"], &[]);
    assert_eq!(outcome.code, Some(0));
    assert_eq!(outcome.output, "The configuration is valid.\n");
    let outcome = run(
        &["config", "check"],
        &[("GEOML_HUB__JOBS__WORKERS", "many"), ("GEOML_HUB__STORAGE__QTA", "1")],
    );
    assert_eq!(outcome.code, Some(1));
    assert!(
        outcome
            .errors
            .contains("`jobs.workers` is \"many\" (environment GEOML_HUB__JOBS__WORKERS)")
    );
    assert!(
        outcome.errors.contains("did you mean `storage.quota`?"),
        "{}",
        outcome.errors
    );
}

#[test]
fn wrong_arguments_are_refused_with_the_usage() {
    let outcome = run(&["serve", "--port", "80"], &[]);
    assert_eq!(outcome.code, Some(2));
    assert!(outcome.errors.contains("Usage: geoml-hub serve"), "{}", outcome.errors);
}

#[test]
fn a_command_on_a_folder_that_is_not_there_says_so_and_makes_none() {
    let folder = tempfile::tempdir().expect("a folder");
    let missing = folder.path().join("nowhere");
    let outcome = run(&["check", "--data", text(&missing)], &[]);
    assert_eq!(outcome.code, Some(1));
    assert!(outcome.errors.contains("There is no data folder"), "{}", outcome.errors);
    assert!(!missing.is_dir());
}

#[tokio::test]
async fn check_finds_a_stopped_hub_consistent() {
    let mut app = TestApp::start().await;
    app.stop().await;
    let outcome = app.command(&["check"]).await;
    assert_eq!(
        (outcome.code, outcome.output.as_str()),
        (Some(0), "Everything is consistent.\n")
    );
    app.finish().await;
}

#[tokio::test]
async fn a_command_on_a_running_hub_says_so_and_names_the_api() {
    let app = TestApp::start().await;
    let outcome = app.command(&["check"]).await;
    assert_eq!(outcome.code, Some(1));
    assert!(
        outcome.errors.contains("is in use by another geoml-hub"),
        "{}",
        outcome.errors
    );
    assert!(
        outcome.errors.contains("POST /api/admin/tasks/check/run"),
        "{}",
        outcome.errors
    );
    app.finish().await;
}
