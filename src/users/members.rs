//! Who belongs to organizations: the rows. Both ways are written together, since lists need one and every request of a
//! member the other.

use super::model::{MemberRole, Membership};
use super::store;
use crate::base::UserId;
use crate::store::{ReadRows, Scan, StoreError, Table, WriteTx};
use std::ops::ControlFlow;

const MEMBERS: Table<(UserId, UserId), Membership> = Table::new("members");
const MEMBERSHIPS: Table<(UserId, UserId), ()> = Table::new("memberships");

/// The part of an account in an organization.
pub(super) fn membership(
    tx: &impl ReadRows,
    organization: UserId,
    account: UserId,
) -> Result<Option<Membership>, StoreError> {
    MEMBERS.get(tx, &(organization, account))
}

/// What an account may do in the namespace of an organization; none of who does not belong to it.
pub fn member_role(
    tx: &impl ReadRows,
    organization: UserId,
    account: UserId,
) -> Result<Option<MemberRole>, StoreError> {
    Ok(membership(tx, organization, account)?.map(|row| row.role))
}

/// The organizations of an account, in the order in which they were made.
pub(super) fn organizations_of(tx: &impl ReadRows, account: UserId) -> Result<Vec<(UserId, Membership)>, StoreError> {
    let mut organizations = Vec::new();
    for (_, id) in MEMBERSHIPS.keys(tx, &Scan::prefix(&(account,)))? {
        organizations.extend(membership(tx, id, account)?.map(|row| (id, row)));
    }
    Ok(organizations)
}

/// How many organizations an account belongs to.
pub(super) fn organization_count(tx: &impl ReadRows, account: UserId) -> Result<u64, StoreError> {
    MEMBERSHIPS.count(tx, &Scan::prefix(&(account,)))
}

/// The members of an organization in the order in which their accounts were made.
pub(super) fn members_of(tx: &impl ReadRows, organization: UserId) -> Result<Vec<(UserId, Membership)>, StoreError> {
    let rows = MEMBERS.list(tx, &Scan::prefix(&(organization,)))?;
    Ok(rows.into_iter().map(|((_, account), row)| (account, row)).collect())
}

/// How many members an organization has.
pub(super) fn member_count(tx: &impl ReadRows, organization: UserId) -> Result<u64, StoreError> {
    MEMBERS.count(tx, &Scan::prefix(&(organization,)))
}

/// Whether somebody else than this account administers an organization.
pub(super) fn has_other_admin(tx: &impl ReadRows, organization: UserId, account: UserId) -> Result<bool, StoreError> {
    let mut found = false;
    MEMBERS.scan(tx, &Scan::prefix(&(organization,)), |(_, member), row| {
        found = member != account && row.role == MemberRole::Admin;
        Ok::<_, StoreError>(if found {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        })
    })?;
    Ok(found)
}

/// Makes an account a member, or changes its part.
pub(super) fn put(tx: &WriteTx<'_>, organization: UserId, account: UserId, row: Membership) -> Result<(), StoreError> {
    MEMBERS.put(tx, &(organization, account), &row)?;
    MEMBERSHIPS.put(tx, &(account, organization), &())
}

/// Ends the part of an account in an organization.
pub(super) fn delete(tx: &WriteTx<'_>, organization: UserId, account: UserId) -> Result<(), StoreError> {
    MEMBERS.delete(tx, &(organization, account))?;
    MEMBERSHIPS.delete(tx, &(account, organization))?;
    Ok(())
}

/// Rows that lead nowhere, or one way only, and organizations that nobody administers.
pub(super) fn check(tx: &impl ReadRows) -> Result<Vec<String>, StoreError> {
    let mut problems = Vec::new();
    for (organization, account) in MEMBERS.keys(tx, &Scan::all())? {
        if !MEMBERSHIPS.contains(tx, &(account, organization))? {
            problems.push(format!(
                "member {account} of organization {organization} has no way back"
            ));
        }
        if !store::account(tx, organization)?.is_some_and(|found| found.is_organization()) {
            problems.push(format!(
                "account {account} is a member of {organization}, which is no organization"
            ));
        }
        if store::account(tx, account)?.is_none_or(|found| found.is_organization()) {
            problems.push(format!("member {account} of organization {organization} is no user"));
        }
    }
    for (account, organization) in MEMBERSHIPS.keys(tx, &Scan::all())? {
        if !MEMBERS.contains(tx, &(organization, account))? {
            problems.push(format!(
                "account {account} is filed under organization {organization} and is no member"
            ));
        }
    }
    for account in store::all_accounts(tx)? {
        if account.is_organization() && !has_other_admin(tx, account.id, account.id)? {
            problems.push(format!("nobody administers organization '{}'", account.name));
        }
    }
    Ok(problems)
}
