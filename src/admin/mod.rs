//! Maintenance as an administrator sees it: every periodic and maintenance task, what it last did, and a way to run it.
//!
//! Owns nothing: the tasks are the engine's, and what they do is the slices'.

/// Routes.
pub mod api;
