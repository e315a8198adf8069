//! Discussions and pull requests.
//!
//! Owns their rows: both are numbered together in each repository, and hold what was said and done in order. A pull request
//! has a reference of its own, `refs/pr/<number>`, to which its author commits without a right to anything else, and from
//! which it is merged. Guarantees: a commit or a merge and what its pull request says of it are one transaction; a request
//! that a crash cut off while it was opened leaves neither a row nor a reference; who may not read a repository learns
//! nothing of it. Deliberately absent: how commits and merges are made (repos, git), words of clients (hf).

/// Why something cannot be done.
mod error;
/// Following what happens to repositories.
mod follow;
/// Merging and comparing.
mod merge;
/// What a discussion is.
mod model;
/// Opening.
mod open;
/// Who takes part.
mod participant;
/// Looking.
mod read;
/// Rows.
mod store;
/// What people say and change.
mod talk;

pub use error::PullsError;
pub use follow::Forgetting;
pub use merge::Comparison;
pub use model::{Edit, Happening, Pull, PullEvent, PullFilter, PullRequest, PullStatus};
pub use open::{NewPull, Opening};
pub use participant::Participant;
pub use store::TABLES;

use crate::base::Clock;
use crate::events::Events;
use crate::repos::Repos;
use crate::store::{ReadRows, Store, StoreError};

/// Kinds of events that this slice records; their subject is the repository, their details name the number.
pub mod event {
    /// A discussion or a pull request was opened.
    pub const OPENED: &str = "pull.opened";
    /// Somebody commented.
    pub const COMMENTED: &str = "pull.commented";
    /// A comment was edited.
    pub const COMMENT_EDITED: &str = "pull.comment_edited";
    /// A comment was hidden.
    pub const COMMENT_HIDDEN: &str = "pull.comment_hidden";
    /// The title changed.
    pub const RENAMED: &str = "pull.renamed";
    /// The status changed.
    pub const STATUS: &str = "pull.status_changed";
}

/// The handle of this slice; cheap to clone.
#[derive(Clone)]
pub struct Pulls {
    store: Store,
    events: Events,
    repos: Repos,
    clock: Clock,
}

impl Pulls {
    /// Puts the slice over its engines and the slices below it.
    pub fn new(store: Store, events: Events, repos: Repos, clock: Clock) -> Self {
        repos.on_pull_moved(follow::follow);
        Self {
            store,
            events,
            repos,
            clock,
        }
    }

    /// Contradictions within the rows of this slice, as sentences.
    pub fn check(&self, tx: &impl ReadRows) -> Result<Vec<String>, StoreError> {
        store::check(tx)
    }
}
