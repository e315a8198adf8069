use super::model::MOST_WEBHOOKS;
use crate::http::{Code, Problem};
use crate::jobs::JobError;
use crate::keys::KeysError;
use crate::store::StoreError;
use crate::users::UsersError;

/// What can go wrong with webhooks.
#[derive(Debug, thiserror::Error)]
pub enum HooksError {
    /// There is none, or it is somebody else's.
    #[error("There is no such webhook.")]
    NotFound,
    /// The account has as many as it may.
    #[error("An account has at most {MOST_WEBHOOKS} webhooks.")]
    TooMany,
    /// It is not among those that are remembered.
    #[error("There is no such delivery; the oldest ones are forgotten.")]
    NoDelivery,
    /// Nothing is sent to it.
    #[error("This webhook is disabled; enable it first.")]
    Disabled,
    /// The owner may not read what it is about, or it was only a test.
    #[error("This cannot be told once more: what it is about is gone, or you may not read it any more.")]
    Untellable,
    /// What is to be sent cannot be put together.
    #[error("what a webhook is to be told cannot be put together: {0}")]
    Preparing(JobError),
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
    /// Sealing of secrets.
    #[error(transparent)]
    Keys(#[from] KeysError),
    /// Metadata.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl HooksError {
    pub(super) fn invalid(field: &'static str, message: impl Into<String>) -> Self {
        let message = message.into();
        Self::Invalid { field, message }
    }
}

impl Problem for HooksError {
    fn code(&self) -> Code {
        match self {
            Self::NotFound | Self::NoDelivery => Code::NotFound,
            Self::TooMany | Self::Disabled | Self::Untellable => Code::Conflict,
            Self::Invalid { .. } => Code::Invalid,
            Self::Users(error) => error.code(),
            Self::Keys(_) | Self::Preparing(_) => Code::Internal,
            Self::Store(error) => error.code(),
        }
    }

    fn details(&self) -> Option<serde_json::Value> {
        match self {
            Self::Users(error) => error.details(),
            Self::Invalid { field, .. } => Some(serde_json::json!({ "field": field })),
            _ => None,
        }
    }
}
