//! Proofs of access. Only this file makes them, so no use-case that takes one can be reached without the check.

use super::error::ReposError;
use super::model::{Gating, Permission, Repository, Visibility};
use super::store::Named;
use super::{Repos, access_requests, collaborators, store};
use crate::base::{AccountName, Family, RepositoryId, RepositoryKind, RepositoryName, UserId};
use crate::store::{ReadRows, StoreError};
use crate::users::{Account, Caller, MemberRole, Scope, account_by_name};
use std::ops::Deref;

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

/// Proof that the caller may read what the files of a repository hold, and not only see which files there are: of a gated
/// repository only those may who got access. Whatever hands out content takes this proof; it is one of reading, too.
#[derive(Debug, Clone)]
pub struct ReadContent(ReadRepo);

/// Proof that an account may write to a repository.
#[derive(Debug, Clone)]
pub struct WriteRepo {
    read: ReadContent,
    actor: Account,
    permission: Permission,
}

/// Proof that an account may commit to one pull request: its author, who may only read otherwise, and all who may write.
#[derive(Debug, Clone)]
pub struct ContributeRepo {
    write: WriteRepo,
    number: Option<u64>,
}

/// Proof that an account may change the settings of a repository.
#[derive(Debug, Clone)]
pub struct AdminRepo(WriteRepo);

/// Proof that an account may delete a repository or give it away: its owner's, a member's that acts for the organization
/// which owns it, or one that administers the hub.
#[derive(Debug, Clone)]
pub struct OwnerRepo(AdminRepo);

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

impl Deref for ReadContent {
    type Target = ReadRepo;

    fn deref(&self) -> &ReadRepo {
        &self.0
    }
}

impl ReadContent {
    /// The proof that it includes, alone.
    pub fn into_read(self) -> ReadRepo {
        self.0
    }
}

impl WriteRepo {
    /// The proof that it includes.
    pub fn as_read(&self) -> &ReadContent {
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

    /// Whether the account may write no more than its part of a pull request.
    pub fn only_contributes(&self) -> bool {
        self.permission < Permission::Write
    }

    /// Tells somebody who only contributes nothing of how much the owner has stored.
    pub fn hiding_quota(&self, error: ReposError) -> ReposError {
        match error {
            ReposError::QuotaExceeded { .. } if self.only_contributes() => ReposError::ContributionsFull,
            other => other,
        }
    }

    /// Whether the account may administer the repository too, whatever its credential says of that.
    pub(super) fn administers(&self) -> bool {
        self.permission == Permission::Admin
    }
}

impl ContributeRepo {
    /// What the places and the sizes of content are judged by. Committing goes by the whole proof.
    pub fn for_content(&self) -> &WriteRepo {
        &self.write
    }

    /// The pull request; none while it is yet to be opened.
    pub fn number(&self) -> Option<u64> {
        self.number
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

impl OwnerRepo {
    /// The repository as it was when the proof was made.
    pub fn repository(&self) -> &Repository {
        self.0.repository()
    }
}

/// What the caller may do, whatever the scope of its credential: everybody reads what is public, collaborators do what
/// they were given and members what their role gives them, the owner and administrators of the hub do everything. A token that is limited to other repositories
/// counts as nobody's.
fn permission(tx: &impl ReadRows, caller: &Caller, repository: &Repository) -> Result<Option<Permission>, StoreError> {
    let everybody = (repository.visibility == Visibility::Public).then_some(Permission::Read);
    if owns(caller, repository) {
        return Ok(Some(Permission::Admin));
    }
    match caller.user_id().filter(|_| caller.allows_repository(repository.id)) {
        Some(account) => {
            let given = collaborators::permission(tx, repository.id, account)?;
            Ok(given.max(as_member(caller, repository)).max(everybody))
        }
        None => Ok(everybody),
    }
}

fn may_read(tx: &impl ReadRows, caller: &Caller, repository: &Repository) -> Result<bool, StoreError> {
    // What is public needs no further look.
    Ok(repository.visibility == Visibility::Public || permission(tx, caller, repository)?.is_some())
}

/// Whether the caller may read content: what is not gated whoever may read the repository, what is gated those with a part in
/// it and those whose request was accepted.
fn may_read_content(tx: &impl ReadRows, caller: &Caller, repository: &Repository) -> Result<bool, StoreError> {
    if repository.gating == Gating::Off || owns(caller, repository) {
        return Ok(true);
    }
    let account = caller.user_id().filter(|_| caller.allows_repository(repository.id));
    let Some(account) = account else { return Ok(false) };
    Ok(as_member(caller, repository).is_some()
        || collaborators::permission(tx, repository.id, account)?.is_some()
        || access_requests::is_accepted(tx, repository.id, account)?)
}

/// What the caller may do as a member of the organization that owns the repository.
fn as_member(caller: &Caller, repository: &Repository) -> Option<Permission> {
    let whole = match caller.role_in(repository.owner)? {
        MemberRole::Write | MemberRole::Admin => true,
        MemberRole::Contributor => repository.creator.is_some() && repository.creator == caller.user_id(),
        MemberRole::Read => false,
    };
    Some(if whole { Permission::Admin } else { Permission::Read })
}

/// Whether the caller does with the repository what its owner does.
fn owns(caller: &Caller, repository: &Repository) -> bool {
    let is_owner = || caller.user_id() == Some(repository.owner) || caller.is_admin();
    let acts_for_owner = || as_member(caller, repository) == Some(Permission::Admin);
    caller.allows_repository(repository.id) && (is_owner() || acts_for_owner())
}

impl Repos {
    /// Proves that the caller may read; an old name leads to the repository that had it.
    pub fn readable(&self, caller: &Caller, address: &RepositoryAddress) -> Result<ReadRepo, ReposError> {
        let owner: AccountName = address.owner.parse().map_err(|_| address.not_found())?;
        let name: RepositoryName = address.name.parse().map_err(|_| address.not_found())?;
        self.store.read(|tx| {
            let owner = account_by_name(tx, &owner)?.ok_or_else(|| address.not_found())?;
            // A name that a repository has now comes before one that another had once, in whatever family.
            for named in [Named::Now, Named::Once] {
                for family in address.families() {
                    if let Some(repository) = store::find(tx, owner.id, family, &name, named)?
                        && may_read(tx, caller, &repository)?
                    {
                        // It may have moved to another namespace since it had this name.
                        let owner = crate::users::account(tx, repository.owner)?.ok_or_else(|| address.not_found())?;
                        return Ok(ReadRepo { repository, owner });
                    }
                }
            }
            Err(address.not_found())
        })
    }

    /// Proves that the caller may read a repository known by its id, as a file id names it.
    pub fn readable_by_id(&self, caller: &Caller, id: RepositoryId) -> Result<ReadRepo, ReposError> {
        let not_found = || ReposError::NotFound(id.to_string());
        self.store.read(|tx| {
            let found = store::repository(tx, id)?.filter(Repository::is_live);
            let repository = found.ok_or_else(not_found)?;
            if !may_read(tx, caller, &repository)? {
                return Err(not_found());
            }
            let owner = crate::users::account(tx, repository.owner)?.ok_or_else(not_found)?;
            Ok(ReadRepo { repository, owner })
        })
    }

    /// What an account without a credential may read, for what the hub does on its behalf: what is public, its own, that
    /// of organizations it belongs to, and what it has a part in. The powers of administrators, which take a credential, do not count. A repository that was
    /// deleted and can be restored is read by those who could before.
    pub fn readable_for(&self, account: UserId, id: RepositoryId) -> Result<Option<ReadRepo>, StoreError> {
        self.store.read(|tx| {
            let active = crate::users::account(tx, account)?.is_some_and(|account| account.is_active);
            let Some(repository) = store::repository(tx, id)?.filter(|_| active) else {
                return Ok(None);
            };
            let may_read = repository.visibility == Visibility::Public
                || repository.owner == account
                || crate::users::member_role(tx, repository.owner, account)?.is_some()
                || collaborators::permission(tx, id, account)?.is_some();
            let owner = crate::users::account(tx, repository.owner)?.filter(|_| may_read);
            Ok(owner.map(|owner| ReadRepo { repository, owner }))
        })
    }

    /// Those of these repositories that the caller may read, in their order, as one snapshot has them.
    pub fn readable_among(&self, caller: &Caller, ids: &[RepositoryId]) -> Result<Vec<ReadRepo>, StoreError> {
        self.store.read(|tx| {
            let mut readable = Vec::with_capacity(ids.len());
            for id in ids {
                if let Some(repository) = store::repository(tx, *id)?.filter(Repository::is_live)
                    && may_read(tx, caller, &repository)?
                    && let Some(owner) = crate::users::account(tx, repository.owner)?
                {
                    readable.push(ReadRepo { repository, owner });
                }
            }
            Ok(readable)
        })
    }

    /// Proves that the caller may read the content of what it may read.
    pub fn content_readable(&self, caller: &Caller, read: ReadRepo) -> Result<ReadContent, ReposError> {
        if self.store.read(|tx| may_read_content(tx, caller, &read.repository))? {
            return Ok(ReadContent(read));
        }
        Err(ReposError::Gated {
            family: read.repository.kind.family(),
            name: format!("{}/{}", read.owner.name, read.repository.name),
            gating: read.repository.gating,
            anonymous: caller.account().is_none(),
        })
    }

    /// Proves that the caller may write to what it may read. Whoever may write may read content.
    pub fn writable(&self, caller: &Caller, read: ReadRepo) -> Result<WriteRepo, ReposError> {
        self.insider(caller, read, Scope::Write, Permission::Write)
    }

    /// Proves that the caller may send large content: to commit it, or to propose it in a pull request, as everybody may who
    /// reads the content. Committing takes a proof of its own.
    pub fn sendable(&self, caller: &Caller, read: ReadRepo) -> Result<WriteRepo, ReposError> {
        match self.writable(caller, read.clone()) {
            Err(ReposError::Forbidden(_)) => Ok(self.contributable(caller, read, None)?.write),
            other => other,
        }
    }

    /// Proves that the caller may commit to the pull request of this number and author, or prepare one that is yet to be
    /// opened. That the number and the author belong together is for the slice that keeps pull requests.
    pub fn contributable(
        &self,
        caller: &Caller,
        read: ReadRepo,
        pull: Option<(u64, UserId)>,
    ) -> Result<ContributeRepo, ReposError> {
        let account = caller.require_scope(Scope::Write)?;
        if !caller.allows_repository(read.id()) {
            return Err(ReposError::TokenRefused);
        }
        let number = pull.map(|(number, _)| number);
        let write = if pull.is_none_or(|(_, author)| author == account.id) {
            let read = self.content_readable(caller, read)?;
            let permission = self.store.read(|tx| permission(tx, caller, read.repository()))?;
            WriteRepo {
                read,
                actor: account.clone(),
                permission: permission.unwrap_or(Permission::Read),
            }
        } else {
            self.writable(caller, read)?
        };
        Ok(ContributeRepo { write, number })
    }

    /// Proves that the caller may administer what it may read.
    pub fn administrable(&self, caller: &Caller, read: ReadRepo) -> Result<AdminRepo, ReposError> {
        let proof = self.insider(caller, read, Scope::Admin, Permission::Admin)?;
        Ok(AdminRepo(proof))
    }

    /// Proves that the caller may delete what it may read. Collaborators may not, whatever else they may do.
    pub fn deletable(&self, caller: &Caller, read: ReadRepo) -> Result<OwnerRepo, ReposError> {
        let proof = self.administrable(caller, read)?;
        if !self.may_delete(caller, &proof) {
            return Err(ReposError::Forbidden("owner"));
        }
        Ok(OwnerRepo(proof))
    }

    /// Whether who administers a repository does everything with it that its owner does.
    pub fn may_delete(&self, caller: &Caller, proof: &AdminRepo) -> bool {
        owns(caller, proof.repository())
    }

    /// What the caller may do with a repository that it may read: what the account may, as far as its credential goes.
    pub fn permission(&self, caller: &Caller, read: &ReadRepo) -> Result<Permission, ReposError> {
        let account = self.store.read(|tx| permission(tx, caller, &read.repository))?;
        let credential = match caller.scope() {
            Scope::Read => Permission::Read,
            Scope::Write => Permission::Write,
            Scope::Admin => Permission::Admin,
        };
        Ok(account.unwrap_or(Permission::Read).min(credential))
    }

    /// The live repositories of an account that the caller may read, the newest change first.
    pub fn owned_by(&self, caller: &Caller, owner: UserId) -> Result<Vec<Repository>, ReposError> {
        self.store.read(|tx| {
            let mut readable = Vec::new();
            for repository in store::owned(tx, owner)? {
                if repository.is_live() && may_read(tx, caller, &repository)? {
                    readable.push(repository);
                }
            }
            Ok(readable)
        })
    }

    /// The live forks of a repository that the caller may read, the newest first, with their owners.
    pub fn forks(&self, caller: &Caller, origin: &ReadRepo) -> Result<Vec<ReadRepo>, ReposError> {
        self.store.read(|tx| {
            let mut readable = Vec::new();
            for repository in store::forks_of(tx, origin.id())?.into_iter().rev() {
                if may_read(tx, caller, &repository)?
                    && let Some(owner) = crate::users::account(tx, repository.owner)?
                {
                    readable.push(ReadRepo { repository, owner });
                }
            }
            Ok(readable)
        })
    }

    fn insider(
        &self,
        caller: &Caller,
        read: ReadRepo,
        scope: Scope,
        needed: Permission,
    ) -> Result<WriteRepo, ReposError> {
        let account = caller.require_scope(scope)?;
        if !caller.allows_repository(read.id()) {
            return Err(ReposError::TokenRefused);
        }
        let given = self.store.read(|tx| permission(tx, caller, &read.repository))?;
        match given.filter(|given| *given >= needed) {
            Some(permission) => Ok(WriteRepo {
                read: ReadContent(read),
                actor: account.clone(),
                permission,
            }),
            None if needed == Permission::Admin => Err(ReposError::Forbidden("administrator")),
            None => Err(ReposError::Forbidden("write")),
        }
    }
}
