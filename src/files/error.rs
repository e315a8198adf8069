use super::PathLock;
use crate::base::path::InvalidPath;
use crate::base::size::human;
use crate::base::{Sha256, UploadId};
use crate::blobs::BlobError;
use crate::git::GitError;
use crate::http::{Code, Problem};
use crate::repos::ReposError;
use crate::store::StoreError;
use crate::users::UsersError;

/// Why something cannot be done with a file; the texts are for its user.
#[derive(Debug, thiserror::Error)]
pub enum FilesError {
    /// No such file id, or one of a file that the caller may not know of.
    #[error("There is no such file.")]
    UnknownFile,
    /// The repository was not sent a chunk, or not in a way that others can count on.
    #[error("This repository was not sent that chunk.")]
    UnknownChunk,
    /// A path that no repository can hold.
    #[error("{reason}")]
    BadPath {
        /// The field that held it.
        field: &'static str,
        /// Which rule it breaks.
        reason: InvalidPath,
    },
    /// A field that is missing or breaks a rule.
    #[error("{message}")]
    Invalid {
        /// The field.
        field: &'static str,
        /// The rule, as a sentence.
        message: String,
    },
    /// The form cannot be read to its end.
    #[error("The upload cannot be read: {0}. Send it again.")]
    BrokenForm(String),
    /// Two files of one batch have one path.
    #[error("The path '{0}' appears twice in this batch.")]
    DuplicatePath(String),
    /// More files than one batch may have.
    #[error("One batch has at most {0} files. Send the rest in another one.")]
    TooManyFiles(usize),
    /// More steps than one commit may have.
    #[error("One commit has at most {0} files and deletions. Send the rest in another one.")]
    TooManySteps(usize),
    /// Paths that are held in memory until the commit is made.
    #[error("The paths of one commit have at most {} together. Send the rest in another one.", human(*.0))]
    LongPaths(u64),
    /// A file beyond the configured size.
    #[error("'{path}' is larger than the limit of {}.", human(*.limit))]
    TooLarge {
        /// The file.
        path: String,
        /// Bytes allowed.
        limit: u64,
    },
    /// A file that git would keep as a pointer, where there are no pointers.
    #[error("'{path}' is larger than {}, and git LFS is switched off for this repository, so it cannot be kept here.", human(*.limit))]
    NoLargeFiles {
        /// The file.
        path: String,
        /// Bytes allowed in git.
        limit: u64,
    },
    /// Something stands at the target already.
    #[error("'{0}' exists already. Choose another path.")]
    TargetExists(String),
    /// No chunked upload of this id in this repository by this account.
    #[error("There is no such upload, or it has expired. Start it again.")]
    UnknownSession,
    /// The upload is complete and takes no more chunks.
    #[error("This upload is complete already.")]
    SessionComplete,
    /// An upload that a batch cannot take yet.
    #[error("The upload {0} is not assembled: complete it with 'commit=false' first.")]
    NotAssembled(UploadId),
    /// An upload is in another commit already.
    #[error("One of these uploads has been committed already, with other files. Upload it again.")]
    SessionUsed,
    /// More unfinished uploads than an account may have.
    #[error("An account has at most {0} unfinished uploads. Complete or cancel one first.")]
    TooManySessions(u32),
    /// A chunk number outside of the upload.
    #[error("The chunks of this upload are numbered from 1 to {total}; {number} is none of them.")]
    ChunkNumber {
        /// As given.
        number: u32,
        /// The last one.
        total: u32,
    },
    /// A chunk of another length than its place in the file has.
    #[error("Chunk {number} has {expected} bytes; {actual} arrived. Send it again.")]
    ChunkLength {
        /// The chunk.
        number: u32,
        /// Bytes that it has to have.
        expected: u64,
        /// Bytes that came, or were announced.
        actual: u64,
    },
    /// Completed too early.
    #[error("{count} chunks have not arrived yet. Send them and complete the upload again.")]
    MissingChunks {
        /// How many.
        count: usize,
        /// The first of them.
        first: Vec<u32>,
    },
    /// The repository names no such content, whether the hub has it or not.
    #[error("There is no content {0} in this repository.")]
    UnknownContent(Sha256),
    /// Somebody has locked the path.
    #[error("'{}' is locked already.", .0.path)]
    PathLocked(Box<PathLock>),
    /// More locks than a repository may have.
    #[error("A repository has at most {0} locks. Remove one first.")]
    TooManyLocks(usize),
    /// No lock of this id in this repository.
    #[error("There is no such lock.")]
    UnknownLock,
    /// The lock is not the caller's.
    #[error("The lock on '{0}' is somebody else's. Whoever administers the repository removes it by force.")]
    LockOfAnother(String),
    /// Repositories.
    #[error(transparent)]
    Repos(#[from] ReposError),
    /// git.
    #[error(transparent)]
    Git(#[from] GitError),
    /// Large content.
    #[error(transparent)]
    Blob(#[from] BlobError),
    /// Accounts.
    #[error(transparent)]
    Users(#[from] UsersError),
    /// Metadata.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl FilesError {
    /// A field that breaks a rule.
    pub(super) fn invalid(field: &'static str, message: impl Into<String>) -> Self {
        let message = message.into();
        Self::Invalid { field, message }
    }
}

impl Problem for FilesError {
    fn code(&self) -> Code {
        match self {
            Self::UnknownFile
            | Self::UnknownChunk
            | Self::UnknownSession
            | Self::UnknownContent(_)
            | Self::UnknownLock => Code::NotFound,
            Self::LockOfAnother(_) => Code::Forbidden,
            Self::BadPath { .. }
            | Self::Invalid { .. }
            | Self::DuplicatePath(_)
            | Self::ChunkNumber { .. }
            | Self::ChunkLength { .. }
            | Self::MissingChunks { .. } => Code::Invalid,
            Self::BrokenForm(_) => Code::BadRequest,
            Self::TooManyFiles(_)
            | Self::TooManySteps(_)
            | Self::LongPaths(_)
            | Self::TooLarge { .. }
            | Self::NoLargeFiles { .. } => Code::TooLarge,
            Self::TargetExists(_)
            | Self::SessionComplete
            | Self::NotAssembled(_)
            | Self::SessionUsed
            | Self::PathLocked(_)
            | Self::TooManyLocks(_)
            | Self::TooManySessions(_) => Code::Conflict,
            Self::Repos(error) => error.code(),
            Self::Git(error) => error.code(),
            Self::Blob(error) => error.code(),
            Self::Users(error) => error.code(),
            Self::Store(error) => error.code(),
        }
    }

    fn details(&self) -> Option<serde_json::Value> {
        use serde_json::json;
        match self {
            Self::BadPath { field, .. } | Self::Invalid { field, .. } => Some(json!({ "field": field })),
            Self::DuplicatePath(path) => Some(json!({ "field": "files", "path": path })),
            Self::LongPaths(limit) => Some(json!({ "limit": limit })),
            Self::TooManyFiles(limit) => Some(json!({ "field": "files", "limit": limit })),
            Self::TooLarge { path, limit } | Self::NoLargeFiles { path, limit } => {
                Some(json!({ "path": path, "limit": limit }))
            }
            Self::TooManySessions(limit) => Some(json!({ "limit": limit })),
            Self::TooManySteps(limit) | Self::TooManyLocks(limit) => Some(json!({ "limit": limit })),
            Self::ChunkNumber { total, .. } => Some(json!({ "field": "chunk_number", "total_chunks": total })),
            Self::ChunkLength { expected, actual, .. } => Some(json!({ "expected": expected, "actual": actual })),
            Self::MissingChunks { count, first } => Some(json!({ "missing_count": count, "missing_chunks": first })),
            Self::Repos(error) => error.details(),
            Self::Git(error) => error.details(),
            Self::Blob(error) => error.details(),
            Self::Users(error) => error.details(),
            Self::Store(error) => error.details(),
            Self::UnknownFile
            | Self::UnknownChunk
            | Self::UnknownSession
            | Self::BrokenForm(_)
            | Self::TargetExists(_)
            | Self::SessionComplete
            | Self::NotAssembled(_)
            | Self::SessionUsed
            | Self::UnknownContent(_)
            | Self::PathLocked(_)
            | Self::UnknownLock
            | Self::LockOfAnother(_) => None,
        }
    }

    fn retry_after(&self) -> Option<u64> {
        match self {
            Self::Blob(BlobError::BusyUpload { .. }) => Some(1),
            _ => None,
        }
    }
}
