use super::error::UsersError;
use super::limits::network;
use super::model::{Account, AccountKind, Email, Profile, Role, parse_new_name};
use super::password::Password;
use super::store;
use super::{Admin, Users};
use crate::base::UserId;
use crate::config::Registration;
use crate::events::{NewEvent, Origin, Subject};
use crate::store::{ReadRows, WriteTx};

/// What a new account needs.
#[derive(Debug, Clone)]
pub struct NewAccount {
    /// The name; unique without regard to case.
    pub username: String,
    /// Unique without regard to case.
    pub email: String,
    /// Checked against the rules for new passwords.
    pub password: Password,
    /// The name that people use.
    pub full_name: Option<String>,
}

impl Users {
    /// Whether everybody who reaches the hub may make an account.
    pub fn is_registration_open(&self) -> bool {
        self.0.config.current().auth.registration == Registration::Open
    }

    /// Makes an account for somebody who asks for one. The first account of a hub administers it, and can be made even
    /// when registration is closed: a hub without anybody is of no use.
    pub async fn register(&self, new: NewAccount, origin: Origin) -> Result<Account, UsersError> {
        let open = self.is_registration_open();
        // Whoever may have no account learns no names and addresses here, and costs no hash.
        if !open && !self.0.store.read(store::is_empty)? {
            return Err(UsersError::RegistrationClosed);
        }
        self.within_registrations(&origin)?;
        self.make_account(new, "account.registered", origin, move |tx| {
            match (store::is_empty(tx)?, open) {
                (true, _) => Ok(Role::Admin),
                (false, true) => Ok(Role::User),
                (false, false) => Err(UsersError::RegistrationClosed),
            }
        })
        .await
    }

    /// Counts an attempt to register against the budget of its address.
    fn within_registrations(&self, origin: &Origin) -> Result<(), UsersError> {
        let per_hour = self.0.config.current().auth.registrations_per_hour;
        match origin.address {
            Some(address) if per_hour > 0 => {
                let now = self.0.clock.now();
                self.0.limits.book_registration(network(address), per_hour, now)
            }
            _ => Ok(()),
        }
    }

    /// Makes an account on behalf of an administrator.
    pub async fn create(
        &self,
        _proof: Admin,
        new: NewAccount,
        role: Role,
        origin: Origin,
    ) -> Result<Account, UsersError> {
        self.make_account(new, "account.created", origin, move |_| Ok(role))
            .await
    }

    /// Makes an account from the command line, whose user holds the data folder.
    pub async fn create_from_console(&self, new: NewAccount, role: Role) -> Result<Account, UsersError> {
        self.make_account(new, "account.created", Origin::system(), move |_| Ok(role))
            .await
    }

    /// An account with nothing but a name and a profile.
    pub(super) fn new_account(&self, kind: AccountKind, name: &str, profile: Profile) -> Result<Account, UsersError> {
        let now = self.0.clock.now();
        Ok(Account {
            id: UserId::new(&self.0.clock),
            kind,
            name: parse_new_name(name)?,
            email: None,
            role: Role::User,
            profile: profile.checked()?,
            is_verified: false,
            is_active: true,
            storage_quota: None,
            private_by_default: false,
            avatar: None,
            created_at: now,
            updated_at: now,
        })
    }

    /// `role` is decided inside the transaction, so that of two first accounts only one administers the hub.
    async fn make_account(
        &self,
        new: NewAccount,
        event: &'static str,
        origin: Origin,
        role: impl FnOnce(&WriteTx<'_>) -> Result<Role, UsersError> + Send + 'static,
    ) -> Result<Account, UsersError> {
        let profile = Profile {
            full_name: new.full_name,
            ..Profile::default()
        };
        let named = self.new_account(AccountKind::User, &new.username, profile)?;
        let account = Account {
            email: Some(new.email.parse::<Email>()?),
            ..named
        };
        let password = new.password.checked("password")?;
        // What is refused anyway is refused before the expensive hash, which costs an attacker nothing.
        self.0.store.read(|tx| refuse_taken(tx, &account))?;
        let hash = self.0.hasher.hash(password).await?;
        let events = self.0.events.clone();
        self.0
            .store
            .write(move |tx| {
                refuse_taken(tx, &account)?;
                let role = role(tx)?;
                let account = Account { role, ..account };
                store::put_account(tx, &account)?;
                store::PASSWORDS.put(tx, &account.id, &hash)?;
                let origin = Origin {
                    actor: origin.actor.or(Some(account.id)),
                    ..origin
                };
                events.record(tx, NewEvent::new(event, &origin, Subject::Account(account.id)))?;
                Ok(account)
            })
            .await
    }
}

pub(super) fn refuse_taken(tx: &impl ReadRows, account: &Account) -> Result<(), UsersError> {
    if store::account_by_name(tx, &account.name)?.is_some() {
        return Err(UsersError::NameTaken(account.name.clone()));
    }
    match &account.email {
        Some(email) if store::account_by_email(tx, &email.key())?.is_some() => Err(UsersError::EmailTaken),
        _ => Ok(()),
    }
}
