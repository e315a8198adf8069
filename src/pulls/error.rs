use crate::git::GitError;
use crate::http::{Code, Problem};
use crate::repos::ReposError;
use crate::store::StoreError;
use crate::users::UsersError;

/// Why something cannot be done with a discussion or a pull request; the texts are for its user.
#[derive(Debug, thiserror::Error)]
pub enum PullsError {
    /// There is none of this number in the repository.
    #[error("There is no discussion or pull request {0} in this repository.")]
    NotFound(u64),
    /// There is no such comment in it.
    #[error("There is no such comment in this discussion.")]
    NoComment,
    /// The caller may say something, but not this.
    #[error("Only {0} may do this.")]
    Forbidden(&'static str),
    /// A field breaks a rule.
    #[error("{message}")]
    Invalid {
        /// The field.
        field: &'static str,
        /// What it has to be.
        message: String,
    },
    /// It has as much text as it may have.
    #[error("Discussion {0} is full. Open another one and name this one in it.")]
    Full(u64),
    /// It is a discussion.
    #[error("{0} is a discussion, not a pull request.")]
    NoPullRequest(u64),
    /// It was merged, or is closed.
    #[error("The pull request {number} is {status}, so this cannot be done with it.")]
    Finished {
        /// Its number.
        number: u64,
        /// How it stands.
        status: &'static str,
    },
    /// It is a draft.
    #[error("The pull request {0} is a draft. Change its status to open first.")]
    Draft(u64),
    /// Both sides changed the same.
    #[error("The pull request {number} cannot be merged, as the branch has other changes of: {}.", files.join(", "))]
    Conflicts {
        /// Its number.
        number: u64,
        /// The files.
        files: Vec<String>,
    },
    /// git.
    #[error(transparent)]
    Git(#[from] GitError),
    /// Accounts.
    #[error(transparent)]
    Users(#[from] UsersError),
    /// Repositories.
    #[error(transparent)]
    Repos(#[from] ReposError),
    /// Metadata.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Problem for PullsError {
    fn code(&self) -> Code {
        match self {
            Self::NotFound(_) | Self::NoComment => Code::NotFound,
            Self::Forbidden(_) => Code::Forbidden,
            Self::Invalid { .. } | Self::NoPullRequest(_) => Code::Invalid,
            Self::Full(_) | Self::Finished { .. } | Self::Draft(_) | Self::Conflicts { .. } => Code::Conflict,
            Self::Git(error) => error.code(),
            Self::Users(error) => error.code(),
            Self::Repos(error) => error.code(),
            Self::Store(error) => error.code(),
        }
    }

    fn details(&self) -> Option<serde_json::Value> {
        match self {
            Self::Invalid { field, .. } => Some(serde_json::json!({ "field": field })),
            Self::Conflicts { files, .. } => Some(serde_json::json!({ "files": files })),
            Self::Git(error) => error.details(),
            Self::Users(error) => error.details(),
            Self::Repos(error) => error.details(),
            _ => None,
        }
    }
}
