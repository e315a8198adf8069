//! What an account is, and the rules for what people may write into it.

use crate::base::{AccountName, RepositoryId, SessionId, Sha256, Timestamp, TokenId, UserId, is_reserved};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use super::error::UsersError;

/// The longest e-mail address (RFC 5321, section 4.5.3.1.3, without the angle brackets).
const EMAIL_MAX_BYTES: usize = 254;
/// The longest full name, location or name of a token, in characters.
const LINE_MAX_CHARS: usize = 128;
/// The longest text about oneself, in characters.
const BIO_MAX_CHARS: usize = 2_000;
/// The longest address of a website, in bytes.
const WEBSITE_MAX_BYTES: usize = 512;

/// What stands behind a name. Users and organizations share one table, so their names never clash.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AccountKind {
    /// A person or a program that signs in.
    User,
    /// A group of people; nobody signs in as one.
    Organization,
}

/// What an account may do beyond its own things.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Nothing beyond.
    User,
    /// Everything, on the whole hub.
    Admin,
}

/// What a member may do in the namespace of an organization; each role includes those before it. The same four that Hugging
/// Face has (its documentation, "Access control in organizations").
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MemberRole {
    /// To read what is private.
    Read,
    /// To make repositories and do everything with those.
    Contributor,
    /// To make repositories and do everything with all of them.
    Write,
    /// To change the organization and choose its members as well.
    Admin,
}

impl MemberRole {
    /// The word used in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Contributor => "contributor",
            Self::Write => "write",
            Self::Admin => "admin",
        }
    }
}

/// A part in an organization.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Membership {
    /// What the member may do.
    pub role: MemberRole,
    /// Since when it has been a member.
    pub since: Timestamp,
}

/// What a credential allows; each scope includes those before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// To see what the account may see.
    Read,
    /// To change content as well.
    Write,
    /// Everything that the account may do, deleting, settings and the powers of an administrator included.
    Admin,
}

impl Scope {
    /// The word used in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::Admin => "admin",
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// An e-mail address as its owner wrote it; compared without regard to case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Email(String);

impl Email {
    /// The address.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The form under which addresses are compared. Strictly the part before `@` has case (RFC 5321), but no provider
    /// gives two people addresses that differ in nothing else.
    pub fn key(&self) -> String {
        self.0.to_lowercase()
    }
}

impl FromStr for Email {
    type Err = UsersError;

    /// Checks what every address has; only a letter to it could prove more.
    fn from_str(text: &str) -> Result<Self, UsersError> {
        let text = text.trim();
        let plausible = text.rsplit_once('@').is_some_and(|(local, host)| {
            let part = |part: &str| !part.is_empty() && !part.contains('@');
            part(local) && part(host) && !host.starts_with('.') && !host.ends_with('.')
        });
        if !plausible || text.len() > EMAIL_MAX_BYTES || text.contains(|c: char| c.is_whitespace() || c.is_control()) {
            return Err(UsersError::invalid(
                "email",
                "This is not an e-mail address: it has the form name@host.",
            ));
        }
        Ok(Self(text.to_owned()))
    }
}

/// What people tell about themselves. An empty text is told as nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Profile {
    /// The name that people use.
    #[serde(default)]
    pub full_name: Option<String>,
    /// A text about oneself.
    #[serde(default)]
    pub bio: Option<String>,
    /// An address with `http` or `https`.
    #[serde(default)]
    pub website: Option<String>,
    /// Where one works.
    #[serde(default)]
    pub location: Option<String>,
}

impl Profile {
    /// Trims every text, turns empty ones into nothing and checks the rules.
    pub fn checked(self) -> Result<Self, UsersError> {
        Ok(Self {
            full_name: line("full_name", self.full_name)?,
            bio: bio(self.bio)?,
            website: website(self.website)?,
            location: line("location", self.location)?,
        })
    }
}

fn trimmed(text: Option<String>) -> Option<String> {
    text.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
}

/// A text of one line without control characters.
pub(super) fn line(field: &'static str, text: Option<String>) -> Result<Option<String>, UsersError> {
    let text = trimmed(text);
    match &text {
        Some(text) if text.chars().count() > LINE_MAX_CHARS => Err(UsersError::invalid(
            field,
            format!("This text has at most {LINE_MAX_CHARS} characters."),
        )),
        Some(text) if text.contains(char::is_control) => Err(UsersError::invalid(
            field,
            "This text stands on one line and has no control characters.",
        )),
        _ => Ok(text),
    }
}

fn bio(text: Option<String>) -> Result<Option<String>, UsersError> {
    let text = trimmed(text);
    match &text {
        Some(text) if text.chars().count() > BIO_MAX_CHARS => Err(UsersError::invalid(
            "bio",
            format!("This text has at most {BIO_MAX_CHARS} characters."),
        )),
        Some(text) if text.contains(|c: char| c.is_control() && !matches!(c, '\n' | '\r' | '\t')) => {
            Err(UsersError::invalid("bio", "This text has no control characters."))
        }
        _ => Ok(text),
    }
}

/// Only what a page can link to without running anything: `javascript:` and the like are refused.
fn website(text: Option<String>) -> Result<Option<String>, UsersError> {
    let Some(text) = trimmed(text) else { return Ok(None) };
    let lower = text.to_ascii_lowercase();
    let rest = lower.strip_prefix("https://").or_else(|| lower.strip_prefix("http://"));
    let has_host = rest.is_some_and(|rest| rest.starts_with(|c: char| c.is_alphanumeric() || c == '['));
    let bad = |c: char| c.is_control() || c.is_whitespace() || matches!(c, '"' | '<' | '>' | '\\' | '`');
    if !has_host || text.len() > WEBSITE_MAX_BYTES || text.contains(bad) {
        return Err(UsersError::invalid(
            "website",
            format!("A website begins with http:// or https:// and has at most {WEBSITE_MAX_BYTES} bytes."),
        ));
    }
    Ok(Some(text))
}

/// A name for a new account: well formed and not the beginning of an address of the hub.
pub fn parse_new_name(text: &str) -> Result<AccountName, UsersError> {
    let name: AccountName = text
        .parse()
        .map_err(|reason: crate::base::names::InvalidName| UsersError::invalid("username", reason.to_string()))?;
    if is_reserved(name.as_str()) {
        return Err(UsersError::ReservedName(name));
    }
    Ok(name)
}

/// A user or an organization.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// Never changes.
    pub id: UserId,
    /// User or organization.
    pub kind: AccountKind,
    /// The namespace; unique without regard to case.
    pub name: AccountName,
    /// Private: for the account itself and administrators. Organizations have none.
    #[serde(default)]
    pub email: Option<Email>,
    /// What the account may do beyond its own things.
    pub role: Role,
    /// What it tells about itself.
    #[serde(default)]
    pub profile: Profile,
    /// An administrator vouches for it.
    #[serde(default)]
    pub is_verified: bool,
    /// A deactivated account keeps its content, but nobody acts as it.
    pub is_active: bool,
    /// The quota that an administrator set, in bytes; else the configured one holds.
    #[serde(default)]
    pub storage_quota: Option<u64>,
    /// Whether repositories made in its namespace are private where nobody says otherwise.
    #[serde(default)]
    pub private_by_default: bool,
    /// Digest of the avatar, its ETag; `None` when there is no avatar.
    #[serde(default)]
    pub avatar: Option<Sha256>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When its profile or rights last changed.
    pub updated_at: Timestamp,
}

impl Account {
    /// Whether nobody signs in as this account, but members act in its namespace.
    pub fn is_organization(&self) -> bool {
        self.kind == AccountKind::Organization
    }

    /// Whether it may administer the hub.
    pub fn is_admin(&self) -> bool {
        self.role == Role::Admin
    }
}

/// A login: what the access tokens and the refresh tokens that descend from it have in common.
///
/// Revoking is deleting the row. An access token whose session is gone is refused, so the deny-list of revoked access
/// tokens needs no rows: it is every session that is not here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Session {
    pub account: UserId,
    /// Digest of the one refresh token that may be exchanged.
    pub current: Sha256,
    /// Digest of the token exchanged for the current one, and when.
    pub previous: Option<(Sha256, Timestamp)>,
    pub created_at: Timestamp,
    /// End of the current refresh token, or of the last access token when that is later.
    pub expires_at: Timestamp,
    pub address: Option<IpAddr>,
}

/// A refresh token that was handed out: which login it belongs to. Rows of exchanged tokens stay until they would have
/// expired, so that their reuse is recognized.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct RefreshToken {
    pub session: SessionId,
    pub expires_at: Timestamp,
}

/// A login that a program has begun and that waits for somebody's yes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceLogin {
    /// Digest of the code that the program shows.
    pub(super) user_code: Sha256,
    /// What the program calls itself, on one line; nobody has checked it.
    pub program: String,
    /// From where it asked.
    #[serde(default)]
    pub address: Option<IpAddr>,
    /// When it asked.
    pub started_at: Timestamp,
    /// When its codes stop to work.
    pub expires_at: Timestamp,
    /// What somebody said; nothing yet when absent.
    #[serde(default)]
    pub(super) reply: Option<DeviceReply>,
}

/// What somebody said to a program that wants to log in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum DeviceReply {
    /// It gets a token of this account.
    Approved {
        account: UserId,
        scope: Scope,
        #[serde(default)]
        expires_at: Option<Timestamp>,
    },
    /// It gets none.
    Denied,
}

/// A personal access token, without its secret, of which only the digest is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessToken {
    /// Names it in addresses and logs.
    pub id: TokenId,
    /// Whose it is.
    pub account: UserId,
    /// What its owner calls it.
    pub name: String,
    /// What it allows.
    pub scope: Scope,
    /// The only repositories it works on; `None`: all that its owner may reach.
    #[serde(default)]
    pub repositories: Option<Vec<RepositoryId>>,
    /// Digest of the secret, which has 190 random bits, so that a fast hash is enough.
    pub digest: Sha256,
    /// The first characters of the secret, to recognize it by.
    pub hint: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it stops to work.
    #[serde(default)]
    pub expires_at: Option<Timestamp>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_two_parts() {
        for good in ["ana@example.org", "a.b+c@localhost", "名@例.cn", "\"a@b\"@host"] {
            let quoted = good.starts_with('"');
            assert_eq!(good.parse::<Email>().is_ok(), !quoted, "{good}");
        }
        for bad in ["", "ana", "@x", "a@", "a b@x", "a@x.", "a@.x", "a@b\n"] {
            let ends_in_newline = bad.ends_with('\n');
            assert_eq!(bad.parse::<Email>().is_ok(), ends_in_newline, "{bad:?}");
        }
        assert_eq!("Ana@X.org".parse::<Email>().unwrap().key(), "ana@x.org");
    }

    #[test]
    fn a_website_is_only_what_a_page_can_link_to() {
        let check = |text: &str| {
            let profile = Profile {
                website: Some(text.to_owned()),
                ..Profile::default()
            };
            profile.checked()
        };
        for good in [
            "https://example.org/~ana?x=1",
            "http://[::1]:8000",
            "HTTPS://例.cn",
            " https://a ",
        ] {
            assert!(check(good).is_ok(), "{good}");
        }
        for bad in [
            "javascript:alert(1)",
            "ftp://x",
            "https://",
            "example.org",
            "https://a\"onload=",
            "https://a b",
        ] {
            assert!(check(bad).is_err(), "{bad}");
        }
        assert_eq!(check("  ").unwrap().website, None);
    }

    #[test]
    fn reserved_names_are_refused_with_a_sentence() {
        assert!(parse_new_name("ana").is_ok());
        let error = parse_new_name("Datasets").unwrap_err().to_string();
        assert!(error.contains("'Datasets' is reserved"), "{error}");
        assert!(parse_new_name("a/b").is_err());
    }
}
