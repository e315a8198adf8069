//! Who sends by the Xet protocol, and so what they may name.

use crate::base::{RepositoryId, UserId};

/// Who sends xorbs and names them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct XorbSender {
    /// The repository that is to hold them.
    pub holder: RepositoryId,
    /// Who only contributes to it.
    pub contributor: Option<Contributor>,
}

/// An account that only contributes to a repository, so that it may name nothing but what it sent itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Contributor {
    /// The account.
    pub account: UserId,
    /// Bytes of xorbs that all such accounts may have sent to the repository.
    pub limit: u64,
}

impl From<RepositoryId> for XorbSender {
    fn from(holder: RepositoryId) -> Self {
        Self {
            holder,
            contributor: None,
        }
    }
}
