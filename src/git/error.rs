use super::model::ObjectId;
use crate::http::{Code, Problem};
use std::io::{self, ErrorKind};

/// Why the git engine refused or failed. The texts are written for the person who asked.
#[derive(Debug, thiserror::Error)]
pub enum GitError {
    /// The folder of the repository is absent.
    #[error("The repository has no git data on this server.")]
    NoRepository,
    /// A repository of this id exists.
    #[error("The repository has git data already.")]
    RepositoryExists,
    /// No branch, tag or commit of that name.
    #[error("There is no branch, tag or commit '{0}' in this repository.")]
    RevisionNotFound(String),
    /// A short commit id that names several commits.
    #[error("'{0}' is the beginning of more than one commit id; give more digits.")]
    RevisionAmbiguous(String),
    /// The repository has no commit yet.
    #[error("The repository is empty: it has no commit yet.")]
    Empty,
    /// Nothing stands at the path.
    #[error("There is no file or folder '{0}' at this revision.")]
    PathNotFound(String),
    /// A folder where a file was expected.
    #[error("'{0}' is a folder, not a file.")]
    IsFolder(String),
    /// A file where a folder was expected.
    #[error("'{0}' is a file, not a folder.")]
    IsFile(String),
    /// The target of a move or copy is taken.
    #[error("'{0}' exists already.")]
    PathExists(String),
    /// The path cannot be written to git.
    #[error("The path '{path}' cannot be stored: {reason}.")]
    BadPath {
        /// The path as given.
        path: String,
        /// Which rule it breaks, in words.
        reason: String,
    },
    /// A file that git obeys has content that git refuses.
    #[error("The file '{path}' cannot be stored: {reason}.")]
    BadContent {
        /// The path.
        path: String,
        /// Which rule it breaks, in words.
        reason: String,
    },
    /// Two paths that one folder of Windows or macOS cannot hold together.
    #[error("'{0}' and '{1}' differ only in capital letters; such names cannot exist side by side on every computer.")]
    CaseClash(String, String),
    /// The operations leave everything as it was.
    #[error("Nothing would change: the files have this content already.")]
    NoChange,
    /// A name that git does not allow for a branch or tag.
    #[error("'{0}' cannot be the name of a branch or tag.")]
    BadReferenceName(String),
    /// A branch or tag of this name exists.
    #[error("The name '{0}' is taken by another branch or tag.")]
    ReferenceExists(String),
    /// `a` and `a/b` cannot both be branches.
    #[error("'{0}' cannot be created beside '{1}': one name would be a folder of the other.")]
    ReferenceClash(String, String),
    /// No branch or tag of this name.
    #[error("There is no branch or tag '{0}'.")]
    ReferenceNotFound(String),
    /// The default branch cannot be deleted.
    #[error("'{0}' is the default branch and cannot be deleted; choose another default first.")]
    DefaultBranch(String),
    /// The branch moved since the caller looked.
    #[error("The branch has changed in the meantime; reload it and try again.")]
    Stale {
        /// Where the branch stands now; `None` when it is gone.
        current: Option<ObjectId>,
    },
    /// The content is larger than the caller wanted to hold.
    #[error("The file has {size} bytes, more than the {limit} that can be read at once.")]
    TooLarge {
        /// Size of the file in bytes.
        size: u64,
        /// The caller's limit in bytes.
        limit: u64,
    },
    /// A message with a NUL character.
    #[error("The commit message cannot contain NUL characters.")]
    BadMessage,
    /// Something else stands at the path than the caller had seen.
    #[error("'{0}' has changed meanwhile. Look at it again, then try again.")]
    PathChanged(String),
    /// A text that is not a git LFS pointer.
    #[error("The text is not a git LFS pointer.")]
    NotAPointer,
    /// A git client sent what the protocol does not allow.
    #[error("This is not git's protocol: {0}.")]
    Protocol(String),
    /// A git client asks for an object that no reference leads to.
    #[error("The object {0} is not in this repository, or no branch or tag leads to it.")]
    NotReachable(ObjectId),
    /// The object database does not hold what it should.
    #[error("The git data of the repository is damaged: {0}.")]
    Damaged(String),
    /// Long work was given up.
    #[error("The work was given up, as the hub stops.")]
    Stopped,
    /// The disk of the git folder is full.
    #[error("The server's disk is full; nothing was changed. An administrator has to free space.")]
    DiskFull,
    /// A folder or file of the repository cannot be read or written.
    #[error("The git data of the repository cannot be read or written.")]
    Io(#[source] io::Error),
    /// gix failed in a way that has no better name.
    #[error("The git data of the repository cannot be used.")]
    Engine(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl GitError {
    pub(crate) fn engine(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Engine(error.into())
    }

    /// A breach of git's protocol, in words that follow a colon.
    pub(crate) fn protocol(what: impl Into<String>) -> Self {
        Self::Protocol(what.into())
    }
}

impl From<io::Error> for GitError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded => Self::DiskFull,
            _ => Self::Io(error),
        }
    }
}

impl From<gix::Error> for GitError {
    fn from(error: gix::Error) -> Self {
        Self::Engine(Box::new(error))
    }
}

impl Problem for GitError {
    fn code(&self) -> Code {
        match self {
            Self::RevisionNotFound(_) | Self::PathNotFound(_) | Self::ReferenceNotFound(_) | Self::Empty => {
                Code::NotFound
            }
            Self::Protocol(_) => Code::BadRequest,
            Self::NotReachable(_) => Code::NotFound,
            Self::RevisionAmbiguous(_)
            | Self::IsFolder(_)
            | Self::IsFile(_)
            | Self::BadPath { .. }
            | Self::BadContent { .. }
            | Self::BadReferenceName(_)
            | Self::BadMessage
            | Self::NoChange
            | Self::NotAPointer => Code::Invalid,
            Self::PathExists(_)
            | Self::PathChanged(_)
            | Self::CaseClash(..)
            | Self::ReferenceExists(_)
            | Self::ReferenceClash(..)
            | Self::DefaultBranch(_)
            | Self::Stale { .. } => Code::Conflict,
            Self::TooLarge { .. } => Code::TooLarge,
            Self::DiskFull => Code::StorageFull,
            Self::NoRepository
            | Self::RepositoryExists
            | Self::Damaged(_)
            | Self::Stopped
            | Self::Io(_)
            | Self::Engine(_) => Code::Internal,
        }
    }
}
