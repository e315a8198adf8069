//! Accounts, logins, personal access tokens, and the proof of who asks.
//!
//! Owns: users and organizations (one table, names unique without regard to case), members and their roles, passwords (argon2id), logins (access
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
mod avatar;
/// Who asks, and proofs of what they may do.
mod caller;
/// Logins of programs without a browser.
mod device;
/// Finding accounts.
mod directory;
/// What can go wrong.
mod error;
/// Work that recurs.
mod jobs;
/// How often passwords may be guessed.
mod limits;
/// Starting, prolonging and ending logins.
mod login;
/// Who belongs to organizations.
mod members;
/// What an account is and the rules for what people write into it.
mod model;
/// Making organizations and choosing their members.
mod organizations;
/// Passwords and their hashes.
mod password;
/// Changing accounts and their passwords.
mod profile;
/// Passwords that need no second check.
mod recent_passwords;
/// Making accounts.
mod register;
/// Random secrets of tokens.
mod secret;
/// Addresses that work without a credential.
mod signed_link;
/// Signed access tokens of logins.
mod signed_token;
/// The tables.
mod store;
/// When tokens were last used.
mod token_uses;
/// Making and deleting personal access tokens.
mod tokens;

/// Routes and what they send and take.
pub mod api;

pub use avatar::AVATAR_UPLOAD_MAX_BYTES;
pub use caller::{Admin, Caller, SelfOrAdmin};
pub use device::{DeviceAnswer, DeviceDecision, NewDeviceLogin};
pub use directory::AccountFilter;
pub use error::UsersError;
pub use login::{Grant, SignedAccessToken};
pub use members::member_role;
pub use model::{
    AccessToken, Account, AccountKind, DeviceLogin, Email, MemberRole, Membership, Profile, Role, Scope, parse_new_name,
};
pub use organizations::{NewOrganization, OrganizationAdmin};
pub use password::{PASSWORD_MAX_BYTES, PASSWORD_MIN_CHARS, Password};
pub use profile::{AccountChange, Change};
pub use register::NewAccount;
pub use secret::{ACCESS_TOKEN_PREFIX, TokenSecret};
pub use signed_link::SignedLink;
pub use store::{TABLES, account, account_by_name, all_accounts, check};
pub use tokens::NewAccessToken;

use crate::base::Clock;
use crate::config::LiveConfig;
use crate::events::Events;
use crate::keys::Keys;
use crate::store::Store;
use std::sync::Arc;
use tokio::sync::Semaphore;

/// The handle of this slice; cheap to clone.
#[derive(Clone)]
pub struct Users(Arc<Inner>);

struct Inner {
    store: Store,
    keys: Keys,
    events: Events,
    config: LiveConfig,
    clock: Clock,
    hasher: password::Hasher,
    limits: limits::LoginLimits,
    recent_passwords: recent_passwords::RecentPasswords,
    token_uses: token_uses::TokenUses,
    /// Pictures being decoded.
    decoding: Arc<Semaphore>,
}

impl Users {
    /// Builds the slice. `keys` sign access tokens.
    pub fn new(store: Store, keys: Keys, events: Events, config: LiveConfig, clock: Clock) -> Self {
        let hasher = password::Hasher::new(config.clone());
        Self(Arc::new(Inner {
            store,
            keys,
            events,
            config,
            clock,
            hasher,
            limits: limits::LoginLimits::new(),
            recent_passwords: recent_passwords::RecentPasswords::new(),
            token_uses: token_uses::TokenUses::default(),
            decoding: Arc::new(Semaphore::new(1)),
        }))
    }
}
