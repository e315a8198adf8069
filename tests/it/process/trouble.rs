use crate::support::{Outcome, TestApp};
use geoml_hub::store::{Migration, Schema, Store};

/// Starts a hub that must refuse, and gives what it said.
async fn refusal(folder: &std::path::Path, environment: &[(&str, &str)]) -> Outcome {
    match TestApp::with(environment).folder(folder).try_start().await {
        Ok(_) => panic!("the hub started"),
        Err(outcome) => outcome,
    }
}

fn assert_one_sentence(outcome: &Outcome, parts: &[&str]) {
    assert_eq!(outcome.code, Some(1), "{}", outcome.errors);
    assert_eq!(outcome.errors.trim_end().lines().count(), 1, "{}", outcome.errors);
    for part in parts {
        assert!(outcome.errors.contains(part), "{part}: {}", outcome.errors);
    }
}

#[tokio::test]
async fn a_second_hub_on_the_same_folder_is_refused_and_the_first_lives_on() {
    let app = TestApp::start().await;
    let outcome = refusal(app.folder(), &[]).await;
    assert_one_sentence(&outcome, &["is in use by another geoml-hub", "stop that one first"]);
    app.anonymous().get("/health").await.ok();
    app.finish().await;
}

#[tokio::test]
async fn a_folder_that_cannot_be_written_is_refused_by_name() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("file");
    std::fs::write(&file, "no folder").expect("writable");
    let outcome = refusal(&file.join("data"), &[]).await;
    assert_one_sentence(&outcome, &["file/data cannot be used", "is writable"]);
}

#[tokio::test]
async fn a_folder_of_a_newer_hub_is_refused_and_left_as_it_is() {
    let mut app = TestApp::start().await;
    app.stop().await;
    let path = app.folder().join("hub.redb");
    let known = geoml_hub::app::schema();
    let step = Migration {
        name: "a step of the future",
        run: |_| Ok(()),
    };
    let steps = [known.migrations, &[step]].concat();
    let newer = Schema {
        tables: known.tables,
        migrations: Box::leak(steps.into_boxed_slice()),
    };
    Store::open(&path, &newer, 1 << 20).expect("opens").close();

    let outcome = refusal(app.folder(), &[]).await;
    assert_one_sentence(
        &outcome,
        &["was written by a newer GeoML-Hub", "install the newer version"],
    );
    Store::open(&path, &newer, 1 << 20).expect("still opens").close();
    app.finish_without_check().await;
}

#[tokio::test]
async fn a_port_that_is_taken_is_refused_by_address() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("an address").to_string();
    let folder = tempfile::tempdir().expect("a folder");
    let mut command = crate::support::hub_command(&["serve", "--listen", &address, "--data"]);
    let output = command
        .arg(folder.path().join("data"))
        .output()
        .expect("the binary runs");
    let errors = String::from_utf8(output.stderr).expect("text");
    assert_eq!(output.status.code(), Some(1));
    let (address, choose) = (
        format!("{address} cannot be listened on"),
        "Choose another with --listen",
    );
    assert!(errors.contains(&address) && errors.contains(choose), "{errors}");
}

#[tokio::test]
async fn a_configuration_that_cannot_be_used_is_refused_before_anything_is_made() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    let outcome = refusal(&data, &[("GEOML_HUB__STORAGE__QUOTA", "lots")]).await;
    assert_one_sentence(
        &outcome,
        &["`storage.quota` is \"lots\" (environment GEOML_HUB__STORAGE__QUOTA)"],
    );
    assert!(!data.is_dir());
}
