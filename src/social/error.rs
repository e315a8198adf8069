use crate::http::{Code, Problem};
use crate::repos::ReposError;
use crate::store::StoreError;
use crate::users::UsersError;

/// What can go wrong with stars, follows and counters.
#[derive(Debug, thiserror::Error)]
pub enum SocialError {
    /// An account cannot follow itself.
    #[error("An account cannot follow itself.")]
    FollowsItself,
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

impl Problem for SocialError {
    fn code(&self) -> Code {
        match self {
            Self::FollowsItself => Code::Invalid,
            Self::Users(error) => error.code(),
            Self::Repos(error) => error.code(),
            Self::Store(error) => error.code(),
        }
    }

    fn details(&self) -> Option<serde_json::Value> {
        match self {
            Self::Users(error) => error.details(),
            Self::Repos(error) => error.details(),
            Self::FollowsItself | Self::Store(_) => None,
        }
    }
}
