//! The classification tree of the geosciences and the links of repositories to it.
//!
//! Owns the nodes, the links and how many public repositories each node has. Guarantees: a slug never changes and is never
//! given again by the built-in tree; a repository linked to a node belongs to all nodes above it; a link remembers whether
//! the card or a person made it, and a commit renews only the card's; counts tell nothing of private repositories.
//! Absent on purpose: what a card says (cards), which repositories are found below a node (search).

/// Routes.
pub mod api;
/// What can go wrong.
mod error;
/// Links of repositories to nodes.
mod links;
/// What a node is.
mod model;
/// Making, changing and deleting nodes.
mod nodes;
/// Rows.
mod store;
/// The built-in tree, as it lies under `assets/`.
mod tree;

pub use error::TaxonomyError;
pub use links::{ClassificationCounts, set_card_links};
pub use model::{Classification, LinkOrigin, RepositoryClassification};
pub use nodes::{ClassificationChange, NewClassification};
pub use store::{TABLES, check, classification, find, members, of_repository, path, repository_count};
pub use tree::{BuiltInNode, built_in};

use crate::base::Clock;
use crate::events::Events;
use crate::store::{Store, StoreError};
use links::renew;

/// Kinds of events that this slice records.
pub mod event {
    /// A node was made.
    pub const CREATED: &str = "classification.created";
    /// Names or place of a node changed.
    pub const CHANGED: &str = "classification.changed";
    /// A node was deleted.
    pub const DELETED: &str = "classification.deleted";
    /// The repository that is the subject belongs to other nodes than before.
    pub const CLASSIFIED: &str = "repository.classified";
}

/// The handle of this slice; cheap to clone.
#[derive(Clone)]
pub struct Taxonomy {
    store: Store,
    events: Events,
    clock: Clock,
}

/// A node with its number of public repositories, those of nodes below it included.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CountedClassification {
    /// The node.
    pub node: Classification,
    /// How many.
    pub repositories: u64,
}

impl Taxonomy {
    /// Puts the slice over its engines.
    pub fn new(store: Store, events: Events, clock: Clock) -> Self {
        Self { store, events, clock }
    }

    /// The node of this id.
    pub fn get(&self, id: &str) -> Result<CountedClassification, TaxonomyError> {
        self.path(id)?
            .pop()
            .ok_or_else(|| TaxonomyError::NotFound(id.to_owned()))
    }

    /// The node of this id and all above it, the first level first.
    pub fn path(&self, id: &str) -> Result<Vec<CountedClassification>, TaxonomyError> {
        let path = self.store.read(|tx| counted(tx, store::path(tx, id)?))?;
        if path.is_empty() {
            return Err(TaxonomyError::NotFound(id.to_owned()));
        }
        Ok(path)
    }

    /// The nodes below this one, in their order.
    pub fn children(&self, id: &str) -> Result<Vec<CountedClassification>, TaxonomyError> {
        self.get(id)?;
        Ok(self.store.read(|tx| counted(tx, store::children(tx, Some(id))?))?)
    }

    /// Every node: each is followed by those below it.
    pub fn all(&self) -> Result<Vec<CountedClassification>, TaxonomyError> {
        let all = self.store.read(|tx| {
            let mut found = Vec::new();
            let mut open = store::children(tx, None)?;
            open.reverse();
            while let Some(node) = open.pop() {
                open.extend(store::children(tx, Some(&node.id))?.into_iter().rev());
                found.push(node);
            }
            counted(tx, found)
        })?;
        Ok(all)
    }
}

fn counted(
    tx: &impl crate::store::ReadRows,
    nodes: Vec<Classification>,
) -> Result<Vec<CountedClassification>, StoreError> {
    let count = |node: Classification| {
        let repositories = store::repository_count(tx, &node.id)?;
        Ok(CountedClassification { node, repositories })
    };
    nodes.into_iter().map(count).collect()
}
