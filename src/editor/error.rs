use crate::files::FilesError;
use crate::git::GitError;
use crate::http::{Code, Problem};
use crate::store::StoreError;

/// Why a history cannot be shown; the texts are for its user.
#[derive(Debug, thiserror::Error)]
pub enum EditorError {
    /// Not the name of a commit, or of none in this repository.
    #[error("There is no commit '{0}' in this repository.")]
    UnknownCommit(String),
    /// Files.
    #[error(transparent)]
    Files(#[from] FilesError),
    /// git.
    #[error(transparent)]
    Git(#[from] GitError),
    /// Metadata.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Problem for EditorError {
    fn code(&self) -> Code {
        match self {
            Self::UnknownCommit(_) => Code::NotFound,
            Self::Files(error) => error.code(),
            Self::Git(error) => error.code(),
            Self::Store(error) => error.code(),
        }
    }

    fn details(&self) -> Option<serde_json::Value> {
        match self {
            Self::UnknownCommit(_) => None,
            Self::Files(error) => error.details(),
            Self::Git(error) => error.details(),
            Self::Store(error) => error.details(),
        }
    }
}
