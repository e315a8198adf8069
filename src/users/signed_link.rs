//! Addresses that work without a credential for a while: what a browser loads by itself (images, downloads) carries no
//! `Authorization` header, nor does what a client sends where another answer told it to. The signature names the account
//! on whose behalf the address was made; whether that account may still do what the address is for is asked when it is
//! used.

use super::Users;
use super::authenticate::active_account;
use super::caller::{Caller, Credential};
use super::error::UsersError;
use crate::base::Timestamp;
use crate::keys::SignedUrl;
use std::collections::BTreeMap;
use std::time::Duration;

const ACCOUNT: &str = "account";
const GET: &str = "GET";

/// An address that was signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedLink {
    /// Path and query on this hub.
    pub url: String,
    /// The address is refused from this second on.
    pub expires_at: Timestamp,
}

impl Users {
    /// How long a signed address works.
    pub fn link_lifetime(&self) -> Duration {
        self.0.config.current().auth.link_lifetime
    }

    /// Signs an address for reading (`GET`, `HEAD`) on behalf of the caller. `path` is percent-encoded; parameters named
    /// `account`, `expires` or `signature` are not kept.
    pub fn sign_link(&self, caller: &Caller, path: String, parameters: BTreeMap<String, String>) -> SignedLink {
        self.sign_request(caller, GET, path, parameters, self.link_lifetime())
    }

    /// Signs an address for a request of whatever method, for a while. One that changes something may do what the account may with
    /// the scope `write`, so the caller must hold the proof for the very thing that the path names.
    pub fn sign_request(
        &self,
        caller: &Caller,
        method: &str,
        path: String,
        mut parameters: BTreeMap<String, String>,
        valid: Duration,
    ) -> SignedLink {
        parameters.remove(ACCOUNT);
        if let Some(account) = caller.user_id() {
            parameters.insert(ACCOUNT.to_owned(), account.to_string());
        }
        let expires_at = Timestamp::from_seconds(self.0.clock.now().plus(valid).as_seconds());
        let url = SignedUrl {
            method: method.to_owned(),
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
        Ok(self.caller_of_request(method, path, query)?.0)
    }

    /// The same for an address of whatever method, with the parameters that were signed.
    pub fn caller_of_request(
        &self,
        method: &str,
        path: &str,
        query: &str,
    ) -> Result<(Caller, BTreeMap<String, String>), UsersError> {
        let url = SignedUrl::verify(&self.0.keys, method, path, query, self.0.clock.now())?;
        let Some(account) = url.parameters.get(ACCOUNT) else {
            return Ok((Caller::anonymous(), url.parameters));
        };
        let id = account.parse().map_err(|_| UsersError::CredentialRefused)?;
        let credential = if matches!(method, GET | "HEAD") {
            Credential::Link
        } else {
            Credential::WriteLink
        };
        let caller = self
            .0
            .store
            .read(|tx| Ok::<_, UsersError>(Caller::new(tx, active_account(tx, id)?, credential)?))?;
        Ok((caller, url.parameters))
    }
}
