use crate::http::{Code, Problem};
use crate::repos::ReposError;
use crate::store::StoreError;
use crate::users::UsersError;

/// What can go wrong with classifications; the texts are for people.
#[derive(Debug, thiserror::Error)]
pub enum TaxonomyError {
    /// There is no such node.
    #[error("There is no classification '{0}'. Give the id of one, or its Chinese or English name.")]
    NotFound(String),
    /// A field breaks a rule.
    #[error("{message}")]
    Invalid {
        /// The field.
        field: &'static str,
        /// What it has to be.
        message: &'static str,
    },
    /// A node has the id.
    #[error("There is a classification '{0}' already. Choose another id.")]
    IdTaken(String),
    /// A node has the name, in either language.
    #[error("A classification is named '{0}' already. Names have to tell classifications apart.")]
    NameTaken(String),
    /// The node has nodes below it.
    #[error("The classification '{0}' has others below it. Delete those first.")]
    HasChildren(String),
    /// Repositories are linked to the node.
    #[error(
        "{repositories} repositories belong to the classification '{id}'. Delete it with unlink=true to take them out of it."
    )]
    InUse {
        /// The node.
        id: String,
        /// How many.
        repositories: u64,
    },
    /// A repository belongs to very many nodes.
    #[error("A repository can be given at most {0} classifications.")]
    TooMany(usize),
    /// Repositories.
    #[error(transparent)]
    Repos(#[from] ReposError),
    /// Accounts.
    #[error(transparent)]
    Users(#[from] UsersError),
    /// Metadata.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Problem for TaxonomyError {
    fn code(&self) -> Code {
        match self {
            Self::NotFound(_) => Code::NotFound,
            Self::Invalid { .. } | Self::TooMany(_) => Code::Invalid,
            Self::IdTaken(_) | Self::NameTaken(_) | Self::HasChildren(_) | Self::InUse { .. } => Code::Conflict,
            Self::Repos(error) => error.code(),
            Self::Users(error) => error.code(),
            Self::Store(error) => error.code(),
        }
    }

    fn details(&self) -> Option<serde_json::Value> {
        match self {
            Self::Invalid { field, .. } => Some(serde_json::json!({ "field": field })),
            Self::InUse { repositories, .. } => Some(serde_json::json!({ "repositories": repositories })),
            Self::Repos(error) => error.details(),
            Self::Users(error) => error.details(),
            _ => None,
        }
    }
}
