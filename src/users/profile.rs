use super::caller::SelfOrAdmin;
use super::error::UsersError;
use super::model::{Account, Email, Profile, Role};
use super::password::Password;
use super::{Users, store};
use crate::base::{AccountName, SessionId, UserId};
use crate::events::{NewEvent, Origin, Subject};
use crate::store::{StoreError, WriteTx};
use serde::{Deserialize, Deserializer};

/// What happens to a field.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Change<T> {
    /// It stays as it is.
    #[default]
    Keep,
    /// It becomes empty.
    Clear,
    /// It becomes this.
    Set(T),
}

impl<T> Change<T> {
    fn is_given(&self) -> bool {
        !matches!(self, Self::Keep)
    }

    fn applied(self, old: Option<T>) -> Option<T> {
        match self {
            Self::Keep => old,
            Self::Clear => None,
            Self::Set(new) => Some(new),
        }
    }
}

/// Null clears; a field that may be missing takes the default, which keeps.
impl<'de, T: Deserialize<'de>> Deserialize<'de> for Change<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Option::deserialize(deserializer)?.map_or(Self::Clear, Self::Set))
    }
}

/// What is to be changed in an account. `None` leaves a field as it is.
#[derive(Debug, Clone, Default)]
pub struct AccountChange {
    /// The name that people use.
    pub full_name: Change<String>,
    /// A text about oneself.
    pub bio: Change<String>,
    /// An address with `http` or `https`.
    pub website: Change<String>,
    /// Where one works.
    pub location: Change<String>,
    /// Unique without regard to case.
    pub email: Option<String>,
    /// Whether repositories made in its namespace are private where nobody says otherwise.
    pub private_by_default: Option<bool>,
    /// For administrators: bytes; clearing it gives the configured quota.
    pub storage_quota: Change<u64>,
    /// For administrators.
    pub is_verified: Option<bool>,
    /// For administrators. Deactivating ends every login.
    pub is_active: Option<bool>,
    /// For administrators.
    pub role: Option<Role>,
}

impl AccountChange {
    /// The fields that it changes, as the API calls them.
    fn fields(&self) -> Vec<&'static str> {
        let given = [
            ("full_name", self.full_name.is_given()),
            ("bio", self.bio.is_given()),
            ("website", self.website.is_given()),
            ("location", self.location.is_given()),
            ("email", self.email.is_some()),
            ("private_by_default", self.private_by_default.is_some()),
            ("storage_quota", self.storage_quota.is_given()),
            ("is_verified", self.is_verified.is_some()),
            ("is_active", self.is_active.is_some()),
            ("is_admin", self.role.is_some()),
        ];
        given
            .iter()
            .filter(|(_, given)| *given)
            .map(|(name, _)| *name)
            .collect()
    }

    fn admin_field(&self) -> Option<&'static str> {
        let reserved = ["storage_quota", "is_verified", "is_active", "is_admin"];
        self.fields().into_iter().find(|field| reserved.contains(field))
    }

    /// A field that makes no sense for an account as which nobody signs in.
    fn personal_field(&self) -> Option<&'static str> {
        self.fields()
            .into_iter()
            .find(|field| ["email", "is_admin"].contains(field))
    }

    /// The account as it will be.
    fn apply(self, account: Account) -> Result<Account, UsersError> {
        let old = account.profile;
        let profile = Profile {
            full_name: self.full_name.applied(old.full_name),
            bio: self.bio.applied(old.bio),
            website: self.website.applied(old.website),
            location: self.location.applied(old.location),
        };
        Ok(Account {
            profile: profile.checked()?,
            email: match self.email {
                Some(email) => Some(email.parse::<Email>()?),
                None => account.email,
            },
            private_by_default: self.private_by_default.unwrap_or(account.private_by_default),
            storage_quota: self.storage_quota.applied(account.storage_quota),
            is_verified: self.is_verified.unwrap_or(account.is_verified),
            is_active: self.is_active.unwrap_or(account.is_active),
            role: self.role.unwrap_or(account.role),
            ..account
        })
    }
}

impl Users {
    /// Changes an account; all of it or nothing.
    pub async fn update(
        &self,
        proof: SelfOrAdmin,
        change: AccountChange,
        origin: Origin,
    ) -> Result<Account, UsersError> {
        if let Some(field) = change.admin_field()
            && !proof.is_admin()
        {
            return Err(UsersError::AdminField(field));
        }
        if let Some(field) = change.personal_field()
            && proof.target().is_organization()
        {
            return Err(UsersError::invalid(
                field,
                "An organization has no such field: nobody signs in as one.",
            ));
        }
        let (id, now, events) = (proof.target().id, self.0.clock.now(), self.0.events.clone());
        self.0
            .store
            .write(move |tx| {
                let old = present(tx, id)?;
                let fields = change.fields();
                let new = Account {
                    updated_at: now,
                    ..change.apply(old.clone())?
                };
                refuse_taken_email(tx, &new)?;
                if may_administer(&old) && !may_administer(&new) {
                    refuse_last_admin(tx, id)?;
                }
                if !new.is_active {
                    store::delete_sessions_of(tx, id, None)?;
                }
                store::put_account(tx, &new)?;
                let event = NewEvent::new("account.updated", &origin, Subject::Account(id));
                events.record(tx, event.with(serde_json::json!({ "fields": fields })))?;
                Ok(new)
            })
            .await
    }

    /// Sets a new password and ends every other login of the account; personal access tokens keep working.
    ///
    /// The owner proves the present password, whose guesses are limited like logins, so that somebody at an unlocked
    /// screen cannot take the account. An administrator sets other people's without it.
    pub async fn change_password(
        &self,
        proof: SelfOrAdmin,
        present: Option<Password>,
        new: Password,
        origin: Origin,
    ) -> Result<(), UsersError> {
        if proof.target().is_organization() {
            return Err(UsersError::invalid(
                "new_password",
                "Nobody signs in as an organization: it has no password.",
            ));
        }
        let new = new.checked("new_password")?;
        if proof.is_self() {
            let present = present.ok_or_else(|| {
                UsersError::invalid("current_password", "Changing your password takes the present one.")
            })?;
            let account = proof.target();
            let checked = self.check_password(account.name.as_str(), Some(account), present, &origin);
            checked.await?.ok_or(UsersError::WrongPassword)?;
        }
        self.store_password(proof.target().id, new, proof.own_session(), origin)
            .await
    }

    /// Sets a password from the command line, whose user holds the data folder, and ends every login of the account.
    pub async fn set_password_from_console(&self, name: &AccountName, new: Password) -> Result<(), UsersError> {
        let account = self.get(name)?;
        if account.is_organization() {
            return Err(UsersError::invalid(
                "password",
                "Nobody signs in as an organization: it has no password.",
            ));
        }
        self.store_password(account.id, new.checked("password")?, None, Origin::system())
            .await
    }

    async fn store_password(
        &self,
        id: UserId,
        new: Password,
        keep: Option<SessionId>,
        origin: Origin,
    ) -> Result<(), UsersError> {
        let hash = self.0.hasher.hash(new).await?;
        let events = self.0.events.clone();
        self.0
            .store
            .write(move |tx| {
                present(tx, id)?;
                store::PASSWORDS.put(tx, &id, &hash)?;
                store::delete_sessions_of(tx, id, keep)?;
                events.record(
                    tx,
                    NewEvent::new("account.password_changed", &origin, Subject::Account(id)),
                )?;
                Ok(())
            })
            .await
    }
}

/// An account that a proof spoke of; accounts are never removed.
pub(super) fn present(tx: &WriteTx<'_>, id: UserId) -> Result<Account, UsersError> {
    store::account(tx, id)?.ok_or_else(|| UsersError::UnknownAccount(id.to_string()))
}

fn may_administer(account: &Account) -> bool {
    account.is_admin() && account.is_active
}

fn refuse_taken_email(tx: &WriteTx<'_>, account: &Account) -> Result<(), UsersError> {
    let Some(email) = &account.email else { return Ok(()) };
    let holder = store::account_by_email(tx, &email.key())?;
    if holder.is_some_and(|holder| holder.id != account.id) {
        return Err(UsersError::EmailTaken);
    }
    Ok(())
}

/// Reads every account, on the writer's thread: rare, and only a check inside the transaction holds.
fn refuse_last_admin(tx: &WriteTx<'_>, but: UserId) -> Result<(), UsersError> {
    let accounts: Result<_, StoreError> = store::all_accounts(tx);
    if accounts?
        .iter()
        .any(|account| account.id != but && may_administer(account))
    {
        return Ok(());
    }
    Err(UsersError::LastAdmin)
}
