//! Front door for people and probes: health, the description of the API and its page.

/// Routes.
pub mod api;
/// The page that describes the API.
mod docs_page;
