use super::{Call, Client};
use reqwest::Method;
use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};

/// What people do most, in one line. Repositories are named `owner/name`.
impl Client {
    /// Makes a model repository of the caller's own.
    pub async fn create_repository(&self, name: &str, visibility: &str) -> Value {
        self.create_repository_call(name, visibility).await.expect(201).json()
    }

    /// The same, not yet sent.
    pub fn create_repository_call(&self, name: &str, visibility: &str) -> Call {
        let repository = json!({ "name": name, "repo_type": "model", "visibility": visibility });
        self.post("/api/repositories", &repository)
    }

    /// Commits one file.
    pub async fn upload(&self, repository: &str, path: &str, content: impl Into<Vec<u8>>) -> Value {
        self.upload_call(repository, path, content).await.ok()
    }

    /// The same, not yet sent.
    pub fn upload_call(&self, repository: &str, path: &str, content: impl Into<Vec<u8>>) -> Call {
        let form = Form::new()
            .text("path", path.to_owned())
            .text("message", format!("Add {path}"))
            .part("file", Part::bytes(content.into()).file_name("file"));
        self.call(Method::POST, &format!("/api/{repository}/upload")).form(form)
    }

    /// Many files in one commit, not yet sent.
    pub fn batch_call(&self, repository: &str, files: Vec<(String, Vec<u8>)>) -> Call {
        let mut form = Form::new().text("message", format!("Add {} files", files.len()));
        for (path, content) in files {
            form = form.part("files", Part::bytes(content).file_name(path));
        }
        self.call(Method::POST, &format!("/api/{repository}/upload/batch"))
            .form(form)
    }

    /// Reads a file of the default branch, not yet sent.
    pub fn download_call(&self, repository: &str, path: &str) -> Call {
        self.get(&format!("/api/{repository}/download/{path}"))
    }
}
