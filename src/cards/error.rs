use crate::base::RepositoryId;
use crate::cards::edit::EditError;
use crate::git::GitError;
use crate::http::{Code, Problem};
use crate::repos::ReposError;
use crate::store::StoreError;
use crate::taxonomy::TaxonomyError;
use crate::users::UsersError;

/// What can go wrong with cards; the texts are for people.
#[derive(Debug, thiserror::Error)]
pub enum CardsError {
    /// The front matter cannot be changed as asked.
    #[error(transparent)]
    Edit(#[from] EditError),
    /// README.md cannot be changed as a text.
    #[error("README.md {0}, so its metadata cannot be changed here. Upload another README.md.")]
    NotEditable(&'static str),
    /// Others kept committing to the branch.
    #[error("The branch keeps changing. Try again in a moment.")]
    Busy(RepositoryId),
    /// Nobody made a template of this name.
    #[error("There is no template '{0}'.")]
    NoTemplate(String),
    /// A field of the request breaks a rule.
    #[error("{message}")]
    Invalid {
        /// The field.
        field: &'static str,
        /// What it has to be.
        message: String,
    },
    /// Classifications.
    #[error(transparent)]
    Taxonomy(#[from] TaxonomyError),
    /// Repositories.
    #[error(transparent)]
    Repos(#[from] ReposError),
    /// Git.
    #[error(transparent)]
    Git(#[from] GitError),
    /// Accounts.
    #[error(transparent)]
    Users(#[from] UsersError),
    /// Metadata.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Problem for CardsError {
    fn code(&self) -> Code {
        match self {
            Self::Edit(_) | Self::NotEditable(_) | Self::Invalid { .. } => Code::Invalid,
            Self::Busy(_) => Code::Conflict,
            Self::NoTemplate(_) => Code::NotFound,
            Self::Taxonomy(error) => error.code(),
            Self::Repos(error) => error.code(),
            Self::Git(error) => error.code(),
            Self::Users(error) => error.code(),
            Self::Store(error) => error.code(),
        }
    }

    fn details(&self) -> Option<serde_json::Value> {
        match self {
            Self::Edit(EditError::Unreadable { line, column, .. }) => {
                Some(serde_json::json!({ "field": "README.md", "line": line, "column": column }))
            }
            Self::Edit(EditError::BadKey { key }) => Some(serde_json::json!({ "field": key })),
            Self::Invalid { field, .. } => Some(serde_json::json!({ "field": field })),
            Self::Taxonomy(error) => error.details(),
            Self::Repos(error) => error.details(),
            Self::Git(error) => error.details(),
            Self::Users(error) => error.details(),
            Self::Edit(EditError::Unwritable { .. })
            | Self::NotEditable(_)
            | Self::Busy(_)
            | Self::NoTemplate(_)
            | Self::Store(_) => None,
        }
    }
}
