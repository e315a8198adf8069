use crate::blobs::BlobError;
use crate::git::GitError;
use crate::http::{Code, Problem};
use crate::store::StoreError;

/// What can go wrong with the facts of models; the texts are for people.
#[derive(Debug, thiserror::Error)]
pub enum ModelsError {
    /// The file is no weights of this form, or its header is damaged.
    #[error("'{path}' cannot be read: {reason}.")]
    Unreadable {
        /// The file.
        path: String,
        /// Why.
        reason: String,
    },
    /// Git.
    #[error(transparent)]
    Git(#[from] GitError),
    /// Large content.
    #[error(transparent)]
    Blob(#[from] BlobError),
    /// Metadata.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Problem for ModelsError {
    fn code(&self) -> Code {
        match self {
            Self::Unreadable { .. } => Code::Invalid,
            Self::Git(error) => error.code(),
            Self::Blob(error) => error.code(),
            Self::Store(error) => error.code(),
        }
    }
}
