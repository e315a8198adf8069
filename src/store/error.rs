use std::io::ErrorKind;
use std::sync::Arc;

/// What can go wrong in the store. Cloneable, because writers that share a commit share its failure.
#[derive(Debug, Clone, thiserror::Error)]
pub enum StoreError {
    /// The disk has no room for the change; nothing of it was kept.
    #[error("The disk of the hub is full: free some space, then try again. Reading still works.")]
    Full,
    /// A row for the same unique value exists.
    #[error("There is already an entry in '{index}' for this value.")]
    Duplicate {
        /// The unique index that refused.
        index: &'static str,
    },
    /// Another process has the file open.
    #[error("Another process has this data folder open: stop it first, or use its API.")]
    InUse,
    /// A newer program wrote the file.
    #[error(
        "This data folder was written by a newer GeoML-Hub (schema {file}, this one knows {program}): install the newer version."
    )]
    Newer {
        /// The version in the file.
        file: u32,
        /// The version this program knows.
        program: u32,
    },
    /// A row that this program cannot decode.
    #[error("A row of table '{table}' cannot be read: {reason}.")]
    Row {
        /// The table.
        table: &'static str,
        /// What the decoder said.
        reason: String,
    },
    /// The database or the disk failed.
    #[error("The metadata store failed: {0}.")]
    Storage(Arc<redb::Error>),
    /// A thread could not be started, or a file could not be made.
    #[error("The metadata store cannot use its files: {0}.")]
    Io(Arc<std::io::Error>),
    /// The hub is stopping.
    #[error("The metadata store is closed, because the hub is stopping: try again when it has started.")]
    Closed,
}

impl StoreError {
    /// Whether the whole transaction is lost, not only one closure's part of it.
    pub(super) fn is_fatal(&self) -> bool {
        match self {
            Self::Full | Self::Storage(_) | Self::Io(_) | Self::Closed => true,
            Self::Duplicate { .. } | Self::InUse | Self::Newer { .. } | Self::Row { .. } => false,
        }
    }
}

impl From<redb::Error> for StoreError {
    fn from(error: redb::Error) -> Self {
        match error {
            redb::Error::DatabaseAlreadyOpen => Self::InUse,
            redb::Error::Io(error) if matches!(error.kind(), ErrorKind::StorageFull | ErrorKind::QuotaExceeded) => {
                Self::Full
            }
            redb::Error::Io(error) => Self::Io(Arc::new(error)),
            other => Self::Storage(Arc::new(other)),
        }
    }
}

impl From<std::io::Error> for StoreError {
    fn from(error: std::io::Error) -> Self {
        redb::Error::Io(error).into()
    }
}

macro_rules! from_redb {
    ($($kind:ident),*) => {$(
        impl From<redb::$kind> for StoreError {
            fn from(error: redb::$kind) -> Self {
                redb::Error::from(error).into()
            }
        }
    )*};
}

from_redb!(
    DatabaseError,
    TransactionError,
    TableError,
    StorageError,
    CommitError,
    SetDurabilityError
);
