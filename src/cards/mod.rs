//! Cards: the README.md of a repository, whose YAML front matter is the only source of a repository's metadata.
//!
//! Pure rules: [`parse`] reads any README and never fails (what is wrong is a list of [`CardProblem`]s with line and
//! column), [`apply`] changes fields and leaves the rest byte for byte, [`render`] makes safe HTML.

mod edit;
mod fields;
mod front_matter;
mod geo;
mod html_bounds;
mod metadata;
mod problem;
mod render;
mod scalar;
pub mod schema;
pub mod templates;
mod yaml;

pub use edit::{EditError, apply};
pub use geo::{Band, BoundingBox, TemporalExtent};
pub use metadata::{CardMetadata, ParsedCard, parse};
pub use problem::{CardProblem, Position, Severity};
pub use render::{LinkBase, Rendered, render};
