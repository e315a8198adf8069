//! Stock git as the client of the running hub.

/// Who may fetch, and how refusals read.
mod access;
/// Work in the folders while everything is collected.
mod collecting;
/// Clones and fetches in every form.
mod fetching;
/// One person's git.
mod git;
/// Histories that nobody would write by hand.
mod histories;
/// Long work behind proxies that are in a hurry.
mod keep_alive;
mod push;
mod push_kill;
mod push_refused;
mod push_rules;
mod push_together;
mod push_wire;
/// Random histories, fetched in random ways and compared with what git's own server sends.
mod random_fetches;
/// Requests that git does not send.
mod wire;
pub(crate) mod work;

use crate::support::{Client, TestApp};
use serde_json::json;
use std::path::PathBuf;

/// The bare folder of a repository.
async fn bare_folder(app: &TestApp, client: &Client, full_name: &str) -> PathBuf {
    let repository = client.get(&format!("/api/{full_name}")).await.ok();
    let id = repository["id"].as_str().unwrap();
    let shard = &id[id.len() - 2..];
    app.folder().join("git").join(shard).join(format!("{id}.git"))
}

/// A personal access token of a scope.
async fn token(client: &Client, scope: &str) -> String {
    let wish = json!({ "name": format!("for git, {scope}"), "scope": scope });
    let answer = client.post("/api/auth/tokens", &wish).await.ok();
    answer["token"].as_str().unwrap().to_owned()
}
