use crate::base::AccountName;
use crate::http::{Code, Problem};
use crate::keys::UrlRefused;
use crate::store::StoreError;

use super::model::{MemberRole, Scope};

/// What can go wrong with accounts, logins and tokens.
#[derive(Debug, thiserror::Error)]
pub enum UsersError {
    /// A field breaks a rule.
    #[error("{reason}")]
    Invalid {
        /// The field of the request.
        field: &'static str,
        /// The rule, as a sentence.
        reason: String,
    },
    /// A signed address was changed, or its time is over.
    #[error(transparent)]
    Link(#[from] UrlRefused),
    /// An address of the hub begins with this name.
    #[error("The name '{0}' is reserved for an address of the hub: choose another.")]
    ReservedName(AccountName),
    /// Another account has this name.
    #[error("The name '{0}' is taken: choose another.")]
    NameTaken(AccountName),
    /// Another account has this e-mail address.
    #[error("An account with this e-mail address exists: log in, or use another address.")]
    EmailTaken,
    /// Only administrators make accounts.
    #[error("Registration is closed on this hub: ask an administrator for an account.")]
    RegistrationClosed,
    /// There is no such account, or its password is another; which of them is nobody's business.
    #[error("The name or the password is wrong.")]
    WrongLogin,
    /// The old password was asked for and is another.
    #[error("The present password is wrong.")]
    WrongPassword,
    /// An administrator switched the account off.
    #[error("This account is deactivated: ask an administrator.")]
    Deactivated,
    /// The `Authorization` header holds nothing that works.
    #[error("The access token is invalid, expired or revoked: log in again, or make a new token.")]
    CredentialRefused,
    /// The refresh token does not work, or was used twice.
    #[error("The refresh token is invalid, expired or revoked: log in again.")]
    RefreshRefused,
    /// Nobody is logged in.
    #[error("This needs an account: log in, or send an access token.")]
    LoginRequired,
    /// The token allows less than this needs.
    #[error("This needs a token of scope '{needed}', and this one has '{given}'.")]
    ScopeTooSmall {
        /// The scope that would do.
        needed: Scope,
        /// The scope of the token.
        given: Scope,
    },
    /// The token works only on some repositories.
    #[error("This token works only on certain repositories, not on the account.")]
    RepositoryTokenRefused,
    /// Only a login with the password will do, not a token.
    #[error("Tokens are made, and programs let in, after logging in with the password, not with another token.")]
    SessionRequired,
    /// Logging out takes the tokens of a login.
    #[error("This is a personal access token, which belongs to no login: delete the token instead.")]
    NoLoginToEnd,
    /// Only administrators may.
    #[error("Only an administrator may do this.")]
    AdminRequired,
    /// Only an administrator may set this field.
    #[error("Only an administrator may set '{0}'.")]
    AdminField(&'static str),
    /// Somebody else's account.
    #[error("Only the owner of the account or an administrator may do this.")]
    NotYours,
    /// Only those with this role in an organization may.
    #[error("Only members of '{organization}' with the role '{}' may do this.", needed.as_str())]
    RoleTooSmall {
        /// The organization.
        organization: AccountName,
        /// The role that would do.
        needed: MemberRole,
    },
    /// No organization has this name.
    #[error("There is no organization '{0}'.")]
    UnknownOrganization(String),
    /// The account is no member.
    #[error("This account is no member of the organization.")]
    NoMember,
    /// An organization would be without an administrator.
    #[error("This is the last administrator of the organization: give another member that role first.")]
    LastOrganizationAdmin,
    /// No account has this name.
    #[error("There is no account '{0}'.")]
    UnknownAccount(String),
    /// The account has no avatar.
    #[error("The account '{0}' has no avatar.")]
    NoAvatar(AccountName),
    /// The caller has no such token.
    #[error("You have no such token.")]
    UnknownToken,
    /// The hub would be without an administrator.
    #[error("This is the last active administrator: make another account an administrator first.")]
    LastAdmin,
    /// An account has as many tokens as it may have.
    #[error("An account has at most {0} tokens: delete one first.")]
    TooManyTokens(usize),
    /// No program waits that shows this code, or its time is over, or somebody has answered it.
    #[error("No program waits for this code, or its time is over: begin the login again where you began it.")]
    UnknownDeviceCode,
    /// Many programs begin a login from one address.
    #[error("Too many programs want to log in from this address: try again in {retry_after_seconds} s.")]
    TooManyDevices {
        /// Whole seconds until the next one is let through.
        retry_after_seconds: u64,
    },
    /// Somebody guesses codes of programs.
    #[error("Too many wrong codes: try again in {retry_after_seconds} s.")]
    TooManyCodes {
        /// Whole seconds until the next one is let through.
        retry_after_seconds: u64,
    },
    /// Somebody guesses passwords.
    #[error("Too many failed logins: try again in {retry_after_seconds} s.")]
    TooManyAttempts {
        /// Whole seconds until the next attempt is let through.
        retry_after_seconds: u64,
    },
    /// Many accounts are made from one address.
    #[error("Too many accounts were made from this address: try again in {retry_after_seconds} s.")]
    TooManyRegistrations {
        /// Whole seconds until the next one is let through.
        retry_after_seconds: u64,
    },
    /// More password checks wait than the hub lets wait.
    #[error("Too many people log in at this moment: try again in a second.")]
    Busy,
    /// The upload is no picture that the hub can read.
    #[error("This picture cannot be used: {0}.")]
    UnusablePicture(String),
    /// The upload is larger than the hub accepts.
    #[error("A picture for an avatar has at most {0}.")]
    PictureTooLarge(String),
    /// The system gave no random bytes, or a signature could not be made.
    #[error("A secret could not be made: {0}.")]
    NoSecret(String),
    /// A stored password cannot be read, or hashing failed.
    #[error("A password could not be hashed or read: {0}.")]
    Hashing(String),
    /// The store refused.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl UsersError {
    /// A field that breaks a rule.
    pub(super) fn invalid(field: &'static str, reason: impl Into<String>) -> Self {
        Self::Invalid {
            field,
            reason: reason.into(),
        }
    }

    /// The field of the request that the error is about.
    fn field(&self) -> Option<&'static str> {
        match self {
            Self::Invalid { field, .. } | Self::AdminField(field) => Some(field),
            Self::ReservedName(_) | Self::NameTaken(_) => Some("username"),
            Self::EmailTaken => Some("email"),
            _ => None,
        }
    }
}

impl Problem for UsersError {
    fn code(&self) -> Code {
        match self {
            Self::Invalid { .. } | Self::ReservedName(_) | Self::UnusablePicture(_) | Self::NoLoginToEnd => {
                Code::Invalid
            }
            Self::NameTaken(_)
            | Self::EmailTaken
            | Self::LastAdmin
            | Self::LastOrganizationAdmin
            | Self::TooManyTokens(_) => Code::Conflict,
            Self::WrongLogin | Self::CredentialRefused | Self::RefreshRefused | Self::LoginRequired => {
                Code::Unauthorized
            }
            Self::RegistrationClosed
            | Self::WrongPassword
            | Self::Deactivated
            | Self::ScopeTooSmall { .. }
            | Self::RepositoryTokenRefused
            | Self::SessionRequired
            | Self::AdminRequired
            | Self::AdminField(_)
            | Self::RoleTooSmall { .. }
            | Self::NotYours => Code::Forbidden,
            Self::UnknownAccount(_)
            | Self::UnknownOrganization(_)
            | Self::NoMember
            | Self::NoAvatar(_)
            | Self::UnknownDeviceCode
            | Self::UnknownToken => Code::NotFound,
            Self::TooManyAttempts { .. }
            | Self::TooManyRegistrations { .. }
            | Self::TooManyDevices { .. }
            | Self::TooManyCodes { .. } => Code::TooManyRequests,
            Self::PictureTooLarge(_) => Code::TooLarge,
            Self::Busy => Code::Unavailable,
            Self::NoSecret(_) | Self::Hashing(_) => Code::Internal,
            Self::Link(error) => error.code(),
            Self::Store(error) => error.code(),
        }
    }

    fn details(&self) -> Option<serde_json::Value> {
        self.field().map(|field| serde_json::json!({ "field": field }))
    }

    fn retry_after(&self) -> Option<u64> {
        match self {
            Self::TooManyAttempts { retry_after_seconds }
            | Self::TooManyRegistrations { retry_after_seconds }
            | Self::TooManyDevices { retry_after_seconds }
            | Self::TooManyCodes { retry_after_seconds } => Some(*retry_after_seconds),
            Self::Busy => Some(1),
            _ => None,
        }
    }
}
