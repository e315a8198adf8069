//! Files over HTTP: uploads, downloads, listings, moves.

mod archives;
mod assembling;
mod batches;
mod downloading;
mod listing;
mod refusals;
mod relocating;
mod sessions;
mod signing;
mod uploading;

use crate::support::{Client, Reply, TestApp};
use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};
use std::path::PathBuf;
use std::process::Command;

/// Makes a repository of the client's own.
pub(crate) async fn repository(client: &Client, name: &str, visibility: &str) -> Value {
    let body = json!({ "name": name, "repo_type": "model", "visibility": visibility });
    client.post("/api/repositories", &body).await.expect(201).json()
}

/// Uploads one file to a path of `owner/name`.
pub(crate) async fn upload(client: &Client, repository: &str, path: &str, content: impl Into<Vec<u8>>) -> Reply {
    let form = Form::new()
        .text("path", path.to_owned())
        .part("file", Part::bytes(content.into()).file_name("local"));
    client
        .call(reqwest::Method::POST, &format!("/api/{repository}/upload"))
        .form(form)
        .await
}

/// Uploads many files as one commit.
pub(crate) async fn upload_batch(client: &Client, repository: &str, files: Vec<(String, Vec<u8>)>) -> Reply {
    let form = files.into_iter().fold(Form::new(), |form, (path, content)| {
        form.part("files", Part::bytes(content).file_name(path))
    });
    client
        .call(reqwest::Method::POST, &format!("/api/{repository}/upload/batch"))
        .form(form)
        .await
}

/// The bare folder of a repository, from the answer that made it.
pub(crate) fn git_folder(app: &TestApp, repository: &Value) -> PathBuf {
    let id = repository["id"].as_str().unwrap();
    app.folder()
        .join("git")
        .join(&id[id.len() - 2..])
        .join(format!("{id}.git"))
}

/// What stock git says about a bare folder.
pub(crate) fn git(folder: &PathBuf, arguments: &[&str]) -> String {
    let output = Command::new("git")
        .arg("--git-dir")
        .arg(folder)
        .args(arguments)
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "git {arguments:?}: {errors}");
    String::from_utf8(output.stdout).unwrap()
}

/// Content that differs from place to place and from seed to seed.
pub(crate) fn content(length: usize, seed: u64) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    std::iter::repeat_with(|| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()
    })
    .flatten()
    .take(length)
    .collect()
}

/// The digest in hexadecimal.
pub(crate) fn sha256(content: &[u8]) -> String {
    geoml_hub::base::Sha256::of(content).to_string()
}
