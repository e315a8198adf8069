//! Which repositories borrow objects from which. A lender keeps its folder until nobody borrows from it any more, also when
//! it is purged, and nothing is pruned from it meanwhile.

use super::{Repos, Repository, store};
use crate::base::RepositoryId;
use crate::store::{ReadRows, Scan, StoreError, Table, WriteTx};
use crate::users::Caller;

const BORROWERS: Table<(RepositoryId, RepositoryId), ()> = Table::new("borrowers");
const LENDERS: Table<(RepositoryId, RepositoryId), ()> = Table::new("lenders");

impl Repos {
    /// Whether other repositories borrow objects from this one: then none of its objects may be pruned, whether its own
    /// references lead to them or not.
    pub fn has_borrowers(&self, id: RepositoryId) -> Result<bool, StoreError> {
        let borrowers = |tx: &_| BORROWERS.keys(tx, &Scan::prefix(&(id,)).limit(1));
        Ok(!self.store.read(borrowers)?.is_empty())
    }

    /// Those lenders of a repository whose content the caller may read: what they have need not be sent to the borrower.
    pub fn readable_lenders(&self, caller: &Caller, borrower: RepositoryId) -> Result<Vec<RepositoryId>, StoreError> {
        let lenders = self.store.read(|tx| lenders(tx, borrower))?;
        let readable = |lender: &RepositoryId| {
            let read = self.readable_by_id(caller, *lender);
            read.and_then(|read| self.content_readable(caller, read)).is_ok()
        };
        Ok(lenders.into_iter().filter(readable).collect())
    }
}

/// The repositories from which one borrows.
pub(super) fn lenders(tx: &impl ReadRows, borrower: RepositoryId) -> Result<Vec<RepositoryId>, StoreError> {
    let keys = LENDERS.keys(tx, &Scan::prefix(&(borrower,)))?;
    Ok(keys.into_iter().map(|(_, lender)| lender).collect())
}

/// Notes that a repository borrows from another one.
pub(super) fn lend(tx: &WriteTx<'_>, lender: RepositoryId, borrower: RepositoryId) -> Result<(), StoreError> {
    BORROWERS.put(tx, &(lender, borrower), &())?;
    LENDERS.put(tx, &(borrower, lender), &())
}

/// Ends what a repository that is gone borrowed. What it lent stays lent.
pub(super) fn forget_borrower(tx: &WriteTx<'_>, borrower: RepositoryId) -> Result<(), StoreError> {
    for lender in lenders(tx, borrower)? {
        BORROWERS.delete(tx, &(lender, borrower))?;
        LENDERS.delete(tx, &(borrower, lender))?;
    }
    Ok(())
}

/// Rows that lead nowhere, or one way only.
pub(super) fn check(tx: &impl ReadRows) -> Result<Vec<String>, StoreError> {
    let mut problems = Vec::new();
    for (lender, borrower) in BORROWERS.keys(tx, &Scan::all())? {
        if !LENDERS.contains(tx, &(borrower, lender))? {
            problems.push(format!(
                "repository {lender} lends to {borrower}, which does not know of it"
            ));
        }
        if store::repository(tx, borrower)?.is_none() {
            problems.push(format!("repository {lender} lends to {borrower}, which does not exist"));
        }
    }
    for (borrower, lender) in LENDERS.keys(tx, &Scan::all())? {
        if !BORROWERS.contains(tx, &(lender, borrower))? {
            problems.push(format!(
                "repository {borrower} borrows from {lender}, which does not know of it"
            ));
        }
    }
    Ok(problems)
}

impl Repos {
    /// Compares the rows of a repository with its folder: from whom it borrows, and whether they are there.
    pub(super) fn check_lenders(&self, row: &Repository) -> Result<Vec<String>, super::ReposError> {
        let id = row.id;
        let mut known = self.store.read(|tx| lenders(tx, id))?;
        let mut named = self.git.lenders(id)?;
        known.sort_unstable();
        named.sort_unstable();
        let mut problems = Vec::new();
        if known != named {
            problems.push(format!(
                "repository {id} borrows from {named:?}, its rows say {known:?}"
            ));
        }
        for lender in named.into_iter().filter(|lender| !self.git.exists(*lender)) {
            problems.push(format!("repository {id} borrows from {lender}, which has no folder"));
        }
        Ok(problems)
    }
}
