use super::caller::{Caller, Credential};
use super::error::UsersError;
use super::model::Account;
use super::secret::{ACCESS_TOKEN_PREFIX, TokenSecret};
use super::{Users, signed_token, store};
use crate::base::{Timestamp, UserId};
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
            Ok::<_, UsersError>((Caller::new(account, credential), token.id))
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
                Caller::new(account, Credential::Session(token.session)),
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

    /// Names the key that signs access tokens.
    pub fn signing_key_id(&self) -> &str {
        self.0.keys.key_id()
    }

    /// A caller with all rights of an account, for the command line, whose user holds the data folder.
    pub fn caller_from_console(&self, id: UserId) -> Result<Caller, UsersError> {
        self.0.store.read(|tx| {
            let account = active_account(tx, id)?;
            Ok(Caller::new(account, Credential::Console))
        })
    }
}

/// A deactivated account is refused like an unknown credential.
pub(super) fn active_account(tx: &impl ReadRows, id: UserId) -> Result<Account, UsersError> {
    store::account(tx, id)?
        .filter(|account| account.is_active)
        .ok_or(UsersError::CredentialRefused)
}
