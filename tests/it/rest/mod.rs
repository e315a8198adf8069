//! Repositories, branches and tags at the addresses of programs.

mod archives;
mod forks;
mod forks_read;
mod references;
mod repositories;

use crate::support::{Call, Client};
use reqwest::Method;
use serde_json::{Value, json};
use std::path::PathBuf;

/// A request that changes a part of something.
fn patch(client: &Client, path: &str, body: &Value) -> Call {
    client.call(Method::PATCH, path).json(body)
}

/// Makes a repository of the client's own at the address of programs; fields of `more` are added.
async fn make(client: &Client, name: &str, more: Value) -> Value {
    let mut body = json!({ "name": name });
    for (field, value) in more.as_object().unwrap() {
        body[field] = value.clone();
    }
    client.post("/api/v1/repos", &body).await.expect(201).json()
}

/// Clones with stock git into a new folder.
fn cloned(client: &Client, url: &str) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("clone");
    let settings: Vec<(String, String)> = client
        .token
        .iter()
        .map(|token| ("http.extraHeader".to_owned(), format!("Authorization: Bearer {token}")))
        .collect();
    let output = crate::transport::work::run(
        folder.path(),
        &["clone", "--quiet", url, path.to_str().unwrap()],
        &settings,
    );
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{said}");
    (folder, path)
}
