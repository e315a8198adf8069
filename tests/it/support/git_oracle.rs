use super::{Client, TestApp};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Asks the git program itself about every repository of the running hub: its objects are sound (`fsck --strict`), and
/// `git log` on the bare folder tells the same commits as the API.
pub async fn assert_git_agrees(app: &TestApp) {
    let admin = app.admin().await;
    let folders = bare_folders(&app.folder().join("git"));
    for folder in folders.values() {
        assert_sound(folder);
    }
    for repository in all_repositories(&admin).await {
        let name = repository["full_name"].as_str().unwrap();
        let id = repository["id"].as_str().unwrap();
        let folder = folders
            .get(id)
            .unwrap_or_else(|| panic!("{name} has no folder {id}.git"));
        let branch = repository["default_branch"].as_str().unwrap();
        let from_git = git_log(folder, branch);
        let from_api = api_log(&admin, name, repository["repo_type"].as_str().unwrap()).await;
        assert_eq!(from_git, from_api, "the commits of {name}");
    }
}

/// Bare repositories by their id.
fn bare_folders(root: &Path) -> BTreeMap<String, PathBuf> {
    let mut folders = BTreeMap::new();
    for fan_out in std::fs::read_dir(root).into_iter().flatten() {
        for folder in std::fs::read_dir(fan_out.unwrap().path()).into_iter().flatten() {
            let folder = folder.unwrap().path();
            if folder.extension().is_some_and(|extension| extension == "git") {
                folders.insert(folder.file_stem().unwrap().to_string_lossy().into_owned(), folder);
            }
        }
    }
    folders
}

/// Runs git with no configuration but the repository's own.
fn git(folder: &Path, arguments: &[&str]) -> String {
    let output = Command::new("git")
        .arg("--git-dir")
        .arg(folder)
        .args(arguments)
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        output.status.success(),
        "git {arguments:?} on {}: {text}{errors}",
        folder.display()
    );
    // fsck tells of problems on either stream; what nothing refers to is what a crash may leave.
    let complaints: Vec<_> = text
        .lines()
        .chain(errors.lines())
        .filter(|line| {
            ["error", "warning", "missing", "broken"]
                .iter()
                .any(|word| line.starts_with(word))
        })
        .collect();
    assert!(
        complaints.is_empty(),
        "git {arguments:?} on {}: {complaints:?}",
        folder.display()
    );
    text
}

fn assert_sound(folder: &Path) {
    git(folder, &["fsck", "--strict", "--full", "--no-progress"]);
}

/// Id, author and title of every commit, the newest first.
fn git_log(folder: &Path, branch: &str) -> Vec<String> {
    let log = git(folder, &["log", "--format=%H|%an|%s", branch]);
    log.lines().map(str::to_owned).collect()
}

async fn api_log(admin: &Client, name: &str, kind: &str) -> Vec<String> {
    let path = format!("/api/{name}/commits?repo_type={kind}");
    all_items(admin, &path)
        .await
        .iter()
        .map(|commit| {
            let text = |pointer: &str| {
                let found = commit.pointer(pointer).and_then(Value::as_str);
                found.unwrap_or_else(|| panic!("no {pointer} in {commit}"))
            };
            let (id, author, title) = (text("/id"), text("/author/name"), text("/title"));
            format!("{id}|{author}|{title}")
        })
        .collect()
}

/// Every repository that is not deleted.
pub async fn all_repositories(admin: &Client) -> Vec<Value> {
    let mut all = Vec::new();
    for account in all_items(admin, "/api/users?").await {
        let username = account["username"].as_str().unwrap();
        all.extend(all_items(admin, &format!("/api/users/{username}/repositories?")).await);
    }
    all
}

/// The items of every page. `path` ends so that `&page=` can follow.
pub async fn all_items(client: &Client, path: &str) -> Vec<Value> {
    let mut items = Vec::new();
    for page in 1.. {
        let answer = client.get(&format!("{path}&limit=100&page={page}")).await.ok();
        let here = answer["items"].as_array().unwrap();
        items.extend(here.iter().cloned());
        if items.len() as u64 >= answer["total"].as_u64().unwrap() || here.is_empty() {
            return items;
        }
    }
    items
}
