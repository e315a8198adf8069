use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// The git on the path, and the older one of the system when it is another.
pub(super) fn gits() -> Vec<&'static str> {
    let old = Path::new("/usr/bin/git");
    if old.exists() {
        vec!["git", "/usr/bin/git"]
    } else {
        vec!["git"]
    }
}

/// A folder with clones in it, and git without anybody's configuration.
pub(super) struct Git {
    folder: tempfile::TempDir,
    program: &'static str,
}

impl Git {
    pub(super) fn new() -> Self {
        Self::of("git")
    }

    pub(super) fn of(program: &'static str) -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            program,
        }
    }

    /// A path in the folder.
    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Runs git in a folder of this one and gives what it said, whether it succeeded or not.
    pub(super) fn attempt<S: AsRef<OsStr>>(&self, folder: &str, arguments: &[S]) -> Output {
        let mut command = Command::new(self.program);
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("GIT_") {
                command.env_remove(name);
            }
        }
        command
            .current_dir(self.path(folder))
            .args([
                "-c",
                "gc.auto=0",
                "-c",
                "maintenance.auto=false",
                "-c",
                "protocol.file.allow=always",
            ])
            .args(arguments)
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_TERMINAL_PROMPT", "0")
            .env("HOME", self.folder.path())
            .env("GIT_AUTHOR_NAME", "Ana")
            .env("GIT_AUTHOR_EMAIL", "ana@example.org")
            .env("GIT_COMMITTER_NAME", "Ana")
            .env("GIT_COMMITTER_EMAIL", "ana@example.org")
            .stdin(Stdio::null())
            .output()
            .unwrap()
    }

    /// Runs git and gives its standard output; it has to succeed.
    #[track_caller]
    pub(super) fn run<S: AsRef<OsStr>>(&self, folder: &str, arguments: &[S]) -> String {
        let output = self.attempt(folder, arguments);
        let shown: Vec<_> = arguments
            .iter()
            .map(|argument| argument.as_ref().to_string_lossy())
            .collect();
        assert!(
            output.status.success(),
            "git {shown:?}: {}{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// Runs git, which has to fail, and gives what it complains about.
    #[track_caller]
    pub(super) fn refused<S: AsRef<OsStr>>(&self, folder: &str, arguments: &[S]) -> String {
        let output = self.attempt(folder, arguments);
        assert!(!output.status.success(), "git succeeded");
        String::from_utf8_lossy(&output.stderr).into_owned()
    }

    /// Fails when git finds anything wrong with the objects of a clone.
    #[track_caller]
    pub(super) fn assert_sound(&self, folder: &str) {
        self.run(
            folder,
            &["fsck", "--strict", "--full", "--no-progress", "--no-dangling"],
        );
    }

    /// Every object that the references of a clone lead to; a question mark stands before those that it lacks.
    #[track_caller]
    pub(super) fn objects(&self, folder: &str) -> Vec<String> {
        let listed = self.run(
            folder,
            &["rev-list", "--objects", "--all", "--no-object-names", "--missing=print"],
        );
        let mut objects: Vec<String> = listed.lines().map(str::to_owned).collect();
        objects.sort();
        objects
    }

    /// All references of a clone with what they hold.
    #[track_caller]
    pub(super) fn references(&self, folder: &str) -> String {
        self.run(folder, &["for-each-ref"])
    }

    /// Tells git's own server, which is the oracle, to offer what the hub offers.
    pub(super) fn offer_everything(&self, bare: &str) {
        self.run(bare, &["config", "uploadpack.allowFilter", "true"]);
        self.run(bare, &["config", "uploadpack.allowAnySHA1InWant", "true"]);
    }

    /// Where the history of a shallow clone ends. git's own server also names ends that it does not send, which a client
    /// keeps in its file.
    pub(super) fn shallow(&self, folder: &str) -> Vec<String> {
        let plain = self.path(folder).join(".git/shallow");
        let file = if plain.exists() {
            plain
        } else {
            self.path(folder).join("shallow")
        };
        let there = self.run(folder, &["rev-list", "--all"]);
        let there: BTreeSet<&str> = there.lines().collect();
        let mut ends: Vec<String> = std::fs::read_to_string(file)
            .unwrap_or_default()
            .lines()
            .filter(|end| there.contains(end))
            .map(str::to_owned)
            .collect();
        ends.sort();
        ends
    }
}
