//! git LFS: batches, transfers and locks over HTTP, and with the real git-lfs.

/// The real git-lfs.
mod client;
/// Content that goes to the object store and comes from there.
mod direct;
/// Content that waits for its commit.
mod ends;
/// Locks on paths.
mod locks;
/// Who gets and sends what.
mod rights;
/// Content on its way.
mod transfer;

use crate::support::{Call, Client, Reply, TestApp};
use geoml_hub::base::Sha256;
use reqwest::Method;
use serde_json::{Value, json};

/// A batch request, not yet sent.
fn batch_call(client: &Client, base: &str, operation: &str, contents: &[&[u8]]) -> Call {
    let objects: Vec<Value> = contents.iter().map(|content| object(content)).collect();
    let body = json!({ "operation": operation, "transfers": ["basic"], "objects": objects, "hash_algo": "sha256",
        "ref": { "name": "refs/heads/main" } });
    client
        .post(&format!("{base}/objects/batch"), &body)
        .header("accept", "application/vnd.git-lfs+json")
}

fn object(content: &[u8]) -> Value {
    json!({ "oid": oid(content), "size": content.len() })
}

fn oid(content: &[u8]) -> String {
    Sha256::of(content).to_string()
}

/// The answer to a batch about one object.
async fn one(client: &Client, base: &str, operation: &str, content: &[u8]) -> Value {
    let reply = batch_call(client, base, operation, &[content]).await;
    assert_eq!(reply.header("content-type"), "application/vnd.git-lfs+json");
    let answer = reply.ok();
    assert_eq!(answer["transfer"], "basic");
    answer["objects"][0].clone()
}

/// Path and query of an action.
fn href(app: &TestApp, object: &Value, action: &str) -> String {
    let href = object["actions"][action]["href"]
        .as_str()
        .unwrap_or_else(|| panic!("no {action} in {object}"));
    assert!(object["actions"][action]["expires_in"].as_u64().unwrap() > 0);
    let path = href.strip_prefix(&app.address());
    path.unwrap_or_else(|| panic!("{href} is not at {}", app.address()))
        .to_owned()
}

/// Sends content as git-lfs does, and answers what the hub said to it.
async fn send(app: &TestApp, client: &Client, base: &str, content: &[u8]) -> Reply {
    let object = one(client, base, "upload", content).await;
    let upload = href(app, &object, "upload");
    let reply = app.anonymous().call(Method::PUT, &upload).body(content.to_vec()).await;
    if reply.status.is_success() {
        let verify = href(app, &object, "verify");
        let sent = json!({ "oid": oid(content), "size": content.len() });
        app.anonymous().post(&verify, &sent).await.ok();
    }
    reply
}

/// Fetches content, not yet sent.
async fn fetch(app: &TestApp, client: &Client, base: &str, content: &[u8]) -> Call {
    let object = one(client, base, "download", content).await;
    app.anonymous().get(&href(app, &object, "download"))
}

/// The code of the error about an object.
fn refused(object: &Value) -> u64 {
    assert!(object.get("actions").is_none(), "{object}");
    let message = object["error"]["message"].as_str().unwrap_or_default();
    assert!(message.ends_with('.'), "no sentence: {object}");
    object["error"]["code"].as_u64().unwrap()
}

/// What is or is becoming large content in the data folder.
fn stored(app: &TestApp) -> Vec<String> {
    let mut found = Vec::new();
    for folder in ["blobs", "uploads"] {
        collect(&app.folder().join(folder), &mut found);
    }
    found
}

fn collect(folder: &std::path::Path, found: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, found);
        } else {
            found.push(path.display().to_string());
        }
    }
}
