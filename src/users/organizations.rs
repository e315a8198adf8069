use super::error::UsersError;
use super::model::{Account, AccountKind, MemberRole, Membership, Profile};
use super::register::refuse_taken;
use super::{Caller, Scope, Users, members, store};
use crate::base::{AccountName, UserId};
use crate::events::{NewEvent, Origin, Subject};
use serde_json::json;

/// The most organizations of one account: every request of its reads them.
const MOST_ORGANIZATIONS: u64 = 100;
/// The most members of one organization.
const MOST_MEMBERS: u64 = 10_000;

/// What a new organization needs.
#[derive(Debug, Clone, Default)]
pub struct NewOrganization {
    /// The name; unique among accounts without regard to case.
    pub name: String,
    /// What it tells about itself.
    pub profile: Profile,
    /// Whether repositories made in its namespace are private where nobody says otherwise.
    pub private_by_default: bool,
}

/// Proof that the caller may choose the members of an organization.
#[derive(Debug, Clone)]
pub struct OrganizationAdmin(Account);

impl OrganizationAdmin {
    /// The organization.
    pub fn organization(&self) -> &Account {
        &self.0
    }
}

impl Users {
    /// Makes an organization, which the caller administers.
    pub async fn create_organization(
        &self,
        caller: &Caller,
        new: NewOrganization,
        origin: Origin,
    ) -> Result<Account, UsersError> {
        let founder = caller.require_whole_account(Scope::Write)?.id;
        let organization = Account {
            private_by_default: new.private_by_default,
            ..self.new_account(AccountKind::Organization, &new.name, new.profile)?
        };
        let events = self.0.events.clone();
        self.0
            .store
            .write(move |tx| {
                refuse_taken(tx, &organization)?;
                refuse_too_many(members::organization_count(tx, founder)?)?;
                store::put_account(tx, &organization)?;
                let row = Membership {
                    role: MemberRole::Admin,
                    since: organization.created_at,
                };
                members::put(tx, organization.id, founder, row)?;
                let event = NewEvent::new("organization.created", &origin, Subject::Account(organization.id));
                events.record(tx, event)?;
                Ok(organization)
            })
            .await
    }

    /// The organization with this name, without regard to case.
    pub fn organization(&self, name: &AccountName) -> Result<Account, UsersError> {
        let found = self.0.store.read(|tx| store::account_by_name(tx, name))?;
        found
            .filter(|account| account.is_organization() && account.is_active)
            .ok_or_else(|| UsersError::UnknownOrganization(name.to_string()))
    }

    /// Proves that the caller may choose the members of an organization: with its highest role, or as an administrator of
    /// the hub.
    pub fn organization_admin(&self, caller: &Caller, organization: Account) -> Result<OrganizationAdmin, UsersError> {
        caller.require_whole_account(Scope::Admin)?;
        if caller.role_in(organization.id) == Some(MemberRole::Admin) || caller.is_admin() {
            return Ok(OrganizationAdmin(organization));
        }
        Err(UsersError::RoleTooSmall {
            organization: organization.name,
            needed: MemberRole::Admin,
        })
    }

    /// The members of an organization in the order in which their accounts were made.
    pub fn members(&self, organization: &Account) -> Result<Vec<(UserId, Membership)>, UsersError> {
        Ok(self.0.store.read(|tx| members::members_of(tx, organization.id))?)
    }

    /// How many members an organization has.
    pub fn member_count(&self, organization: &Account) -> Result<u64, UsersError> {
        Ok(self.0.store.read(|tx| members::member_count(tx, organization.id))?)
    }

    /// The organizations of an account, in the order in which they were made, and its part in each.
    pub fn organizations_of(&self, account: UserId) -> Result<Vec<(Account, Membership)>, UsersError> {
        self.0.store.read(|tx| {
            let mut organizations = Vec::new();
            for (id, row) in members::organizations_of(tx, account)? {
                let found = store::account(tx, id)?.filter(|found| found.is_active);
                organizations.extend(found.map(|organization| (organization, row)));
            }
            Ok(organizations)
        })
    }

    /// Makes a user a member, or gives it another role; answers the row and whether it is new.
    pub async fn set_member(
        &self,
        proof: &OrganizationAdmin,
        account: &Account,
        role: MemberRole,
        origin: Origin,
    ) -> Result<(Membership, bool), UsersError> {
        if account.is_organization() || !account.is_active {
            let reason = format!("'{}' cannot be a member: members are active users.", account.name);
            return Err(UsersError::invalid("username", reason));
        }
        let (organization, account, now) = (proof.organization().id, account.id, self.0.clock.now());
        let events = self.0.events.clone();
        self.0
            .store
            .write(move |tx| {
                let before = members::membership(tx, organization, account)?;
                let kind = match before {
                    Some(before) if before.role == role => return Ok((before, false)),
                    Some(before) if before.role == MemberRole::Admin => {
                        require_other_admin(tx, organization, account)?;
                        "organization.member_changed"
                    }
                    Some(_) => "organization.member_changed",
                    None => {
                        refuse_too_many(members::organization_count(tx, account)?)?;
                        refuse_crowd(members::member_count(tx, organization)?)?;
                        "organization.member_added"
                    }
                };
                let since = before.map_or(now, |before| before.since);
                let row = Membership { role, since };
                members::put(tx, organization, account, row)?;
                let event = NewEvent::new(kind, &origin, Subject::Account(organization));
                events.record(tx, event.with(json!({ "account": account, "role": role })))?;
                Ok((row, before.is_none()))
            })
            .await
    }

    /// Ends the part of an account in an organization. Administrators of the organization end anybody's, everybody ends
    /// their own.
    pub async fn remove_member(
        &self,
        caller: &Caller,
        organization: Account,
        account: UserId,
        origin: Origin,
    ) -> Result<(), UsersError> {
        let leaver = caller.require_whole_account(Scope::Admin)?.id;
        if leaver != account {
            self.organization_admin(caller, organization.clone())?;
        }
        let organization = organization.id;
        let events = self.0.events.clone();
        self.0
            .store
            .write(move |tx| {
                let before = members::membership(tx, organization, account)?.ok_or(UsersError::NoMember)?;
                if before.role == MemberRole::Admin {
                    require_other_admin(tx, organization, account)?;
                }
                members::delete(tx, organization, account)?;
                let event = NewEvent::new("organization.member_removed", &origin, Subject::Account(organization));
                events.record(tx, event.with(json!({ "account": account })))?;
                Ok(())
            })
            .await
    }
}

fn require_other_admin(
    tx: &impl crate::store::ReadRows,
    organization: UserId,
    account: UserId,
) -> Result<(), UsersError> {
    if members::has_other_admin(tx, organization, account)? {
        return Ok(());
    }
    Err(UsersError::LastOrganizationAdmin)
}

fn refuse_too_many(organizations: u64) -> Result<(), UsersError> {
    if organizations < MOST_ORGANIZATIONS {
        return Ok(());
    }
    let reason = format!("An account belongs to at most {MOST_ORGANIZATIONS} organizations.");
    Err(UsersError::invalid("username", reason))
}

fn refuse_crowd(members: u64) -> Result<(), UsersError> {
    if members < MOST_MEMBERS {
        return Ok(());
    }
    let reason = format!("An organization has at most {MOST_MEMBERS} members.");
    Err(UsersError::invalid("username", reason))
}
