use super::caller::{Caller, Credential};
use super::error::UsersError;
use super::model::Account;
use super::secret::{ACCESS_TOKEN_PREFIX, TokenSecret};
use super::{Users, signed_token, store};
use crate::base::{Timestamp, UserId};
use crate::store::ReadTx;

impl Users {
    /// Turns the credential of a request, a personal access token or the access token of a login, into a caller.
    ///
    /// Whatever is wrong with it gives one and the same error, so that nobody learns which tokens existed.
    pub fn authenticate(&self, credential: &str) -> Result<Caller, UsersError> {
        if credential.starts_with(ACCESS_TOKEN_PREFIX) {
            self.authenticate_token(credential)
        } else {
            Ok(self.authenticate_session(credential)?.0)
        }
    }

    fn authenticate_token(&self, text: &str) -> Result<Caller, UsersError> {
        let secret = TokenSecret::parse(ACCESS_TOKEN_PREFIX, text).ok_or(UsersError::CredentialRefused)?;
        let now = self.0.clock.now();
        self.0.store.read(|tx| {
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
            Ok(Caller::new(account, credential))
        })
    }

    /// The caller behind the access token of a login, and when the token ends.
    pub(super) fn authenticate_session(&self, text: &str) -> Result<(Caller, Timestamp), UsersError> {
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

    /// A caller with all rights of an account, for the command line, whose user holds the data folder.
    pub fn caller_from_console(&self, id: UserId) -> Result<Caller, UsersError> {
        self.0.store.read(|tx| {
            let account = active_account(tx, id)?;
            Ok(Caller::new(account, Credential::Console))
        })
    }
}

/// A deactivated account is refused like an unknown credential.
fn active_account(tx: &ReadTx, id: UserId) -> Result<Account, UsersError> {
    store::account(tx, id)?
        .filter(|account| account.is_active)
        .ok_or(UsersError::CredentialRefused)
}
