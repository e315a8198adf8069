//! What can go wrong with an index; a text that somebody typed never does.

use crate::http::{Code, Problem};
use std::io;
use tantivy::TantivyError;
use tantivy::directory::error::OpenWriteError;

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
    Index(#[source] TantivyError),
    /// The disk has no room for what the index has to take over.
    #[error("The disk of the hub is full: free some space; the search index takes over what it missed by itself")]
    DiskFull,
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

impl From<TantivyError> for SearchError {
    fn from(error: TantivyError) -> Self {
        if is_disk_full(&error) {
            Self::DiskFull
        } else {
            Self::Index(error)
        }
    }
}

/// Whether the index met a full disk. What happens on a thread of the writer reaches us as a text alone.
fn is_disk_full(error: &TantivyError) -> bool {
    let kind = match error {
        TantivyError::IoError(error) => error.kind(),
        TantivyError::OpenWriteError(OpenWriteError::IoError { io_error, .. }) => io_error.kind(),
        TantivyError::InternalError(text) => {
            return [rustix::io::Errno::NOSPC, rustix::io::Errno::DQUOT]
                .iter()
                .any(|number| text.contains(&io::Error::from(*number).to_string()));
        }
        _ => return false,
    };
    matches!(kind, io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
}

impl Problem for SearchError {
    fn code(&self) -> Code {
        match self {
            Self::Folder { .. } | Self::Index(_) | Self::Entry(_) | Self::Closed | Self::Damaged => Code::Unavailable,
            Self::DiskFull => Code::StorageFull,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_is_told_from_a_damaged_index() {
        let full = io::Error::from(rustix::io::Errno::NOSPC);
        let on_a_thread = TantivyError::InternalError(format!("'{full}'"));
        assert!(matches!(SearchError::from(on_a_thread), SearchError::DiskFull));
        assert!(matches!(
            SearchError::from(TantivyError::from(full)),
            SearchError::DiskFull
        ));
        let damaged = TantivyError::InternalError("a segment is gone".to_owned());
        assert!(matches!(SearchError::from(damaged), SearchError::Index(_)));
    }
}
