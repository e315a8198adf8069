//! Repositories: names, kinds, visibility, settings, and the one way to commit to them.
//!
//! Owns the rows of repositories, of their collaborators and of requests for access, the redirects of old names, the links from repositories to
//! blobs, who borrows objects from whom, what each account has stored, the intents of commits and the journals of pushes. Guarantees: a name is unique per
//! owner and family without regard to case; a
//! private repository answers exactly like a missing one to those who may not read it; a commit is answered after its
//! objects, its branch and its rows are durable; whatever a crash leaves between them is healed at the next start.
//! Deliberately absent: what a card says (cards), what a file is (files), stars and counters (social).

/// Who may do what with a repository.
mod access;
/// Who asked for access to content.
mod access_requests;
/// Routes.
pub mod api;
/// Who borrows objects from whom.
mod borrowing;
/// Accounts with a part in repositories of others.
mod collaborators;
/// Bringing git folders into order.
mod collect;
/// Commits in the making.
mod commit;
/// Large content of people who only contribute.
mod contributed;
/// New repositories.
mod create;
/// Why a repository cannot do something.
mod error;
/// Addresses of files that need no login.
mod file_link;
/// Repositories that begin where another one stands.
mod fork;
/// Finishing what a crash interrupted.
mod heal;
/// Path history after a crash.
mod history;
/// Large content listed and taken away.
mod large_files;
/// Orphans, packing, comparing rows with git.
mod maintenance;
/// Merging pull requests.
mod merge;
/// What a repository is.
mod model;
/// Links that come before the commit.
mod pending_links;
/// Rules for branches.
mod protection;
/// Pushes of git clients.
mod push;
/// Finishing what a push began.
mod push_journal;
/// Branches and tags by programs.
mod references;
/// Histories written anew.
mod rewrite;
/// Settings, renaming, deleting, restoring, purging.
mod settings;
/// Rows.
mod store;
/// Moving repositories to other namespaces.
mod transfer;
/// Quotas.
mod usage;

pub use access::{AdminRepo, ContributeRepo, OwnerRepo, ReadContent, ReadRepo, RepositoryAddress, WriteRepo};
pub use access_requests::{AccessRequest, AccessStatus, MyAccess};
pub use collaborators::collaborators_of;
pub use collect::{CollectOptions, Collected};
pub use commit::{CommitDraft, CommitOptions, Committed};
pub use contributed::TABLES as CONTRIBUTED_TABLES;
pub use create::NewRepository;
pub use error::ReposError;
pub use file_link::{WantedFile, decoded_path, encoded_path};
pub use fork::{NewDuplicate, NewFork};
pub use history::PathHistory;
pub use large_files::{LargeFile, LargeRemoval};
pub use merge::{MergeOutcome, NewMerge};
pub use model::{Collaborator, Gating, LastCommit, MovedFile, Permission, PullStep, Repository, Visibility};
pub use protection::{Protection, PushAccess, PushRules};
pub use push::{Push, PushReport};
pub use references::NewTag;
pub use settings::{SettingsChange, StatusChange};
pub use store::{TABLES, all_repositories, blob_is_linked, repository};
pub use usage::SettledLinks;

use crate::base::{Clock, RepositoryId};
use crate::events::Events;
use crate::git::Git;
use crate::store::{ReadRows, Store, StoreError, WriteTx};
use crate::users::Users;
use std::fmt::Display;
use std::sync::{Arc, OnceLock};

/// Kinds of events that this slice records; their subject is the repository.
pub mod event {
    /// A repository was made.
    pub const CREATED: &str = "repository.created";
    /// A branch of a repository moved.
    pub const COMMITTED: &str = "repository.committed";
    /// A commit moved a file, here or to another repository; the subject is where it was, the details are a
    /// [`MovedFile`](super::MovedFile).
    pub const FILE_MOVED: &str = "file.moved";
    /// A tag was made, moved or deleted, or a branch deleted.
    pub const REFERENCE: &str = "repository.reference";
    /// A pull request got a commit.
    pub const CONTRIBUTED: &str = "repository.contributed";
    /// What pushes may do was changed.
    pub const PUSH_RULES: &str = "repository.push_rules";
    /// Description, visibility or another setting changed.
    pub const CHANGED: &str = "repository.changed";
    /// The name changed.
    pub const RENAMED: &str = "repository.renamed";
    /// It moved to the namespace of another account.
    pub const TRANSFERRED: &str = "repository.transferred";
    /// An account was made a collaborator.
    pub const COLLABORATOR_ADDED: &str = "repository.collaborator_added";
    /// A collaborator may do more or less than before.
    pub const COLLABORATOR_CHANGED: &str = "repository.collaborator_changed";
    /// An account is no collaborator any more.
    pub const COLLABORATOR_REMOVED: &str = "repository.collaborator_removed";
    /// An account asked for access to content.
    pub const ACCESS_ASKED: &str = "repository.access_asked";
    /// A request for access was accepted or rejected, or access given without one.
    pub const ACCESS_HANDLED: &str = "repository.access_handled";
    /// Large content was taken away for good.
    pub const CONTENT_REMOVED: &str = "repository.content_removed";
    /// It was deleted, and can be restored.
    pub const DELETED: &str = "repository.deleted";
    /// It was restored.
    pub const RESTORED: &str = "repository.restored";
    /// It is gone for good.
    pub const PURGED: &str = "repository.purged";
}

/// The handle of this slice; cheap to clone.
#[derive(Clone)]
pub struct Repos {
    store: Store,
    git: Git,
    users: Users,
    events: Events,
    clock: Clock,
    follow_move: Arc<OnceLock<FollowMove>>,
    follow_pull: Arc<OnceLock<FollowPull>>,
    /// Held by whoever packs a repository: one at a time.
    maintenance: Arc<tokio::sync::Mutex<()>>,
    /// Held by a commit of very many steps while it is made: one at a time.
    large_commits: Arc<tokio::sync::Mutex<()>>,
}

/// Moves the rows that a slice above keeps by path, in the transaction that ends the commit.
pub type FollowMove = fn(&WriteTx<'_>, RepositoryId, &MovedFile) -> Result<(), StoreError>;

/// Writes what a pull request says of a commit or a merge, in the transaction that ends it.
pub type FollowPull = fn(&WriteTx<'_>, &PullStep) -> Result<(), StoreError>;

impl Repos {
    /// Puts the slice over its engines.
    pub fn new(store: Store, git: Git, users: Users, events: Events, clock: Clock) -> Self {
        Self {
            store,
            git,
            users,
            events,
            clock,
            follow_move: Arc::default(),
            follow_pull: Arc::default(),
            maintenance: Arc::default(),
            large_commits: Arc::default(),
        }
    }

    /// Names what moves rows along with a file. Once, before anything is committed or healed.
    pub fn on_file_moved(&self, follow: FollowMove) {
        // A second caller would have to be called too; there is one.
        let first = self.follow_move.set(follow).is_ok();
        debug_assert!(first, "files are followed by one slice");
    }

    /// Names what keeps pull requests. Once, before anything is committed or healed.
    pub fn on_pull_moved(&self, follow: FollowPull) {
        // A second caller would have to be called too; there is one.
        let first = self.follow_pull.set(follow).is_ok();
        debug_assert!(first, "pull requests are kept by one slice");
    }

    /// The git engine, for those who hold a proof of access.
    pub fn git(&self) -> &Git {
        &self.git
    }

    /// A repository by its id, deleted ones too; no access is checked.
    pub fn get(&self, id: RepositoryId) -> Result<Option<Repository>, StoreError> {
        self.store.read(|tx| store::repository(tx, id))
    }

    /// Tells in the log that what follows the files of a repository could not read them. One that was purged meanwhile is
    /// no trouble: its folder goes while others may be reading it.
    pub fn tell_unreadable(&self, id: RepositoryId, what: &str, error: &dyn Display) -> Result<(), StoreError> {
        if self.get(id)?.is_some() {
            tracing::error!(repository = %id, %error, "{what}");
        }
        Ok(())
    }

    /// A repository by its id, within the caller's transaction.
    pub fn get_in(&self, tx: &impl ReadRows, id: RepositoryId) -> Result<Option<Repository>, StoreError> {
        store::repository(tx, id)
    }

    /// Contradictions within the rows of this slice, as sentences.
    pub fn check(&self, tx: &impl ReadRows) -> Result<Vec<String>, StoreError> {
        store::check(tx)
    }
}
