//! Cards: the README.md of a repository, whose YAML front matter is the only source of a repository's metadata.
//!
//! Owns the rows of cards, which values they use how often, and the templates that people make. Guarantees: a card that
//! cannot be read never blocks a commit, and says why with line and column; a change of metadata is a commit that leaves
//! the rest of README.md byte for byte; no README can cost more than bounded time and memory, or put anything but safe
//! HTML on a page; counts tell nothing of private repositories. Rows follow commits within moments; what is asked of one
//! repository is read from git and never late.
//! Absent on purpose: the tree of classifications (taxonomy), finding by words (search).

/// Routes.
pub mod api;
/// Changing front matter in a text.
mod edit;
/// What can go wrong.
mod error;
/// The catalogue of fields.
mod fields;
/// Looking cards up by value.
mod find;
/// Keeping rows in step with commits.
mod follow;
/// Where front matter begins and ends.
mod front_matter;
/// Where, when, in which bands and how fine.
mod geo;
/// Whether a tree can be built from HTML.
mod html_bounds;
/// The typed view and its problems.
mod metadata;
/// Templates that people make.
mod offer;
/// What is wrong, and where.
mod problem;
/// Cards of a revision.
mod read;
/// Markdown to safe HTML.
mod render;
/// What an unquoted scalar means.
mod scalar;
/// The JSON Schema.
pub mod schema;
/// Rows.
mod store;
/// Templates and their variables.
pub mod templates;
/// Changing metadata by a commit.
mod update;
/// What can be looked up.
mod values;
/// YAML as a tree with places.
mod yaml;
/// From the YAML parser to that tree.
mod yaml_reader;

pub use edit::{EditError, apply};
pub use error::CardsError;
pub use find::FieldUse;
pub use follow::CardFollower;
pub use front_matter::split;
pub use geo::{Band, BoundingBox, TemporalExtent};
pub use metadata::{CardMetadata, ParsedCard, parse};
pub use offer::NewTemplate;
pub use problem::{CardProblem, Position, Severity};
pub use read::{README, ReadCard};
pub use render::{ImageAddresses, LinkBase, Rendered, render};
pub use store::{Card, CardTemplate, TABLES, check};
pub use update::MetadataChange;

use crate::base::Clock;
use crate::events::Events;
use crate::repos::Repos;
use crate::store::Store;
use std::sync::Arc;
use tokio::sync::Mutex;

/// Kinds of events that this slice records.
pub mod event {
    /// The card of the repository that is the subject changed, or its classifications did by it.
    pub const CHANGED: &str = "repository.card_changed";
    /// The account that is the subject made a card template, or replaced it.
    pub const TEMPLATE_OFFERED: &str = "account.template_offered";
    /// A card template of the account that is the subject was removed.
    pub const TEMPLATE_REMOVED: &str = "account.template_removed";
}

/// The handle of this slice; cheap to clone.
#[derive(Clone)]
pub struct Cards {
    store: Store,
    repos: Repos,
    events: Events,
    clock: Clock,
    /// Held while a card is read and its row is written.
    refreshing: Arc<Mutex<()>>,
}

impl Cards {
    /// Puts the slice over its engines.
    pub fn new(store: Store, repos: Repos, events: Events, clock: Clock) -> Self {
        Self {
            store,
            repos,
            events,
            clock,
            refreshing: Arc::default(),
        }
    }
}
