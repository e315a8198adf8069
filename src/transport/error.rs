use crate::base::size::human;
use crate::git::GitError;
use crate::http::{Code, Problem};
use crate::repos::ReposError;
use crate::users::UsersError;

/// Why a request of a git client is refused; the texts are for its user.
#[derive(Debug, thiserror::Error)]
pub enum TransportError {
    /// Nobody is logged in, and somebody who is may get further. One text for what is private and what does not exist.
    #[error("This needs a login: use the name of your account, and your password or an access token as the password.")]
    LoginRequired,
    /// The header `Authorization` cannot be understood.
    #[error("The Authorization header has the form 'Basic <name and password>' or 'Bearer <access token>'.")]
    BadAuthorization,
    /// The request names no service of Smart HTTP.
    #[error("This hub speaks Smart HTTP: ask for '?service=git-upload-pack' or '?service=git-receive-pack'.")]
    UnknownService,
    /// The body is encoded in a way that is not understood.
    #[error("The encoding of the body is not understood; send it plain or with gzip.")]
    UnknownEncoding,
    /// The body is no push.
    #[error("This address takes the content type 'application/x-git-receive-pack-request'.")]
    NotAPush,
    /// The body is larger than the hub reads.
    #[error("The request is larger than {} when it is unpacked, and that is the limit.", human(*.0))]
    RequestTooLarge(u64),
    /// The body is not what its encoding says.
    #[error("The body of the request cannot be unpacked.")]
    UnreadableBody,
    /// As many fetches and pushes run as may.
    #[error("Too many fetches and pushes run at this moment: try again in a minute.")]
    Busy,
    /// As many pushes run as may.
    #[error("Too many pushes run at this moment: try again in half a minute.")]
    TooManyPushes,
    /// The connection broke, or the client stopped to listen; nobody reads this.
    #[error("The client went away.")]
    ClientGone,
    /// The repository, or the access to it.
    #[error(transparent)]
    Repos(#[from] ReposError),
    /// The account.
    #[error(transparent)]
    Users(#[from] UsersError),
    /// The git engine.
    #[error(transparent)]
    Git(#[from] GitError),
}

impl Problem for TransportError {
    fn code(&self) -> Code {
        match self {
            Self::LoginRequired | Self::BadAuthorization => Code::Unauthorized,
            Self::UnknownService | Self::UnreadableBody | Self::ClientGone => Code::BadRequest,
            Self::RequestTooLarge(_) => Code::TooLarge,
            Self::Busy => Code::TooManyRequests,
            Self::TooManyPushes => Code::Unavailable,
            Self::UnknownEncoding | Self::NotAPush => Code::UnsupportedMediaType,
            Self::Repos(error) => error.code(),
            Self::Users(error) => error.code(),
            Self::Git(error) => error.code(),
        }
    }

    fn details(&self) -> Option<serde_json::Value> {
        match self {
            Self::Repos(error) => error.details(),
            Self::Users(error) => error.details(),
            Self::Git(error) => error.details(),
            _ => None,
        }
    }

    fn retry_after(&self) -> Option<u64> {
        match self {
            Self::Repos(error) => error.retry_after(),
            Self::Users(error) => error.retry_after(),
            Self::Busy => Some(60),
            Self::TooManyPushes => Some(30),
            _ => None,
        }
    }
}
