//! Accounts that may do something with repositories of others. Their rows are part of every question of access.

use super::access::AdminRepo;
use super::model::{Collaborator, Permission};
use super::{ReadRepo, Repos, ReposError, event, store};
use crate::base::{RepositoryId, UserId};
use crate::events::{NewEvent, Origin, Subject};
use crate::store::{ReadRows, Scan, StoreError, Table, WriteTx};
use crate::users::{Account, Caller, Scope};
use serde_json::json;

/// The most collaborators of one repository.
const MOST: u64 = 1_000;

const ROWS: Table<(RepositoryId, UserId), Collaborator> = Table::new("collaborators");
const BY_ACCOUNT: Table<(UserId, RepositoryId), ()> = Table::new("collaborators_by_account");

impl Repos {
    /// The collaborators of a repository in the order in which their accounts were made.
    pub fn collaborators(&self, proof: &AdminRepo) -> Result<Vec<(UserId, Collaborator)>, StoreError> {
        self.store.read(|tx| collaborators_of(tx, proof.repository().id))
    }

    /// Gives an account a part in the repository, or another one than it has; answers the row and whether it is new.
    pub async fn set_collaborator(
        &self,
        proof: &AdminRepo,
        account: &Account,
        permission: Permission,
        origin: Origin,
    ) -> Result<(Collaborator, bool), ReposError> {
        let repository = proof.repository();
        let refused = |message: String| {
            Err(ReposError::Invalid {
                field: "username",
                message,
            })
        };
        if account.id == repository.owner {
            return refused(format!("{} owns this repository already.", account.name));
        }
        if !account.is_active {
            return refused(format!("The account '{}' is deactivated.", account.name));
        }
        let (id, account, now) = (repository.id, account.id, self.clock.now());
        let events = self.events.clone();
        self.store
            .write(move |tx| {
                store::repository(tx, id)?.ok_or_else(|| ReposError::NotFound(id.to_string()))?;
                let before = ROWS.get(tx, &(id, account))?;
                let kind = match before {
                    Some(before) if before.permission == permission => return Ok((before, false)),
                    Some(_) => event::COLLABORATOR_CHANGED,
                    None if ROWS.count(tx, &Scan::prefix(&(id,)))? >= MOST => {
                        return Err(ReposError::Invalid {
                            field: "username",
                            message: format!("A repository has at most {MOST} collaborators."),
                        });
                    }
                    None => event::COLLABORATOR_ADDED,
                };
                let since = before.map_or(now, |before| before.since);
                let row = Collaborator { permission, since };
                ROWS.put(tx, &(id, account), &row)?;
                BY_ACCOUNT.put(tx, &(account, id), &())?;
                let details = json!({ "account": account, "permission": permission });
                events.record(tx, NewEvent::new(kind, &origin, Subject::Repository(id)).with(details))?;
                Ok((row, before.is_none()))
            })
            .await
    }

    /// Ends the part of an account in a repository. Administrators of the repository end anybody's, everybody ends
    /// their own.
    pub async fn remove_collaborator(
        &self,
        caller: &Caller,
        proof: ReadRepo,
        account: UserId,
        origin: Origin,
    ) -> Result<(), ReposError> {
        let id = proof.id();
        if caller.user_id() == Some(account) {
            caller.require_scope(Scope::Admin)?;
            if !caller.allows_repository(id) {
                return Err(ReposError::TokenRefused);
            }
        } else {
            self.administrable(caller, proof)?;
        }
        let events = self.events.clone();
        self.store
            .write(move |tx| {
                if !ROWS.delete(tx, &(id, account))? {
                    return Err(ReposError::NoCollaborator);
                }
                BY_ACCOUNT.delete(tx, &(account, id))?;
                let event = NewEvent::new(event::COLLABORATOR_REMOVED, &origin, Subject::Repository(id));
                events.record(tx, event.with(json!({ "account": account })))?;
                Ok(())
            })
            .await
    }
}

/// The collaborators of a repository in the order in which their accounts were made.
pub fn collaborators_of(tx: &impl ReadRows, id: RepositoryId) -> Result<Vec<(UserId, Collaborator)>, StoreError> {
    let rows = ROWS.list(tx, &Scan::prefix(&(id,)))?;
    Ok(rows.into_iter().map(|((_, account), row)| (account, row)).collect())
}

/// What an account was given in a repository of another one.
pub(super) fn permission(
    tx: &impl ReadRows,
    id: RepositoryId,
    account: UserId,
) -> Result<Option<Permission>, StoreError> {
    Ok(ROWS.get(tx, &(id, account))?.map(|row| row.permission))
}

/// Ends what an account was given in a repository, if it was.
pub(super) fn forget(tx: &WriteTx<'_>, id: RepositoryId, account: UserId) -> Result<(), StoreError> {
    ROWS.delete(tx, &(id, account))?;
    BY_ACCOUNT.delete(tx, &(account, id))?;
    Ok(())
}

/// Removes the rows of a repository that is gone.
pub(super) fn forget_repository(tx: &WriteTx<'_>, id: RepositoryId) -> Result<(), StoreError> {
    for (account, _) in collaborators_of(tx, id)? {
        BY_ACCOUNT.delete(tx, &(account, id))?;
    }
    ROWS.delete_range(tx, &Scan::prefix(&(id,)))?;
    Ok(())
}

/// Rows that lead nowhere, or one way only.
pub(super) fn check(tx: &impl ReadRows) -> Result<Vec<String>, StoreError> {
    let mut problems = Vec::new();
    for (id, account) in ROWS.keys(tx, &Scan::all())? {
        if !BY_ACCOUNT.contains(tx, &(account, id))? {
            problems.push(format!("collaborator {account} of repository {id} has no way back"));
        }
        match store::repository(tx, id)? {
            None => problems.push(format!(
                "account {account} collaborates on repository {id}, which does not exist"
            )),
            Some(repository) if repository.owner == account => {
                problems.push(format!("account {account} owns repository {id} and collaborates on it"));
            }
            Some(_) => {}
        }
        if crate::users::account(tx, account)?.is_none() {
            problems.push(format!(
                "account {account} collaborates on repository {id} and does not exist"
            ));
        }
    }
    for (account, id) in BY_ACCOUNT.keys(tx, &Scan::all())? {
        if !ROWS.contains(tx, &(id, account))? {
            problems.push(format!(
                "account {account} is filed under repository {id} and is no collaborator"
            ));
        }
    }
    Ok(problems)
}
