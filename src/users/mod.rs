//! Accounts, logins, personal access tokens, and the proof of who asks.
//!
//! Owns: users and organizations (one table, names unique without regard to case), passwords (argon2id), logins (access
//! tokens of an hour, refresh tokens that rotate), personal access tokens, profiles, avatars, quotas.
//!
//! Guarantees: a request with a credential that does not work is refused, on public addresses too. Every request looks
//! its account and its login or token up, so deactivating, demoting, revoking and logging out hold from the next
//! request on. Passwords, tokens and their digests appear in no log. Using somebody's rights takes a [`Caller`], which
//! only a credential makes.
//!
//! Absent on purpose: what an account owns or follows, and how much it stores. Slices above know that.

/// From the `Authorization` header to a caller.
mod authenticate;
/// Pictures of accounts.
#[allow(dead_code, reason = "logins and tokens, the next change, use the rest")]
mod avatar;
/// Who asks, and proofs of what they may do.
#[allow(dead_code, reason = "logins and tokens, the next change, use the rest")]
mod caller;
/// What can go wrong.
mod error;
/// What an account is and the rules for what people write into it.
mod model;
/// Passwords and their hashes.
#[allow(dead_code, reason = "logins and tokens, the next change, use the rest")]
mod password;
/// Making accounts.
mod register;
/// Random secrets of tokens.
#[allow(dead_code, reason = "logins and tokens, the next change, use the rest")]
mod secret;
/// Signed access tokens of logins.
#[allow(dead_code, reason = "logins and tokens, the next change, use the rest")]
mod signed_token;
/// The tables.
#[allow(dead_code, reason = "logins and tokens, the next change, use the rest")]
mod store;

/// Routes and what they send and take.
pub mod api;

pub use caller::{Admin, Caller, SelfOrAdmin};
pub use error::UsersError;
pub use model::{AccessToken, Account, AccountKind, Email, Profile, Role, Scope, parse_new_name};
pub use password::{PASSWORD_MAX_BYTES, PASSWORD_MIN_CHARS, Password};
pub use register::NewAccount;
pub use secret::{ACCESS_TOKEN_PREFIX, TokenSecret};
pub use store::{TABLES, account, account_by_name, all_accounts, check};

use crate::base::{AccountName, Clock, UserId};
use crate::config::LiveConfig;
use crate::keys::Keys;
use crate::store::Store;
use std::sync::Arc;

/// The handle of this slice; cheap to clone.
#[derive(Clone)]
pub struct Users(Arc<Inner>);

struct Inner {
    store: Store,
    keys: Keys,
    config: LiveConfig,
    clock: Clock,
    hasher: password::Hasher,
}

impl Users {
    /// Builds the slice. `keys` sign access tokens.
    pub fn new(store: Store, keys: Keys, config: LiveConfig, clock: Clock) -> Self {
        let hasher = password::Hasher::new(config.clone());
        Self(Arc::new(Inner {
            store,
            keys,
            config,
            clock,
            hasher,
        }))
    }

    /// The account with this id.
    pub fn find(&self, id: UserId) -> Result<Option<Account>, UsersError> {
        self.0.store.read(|tx| Ok(account(tx, id)?))
    }

    /// The account with this name, without regard to case; an error that names it when there is none.
    pub fn get(&self, name: &AccountName) -> Result<Account, UsersError> {
        self.0
            .store
            .read(|tx| Ok(account_by_name(tx, name)?))
            .and_then(|account: Option<Account>| account.ok_or_else(|| UsersError::UnknownAccount(name.to_string())))
    }

    /// Bytes that an account may store: its own quota, or the configured one.
    pub fn quota_bytes(&self, account: &Account) -> u64 {
        account
            .storage_quota
            .unwrap_or_else(|| self.0.config.current().storage.quota.bytes())
    }
}
