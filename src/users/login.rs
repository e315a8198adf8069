use super::authenticate::active_account;
use super::caller::Caller;
use super::error::UsersError;
use super::limits::{Attempt, Booking, network};
use super::model::{Account, Session};
use super::password::{Password, Verdict};
use super::secret::{REFRESH_TOKEN_PREFIX, TokenSecret};
use super::{Users, signed_token, store};
use crate::base::{SessionId, Sha256, Timestamp, UserId};
use crate::events::{NewEvent, Origin, Subject};
use crate::store::{ReadRows, StoreError, WriteTx};
use std::net::IpAddr;
use std::time::Duration;

/// Time in which the exchange of a refresh token may be repeated, for a client that did not get the answer.
const REPEAT_WITHIN: Duration = Duration::from_secs(10);
/// The longest name or address that is looked up; longer ones belong to nobody.
const LOGIN_MAX_BYTES: usize = 254;

/// What a login gives.
#[derive(Debug, Clone)]
pub struct Grant {
    /// Sent as `Authorization: Bearer`.
    pub access_token: SignedAccessToken,
    /// Time after which the access token stops to work.
    pub expires_in: Duration,
    /// Exchanged for the next grant.
    pub refresh_token: TokenSecret,
    /// Whose login it is.
    pub account: Account,
}

/// A password that was right.
pub(super) struct Checked {
    /// The hash that it was compared with.
    pub(super) stored: Option<String>,
    /// The hash to be stored instead, when the settings have changed.
    pub(super) rehashed: Option<String>,
}

/// The access token of a login. It appears in no log.
#[derive(Clone)]
pub struct SignedAccessToken(String);

impl SignedAccessToken {
    /// The text, for the one answer that shows it.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for SignedAccessToken {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("SignedAccessToken(***)")
    }
}

impl Users {
    /// Starts a login with the name or the e-mail address of an account and its password.
    ///
    /// Unknown accounts and wrong passwords give the same error after the same work. Failures are limited, see
    /// [`super::limits`].
    pub async fn login(&self, login: &str, password: Password, origin: Origin) -> Result<Grant, UsersError> {
        let found = self.0.store.read(|tx| find_by_login(tx, login))?;
        let checked = self.check_password(login, found.as_ref(), password, &origin).await?;
        let (Some(account), Some(checked)) = (found, checked) else {
            tracing::info!(address = ?origin.address, "a login failed");
            return Err(UsersError::WrongLogin);
        };
        if !account.is_active {
            return Err(UsersError::Deactivated);
        }
        self.start_session(account.id, checked, origin).await
    }

    /// Compares a password with the account's, within the limits of guessing; `None` when it is wrong. Without an
    /// account it does the same work.
    pub(super) async fn check_password(
        &self,
        login: &str,
        account: Option<&Account>,
        password: Password,
        origin: &Origin,
    ) -> Result<Option<Checked>, UsersError> {
        let booking = match origin.address {
            Some(address) => Some(self.book(login, account, address)?),
            // The hub's own machine.
            None => None,
        };
        let stored = match account {
            Some(account) => self.0.store.read(|tx| store::PASSWORDS.get(tx, &account.id))?,
            None => None,
        };
        let verdict = self.0.hasher.verify(password, stored.clone()).await;
        if let Some(booking) = booking
            && !matches!(verdict, Ok(Verdict::Wrong))
        {
            booking.take_back();
        }
        Ok(match verdict? {
            Verdict::Wrong => None,
            Verdict::Right { rehashed } => Some(Checked { stored, rehashed }),
        })
    }

    fn book(&self, login: &str, account: Option<&Account>, address: IpAddr) -> Result<Booking, UsersError> {
        let network = network(address);
        let typed = Sha256::of(login.trim().to_lowercase().as_bytes());
        let (digest, known_place) = match account {
            Some(account) => {
                let place = (account.id, network);
                let known = self.0.store.read(|tx| store::LOGIN_PLACES.contains(tx, &place))?;
                (Sha256::of(account.id.as_bytes()), known)
            }
            None => (typed, false),
        };
        let config = self.0.config.current();
        let attempt = Attempt {
            login: typed,
            account: digest,
            network,
            known_place,
            pair_failures: config.auth.login_failures_per_minute,
            address_failures: config.auth.login_attempts_per_minute,
        };
        self.0.limits.book(&attempt, self.0.clock.now())
    }

    async fn start_session(&self, account: UserId, checked: Checked, origin: Origin) -> Result<Grant, UsersError> {
        let id = SessionId::new(&self.0.clock);
        let (refresh_token, now) = (TokenSecret::generate(REFRESH_TOKEN_PREFIX)?, self.0.clock.now());
        let session = Session {
            account,
            current: refresh_token.digest(),
            previous: None,
            created_at: now,
            expires_at: self.session_end(now),
            address: origin.address,
        };
        let events = self.0.events.clone();
        let account = self
            .0
            .store
            .write(move |tx| {
                // The password may have been changed, or the account deactivated, while the check ran.
                let same = store::PASSWORDS.get(tx, &account)? == checked.stored;
                let account = store::account(tx, account)?.filter(|account| account.is_active && same);
                let account = account.ok_or(UsersError::WrongLogin)?;
                if let Some(hash) = &checked.rehashed {
                    store::PASSWORDS.put(tx, &account.id, hash)?;
                }
                if let Some(address) = origin.address {
                    store::LOGIN_PLACES.put(tx, &(account.id, network(address)), &now)?;
                }
                store::put_session(tx, id, &session)?;
                let origin = Origin {
                    actor: Some(account.id),
                    ..origin
                };
                events.record(
                    tx,
                    NewEvent::new("account.logged_in", &origin, Subject::Account(account.id)),
                )?;
                Ok::<_, UsersError>(account)
            })
            .await?;
        self.grant(account, id, refresh_token, now)
    }

    /// Exchanges a refresh token for new tokens; it works once.
    ///
    /// A token that was exchanged before ends the whole login, because either the client or a thief holds a copy. The
    /// one exception: within [`REPEAT_WITHIN`], and while its successor has not been used, the exchange may be repeated
    /// by a client that missed the answer. The successor is then replaced, so that there is never more than one token
    /// that works, and a thief who uses this is found out as soon as the client comes again.
    pub async fn refresh(&self, token: &str, origin: Origin) -> Result<Grant, UsersError> {
        let presented = TokenSecret::parse(REFRESH_TOKEN_PREFIX, token).ok_or(UsersError::RefreshRefused)?;
        let presented = presented.digest();
        let (next, now) = (TokenSecret::generate(REFRESH_TOKEN_PREFIX)?, self.0.clock.now());
        // Anybody can invent tokens; only one that is known is worth a transaction that writes.
        if self.0.store.read(|tx| session_of(tx, presented, now))?.is_none() {
            return Err(UsersError::RefreshRefused);
        }
        let (digest, end, events) = (next.digest(), self.session_end(now), self.0.events.clone());
        let exchanged = self
            .0
            .store
            .write(move |tx| {
                let Some((id, session)) = session_of(tx, presented, now)? else {
                    return Ok(None);
                };
                let Some(previous) = exchange(&session, presented, now) else {
                    store::delete_session(tx, id)?;
                    let event = NewEvent::new("session.reused", &origin, Subject::Account(session.account));
                    events.record(tx, event)?;
                    return Ok(None);
                };
                let account = active_account(tx, session.account)?;
                let session = Session {
                    current: digest,
                    previous: Some(previous),
                    expires_at: end,
                    ..session
                };
                store::put_session(tx, id, &session)?;
                Ok::<_, UsersError>(Some((id, account)))
            })
            .await?;
        // Not an error inside the transaction, which would undo the end of the login.
        let (id, account) = exchanged.ok_or(UsersError::RefreshRefused)?;
        self.grant(account, id, next, now)
    }

    /// Ends the login of the caller's access token and the one of the refresh token, whichever are given. Their access
    /// tokens stop to work at once, and stay so over a restart.
    pub async fn logout(&self, caller: &Caller, refresh_token: Option<&str>, origin: Origin) -> Result<(), UsersError> {
        let session = caller.session();
        let digest = refresh_token
            .and_then(|token| TokenSecret::parse(REFRESH_TOKEN_PREFIX, token))
            .map(|secret| secret.digest());
        if session.is_none() && refresh_token.is_none() {
            return Err(match caller.account() {
                Some(_) => UsersError::NoLoginToEnd,
                None => UsersError::LoginRequired,
            });
        }
        let (now, events) = (self.0.clock.now(), self.0.events.clone());
        let names_one = match digest {
            Some(digest) => self.0.store.read(|tx| session_of(tx, digest, now))?.is_some(),
            None => false,
        };
        if session.is_none() && !names_one {
            return Ok(());
        }
        self.0
            .store
            .write(move |tx| {
                let named = match digest {
                    Some(digest) => session_of(tx, digest, now)?.map(|(id, _)| id),
                    None => None,
                };
                for id in session.into_iter().chain(named) {
                    end_session(&events, tx, id, &origin)?;
                }
                Ok(())
            })
            .await
    }

    fn grant(
        &self,
        account: Account,
        session: SessionId,
        refresh_token: TokenSecret,
        now: Timestamp,
    ) -> Result<Grant, UsersError> {
        let expires_in = self.0.config.current().auth.access_token_lifetime;
        let access_token = signed_token::sign(&self.0.keys, account.id, session, now, expires_in)?;
        Ok(Grant {
            access_token: SignedAccessToken(access_token),
            expires_in,
            refresh_token,
            account,
        })
    }

    fn session_end(&self, now: Timestamp) -> Timestamp {
        let config = self.0.config.current();
        now.plus(
            config
                .auth
                .refresh_token_lifetime
                .max(config.auth.access_token_lifetime),
        )
    }
}

/// An `@` stands in every e-mail address and in no name.
pub(super) fn find_by_login(tx: &impl ReadRows, login: &str) -> Result<Option<Account>, StoreError> {
    let login = login.trim();
    if login.len() > LOGIN_MAX_BYTES {
        return Ok(None);
    }
    if login.contains('@') {
        return store::account_by_email(tx, &login.to_lowercase());
    }
    login.parse().map_or(Ok(None), |name| store::account_by_name(tx, &name))
}

/// The login to which a refresh token belongs, unless it has expired.
fn session_of(tx: &impl ReadRows, digest: Sha256, now: Timestamp) -> Result<Option<(SessionId, Session)>, StoreError> {
    let token = store::refresh_token(tx, digest)?.filter(|token| token.expires_at > now);
    let Some(token) = token else { return Ok(None) };
    Ok(store::session(tx, token.session)?.map(|session| (token.session, session)))
}

/// What becomes the session's previous token when this one is exchanged; `None` when it must not be.
fn exchange(session: &Session, presented: Sha256, now: Timestamp) -> Option<(Sha256, Timestamp)> {
    if presented == session.current {
        return Some((presented, now));
    }
    session
        .previous
        .filter(|(previous, exchanged_at)| *previous == presented && now.since(*exchanged_at) <= REPEAT_WITHIN)
}

fn end_session(
    events: &crate::events::Events,
    tx: &WriteTx<'_>,
    id: SessionId,
    origin: &Origin,
) -> Result<(), UsersError> {
    let Some(session) = store::session(tx, id)? else {
        return Ok(());
    };
    store::delete_session(tx, id)?;
    let origin = Origin {
        actor: Some(session.account),
        ..origin.clone()
    };
    events.record(
        tx,
        NewEvent::new("account.logged_out", &origin, Subject::Account(session.account)),
    )?;
    Ok(())
}
