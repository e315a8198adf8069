//! Front door for people and probes: the web UI, health, the description of the API and its page.

/// Routes.
pub mod api;
/// The page that describes the API.
mod docs_page;
/// The web UI.
pub mod ui;
