//! Histories and single commits as an editor shows them.
//!
//! Owns nothing yet. Guarantees: the history of a repository is what `git log` lists from the revision, the history of a
//! path what `git log --first-parent -- path` lists; a diff names every changed file, and marks what a limit left out.

/// Routes.
pub mod api;
/// Revisions beside each other, and the names that revisions have.
mod compare;
/// Why a history cannot be shown.
mod error;
/// Commits of a repository or a path.
mod history;

pub use compare::{Comparison, NamedCommit, Names};
pub use error::EditorError;
pub use history::{CommitDetail, History};

use crate::base::RepositoryId;
use crate::files::Files;
use crate::git::ObjectId;
use crate::store::Store;
use std::collections::HashMap;
use std::sync::{Arc, Mutex};

/// The handle of this slice; cheap to clone.
#[derive(Clone)]
pub struct Editor(Arc<Inner>);

struct Inner {
    store: Store,
    files: Files,
    /// The length of the history at the tip that was asked for last, to count on from there.
    lengths: Mutex<HashMap<RepositoryId, (ObjectId, u64)>>,
}

impl Editor {
    /// Puts the slice over files.
    pub fn new(store: Store, files: Files) -> Self {
        let lengths = Mutex::default();
        Self(Arc::new(Inner { store, files, lengths }))
    }

    /// Files, for the proofs and revisions that histories need.
    pub fn files(&self) -> &Files {
        &self.0.files
    }
}
