//! Front door for people and probes: health, the description of the API and its page.

mod api;

pub use api::{ApiDocument, routes};
