//! Passwords that were right a moment ago. git sends name and password with every request, three for a clone, and
//! each check costs as much memory and time as it is meant to cost an attacker.

use super::password::Password;
use crate::base::{Sha256, Timestamp, UserId};
use hmac::{Hmac, KeyInit, Mac};
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Time after which a password is checked again.
const KEPT: Duration = Duration::from_mins(5);
const PASSWORDS_MAX: usize = 1_024;

/// Which passwords were right, by a digest under a key that lives as long as the process. Nothing that a password could be
/// guessed from leaves the memory.
pub(super) struct RecentPasswords {
    /// None when the system gave no random bytes: then nothing is kept.
    key: Option<[u8; 32]>,
    known: Mutex<HashMap<[u8; 32], Known>>,
}

struct Known {
    account: UserId,
    /// Digest of the stored hash that it was compared with: another password makes it another.
    compared_with: Sha256,
    until: Timestamp,
}

/// What stands for a password of an account.
#[derive(Clone, Copy)]
pub(super) struct PasswordKey(Option<[u8; 32]>);

impl RecentPasswords {
    pub(super) fn new() -> Self {
        let mut key = [0; 32];
        Self {
            key: getrandom::fill(&mut key).is_ok().then_some(key),
            known: Mutex::default(),
        }
    }

    /// The key under which a password is kept.
    pub(super) fn key(&self, account: UserId, password: &Password) -> PasswordKey {
        PasswordKey(self.key.map(|key| {
            let mut code = Hmac::<sha2::Sha256>::new_from_slice(&key).expect("HMAC takes a key of any length");
            code.update(account.as_bytes());
            code.update(password.normalized().as_bytes());
            code.finalize().into_bytes().into()
        }))
    }

    /// Whether this password was right for what is stored of the account now.
    pub(super) fn contains(&self, key: PasswordKey, account: UserId, stored: &str, now: Timestamp) -> bool {
        let known = self.known();
        key.0.and_then(|key| known.get(&key)).is_some_and(|known| {
            known.account == account && known.until > now && known.compared_with == Sha256::of(stored.as_bytes())
        })
    }

    /// Keeps a password that was right.
    pub(super) fn insert(&self, key: PasswordKey, account: UserId, stored: &str, now: Timestamp) {
        let Some(key) = key.0 else { return };
        let mut known = self.known();
        if known.len() >= PASSWORDS_MAX {
            known.retain(|_, known| known.until > now);
        }
        if known.len() >= PASSWORDS_MAX {
            known.clear();
        }
        let entry = Known {
            account,
            compared_with: Sha256::of(stored.as_bytes()),
            until: now.plus(KEPT),
        };
        known.insert(key, entry);
    }

    fn known(&self) -> MutexGuard<'_, HashMap<[u8; 32], Known>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Clock;

    const NOW: Timestamp = Timestamp::from_seconds(1_000_000);

    #[test]
    fn a_right_password_is_known_until_it_changes_or_its_time_is_over() {
        let passwords = RecentPasswords::new();
        let (ana, ben) = (UserId::new(&Clock::system()), UserId::new(&Clock::system()));
        let key = passwords.key(ana, &Password::new("correct horse"));
        passwords.insert(key, ana, "hash", NOW);
        assert!(passwords.contains(key, ana, "hash", NOW));
        assert!(!passwords.contains(key, ben, "hash", NOW));
        assert!(!passwords.contains(key, ana, "another hash", NOW));
        assert!(!passwords.contains(key, ana, "hash", NOW.plus(KEPT)));
        let wrong = passwords.key(ana, &Password::new("correct horsf"));
        assert!(!passwords.contains(wrong, ana, "hash", NOW));
    }

    #[test]
    fn memory_is_bounded() {
        let passwords = RecentPasswords::new();
        let ana = UserId::new(&Clock::system());
        for number in 0..3 * PASSWORDS_MAX {
            let key = passwords.key(ana, &Password::new(number.to_string()));
            passwords.insert(key, ana, "hash", NOW);
        }
        assert!(passwords.known().len() <= PASSWORDS_MAX);
    }
}
