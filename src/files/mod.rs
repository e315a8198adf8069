//! Files of repositories: listing, reading, downloading, uploading, moving, copying, deleting.

/// Views and downloads on their way to the counters.
mod traffic;

pub use traffic::{Traffic, TrafficEvent, TrafficKind, TrafficMethod};
