//! Full-text search in Chinese and English over repositories, users and files. The only home of tantivy.
//!
//! Indexes are derived: whatever happens to them, they are filled again from the store. One engine serves all of them; it
//! opens an index or replaces one that cannot be used ([`IndexStatus::needs_rebuild`]), writes on one thread with debounced
//! commits that carry the number of the last event they contain, and shows searches an unchanging snapshot.
//!
//! Who may see what is a condition inside every query, so hits, totals, facets and suggestions never tell of a private
//! repository. No text that somebody types is an error.

/// Routes.
pub mod api;

mod analyzer;
mod characters;
mod collect;
mod consumer;
mod document;
mod engine;
mod error;
mod facets;
mod files;
mod find;
mod folding;
mod highlight;
mod live;
mod parse;
mod prefix;
mod query;
mod repositories;
mod schema;
mod sources;
mod suggest;
mod tokenizer;
mod upkeep;
mod users;
mod writer;

pub use consumer::SearchConsumer;
pub use document::RepositoryDocument;
pub use engine::{Engine, IndexStatus, RebuildReason};
pub use error::SearchError;
pub use facets::{Facet, FacetCounts, MOST_FACET_VALUES};
pub use files::{FileChange, FileDocument, FileHit, FileIndex, FileQuery, FileSort};
pub use live::Counters;
pub use repositories::{
    Audience, DEEPEST_HIT, Highlights, MOST_PER_PAGE, RepositoryChange, RepositoryFilter, RepositoryHit,
    RepositoryIndex, RepositoryQuery, RepositoryResults, RepositorySort,
};
pub use suggest::{MOST_SUGGESTIONS, Suggestion, SuggestionKind};
pub use upkeep::{Rebuilt, Search};
pub use users::{UserChange, UserDocument, UserHit, UserIndex};
