//! The tables of accounts, logins and tokens. Nothing else writes them.

use super::members;
use super::model::{AccessToken, Account, DeviceLogin, DeviceReply, RefreshToken, Session};
use crate::base::{AccountName, SessionId, Sha256, Timestamp, TokenId, UserId};
use crate::store::{Index, ReadRows, Records, Scan, StoreError, Table, TableSpec, Unique, WriteTx};

/// The tables of this slice.
pub const TABLES: &[TableSpec] = &[
    TableSpec {
        name: "accounts",
        about: "account id -> user or organization",
    },
    TableSpec {
        name: "accounts_by_name",
        about: "account name in lower case -> account id",
    },
    TableSpec {
        name: "accounts_by_email",
        about: "e-mail address in lower case -> account id",
    },
    TableSpec {
        name: "passwords",
        about: "account id -> argon2id hash in PHC form",
    },
    TableSpec {
        name: "sessions",
        about: "session id -> login with its current refresh token",
    },
    TableSpec {
        name: "sessions_by_account",
        about: "account id, session id -> nothing",
    },
    TableSpec {
        name: "sessions_by_end",
        about: "time of expiry, session id -> nothing",
    },
    TableSpec {
        name: "refresh_tokens",
        about: "digest of a refresh token -> its session and end",
    },
    TableSpec {
        name: "refresh_tokens_by_session",
        about: "session id, digest -> nothing",
    },
    TableSpec {
        name: "refresh_tokens_by_end",
        about: "time of expiry, digest -> nothing",
    },
    TableSpec {
        name: "device_logins",
        about: "digest of the secret of a program -> its login that waits for a yes",
    },
    TableSpec {
        name: "device_logins_by_code",
        about: "digest of the code that it shows -> digest of its secret",
    },
    TableSpec {
        name: "device_logins_by_end",
        about: "time of expiry, digest of the secret of a program -> nothing",
    },
    TableSpec {
        name: "access_tokens",
        about: "token id -> personal access token without its secret",
    },
    TableSpec {
        name: "access_tokens_by_digest",
        about: "digest of the secret -> token id",
    },
    TableSpec {
        name: "access_tokens_by_account",
        about: "account id, token id -> nothing",
    },
    TableSpec {
        name: "access_token_uses",
        about: "token id -> time of its last use",
    },
    TableSpec {
        name: "login_places",
        about: "account id, network address -> time of the last successful login from there",
    },
    TableSpec {
        name: "members",
        about: "organization id, account id -> role and since when",
    },
    TableSpec {
        name: "memberships",
        about: "account id, organization id -> nothing",
    },
    TableSpec {
        name: "avatars",
        about: "account id -> PNG picture",
    },
];

const ACCOUNTS_BY_NAME: Unique<String, UserId> = Unique::new("accounts_by_name");
const ACCOUNTS_BY_EMAIL: Unique<String, UserId> = Unique::new("accounts_by_email");
const ACCOUNTS: Records<UserId, Account> = Records::new(
    "accounts",
    |id, account| {
        let mut entries = vec![ACCOUNTS_BY_NAME.entry(&account.name.key(), id)];
        entries.extend(
            account
                .email
                .as_ref()
                .map(|email| ACCOUNTS_BY_EMAIL.entry(&email.key(), id)),
        );
        entries
    },
    &["accounts_by_name", "accounts_by_email"],
);

/// Hashes of passwords.
pub(super) const PASSWORDS: Table<UserId, String> = Table::new("passwords");

const SESSIONS_BY_ACCOUNT: Index<UserId, SessionId> = Index::new("sessions_by_account");
const SESSIONS_BY_END: Index<Timestamp, SessionId> = Index::new("sessions_by_end");
const SESSIONS: Records<SessionId, Session> = Records::new(
    "sessions",
    |id, session| {
        vec![
            SESSIONS_BY_ACCOUNT.entry(&session.account, id),
            SESSIONS_BY_END.entry(&session.expires_at, id),
        ]
    },
    &["sessions_by_account", "sessions_by_end"],
);

const REFRESH_BY_SESSION: Index<SessionId, Sha256> = Index::new("refresh_tokens_by_session");
const REFRESH_BY_END: Index<Timestamp, Sha256> = Index::new("refresh_tokens_by_end");
const REFRESH_TOKENS: Records<Sha256, RefreshToken> = Records::new(
    "refresh_tokens",
    |digest, token| {
        vec![
            REFRESH_BY_SESSION.entry(&token.session, digest),
            REFRESH_BY_END.entry(&token.expires_at, digest),
        ]
    },
    &["refresh_tokens_by_session", "refresh_tokens_by_end"],
);

const DEVICES_BY_CODE: Unique<Sha256, Sha256> = Unique::new("device_logins_by_code");
const DEVICES_BY_END: Index<Timestamp, Sha256> = Index::new("device_logins_by_end");
const DEVICES: Records<Sha256, DeviceLogin> = Records::new(
    "device_logins",
    |id, login| {
        vec![
            DEVICES_BY_CODE.entry(&login.user_code, id),
            DEVICES_BY_END.entry(&login.expires_at, id),
        ]
    },
    &["device_logins_by_code", "device_logins_by_end"],
);

const TOKENS_BY_DIGEST: Unique<Sha256, TokenId> = Unique::new("access_tokens_by_digest");
const TOKENS_BY_ACCOUNT: Index<UserId, TokenId> = Index::new("access_tokens_by_account");
const TOKENS: Records<TokenId, AccessToken> = Records::new(
    "access_tokens",
    |id, token| {
        vec![
            TOKENS_BY_DIGEST.entry(&token.digest, id),
            TOKENS_BY_ACCOUNT.entry(&token.account, id),
        ]
    },
    &["access_tokens_by_digest", "access_tokens_by_account"],
);

/// Last uses of personal access tokens.
pub(super) const TOKEN_USES: Table<TokenId, Timestamp> = Table::new("access_token_uses");
/// Networks from which an account logged in, so that guessing from elsewhere does not lock it out.
pub(super) const LOGIN_PLACES: Table<(UserId, [u8; 16]), Timestamp> = Table::new("login_places");
/// Avatars.
pub(super) const AVATARS: Table<UserId, super::avatar::Picture> = Table::new("avatars");

/// The account with this id.
pub fn account(tx: &impl ReadRows, id: UserId) -> Result<Option<Account>, StoreError> {
    ACCOUNTS.get(tx, &id)
}

/// The account with this name, without regard to case.
pub fn account_by_name(tx: &impl ReadRows, name: &AccountName) -> Result<Option<Account>, StoreError> {
    account_by_name_key(tx, &name.key())
}

fn account_by_name_key(tx: &impl ReadRows, key: &String) -> Result<Option<Account>, StoreError> {
    match ACCOUNTS_BY_NAME.get(tx, key)? {
        Some(id) => ACCOUNTS.get(tx, &id),
        None => Ok(None),
    }
}

/// The account with this e-mail address in lower case.
pub(super) fn account_by_email(tx: &impl ReadRows, key: &String) -> Result<Option<Account>, StoreError> {
    match ACCOUNTS_BY_EMAIL.get(tx, key)? {
        Some(id) => ACCOUNTS.get(tx, &id),
        None => Ok(None),
    }
}

/// Every account in order of creation; for lists and for what is rebuilt from them. Not for the async threads.
pub fn all_accounts(tx: &impl ReadRows) -> Result<Vec<Account>, StoreError> {
    let accounts = ACCOUNTS.list(tx, &Scan::all())?;
    Ok(accounts.into_iter().map(|(_, account)| account).collect())
}

/// Whether nobody has an account yet.
pub(super) fn is_empty(tx: &impl ReadRows) -> Result<bool, StoreError> {
    Ok(ACCOUNTS.count(tx, &Scan::all().limit(1))? == 0)
}

pub(super) fn put_account(tx: &WriteTx<'_>, account: &Account) -> Result<(), StoreError> {
    ACCOUNTS.put(tx, &account.id, account)
}

pub(super) fn session(tx: &impl ReadRows, id: SessionId) -> Result<Option<Session>, StoreError> {
    SESSIONS.get(tx, &id)
}

/// Writes a session and the row of its current refresh token.
pub(super) fn put_session(tx: &WriteTx<'_>, id: SessionId, session: &Session) -> Result<(), StoreError> {
    let token = RefreshToken {
        session: id,
        expires_at: session.expires_at,
    };
    REFRESH_TOKENS.put(tx, &session.current, &token)?;
    SESSIONS.put(tx, &id, session)
}

pub(super) fn refresh_token(tx: &impl ReadRows, digest: Sha256) -> Result<Option<RefreshToken>, StoreError> {
    REFRESH_TOKENS.get(tx, &digest)
}

/// Ends a session with all its tokens; answers whether there was one.
pub(super) fn delete_session(tx: &WriteTx<'_>, id: SessionId) -> Result<bool, StoreError> {
    for digest in REFRESH_BY_SESSION.ids(tx, &Scan::prefix(&(id,)))? {
        REFRESH_TOKENS.delete(tx, &digest)?;
    }
    Ok(SESSIONS.delete(tx, &id)?.is_some())
}

/// Ends every session of an account, but for one that stays.
pub(super) fn delete_sessions_of(tx: &WriteTx<'_>, id: UserId, but: Option<SessionId>) -> Result<(), StoreError> {
    for session in SESSIONS_BY_ACCOUNT.ids(tx, &Scan::prefix(&(id,)))? {
        if Some(session) != but {
            delete_session(tx, session)?;
        }
    }
    Ok(())
}

/// The login of a program by the digest of its secret.
pub(super) fn device_login(tx: &impl ReadRows, id: Sha256) -> Result<Option<DeviceLogin>, StoreError> {
    DEVICES.get(tx, &id)
}

/// The login of a program, and the digest of its secret, by the digest of the code that it shows.
pub(super) fn device_login_by_code(
    tx: &impl ReadRows,
    code: Sha256,
) -> Result<Option<(Sha256, DeviceLogin)>, StoreError> {
    match DEVICES_BY_CODE.get(tx, &code)? {
        Some(id) => Ok(DEVICES.get(tx, &id)?.map(|login| (id, login))),
        None => Ok(None),
    }
}

/// Whether so many logins of programs wait, or wait to be removed. Looks at no more of them than that.
pub(super) fn has_device_logins(tx: &impl ReadRows, many: usize) -> Result<bool, StoreError> {
    let counted = DEVICES_BY_END.count(tx, &Scan::all().limit(many))?;
    Ok(counted >= many as u64)
}

pub(super) fn put_device_login(tx: &WriteTx<'_>, id: Sha256, login: &DeviceLogin) -> Result<(), StoreError> {
    DEVICES.put(tx, &id, login)
}

pub(super) fn delete_device_login(tx: &WriteTx<'_>, id: Sha256) -> Result<(), StoreError> {
    DEVICES.delete(tx, &id)?;
    Ok(())
}

/// Removes up to `limit` logins of programs whose time is over; answers how many.
pub(super) fn delete_expired_devices(tx: &WriteTx<'_>, now: Timestamp, limit: usize) -> Result<usize, StoreError> {
    let ids = DEVICES_BY_END.ids(tx, &Scan::all().below(&(now,)).limit(limit))?;
    for id in &ids {
        DEVICES.delete(tx, id)?;
    }
    Ok(ids.len())
}

/// Removes up to `limit` refresh tokens that expired, or, when none is left, as many sessions; answers how many rows
/// went. In this order a session goes when it has no tokens any more, so that no transaction grows long.
pub(super) fn delete_expired(tx: &WriteTx<'_>, now: Timestamp, limit: usize) -> Result<usize, StoreError> {
    let tokens = REFRESH_BY_END.ids(tx, &Scan::all().below(&(now,)).limit(limit))?;
    for digest in &tokens {
        REFRESH_TOKENS.delete(tx, digest)?;
    }
    if !tokens.is_empty() {
        return Ok(tokens.len());
    }
    let sessions = SESSIONS_BY_END.ids(tx, &Scan::all().below(&(now,)).limit(limit))?;
    for session in &sessions {
        delete_session(tx, *session)?;
    }
    Ok(sessions.len())
}

pub(super) fn token(tx: &impl ReadRows, id: TokenId) -> Result<Option<AccessToken>, StoreError> {
    TOKENS.get(tx, &id)
}

pub(super) fn token_by_digest(tx: &impl ReadRows, digest: Sha256) -> Result<Option<AccessToken>, StoreError> {
    match TOKENS_BY_DIGEST.get(tx, &digest)? {
        Some(id) => TOKENS.get(tx, &id),
        None => Ok(None),
    }
}

/// The tokens of an account in order of creation.
pub(super) fn tokens_of(tx: &impl ReadRows, account: UserId) -> Result<Vec<AccessToken>, StoreError> {
    let mut tokens = Vec::new();
    for id in TOKENS_BY_ACCOUNT.ids(tx, &Scan::prefix(&(account,)))? {
        tokens.extend(TOKENS.get(tx, &id)?);
    }
    Ok(tokens)
}

pub(super) fn put_token(tx: &WriteTx<'_>, token: &AccessToken) -> Result<(), StoreError> {
    TOKENS.put(tx, &token.id, token)
}

pub(super) fn delete_token(tx: &WriteTx<'_>, id: TokenId) -> Result<(), StoreError> {
    TOKENS.delete(tx, &id)?;
    TOKEN_USES.delete(tx, &id)?;
    Ok(())
}

/// What contradicts itself in these tables, as sentences.
pub fn check(tx: &impl ReadRows) -> Result<Vec<String>, StoreError> {
    let mut problems = [
        ACCOUNTS.check(tx)?,
        SESSIONS.check(tx)?,
        REFRESH_TOKENS.check(tx)?,
        DEVICES.check(tx)?,
        TOKENS.check(tx)?,
    ]
    .concat();
    let mut belongs = |what: &str, id: UserId| -> Result<(), StoreError> {
        if !ACCOUNTS.contains(tx, &id)? {
            problems.push(format!("{what} belongs to account {id}, which does not exist"));
        }
        Ok(())
    };
    for id in PASSWORDS.keys(tx, &Scan::all())? {
        belongs("a password", id)?;
    }
    for id in AVATARS.keys(tx, &Scan::all())? {
        belongs("an avatar", id)?;
    }
    for (id, _) in LOGIN_PLACES.keys(tx, &Scan::all())? {
        belongs("a place of login", id)?;
    }
    for (id, session) in SESSIONS.list(tx, &Scan::all())? {
        belongs(&format!("session {id}"), session.account)?;
    }
    for (_, login) in DEVICES.list(tx, &Scan::all())? {
        if let Some(DeviceReply::Approved { account, .. }) = login.reply {
            belongs("the approved login of a program", account)?;
        }
    }
    for (id, token) in TOKENS.list(tx, &Scan::all())? {
        belongs(&format!("access token {id}"), token.account)?;
    }
    for (_, token) in REFRESH_TOKENS.list(tx, &Scan::all())? {
        if !SESSIONS.contains(tx, &token.session)? {
            problems.push(format!(
                "a refresh token belongs to session {}, which does not exist",
                token.session
            ));
        }
    }
    problems.extend(members::check(tx)?);
    for id in TOKEN_USES.keys(tx, &Scan::all())? {
        if !TOKENS.contains(tx, &id)? {
            problems.push(format!("a last use is noted for token {id}, which does not exist"));
        }
    }
    for account in all_accounts(tx)? {
        if account.avatar.is_some() != AVATARS.contains(tx, &account.id)? {
            problems.push(format!("account '{}' and its avatar disagree", account.name));
        }
    }
    Ok(problems)
}
