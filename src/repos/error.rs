use super::model::Gating;
use crate::base::size::human;
use crate::base::{Family, RepositoryName, Sha256};
use crate::blobs::BlobError;
use crate::git::GitError;
use crate::git::path_history::HistoryError;
use crate::git::receive::ReceiveError;
use crate::http::{Code, Problem};
use crate::store::StoreError;
use crate::users::UsersError;

/// Why a repository cannot do something; the texts are for its user.
#[derive(Debug, thiserror::Error)]
pub enum ReposError {
    /// There is none of this name, or the caller may not know of it. One text for both.
    #[error("There is no repository {0}.")]
    NotFound(String),
    /// The caller may read, but not this.
    #[error("This needs {0} access to the repository.")]
    Forbidden(&'static str),
    /// The caller sees the repository, and has no access to its content.
    #[error("Access to {} {name} is restricted and you are not in the authorized list. {}", kind_word(*.family), ask(*.anonymous))]
    Gated {
        /// What family it is of.
        family: Family,
        /// `owner/name`.
        name: String,
        /// How access is given.
        gating: Gating,
        /// Whether nobody is logged in.
        anonymous: bool,
    },
    /// Nobody has to ask for access.
    #[error("Everybody who sees this repository may read its content; there is nothing to ask for.")]
    NotGated,
    /// The request stands so already.
    #[error("This request for access is {0} already.")]
    RequestStands(&'static str),
    /// The account has access in another way.
    #[error("This account has access to the repository already.")]
    HasAccess,
    /// The account has not asked.
    #[error("This account has not asked for access to the repository.")]
    NoAccessRequest,
    /// The account has no part in the repository that could be ended.
    #[error("This account is no collaborator of the repository.")]
    NoCollaborator,
    /// The token is limited to other repositories, or its scope is too small.
    #[error("The access token does not allow this on this repository.")]
    TokenRefused,
    /// The name breaks a rule.
    #[error("{0}")]
    BadName(#[from] crate::base::names::InvalidName),
    /// The name begins an address of the hub.
    #[error("The name '{0}' is reserved, because an address of the hub begins with it. Choose another.")]
    ReservedName(RepositoryName),
    /// The owner has a repository of this name in the same family.
    #[error("{owner} already has a repository named '{name}' of this kind. Choose another name.")]
    NameTaken {
        /// The owner's name.
        owner: String,
        /// The name that is taken.
        name: RepositoryName,
    },
    /// A field breaks a rule.
    #[error("{message}")]
    Invalid {
        /// The field.
        field: &'static str,
        /// What it has to be.
        message: String,
    },
    /// The repository takes no large files.
    #[error(
        "git LFS is switched off for this repository, so it takes no large files. Whoever administers it switches it on in its settings."
    )]
    LargeFilesOff,
    /// The owner's quota does not allow the change.
    #[error("This would store {} in all, but the quota of this account is {}. Delete repositories that are no longer needed, or ask an administrator for more.", human(*.needed), human(*.quota))]
    QuotaExceeded {
        /// Bytes stored after the change.
        needed: u64,
        /// Bytes allowed.
        quota: u64,
    },
    /// What strangers may propose is used up, or the quota of the owner is, of which they learn nothing.
    #[error(
        "This repository takes no more large files from those who may not write to it. Ask whoever may to merge or remove some, or to send yours."
    )]
    ContributionsFull,
    /// Content that the repository had when a commit named it, and has no more.
    #[error("The content {0} went away before the commit was made. Send it again.")]
    ContentGone(Sha256),
    /// The branch moved while the commit was made, and the caller had asked for a certain parent.
    #[error("The branch has moved meanwhile. Fetch its present state and try again.")]
    Stale,
    /// A rule for the branch refuses the change.
    #[error("the branch '{branch}' is protected: {refused}. Its rules stand in the settings of the repository")]
    ProtectedBranch {
        /// The branch.
        branch: String,
        /// What is refused, in words.
        refused: &'static str,
    },
    /// A branch or tag that could not be changed, in words.
    #[error("Nothing was changed: {0}.")]
    ReferenceRefused(String),
    /// Pointers were pushed without the large files that they stand for.
    #[error("large files are missing: {0}send them with 'git lfs push --all <remote>', then push again")]
    MissingLargeFiles(String),
    /// A pack that cannot be taken.
    #[error("{0}")]
    Receive(#[source] ReceiveError),
    /// The caller names an account that cannot own the repository.
    #[error("Only {0} or an administrator may create repositories under this name.")]
    NotYourNamespace(String),
    /// git.
    #[error(transparent)]
    Git(#[from] GitError),
    /// The path history.
    #[error(transparent)]
    History(#[from] HistoryError),
    /// Blobs.
    #[error(transparent)]
    Blob(#[from] BlobError),
    /// Accounts.
    #[error(transparent)]
    Users(#[from] UsersError),
    /// Metadata.
    #[error(transparent)]
    Store(#[from] StoreError),
}

fn kind_word(family: Family) -> &'static str {
    match family {
        Family::Models => "model",
        Family::Datasets => "dataset",
        Family::Spaces => "space",
    }
}

fn ask(anonymous: bool) -> &'static str {
    if anonymous {
        "You must log in and ask for access on the page of the repository."
    } else {
        "Ask for access on the page of the repository."
    }
}

impl Problem for ReposError {
    fn code(&self) -> Code {
        match self {
            Self::NotFound(_) | Self::NoCollaborator | Self::NoAccessRequest => Code::NotFound,
            Self::Gated { anonymous: true, .. } => Code::Unauthorized,
            Self::Forbidden(_)
            | Self::TokenRefused
            | Self::Gated { .. }
            | Self::NotYourNamespace(_)
            | Self::LargeFilesOff
            | Self::ProtectedBranch { .. } => Code::Forbidden,
            Self::BadName(_) | Self::ReservedName(_) | Self::Invalid { .. } | Self::MissingLargeFiles(_) => {
                Code::Invalid
            }
            Self::NameTaken { .. }
            | Self::Stale
            | Self::ContentGone(_)
            | Self::ReferenceRefused(_)
            | Self::NotGated
            | Self::RequestStands(_)
            | Self::HasAccess => Code::Conflict,
            Self::QuotaExceeded { .. } | Self::ContributionsFull => Code::QuotaExceeded,
            Self::Git(error) | Self::History(HistoryError::Git(error)) => error.code(),
            Self::Receive(error) => error.code(),
            Self::Blob(error) => error.code(),
            Self::Users(error) => error.code(),
            Self::Store(error) | Self::History(HistoryError::Store(error)) => error.code(),
        }
    }

    fn details(&self) -> Option<serde_json::Value> {
        match self {
            Self::Invalid { field, .. } => Some(serde_json::json!({ "field": field })),
            Self::Gated { gating, .. } => Some(serde_json::json!({ "gating": gating })),
            Self::BadName(_) | Self::ReservedName(_) => Some(serde_json::json!({ "field": "name" })),
            Self::QuotaExceeded { needed, quota } => Some(serde_json::json!({ "needed": needed, "quota": quota })),
            Self::Git(error) => error.details(),
            Self::Blob(error) => error.details(),
            Self::Users(error) => error.details(),
            _ => None,
        }
    }
}
