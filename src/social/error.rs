use crate::base::CollectionId;
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
    /// There is none, or the caller may not see it.
    #[error("There is no such collection.")]
    NoCollection,
    /// The collection does not have it.
    #[error("There is no such item in the collection.")]
    NoItem,
    /// Only its owner changes a collection.
    #[error("Only its owner, or a member of its organization who may write, makes and changes a collection.")]
    NotYours,
    /// The owner has a collection of this title.
    #[error("There is a collection of this title already.")]
    TitleTaken {
        /// The collection.
        id: CollectionId,
        /// Its title.
        title: String,
    },
    /// The collection has the repository.
    #[error("The collection has this item already.")]
    ItemExists,
    /// A field breaks a rule.
    #[error("{message}")]
    Invalid {
        /// The field.
        field: &'static str,
        /// What it has to be.
        message: String,
    },
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
            Self::FollowsItself | Self::Invalid { .. } => Code::Invalid,
            Self::NoCollection | Self::NoItem => Code::NotFound,
            Self::NotYours => Code::Forbidden,
            Self::TitleTaken { .. } | Self::ItemExists => Code::Conflict,
            Self::Users(error) => error.code(),
            Self::Repos(error) => error.code(),
            Self::Store(error) => error.code(),
        }
    }

    fn details(&self) -> Option<serde_json::Value> {
        match self {
            Self::Users(error) => error.details(),
            Self::Repos(error) => error.details(),
            Self::Invalid { field, .. } => Some(serde_json::json!({ "field": field })),
            _ => None,
        }
    }
}
