//! What the files of a model say of it: parameters by type, architecture, the library that loads it and its task.
//!
//! Owns one row per repository of the family of models, derived from the files of its default branch and made anew by
//! `reindex`. Guarantees: of weights only the headers are read, and no header costs more than bounded time and memory; a
//! file that cannot be read never holds up anything, and says why in the row; rows follow commits within moments.
//! Absent on purpose: what people say in the card (cards), which goes before what is inferred here.

/// What can go wrong.
mod error;
/// Keeping rows in step with commits.
mod follow;
/// Headers of GGUF files.
pub mod gguf;
/// Which library and which task files and architectures tell.
pub mod inference;
/// Words to filter by.
mod labels;
/// What is known of a model.
mod model;
/// Facts of a commit.
mod read;
/// Headers of safetensors files.
pub mod safetensors;
/// Rows.
mod store;

pub use error::ModelsError;
pub use follow::ModelFollower;
pub use labels::labels;
pub use model::{GgufFacts, ModelFacts, SafetensorsFacts, TransformersFacts};
pub use safetensors::SafetensorsHeader;
pub use store::{TABLES, check, facts};

use crate::blobs::Blobs;
use crate::events::Events;
use crate::repos::Repos;
use crate::store::Store;
use std::sync::Arc;
use tokio::sync::Mutex;

/// Kinds of events that this slice records.
pub mod event {
    /// What the files of the repository that is the subject say changed.
    pub const CHANGED: &str = "repository.model_facts_changed";
}

/// The handle of this slice; cheap to clone.
#[derive(Clone)]
pub struct Models {
    store: Store,
    repos: Repos,
    blobs: Blobs,
    events: Events,
    /// Held while files are read and their row is written.
    refreshing: Arc<Mutex<()>>,
}

impl Models {
    /// Puts the slice over its engines and the slices below it.
    pub fn new(store: Store, repos: Repos, blobs: Blobs, events: Events) -> Self {
        Self {
            store,
            repos,
            blobs,
            events,
            refreshing: Arc::default(),
        }
    }
}
