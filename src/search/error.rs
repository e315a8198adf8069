//! What can go wrong with an index; a text that somebody typed never does.

use crate::http::{Code, Problem};
use std::io;

/// A failure of a search index.
#[derive(Debug, thiserror::Error)]
pub enum SearchError {
    /// The folder of the index cannot be used.
    #[error("The search index in '{folder}' cannot be used: check that the folder is writable and the disk has room")]
    Folder {
        /// The folder.
        folder: String,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// A file of the index is damaged, or a write failed.
    #[error("The search index is damaged or cannot be written; it is being rebuilt, try again in a while")]
    Index(#[from] tantivy::TantivyError),
    /// A stored document cannot be read.
    #[error("The search index holds an entry that this version cannot read; it is being rebuilt, try again in a while")]
    Entry(#[from] rmp_serde::decode::Error),
    /// The program is shutting down.
    #[error("The search index is closed because the hub is shutting down")]
    Closed,
    /// A search ended unexpectedly, which a damaged file can cause.
    #[error("The search index is damaged; it is being rebuilt, try again in a while")]
    Damaged,
}

impl Problem for SearchError {
    fn code(&self) -> Code {
        match self {
            Self::Folder { .. } | Self::Index(_) | Self::Entry(_) | Self::Closed | Self::Damaged => Code::Unavailable,
        }
    }
}
