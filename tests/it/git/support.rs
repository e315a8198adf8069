//! A hub folder with one repository, and stock git beside it.

use bytes::Bytes;
use geoml_hub::base::{Clock, RepositoryId, Timestamp};
use geoml_hub::git::{
    CommitRequest, Content, Git, GitError, ObjectId, Operation, Parent, PreparedCommit, Published, Repository,
    Signature,
};
use std::path::PathBuf;
use std::process::Command;
use std::sync::atomic::{AtomicI64, Ordering};

/// One repository with the default branch `main`.
pub struct Bench {
    pub git: Git,
    pub id: RepositoryId,
    pub folder: tempfile::TempDir,
    seconds: AtomicI64,
}

impl Bench {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let git = Git::open(folder.path().join("git")).unwrap();
        let id = RepositoryId::new(&Clock::system());
        git.create(id, "main").unwrap();
        Self {
            git,
            id,
            folder,
            seconds: AtomicI64::new(1_700_000_000),
        }
    }

    pub fn path(&self) -> PathBuf {
        self.git.folder(self.id)
    }

    pub fn open(&self) -> Repository {
        self.git.repository(self.id).unwrap()
    }

    /// A signature one second later than the one before.
    pub fn signature(&self) -> Signature {
        let seconds = self.seconds.fetch_add(1, Ordering::Relaxed);
        Signature::new("Ada Lovelace", "ada@example.org", Timestamp::from_seconds(seconds))
    }

    pub fn request(&self, branch: &str, operations: Vec<Operation>) -> CommitRequest {
        CommitRequest {
            branch: branch.to_owned(),
            parent: Parent::Tip,
            operations,
            author: self.signature(),
            committer: self.signature(),
            message: "Change files".to_owned(),
        }
    }

    pub fn prepare(&self, operations: Vec<Operation>) -> Result<PreparedCommit, GitError> {
        self.open().prepare(self.request("main", operations))
    }

    /// Commits to a branch and publishes.
    pub fn commit_to(&self, branch: &str, operations: Vec<Operation>) -> ObjectId {
        let repository = self.open();
        let prepared = repository.prepare(self.request(branch, operations)).unwrap();
        assert_eq!(repository.publish(&prepared).unwrap(), Published::Published);
        prepared.id
    }

    /// Commits to `main` and publishes.
    pub fn commit(&self, operations: Vec<Operation>) -> ObjectId {
        self.commit_to("main", operations)
    }

    /// Runs stock git in the bare folder; panics with its complaint when it fails.
    pub fn stock(&self, arguments: &[&str]) -> String {
        stock_in(&self.path(), arguments)
    }

    /// `git fsck --strict` finds nothing at all.
    pub fn assert_sound(&self) {
        let output = Command::new("git")
            .args(["fsck", "--strict", "--full", "--no-dangling"])
            .current_dir(self.path())
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        let complaints: Vec<_> = said
            .lines()
            .filter(|line| !line.starts_with("Checking") && !line.starts_with("notice:"))
            .collect();
        assert!(output.status.success() && complaints.is_empty(), "{said}");
    }
}

pub fn stock_in(folder: &std::path::Path, arguments: &[&str]) -> String {
    let output = Command::new("git")
        .args(["-c", "core.quotePath=false", "-c", "safe.directory=*"])
        .args([
            "-c",
            "user.name=Ada",
            "-c",
            "user.email=ada@example.org",
            "-c",
            "init.defaultBranch=main",
            // What it tidies up in the background, it takes from under the next command.
            "-c",
            "gc.auto=0",
        ])
        .args(arguments)
        .current_dir(folder)
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "git {arguments:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap()
}

pub fn put(path: &str, content: impl AsRef<[u8]>) -> Operation {
    Operation::Put {
        path: path.parse().unwrap(),
        content: Content::Bytes(Bytes::copy_from_slice(content.as_ref())),
        executable: None,
    }
}

pub fn delete(path: &str) -> Operation {
    Operation::Delete { path: path.to_owned() }
}

pub fn rename(from: &str, to: &str) -> Operation {
    Operation::Move {
        from: from.to_owned(),
        to: to.parse().unwrap(),
    }
}

pub fn copy(from: &str, to: &str) -> Operation {
    Operation::Copy {
        from: from.to_owned(),
        to: to.parse().unwrap(),
    }
}

/// Pseudo-random numbers that are the same in every run.
pub struct Dice(pub u64);

impl Dice {
    pub fn roll(&mut self, sides: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % sides
    }
}
