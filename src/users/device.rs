//! Logins of programs without a browser (RFC 8628): the program shows a short code, somebody who is logged in elsewhere types
//! it and says yes or no, and the program, which asks again and again, gets a personal access token.
//!
//! The program's own secret and the short code are kept as digests and looked up by them, so that nothing is compared that
//! timing could tell of. The short one can be guessed only by people who are logged in, a few times a minute, while it lives;
//! whoever guesses one gives away a token of the own account and gets none. An approved login gives its token once.

use super::caller::Caller;
use super::error::UsersError;
use super::limits::{Booking, network};
use super::model::{AccessToken, DeviceLogin, DeviceReply, Scope};
use super::secret::{ACCESS_TOKEN_PREFIX, TokenSecret};
use super::tokens::{NewAccessToken, check_room, details};
use super::{Users, store};
use crate::base::{Sha256, Timestamp, TokenId, UserId};
use crate::events::{NewEvent, Origin, Subject};
use crate::store::{ReadRows, StoreError};
use serde_json::json;
use std::time::Duration;

/// What the secrets of programs begin with.
const DEVICE_CODE_PREFIX: &str = "gmd_";
/// How long a person has time.
const LIFETIME: Duration = Duration::from_mins(10);
/// How long a program waits between two questions.
const INTERVAL: Duration = Duration::from_secs(5);
/// Logins of programs that the hub keeps at the same time, whoever began them.
const AT_ONCE: usize = 2_000;
/// Logins whose time is over that make room for a new one.
const MAKE_ROOM: usize = 50;
/// Letters of short codes: no vowels, so that they spell nothing, and no digits, which look like letters.
const LETTERS: &[u8; 20] = b"BCDFGHJKLMNPQRSTVWXZ";
const SHORT_CODE_LETTERS: usize = 8;
/// The longest name of a program, in characters.
const PROGRAM_MAX_CHARS: usize = 64;

/// What a program gets that begins a login.
#[derive(Debug, Clone)]
pub struct NewDeviceLogin {
    /// What it asks with, and shows to nobody.
    pub device_code: TokenSecret,
    /// What it shows.
    pub user_code: String,
    /// How long both work.
    pub expires_in: Duration,
    /// How long it waits between two questions.
    pub interval: Duration,
}

/// What a person says to a program that wants to log in.
#[derive(Debug, Clone, Copy)]
pub enum DeviceDecision {
    /// It gets a token.
    Approve {
        /// What the token allows.
        scope: Scope,
        /// When the token stops to work; `None`: never.
        expires_at: Option<Timestamp>,
    },
    /// It gets nothing.
    Deny,
}

/// What a program is told that asks.
#[derive(Debug, Clone)]
pub enum DeviceAnswer {
    /// Somebody said yes: a personal access token and its secret.
    Granted(Box<AccessToken>, TokenSecret),
    /// Nobody has said anything yet.
    Pending,
    /// It asks too often.
    SlowDown,
    /// Somebody said no.
    Denied,
    /// The secret is not known, or not any more.
    Expired,
}

impl Users {
    /// Begins a login of a program, which may call itself whatever it likes.
    pub async fn start_device_login(&self, program: &str, origin: Origin) -> Result<NewDeviceLogin, UsersError> {
        let now = self.0.clock.now();
        if let Some(address) = origin.address {
            self.0.limits.book_device_login(network(address), now)?;
        }
        let (device_code, user_code) = (TokenSecret::generate(DEVICE_CODE_PREFIX)?, short_code()?);
        let login = DeviceLogin {
            user_code: digest_of(&user_code).ok_or(UsersError::UnknownDeviceCode)?,
            program: program_name(program),
            address: origin.address,
            started_at: now,
            expires_at: now.plus(LIFETIME),
            reply: None,
        };
        let id = device_code.digest();
        self.0
            .store
            .write(move |tx| {
                store::delete_expired_devices(tx, now, MAKE_ROOM)?;
                // That two show the same code happens once in millions of years.
                let is_taken = store::device_login_by_code(tx, login.user_code)?.is_some();
                if is_taken || store::has_device_logins(tx, AT_ONCE)? {
                    return Err(UsersError::Busy);
                }
                Ok(store::put_device_login(tx, id, &login)?)
            })
            .await?;
        Ok(NewDeviceLogin {
            device_code,
            user_code,
            expires_in: LIFETIME,
            interval: INTERVAL,
        })
    }

    /// The program that shows a code and waits, for somebody who is logged in.
    pub fn device_login(&self, caller: &Caller, user_code: &str) -> Result<DeviceLogin, UsersError> {
        let now = self.0.clock.now();
        let (_, digest, booking) = self.typed_code(caller, user_code, now)?;
        let (_, login) = self.0.store.read(|tx| waiting_login(tx, digest, now))?;
        booking.take_back();
        Ok(login)
    }

    /// Says yes or no to the program that shows a code, in the name of the caller. Takes a login, as making a token does.
    pub async fn decide_device_login(
        &self,
        caller: &Caller,
        user_code: &str,
        decision: DeviceDecision,
        origin: Origin,
    ) -> Result<(), UsersError> {
        let now = self.0.clock.now();
        let (account, digest, booking) = self.typed_code(caller, user_code, now)?;
        let events = self.0.events.clone();
        self.0
            .store
            .write(move |tx| {
                let (id, mut login) = waiting_login(tx, digest, now)?;
                let (reply, kind) = match decision {
                    DeviceDecision::Approve { scope, expires_at } => {
                        // Here a person reads the refusal; the program would have to tell it.
                        check_room(tx, account)?;
                        NewAccessToken::for_program(&login.program, scope, expires_at).checked(now)?;
                        let approved = DeviceReply::Approved {
                            account,
                            scope,
                            expires_at,
                        };
                        (approved, "device.approved")
                    }
                    DeviceDecision::Deny => (DeviceReply::Denied, "device.denied"),
                };
                login.reply = Some(reply);
                store::put_device_login(tx, id, &login)?;
                let about = json!({ "program": login.program, "program_address": login.address });
                let event = NewEvent::new(kind, &origin, Subject::Account(account));
                events.record(tx, event.with(about))?;
                Ok::<_, UsersError>(())
            })
            .await?;
        booking.take_back();
        Ok(())
    }

    /// The caller, the digest of what was typed, and the attempt, which counts unless it is taken back.
    fn typed_code(
        &self,
        caller: &Caller,
        user_code: &str,
        now: Timestamp,
    ) -> Result<(UserId, Sha256, Booking), UsersError> {
        let account = caller.require_login()?.id;
        let booking = self.0.limits.book_device_code(account, now)?;
        let digest = digest_of(user_code).ok_or(UsersError::UnknownDeviceCode)?;
        Ok((account, digest, booking))
    }

    /// Answers a program that asks whether somebody has said yes. It gets its token once.
    pub async fn ask_device_login(&self, device_code: &str, origin: Origin) -> Result<DeviceAnswer, UsersError> {
        let now = self.0.clock.now();
        let Some(secret) = TokenSecret::parse(DEVICE_CODE_PREFIX, device_code) else {
            return Ok(DeviceAnswer::Expired);
        };
        let id = secret.digest();
        let Some(login) = self.0.store.read(|tx| live_login(tx, id, now))? else {
            return Ok(DeviceAnswer::Expired);
        };
        match login.reply {
            None if self.0.limits.may_ask(id, now) => Ok(DeviceAnswer::Pending),
            None => Ok(DeviceAnswer::SlowDown),
            Some(DeviceReply::Denied) => Ok(DeviceAnswer::Denied),
            Some(DeviceReply::Approved { .. }) => self.redeem(id, origin, now).await,
        }
    }

    async fn redeem(&self, id: Sha256, origin: Origin, now: Timestamp) -> Result<DeviceAnswer, UsersError> {
        let (token_id, secret) = (TokenId::new(&self.0.clock), TokenSecret::generate(ACCESS_TOKEN_PREFIX)?);
        let (events, kept) = (self.0.events.clone(), secret.clone());
        let token = self.0.store.write(move |tx| {
            // Of two that ask at the same time one gets the token.
            let Some(login) = live_login(tx, id, now)? else {
                return Ok(None);
            };
            let Some(DeviceReply::Approved {
                account,
                scope,
                expires_at,
            }) = login.reply
            else {
                return Ok(None);
            };
            if !store::account(tx, account)?.is_some_and(|account| account.is_active) {
                return Ok(None);
            }
            check_room(tx, account)?;
            let new = NewAccessToken::for_program(&login.program, scope, expires_at);
            let token = new.token(token_id, account, &kept, now);
            store::delete_device_login(tx, id)?;
            store::put_token(tx, &token)?;
            let origin = Origin {
                actor: Some(account),
                ..origin
            };
            let event = NewEvent::new("token.created", &origin, Subject::Account(account));
            let mut about = details(&token);
            about["by"] = json!("device");
            events.record(tx, event.with(about))?;
            Ok::<_, UsersError>(Some(token))
        });
        Ok(match token.await? {
            Some(token) => DeviceAnswer::Granted(Box::new(token), secret),
            None => DeviceAnswer::Expired,
        })
    }
}

fn live_login(tx: &impl ReadRows, id: Sha256, now: Timestamp) -> Result<Option<DeviceLogin>, StoreError> {
    Ok(store::device_login(tx, id)?.filter(|login| login.expires_at > now))
}

/// The login that shows a code and that nobody has answered.
fn waiting_login(tx: &impl ReadRows, code: Sha256, now: Timestamp) -> Result<(Sha256, DeviceLogin), UsersError> {
    store::device_login_by_code(tx, code)?
        .filter(|(_, login)| login.expires_at > now && login.reply.is_none())
        .ok_or(UsersError::UnknownDeviceCode)
}

/// What a program calls itself, in letters that cannot make a page or a terminal show something else.
fn program_name(told: &str) -> String {
    let harmless = |letter: &char| letter.is_ascii_alphanumeric() || " ._-+/()".contains(*letter);
    let name: String = told.chars().filter(harmless).take(PROGRAM_MAX_CHARS).collect();
    match name.trim() {
        "" => "unnamed program".to_owned(),
        name => name.to_owned(),
    }
}

/// A short code in two halves, which are easier to type.
fn short_code() -> Result<String, UsersError> {
    let mut code = String::new();
    while code.len() < SHORT_CODE_LETTERS {
        let mut bytes = [0; SHORT_CODE_LETTERS];
        getrandom::fill(&mut bytes).map_err(|error| UsersError::NoSecret(error.to_string()))?;
        // 240 is the largest multiple of 20 in a byte: larger values would make some letters likelier.
        let letters = bytes.iter().filter(|byte| **byte < 240);
        let wanted = SHORT_CODE_LETTERS - code.len();
        code.extend(
            letters
                .take(wanted)
                .map(|byte| char::from(LETTERS[usize::from(byte % 20)])),
        );
    }
    code.insert(SHORT_CODE_LETTERS / 2, '-');
    Ok(code)
}

/// What is kept of a short code, however it was typed; `None` of what cannot be one.
fn digest_of(typed: &str) -> Option<Sha256> {
    let letters = typed.chars().filter(|letter| !matches!(letter, '-' | ' '));
    let code: String = letters.map(|letter| letter.to_ascii_uppercase()).take(32).collect();
    let known = code.bytes().all(|letter| LETTERS.contains(&letter));
    (known && code.len() == SHORT_CODE_LETTERS).then(|| Sha256::of(code.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_code_is_known_however_it_is_typed() {
        let code = short_code().unwrap();
        assert_eq!(code.len(), 9);
        let digest = digest_of(&code);
        assert!(digest.is_some());
        assert_eq!(digest_of(&code.to_lowercase().replace('-', "")), digest);
        assert_eq!(digest_of(&code.replace('-', " - ")), digest);
        assert_ne!(digest_of(&short_code().unwrap()), digest);
        for wrong in ["", "BCDF-GHJ", "BCDF-GHJKL", "AEIO-UAEI", "BCDF-GHJ\u{212a}"] {
            assert_eq!(digest_of(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_program_is_called_by_harmless_letters() {
        assert_eq!(program_name("huggingface_hub"), "huggingface_hub");
        assert_eq!(program_name("tool/1.2 (Linux)"), "tool/1.2 (Linux)");
        assert_eq!(program_name("\u{202e}evil\u{1b}[31m\n<b>"), "evil31mb");
        assert_eq!(program_name(" \t"), "unnamed program");
        assert_eq!(program_name(&"x".repeat(1_000)).len(), PROGRAM_MAX_CHARS);
    }
}
