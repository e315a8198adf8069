//! Front door for people: the web UI.

/// Files and page of the web UI.
mod ui;
