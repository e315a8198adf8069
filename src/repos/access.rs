//! Proofs of access. Only this file makes them, so no use-case that takes one can be reached without the check.

use super::error::ReposError;
use super::model::{Repository, Visibility};
use super::{Repos, store};
use crate::base::{AccountName, Family, RepositoryId, RepositoryKind, RepositoryName, UserId};
use crate::users::{Account, Caller, Scope, account_by_name};

/// A repository as an address names it. Without a kind, models are tried first, then datasets, then spaces.
#[derive(Debug, Clone)]
pub struct RepositoryAddress {
    owner: String,
    name: String,
    kind: Option<RepositoryKind>,
}

impl RepositoryAddress {
    /// The parts of an address, unchecked: what cannot be a name names nothing.
    pub fn new(owner: impl Into<String>, name: impl Into<String>, kind: Option<RepositoryKind>) -> Self {
        Self {
            owner: owner.into(),
            name: name.into(),
            kind,
        }
    }

    fn families(&self) -> Vec<Family> {
        self.kind
            .map_or_else(|| Family::ALL.to_vec(), |kind| vec![kind.family()])
    }

    fn not_found(&self) -> ReposError {
        ReposError::NotFound(format!("{}/{}", self.owner, self.name))
    }
}

/// Proof that the caller may read a repository.
#[derive(Debug, Clone)]
pub struct ReadRepo {
    repository: Repository,
    owner: Account,
}

/// Proof that an account may write to a repository.
#[derive(Debug, Clone)]
pub struct WriteRepo {
    read: ReadRepo,
    actor: Account,
}

/// Proof that an account may change the settings of a repository, and delete it.
#[derive(Debug, Clone)]
pub struct AdminRepo(WriteRepo);

impl ReadRepo {
    /// The repository as it was when the proof was made.
    pub fn repository(&self) -> &Repository {
        &self.repository
    }

    /// The id of the repository.
    pub fn id(&self) -> RepositoryId {
        self.repository.id
    }

    /// The account that owns it.
    pub fn owner(&self) -> &Account {
        &self.owner
    }
}

impl WriteRepo {
    /// The proof that it includes.
    pub fn as_read(&self) -> &ReadRepo {
        &self.read
    }

    /// The repository as it was when the proof was made.
    pub fn repository(&self) -> &Repository {
        &self.read.repository
    }

    /// Who writes.
    pub fn actor(&self) -> &Account {
        &self.actor
    }
}

impl AdminRepo {
    /// The proof that it includes.
    pub fn as_write(&self) -> &WriteRepo {
        &self.0
    }

    /// The repository as it was when the proof was made.
    pub fn repository(&self) -> &Repository {
        self.0.repository()
    }

    /// Who administers.
    pub fn actor(&self) -> &Account {
        &self.0.actor
    }
}

/// Whether the caller may read: everybody what is public, its owner and administrators what is private. A token that is
/// limited to other repositories counts as nobody.
pub(super) fn may_read(caller: &Caller, repository: &Repository) -> bool {
    repository.visibility == Visibility::Public || is_insider(caller, repository)
}

fn is_insider(caller: &Caller, repository: &Repository) -> bool {
    caller.allows_repository(repository.id) && (caller.user_id() == Some(repository.owner) || caller.is_admin())
}

impl Repos {
    /// Proves that the caller may read; an old name leads to the repository that had it.
    pub fn readable(&self, caller: &Caller, address: &RepositoryAddress) -> Result<ReadRepo, ReposError> {
        let owner: AccountName = address.owner.parse().map_err(|_| address.not_found())?;
        let name: RepositoryName = address.name.parse().map_err(|_| address.not_found())?;
        self.store.read(|tx| {
            let owner = account_by_name(tx, &owner)?.ok_or_else(|| address.not_found())?;
            for family in address.families() {
                let found = store::find(tx, owner.id, family, &name)?;
                if let Some(repository) = found.filter(|repository| may_read(caller, repository)) {
                    return Ok(ReadRepo { repository, owner });
                }
            }
            Err(address.not_found())
        })
    }

    /// Proves that the caller may read a repository known by its id, as a file id names it.
    pub fn readable_by_id(&self, caller: &Caller, id: RepositoryId) -> Result<ReadRepo, ReposError> {
        let not_found = || ReposError::NotFound(id.to_string());
        self.store.read(|tx| {
            let repository = store::repository(tx, id)?
                .filter(|repository| repository.is_live() && may_read(caller, repository))
                .ok_or_else(not_found)?;
            let owner = crate::users::account(tx, repository.owner)?.ok_or_else(not_found)?;
            Ok(ReadRepo { repository, owner })
        })
    }

    /// Proves that the caller may write to what it may read.
    pub fn writable(&self, caller: &Caller, read: ReadRepo) -> Result<WriteRepo, ReposError> {
        let actor = insider(caller, &read.repository, Scope::Write, "write")?;
        Ok(WriteRepo { read, actor })
    }

    /// Proves that the caller may administer what it may read.
    pub fn administrable(&self, caller: &Caller, read: ReadRepo) -> Result<AdminRepo, ReposError> {
        let actor = insider(caller, &read.repository, Scope::Admin, "administrator")?;
        Ok(AdminRepo(WriteRepo { read, actor }))
    }

    /// The live repositories of an account that the caller may read, the newest change first.
    pub fn owned_by(&self, caller: &Caller, owner: UserId) -> Result<Vec<Repository>, ReposError> {
        let mut repositories = self.store.read(|tx| store::owned(tx, owner))?;
        repositories.retain(|repository| repository.is_live() && may_read(caller, repository));
        Ok(repositories)
    }
}

fn insider(
    caller: &Caller,
    repository: &Repository,
    scope: Scope,
    access: &'static str,
) -> Result<Account, ReposError> {
    let account = caller.require_scope(scope)?;
    if !caller.allows_repository(repository.id) {
        return Err(ReposError::TokenRefused);
    }
    if !is_insider(caller, repository) {
        return Err(ReposError::Forbidden(access));
    }
    Ok(account.clone())
}
