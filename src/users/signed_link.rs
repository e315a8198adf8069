//! Addresses that work without a credential for a while: what a browser loads by itself (images, downloads) carries no
//! `Authorization` header. The signature names the account on whose behalf the address was made; whether that account
//! may still read what is there is asked when the address is used.

use super::Users;
use super::authenticate::active_account;
use super::caller::{Caller, Credential};
use super::error::UsersError;
use crate::base::Timestamp;
use crate::keys::SignedUrl;
use std::collections::BTreeMap;

const ACCOUNT: &str = "account";

/// An address that was signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedLink {
    /// Path and query on this hub.
    pub url: String,
    /// The address is refused from this second on.
    pub expires_at: Timestamp,
}

impl Users {
    /// Signs an address for reading (`GET`, `HEAD`) on behalf of the caller. `path` is percent-encoded; parameters named
    /// `account`, `expires` or `signature` are not kept.
    pub fn sign_link(&self, caller: &Caller, path: String, mut parameters: BTreeMap<String, String>) -> SignedLink {
        parameters.remove(ACCOUNT);
        if let Some(account) = caller.user_id() {
            parameters.insert(ACCOUNT.to_owned(), account.to_string());
        }
        let lifetime = self.0.config.current().auth.link_lifetime;
        let expires_at = Timestamp::from_seconds(self.0.clock.now().plus(lifetime).as_seconds());
        let url = SignedUrl {
            method: "GET".to_owned(),
            path,
            expires_at,
            parameters,
        };
        SignedLink {
            url: url.issue(&self.0.keys),
            expires_at,
        }
    }

    /// Who asks with a signed address: path and query as they came in. The caller reads what its account reads, and
    /// changes nothing.
    pub fn caller_of_link(&self, method: &str, path: &str, query: &str) -> Result<Caller, UsersError> {
        let url = SignedUrl::verify(&self.0.keys, method, path, query, self.0.clock.now())?;
        let Some(account) = url.parameters.get(ACCOUNT) else {
            return Ok(Caller::anonymous());
        };
        let id = account.parse().map_err(|_| UsersError::CredentialRefused)?;
        let account = self.0.store.read(|tx| active_account(tx, id))?;
        Ok(Caller::new(account, Credential::Link))
    }
}
