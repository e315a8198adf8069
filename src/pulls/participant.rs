//! Proofs of who takes part. Whoever may read a repository may speak in it; only this file says who may do more.

use super::{Pull, Pulls, PullsError, store};
use crate::repos::{ContributeRepo, ReadRepo, ReposError, WriteRepo};
use crate::users::{Account, Caller, Scope};

/// Proof that an account may speak in the discussions of a repository.
#[derive(Debug, Clone)]
pub struct Participant {
    read: ReadRepo,
    account: Account,
    write: Option<WriteRepo>,
}

impl Participant {
    /// The proof that it includes.
    pub fn as_read(&self) -> &ReadRepo {
        &self.read
    }

    /// Who speaks.
    pub fn account(&self) -> &Account {
        &self.account
    }

    /// The right to write, for what only those may do who have it.
    pub(super) fn require_write(&self) -> Result<&WriteRepo, PullsError> {
        self.write
            .as_ref()
            .ok_or(PullsError::Forbidden("those who may write to the repository"))
    }

    /// Refuses whoever neither opened it nor may write.
    pub(super) fn require_part(&self, pull: &Pull) -> Result<(), PullsError> {
        if self.account.id == pull.author || self.write.is_some() {
            return Ok(());
        }
        Err(PullsError::Forbidden(
            "its author and those who may write to the repository",
        ))
    }

    /// Whether it may write to the repository.
    pub(super) fn writes(&self) -> bool {
        self.write.is_some()
    }
}

impl Pulls {
    /// Proves that the caller may speak where it may read.
    pub fn participant(&self, caller: &Caller, read: ReadRepo) -> Result<Participant, PullsError> {
        let account = caller.require_scope(Scope::Write)?.clone();
        if !caller.allows_repository(read.id()) {
            return Err(ReposError::TokenRefused.into());
        }
        let write = match self.repos.writable(caller, read.clone()) {
            Ok(write) => Some(write),
            Err(ReposError::Forbidden(_)) => None,
            Err(error) => return Err(error.into()),
        };
        Ok(Participant { read, account, write })
    }

    /// Proves that the caller may commit to a pull request of this repository that is not finished.
    pub fn contributable(&self, caller: &Caller, read: ReadRepo, number: u64) -> Result<ContributeRepo, PullsError> {
        let id = read.id();
        let pull = self.store.read(|tx| store::require(tx, id, number))?;
        pull.require_request()?;
        let proof = self.repos.contributable(caller, read, Some((number, pull.author)))?;
        if pull.status.is_open() {
            return Ok(proof);
        }
        let status = pull.status.as_str();
        Err(PullsError::Finished { number, status })
    }
}
