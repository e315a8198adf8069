//! Path history: which commits on the first-parent line of a branch changed a path, kept as rows, so that "history of this
//! file" and "last commit of every entry in this folder" cost one range read and not a walk over all commits.
//!
//! Derived data: everything here can be rebuilt from git. An update is planned from git without any transaction
//! ([`Repository::plan_history`]), then written in the caller's (`apply`). An index that stands elsewhere than the branch
//! says so (`Indexed::tip`); readers then use the walks of [`Repository`] until it has caught up.
//!
//! A version is a commit that changed the path against its first parent, deletions included, renames not followed: what
//! `git log --first-parent -- path` lists. Paths that are not UTF-8 are kept with the bad bytes replaced.

mod check;
mod plan;
mod read;
mod refresh;
mod store;

pub use check::check;
pub use plan::{CommitChanges, HistoryError, HistoryPlan, HistoryUpdate, PathChange};
pub use read::{
    Indexed, LastCommit, PathVersion, commits, indexed, last_commit, last_commits, sequence_of, version,
    version_of_commit, versions,
};
pub use refresh::refresh;
pub use store::{Progress, TABLES, apply, forget_branch, forget_repository};

use super::repository::Repository;
