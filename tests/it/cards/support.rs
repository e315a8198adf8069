//! Repositories whose cards say something.

use crate::support::{Client, TestApp};
use serde_json::{Value, json};

/// Makes a repository and gives its card this metadata.
pub async fn repository(client: &Client, name: &str, visibility: &str, metadata: &Value) {
    let new = json!({ "name": name, "repo_type": "model", "visibility": visibility });
    client.post("/api/repositories", &new).await.ok();
    change(client, name, metadata).await;
}

/// Changes the metadata of the client's own repository.
pub async fn change(client: &Client, name: &str, metadata: &Value) -> Value {
    let path = format!("/api/{}/{name}/metadata", client.name);
    client.put(&path, &json!({ "metadata": metadata })).await.ok()
}

/// The history of a repository by the program that everybody trusts: subjects, the newest first.
pub fn git_log(app: &TestApp) -> Vec<String> {
    let folders = std::fs::read_dir(app.folder().join("git")).unwrap();
    let mut found = Vec::new();
    for folder in folders.flat_map(|folder| std::fs::read_dir(folder.unwrap().path()).unwrap()) {
        let folder = folder.unwrap().path();
        for arguments in [["fsck", "--strict"], ["log", "--format=%s"]] {
            let output = std::process::Command::new("git")
                .arg("-C")
                .arg(&folder)
                .args(arguments)
                .output()
                .unwrap();
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            found.extend(String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned));
        }
    }
    found
}
