//! Passwords and their hashes.

use super::error::UsersError;
use crate::base;
use crate::config::{AuthConfig, LiveConfig};
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use serde::Deserialize;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use unicode_normalization::UnicodeNormalization;

/// The shortest password, in characters.
pub const PASSWORD_MIN_CHARS: usize = 8;
/// The longest password, in bytes; bounds the work of normalizing it.
pub const PASSWORD_MAX_BYTES: usize = 1_024;

/// Password checks that may wait for each one that runs: about three seconds of work.
const WAITING_PER_RUNNING: usize = 64;

/// A password as somebody typed it. It appears in no log.
#[derive(Clone, Deserialize)]
#[serde(transparent)]
pub struct Password(String);

impl Password {
    /// Wraps a typed password.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// Checks the rules for new passwords: a length, and nothing about what characters it has (NIST SP 800-63B,
    /// section 3.1.1.2).
    pub fn checked(self, field: &'static str) -> Result<Self, UsersError> {
        if self.0.chars().count() < PASSWORD_MIN_CHARS {
            return Err(UsersError::invalid(
                field,
                format!("A password has at least {PASSWORD_MIN_CHARS} characters."),
            ));
        }
        if self.0.len() > PASSWORD_MAX_BYTES {
            return Err(UsersError::invalid(
                field,
                format!("A password has at most {PASSWORD_MAX_BYTES} bytes."),
            ));
        }
        Ok(self)
    }

    /// The bytes that are hashed. Keyboards of different systems compose the same letter differently, so NFC
    /// (RFC 8265, section 4.2.1). A text too long for a password is cut: it can only be wrong.
    pub(super) fn normalized(&self) -> String {
        let end = self.0.floor_char_boundary(PASSWORD_MAX_BYTES + 1);
        self.0[..end].nfc().collect()
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Password(***)")
    }
}

/// What a check of a password found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Another password.
    Wrong,
    /// The right one; with a new hash when the stored one was made with other settings.
    Right { rehashed: Option<String> },
}

/// Hashes passwords with argon2id (RFC 9106), a few at a time and off the async threads.
#[derive(Clone)]
pub(super) struct Hasher {
    config: LiveConfig,
    running: Arc<Semaphore>,
    waiting: Arc<AtomicUsize>,
    most_waiting: usize,
}

impl Hasher {
    pub(super) fn new(config: LiveConfig) -> Self {
        let at_once = config.current().auth.password_checks_at_once;
        Self {
            config,
            running: Arc::new(Semaphore::new(at_once)),
            waiting: Arc::default(),
            most_waiting: at_once * WAITING_PER_RUNNING,
        }
    }

    /// The PHC string of a new password.
    pub(super) async fn hash(&self, password: Password) -> Result<String, UsersError> {
        let permit = self.permit().await?;
        let parameters = parameters(&self.config.current().auth)?;
        base::blocking(move || {
            let _permit = permit;
            hash(&password, parameters)
        })
        .await
    }

    /// Compares a password with a stored hash. Without one it does the same work and answers [`Verdict::Wrong`], so
    /// that the time tells nobody whether an account exists.
    pub(super) async fn verify(&self, password: Password, stored: Option<String>) -> Result<Verdict, UsersError> {
        let permit = self.permit().await?;
        let parameters = parameters(&self.config.current().auth)?;
        base::blocking(move || {
            let _permit = permit;
            match stored {
                Some(stored) => verify(&password, &stored, parameters),
                None => hash(&password, parameters).map(|_| Verdict::Wrong),
            }
        })
        .await
    }

    /// Waits for a turn; refuses at once when too many wait. The permit goes into the work itself, because a client
    /// that hangs up does not stop it.
    async fn permit(&self) -> Result<OwnedSemaphorePermit, UsersError> {
        let waiting = Waiting::enter(&self.waiting);
        if waiting.before > self.most_waiting {
            return Err(UsersError::Busy);
        }
        let permit = Arc::clone(&self.running).acquire_owned().await;
        Ok(permit.expect("the semaphore is never closed"))
    }
}

/// Counts itself as long as it lives, also when its future is dropped.
struct Waiting<'a> {
    count: &'a AtomicUsize,
    before: usize,
}

impl<'a> Waiting<'a> {
    fn enter(count: &'a AtomicUsize) -> Self {
        let before = count.fetch_add(1, Ordering::Relaxed);
        Self { count, before }
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.count.fetch_sub(1, Ordering::Relaxed);
    }
}

fn parameters(config: &AuthConfig) -> Result<Params, UsersError> {
    let memory = u32::try_from(config.password_memory.bytes() / 1024).unwrap_or(u32::MAX);
    Params::new(memory, config.password_passes, 1, None).map_err(|error| UsersError::Hashing(error.to_string()))
}

fn argon2id(parameters: Params) -> Argon2<'static> {
    Argon2::new(Algorithm::Argon2id, Version::V0x13, parameters)
}

fn hash(password: &Password, parameters: Params) -> Result<String, UsersError> {
    argon2id(parameters)
        .hash_password(password.normalized().as_bytes())
        .map(|hash| hash.to_string())
        .map_err(|error| UsersError::Hashing(error.to_string()))
}

fn verify(password: &Password, stored: &str, wanted: Params) -> Result<Verdict, UsersError> {
    let stored = PasswordHash::new(stored).map_err(|error| UsersError::Hashing(error.to_string()))?;
    // The parameters of the stored hash are used, whatever is configured now.
    match argon2id(wanted.clone()).verify_password(password.normalized().as_bytes(), &stored) {
        Ok(()) => {}
        Err(argon2::password_hash::Error::PasswordInvalid) => return Ok(Verdict::Wrong),
        Err(error) => return Err(UsersError::Hashing(error.to_string())),
    }
    let same = Params::try_from(&stored).is_ok_and(|made_with| {
        (made_with.m_cost(), made_with.t_cost(), made_with.p_cost())
            == (wanted.m_cost(), wanted.t_cost(), wanted.p_cost())
    });
    let rehashed = if same { None } else { Some(hash(password, wanted)?) };
    Ok(Verdict::Right { rehashed })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cheap(passes: u32) -> Params {
        Params::new(64, passes, 1, None).unwrap()
    }

    #[test]
    fn a_password_has_a_length_and_no_other_rule() {
        assert!(Password::new("1234567").checked("password").is_err());
        assert!(Password::new("12345678").checked("password").is_ok());
        assert!(Password::new("密码密码密码密码").checked("password").is_ok());
        assert!(Password::new("x".repeat(1_025)).checked("password").is_err());
        assert_eq!(format!("{:?}", Password::new("secret12")), "Password(***)");
    }

    #[test]
    fn the_same_letters_composed_differently_are_the_same_password() {
        let stored = hash(&Password::new("cafe\u{301} crème"), cheap(1)).unwrap();
        let verdict = verify(&Password::new("caf\u{e9} crème"), &stored, cheap(1)).unwrap();
        assert_eq!(verdict, Verdict::Right { rehashed: None });
        assert_eq!(
            verify(&Password::new("cafe creme"), &stored, cheap(1)).unwrap(),
            Verdict::Wrong
        );
    }

    #[test]
    fn a_hash_made_with_other_settings_is_made_anew() {
        let stored = hash(&Password::new("correct horse"), cheap(1)).unwrap();
        let Verdict::Right { rehashed: Some(new) } =
            verify(&Password::new("correct horse"), &stored, cheap(2)).unwrap()
        else {
            panic!("the hash was not made anew");
        };
        assert!(new.contains("t=2"), "{new}");
        let verdict = verify(&Password::new("correct horse"), &new, cheap(2)).unwrap();
        assert_eq!(verdict, Verdict::Right { rehashed: None });
    }
}
