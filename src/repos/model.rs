use super::protection::PushRules;
use crate::base::{RepositoryId, RepositoryKind, RepositoryName, Timestamp, UserId};
use crate::git::receive::ReferenceChange;
use crate::git::{CommitInfo, ObjectId};
use crate::users::Account;
use serde::{Deserialize, Serialize};

/// The longest description, in characters.
pub const DESCRIPTION_MAX_CHARS: usize = 500;

/// Who may see a repository.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Visibility {
    /// Everybody.
    Public,
    /// Its owner, its collaborators and administrators.
    Private,
}

impl Visibility {
    /// That of a repository of which nobody says otherwise.
    pub(super) fn chosen_by(owner: &Account) -> Self {
        if owner.private_by_default {
            Self::Private
        } else {
            Self::Public
        }
    }
}

/// Whether readers ask for access before they get the content of a repository. Its card and the names of its files are seen by
/// all who may see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Gating {
    /// They do not.
    #[default]
    #[serde(rename = "none")]
    Off,
    /// Whoever asks gets access at once, and is known by name then.
    Auto,
    /// An administrator of the repository decides.
    Manual,
}

impl Gating {
    /// The words by which repositories are found that are gated, or are not.
    pub const fn label(is_gated: bool) -> &'static str {
        if is_gated { "gated:true" } else { "gated:false" }
    }

    /// The word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Off => "none",
            Self::Auto => "auto",
            Self::Manual => "manual",
        }
    }
}

/// What somebody may do with a repository; each includes those before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Permission {
    /// See it and what it holds.
    Read,
    /// Change what it holds.
    Write,
    /// Change its settings and choose its collaborators.
    Admin,
}

/// An account that may do something with a repository of another account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Collaborator {
    /// What it may do.
    pub permission: Permission,
    /// Since when it has been a collaborator.
    pub since: Timestamp,
}

/// The newest commit of the default branch, as lists show it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastCommit {
    /// The commit.
    pub id: ObjectId,
    /// The first line of its message.
    pub title: String,
    /// The name of its author.
    pub author: String,
    /// When it was recorded.
    pub time: Timestamp,
}

impl From<&CommitInfo> for LastCommit {
    fn from(commit: &CommitInfo) -> Self {
        Self {
            id: commit.id,
            title: commit.title().to_owned(),
            author: commit.author.name.clone(),
            time: commit.committer.time,
        }
    }
}

/// A repository.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Repository {
    /// Never changes.
    pub id: RepositoryId,
    /// The account whose namespace it stands in.
    pub owner: UserId,
    /// The account that made it; unknown of those made before there were organizations. Contributors of an organization do
    /// everything with what they made.
    #[serde(default)]
    pub creator: Option<UserId>,
    /// Accounts in whose namespaces it stood before: names there may still lead to it.
    #[serde(default)]
    pub former_owners: Vec<UserId>,
    /// Unique per owner and family without regard to case, while the repository is not deleted.
    pub name: RepositoryName,
    /// What it is for.
    pub kind: RepositoryKind,
    /// A short sentence; everything else descriptive is the card's.
    pub description: String,
    /// Who may see it.
    pub visibility: Visibility,
    /// Whether readers ask for access to its content.
    #[serde(default)]
    pub gating: Gating,
    /// The branch that pages and counters show.
    pub default_branch: String,
    /// Shown first by an administrator's choice.
    #[serde(default)]
    pub featured: bool,
    /// Where the default branch stands.
    pub last_commit: Option<LastCommit>,
    /// Files on the default branch.
    pub file_count: u64,
    /// Bytes of the files on the default branch, large ones at their full size.
    pub size_bytes: u64,
    /// Bytes that count against the owner's quota: every version of every file that was stored here.
    pub stored_bytes: u64,
    /// What pushes may do.
    #[serde(default)]
    pub push_rules: PushRules,
    /// Whether it takes large files, of which git keeps pointers, and speaks git LFS.
    #[serde(default = "yes")]
    pub lfs_enabled: bool,
    /// What it was forked from, whether that still exists or not.
    #[serde(default)]
    pub forked_from: Option<RepositoryId>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When its content or settings last changed.
    pub updated_at: Timestamp,
    /// When it was deleted, if it was.
    #[serde(default)]
    pub deleted_at: Option<Timestamp>,
}

/// Rows of before there was the choice.
fn yes() -> bool {
    true
}

impl Repository {
    /// Whether it is neither deleted nor private.
    pub fn is_public(&self) -> bool {
        self.visibility == Visibility::Public && self.deleted_at.is_none()
    }

    /// Whether it can be found by name.
    pub fn is_live(&self) -> bool {
        self.deleted_at.is_none()
    }
}

/// Where a file was and where it is now: the details of [`super::event::FILE_MOVED`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MovedFile {
    /// Its path before.
    pub from: String,
    /// The repository it is in now.
    pub to_repository: RepositoryId,
    /// Its path now.
    pub to: String,
}

/// A commit to a pull request, or its merge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PullStep {
    /// The repository.
    pub repository: RepositoryId,
    /// The pull request.
    pub number: u64,
    /// What stood there before: in the pull request, or in the branch that took the merge.
    pub old: Option<ObjectId>,
    /// The commit.
    pub commit: ObjectId,
    /// The first line of its message.
    pub subject: String,
    /// Who made it.
    pub actor: Option<UserId>,
    /// When it was recorded here.
    pub at: Timestamp,
    /// Whether the commit merges the pull request.
    pub merged: bool,
}

/// A branch that is about to move: written before it moves, deleted with the rows that follow the move.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Intent {
    pub old: Option<ObjectId>,
    pub new: ObjectId,
    pub actor: Option<UserId>,
    pub address: Option<std::net::IpAddr>,
    #[serde(default)]
    pub moved: Option<MovedFile>,
    /// The pull request that the commit merges.
    #[serde(default)]
    pub merges: Option<u64>,
}

/// The references that a push is about to move: written before any of them moves, deleted with the rows that follow.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct PushJournal {
    pub changes: Vec<ReferenceChange>,
    pub atomic: bool,
    pub actor: Option<UserId>,
    pub address: Option<std::net::IpAddr>,
}
