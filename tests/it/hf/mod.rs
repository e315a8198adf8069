//! The Hugging Face Hub API as its clients speak it.

mod collections;
mod contributing;
mod device;
mod discussions;
mod duplicating;
mod errors;
mod facts;
mod gating;
mod likes;
mod listing;
mod many;
mod people;
mod reading;
mod repositories;
mod rewriting;
mod storage;
mod webhooks;
mod writing;

use crate::support::{Client, Reply};
use serde_json::{Value, json};

/// What a client looks at when something is refused: the status, the code by which it chooses its exception, the sentence.
#[track_caller]
fn refused(reply: &Reply, status: u16, code: &str) -> String {
    assert_eq!(reply.status.as_u16(), status, "{}: {}", reply.request, reply.text());
    assert_eq!(
        reply.header("x-error-code"),
        code,
        "{}: {}",
        reply.request,
        reply.text()
    );
    assert!(
        !reply.header("x-error-message").is_empty(),
        "{}: {:?}",
        reply.request,
        reply.headers
    );
    reply.header("x-error-message").to_owned()
}

/// Makes a model of the caller's own, as `create_repo` does.
async fn create(client: &Client, name: &str) -> Value {
    client
        .post("/api/repos/create", &json!({ "name": name, "organization": null }))
        .await
        .ok()
}
