//! A client's folder and the unmodified git program in it.

use crate::support::{Client, TestApp};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// A folder under git, with nothing of the machine's or the user's configuration.
pub struct Work(tempfile::TempDir);

impl Work {
    /// An empty repository.
    pub fn new() -> Self {
        let work = Self(tempfile::tempdir().unwrap());
        work.git(&["init", "--quiet"]);
        work
    }

    /// What the hub's own folder holds.
    pub fn of(bare: &Path) -> Self {
        let work = Self(tempfile::tempdir().unwrap());
        work.git(&["clone", "--quiet", bare.to_str().unwrap(), "."]);
        work
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }

    pub fn write(&self, path: &str, content: impl AsRef<[u8]>) {
        let path = self.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }

    /// Commits everything that is there; answers the commit.
    pub fn commit(&self, message: &str) -> String {
        self.git(&["add", "-A"]);
        self.git(&["commit", "--quiet", "--allow-empty", "-m", message]);
        self.tip("HEAD")
    }

    pub fn tip(&self, revision: &str) -> String {
        self.git(&["rev-parse", revision]).trim().to_owned()
    }

    /// Runs git, which must succeed; answers what it said on either stream.
    pub fn git(&self, arguments: &[&str]) -> String {
        let output = run(self.path(), arguments, &[]);
        let said = said(&output);
        assert!(output.status.success(), "git {arguments:?}: {said}");
        said
    }

    /// Pushes as somebody, with more arguments; answers whether it succeeded and what was said.
    pub fn try_push(&self, client: &Client, url: &str, arguments: &[&str]) -> (bool, String) {
        let mut all = vec!["push", "--no-progress"];
        let (options, rest): (Vec<&str>, Vec<&str>) = arguments.iter().partition(|word| word.starts_with("--"));
        all.extend(options);
        all.push(url);
        all.extend(rest);
        let output = run(self.path(), &all, &authorization(client));
        (output.status.success(), said(&output))
    }

    /// Pushes; must succeed.
    pub fn push(&self, client: &Client, url: &str, arguments: &[&str]) -> String {
        let (done, said) = self.try_push(client, url, arguments);
        assert!(done, "push {arguments:?}: {said}");
        said
    }

    /// Pushes; must be refused.
    pub fn refused(&self, client: &Client, url: &str, arguments: &[&str]) -> String {
        let (done, said) = self.try_push(client, url, arguments);
        assert!(!done, "push {arguments:?} was taken: {said}");
        said
    }
}

fn authorization(client: &Client) -> Vec<(String, String)> {
    let Some(token) = &client.token else { return Vec::new() };
    vec![("http.extraHeader".to_owned(), format!("Authorization: Bearer {token}"))]
}

/// Runs git with settings of its own.
pub fn run(folder: &Path, arguments: &[&str], settings: &[(String, String)]) -> Output {
    let fixed = [
        ("user.name", "Ada Lovelace"),
        ("user.email", "ada@example.org"),
        ("init.defaultBranch", "main"),
        ("core.quotePath", "false"),
        ("safe.directory", "*"),
        ("gc.auto", "0"),
        ("protocol.file.allow", "always"),
    ];
    let mut command = Command::new("git");
    for (name, value) in fixed {
        command.args(["-c", &format!("{name}={value}")]);
    }
    for (name, value) in settings {
        command.args(["-c", &format!("{name}={value}")]);
    }
    command
        .args(arguments)
        .current_dir(folder)
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_TERMINAL_PROMPT", "0")
        .env("GIT_ASKPASS", "true")
        .env("LC_ALL", "C")
        .output()
        .unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

/// A repository of the hub as its tests see it.
pub struct Hosted {
    pub name: String,
    pub url: String,
    pub bare: PathBuf,
    tmp: PathBuf,
}

impl Hosted {
    /// Makes a public repository of somebody's own.
    pub async fn new(app: &TestApp, owner: &Client, name: &str) -> Self {
        let made: Value = owner.create_repository(name, "public").await;
        let id = made["id"].as_str().unwrap().to_owned();
        let name = format!("{}/{name}", owner.name);
        let url = format!("{}/{name}.git", app.address());
        let tmp = app.folder().join("git/tmp");
        let bare = app
            .folder()
            .join("git")
            .join(&id[id.len() - 2..])
            .join(format!("{id}.git"));
        Self { name, url, bare, tmp }
    }

    /// The same after a start on another port.
    pub fn moved_to(&mut self, app: &TestApp) {
        self.url = format!("{}/{}.git", app.address(), self.name);
    }

    pub fn git(&self, arguments: &[&str]) -> String {
        let output = run(&self.bare, arguments, &[]);
        let said = said(&output);
        assert!(output.status.success(), "git {arguments:?}: {said}");
        said
    }

    /// Where a reference stands; empty when there is none.
    pub fn tip(&self, reference: &str) -> String {
        self.git(&["for-each-ref", "--format=%(objectname)", reference])
            .trim()
            .to_owned()
    }

    /// All references with what they hold.
    pub fn references(&self) -> String {
        self.git(&["for-each-ref", "--format=%(refname) %(objectname)"])
    }

    /// Stock git finds nothing wrong, and no push left anything beside the repositories.
    pub fn assert_sound(&self) {
        let output = run(
            &self.bare,
            &["fsck", "--strict", "--full", "--no-dangling", "--no-progress"],
            &[],
        );
        let said = said(&output);
        let complaints: Vec<_> = said.lines().filter(|line| !line.starts_with("notice:")).collect();
        assert!(output.status.success() && complaints.is_empty(), "{said}");
        let left: Vec<_> = std::fs::read_dir(&self.tmp).unwrap().collect();
        assert!(left.is_empty(), "{left:?}");
        let packs = std::fs::read_dir(self.bare.join("objects/pack")).unwrap();
        for file in packs {
            let name = file.unwrap().file_name().into_string().unwrap();
            assert!(name.starts_with("pack-") && !name.contains("keep"), "{name}");
        }
    }
}
