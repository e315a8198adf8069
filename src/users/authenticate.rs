use super::caller::{Caller, Credential};
use super::error::UsersError;
use super::limits::network;
use super::login::{Checked, find_by_login};
use super::model::Account;
use super::password::Password;
use super::secret::{ACCESS_TOKEN_PREFIX, TokenSecret};
use super::{Users, signed_token, store};
use crate::base::{Timestamp, UserId};
use crate::events::Origin;
use crate::store::ReadRows;

impl Users {
    /// Turns the credential of a request, a personal access token or the access token of a login, into a caller.
    ///
    /// Whatever is wrong with it gives one and the same error, so that nobody learns which tokens existed.
    pub fn authenticate(&self, credential: &str) -> Result<Caller, UsersError> {
        self.verify(credential).map(|(caller, _)| caller)
    }

    fn authenticate_token(&self, text: &str) -> Result<Caller, UsersError> {
        let secret = TokenSecret::parse(ACCESS_TOKEN_PREFIX, text).ok_or(UsersError::CredentialRefused)?;
        let now = self.0.clock.now();
        let caller = self.0.store.read(|tx| {
            let token = store::token_by_digest(tx, secret.digest())?.ok_or(UsersError::CredentialRefused)?;
            if token.expires_at.is_some_and(|end| end <= now) {
                return Err(UsersError::CredentialRefused);
            }
            let account = active_account(tx, token.account)?;
            let credential = Credential::Token {
                id: token.id,
                scope: token.scope,
                repositories: token.repositories,
            };
            Ok::<_, UsersError>((Caller::new(tx, account, credential)?, token.id))
        });
        let (caller, id) = caller?;
        self.0.token_uses.note(id, now);
        Ok(caller)
    }

    /// The caller behind the access token of a login, and when the token ends.
    fn authenticate_session(&self, text: &str) -> Result<(Caller, Timestamp), UsersError> {
        let token =
            signed_token::verify(&self.0.keys, text, self.0.clock.now()).ok_or(UsersError::CredentialRefused)?;
        self.0.store.read(|tx| {
            let session = store::session(tx, token.session)?.ok_or(UsersError::CredentialRefused)?;
            if session.account != token.account {
                return Err(UsersError::CredentialRefused);
            }
            let account = active_account(tx, token.account)?;
            Ok((
                Caller::new(tx, account, Credential::Session(token.session))?,
                token.expires_at,
            ))
        })
    }

    /// Whose a credential is, and when it ends if it is the access token of a login.
    pub fn verify(&self, credential: &str) -> Result<(Caller, Option<Timestamp>), UsersError> {
        if credential.starts_with(ACCESS_TOKEN_PREFIX) {
            return Ok((self.authenticate_token(credential)?, None));
        }
        let (caller, expires_at) = self.authenticate_session(credential)?;
        Ok((caller, Some(expires_at)))
    }

    /// Turns a name, or an e-mail address, and a password that come with a request into a caller. Within the same limits
    /// of guessing as a login, and with the same answers; it starts no login.
    pub async fn authenticate_password(
        &self,
        login: &str,
        password: Password,
        origin: Origin,
    ) -> Result<Caller, UsersError> {
        let found = self.0.store.read(|tx| find_by_login(tx, login))?;
        let key = found
            .as_ref()
            .map(|account| self.0.recent_passwords.key(account.id, &password));
        if let (Some(account), Some(key)) = (&found, key) {
            let stored = self.0.store.read(|tx| store::PASSWORDS.get(tx, &account.id))?;
            let now = self.0.clock.now();
            let known = stored.is_some_and(|stored| self.0.recent_passwords.contains(key, account.id, &stored, now));
            if known && account.is_active {
                return self.caller_by_password(account.clone());
            }
        }
        let checked = self.check_password(login, found.as_ref(), password, &origin).await?;
        let (Some(account), Some(key), Some(checked)) = (found, key, checked) else {
            tracing::info!(address = ?origin.address, "a password that came with a request is wrong");
            return Err(UsersError::WrongLogin);
        };
        if !account.is_active {
            return Err(UsersError::Deactivated);
        }
        let stored = self.keep_place(account.id, checked, &origin).await?;
        self.0
            .recent_passwords
            .insert(key, account.id, &stored, self.0.clock.now());
        self.caller_by_password(account)
    }

    fn caller_by_password(&self, account: Account) -> Result<Caller, UsersError> {
        let caller = self.0.store.read(|tx| Caller::new(tx, account, Credential::Password));
        Ok(caller?)
    }

    /// Stores what a right password changes: the place from which it came, and its hash when the settings are others
    /// now. Answers the hash that is stored.
    async fn keep_place(&self, account: UserId, checked: Checked, origin: &Origin) -> Result<String, UsersError> {
        let place = origin.address.map(|address| (account, network(address)));
        let now = self.0.clock.now();
        let is_new = match &place {
            Some(place) => !self.0.store.read(|tx| store::LOGIN_PLACES.contains(tx, place))?,
            None => false,
        };
        let Checked { stored, rehashed } = checked;
        if rehashed.is_none() && !is_new {
            return stored.ok_or(UsersError::WrongLogin);
        }
        self.0
            .store
            .write(move |tx| {
                // The password may have been changed while the check ran.
                let same = store::PASSWORDS.get(tx, &account)? == stored;
                let stored = stored.filter(|_| same).ok_or(UsersError::WrongLogin)?;
                if let Some(place) = &place {
                    store::LOGIN_PLACES.put(tx, place, &now)?;
                }
                let Some(hash) = rehashed else { return Ok(stored) };
                store::PASSWORDS.put(tx, &account, &hash)?;
                Ok::<_, UsersError>(hash)
            })
            .await
    }

    /// Names the key that signs access tokens.
    pub fn signing_key_id(&self) -> &str {
        self.0.keys.key_id()
    }

    /// A caller with all rights of an account, for the command line, whose user holds the data folder.
    pub fn caller_from_console(&self, id: UserId) -> Result<Caller, UsersError> {
        self.0.store.read(|tx| {
            let account = active_account(tx, id)?;
            Ok(Caller::new(tx, account, Credential::Console)?)
        })
    }
}

/// A deactivated account is refused like an unknown credential.
pub(super) fn active_account(tx: &impl ReadRows, id: UserId) -> Result<Account, UsersError> {
    store::account(tx, id)?
        .filter(|account| account.is_active)
        .ok_or(UsersError::CredentialRefused)
}
