use crate::files::FilesError;
use crate::git::{GitError, ObjectId};
use crate::http::{ApiError, Code, Problem};
use crate::models::ModelsError;
use crate::pulls::PullsError;
use crate::repos::ReposError;
use crate::store::StoreError;
use crate::users::UsersError;
use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderName, HeaderValue, LOCATION};
use actix_web::{HttpResponse, ResponseError};

static ERROR_CODE: HeaderName = HeaderName::from_static("x-error-code");
static ERROR_MESSAGE: HeaderName = HeaderName::from_static("x-error-message");
/// The commit of a revision that was asked for.
pub(super) static REPO_COMMIT: HeaderName = HeaderName::from_static("x-repo-commit");

/// Why a request of a Hugging Face client is refused. The clients choose their exceptions by the status and by two headers,
/// which stand on answers to HEAD too (§1 of the contract).
#[derive(Debug, thiserror::Error)]
pub enum HfError {
    /// There is none, or the caller may not know of it.
    #[error("Repository not found")]
    RepositoryNotFound {
        /// Whether nobody is logged in, who is asked to.
        anonymous: bool,
    },
    /// The repository had this address once.
    #[error("The repository has another name now.")]
    Moved {
        /// What it is asked now: path and query.
        location: String,
    },
    /// No branch, tag or commit.
    #[error("Invalid rev id: {0}")]
    RevisionNotFound(String),
    /// Nothing stands at the path.
    #[error("{message}")]
    EntryNotFound {
        /// A sentence.
        message: String,
        /// The commit that was looked at; clients remember for it that there is nothing.
        commit: Option<ObjectId>,
    },
    /// The content is for those who got access to it.
    #[error("{message}")]
    Gated {
        /// A sentence.
        message: String,
        /// Whether nobody is logged in, who is asked to.
        anonymous: bool,
    },
    /// The header `Authorization` holds nothing that works.
    #[error("Invalid credentials in Authorization header")]
    InvalidCredentials,
    /// The branch stands elsewhere than the caller thinks.
    #[error("The branch was updated since you opened this page. Please refresh and try again.")]
    Stale,
    /// All others.
    #[error("{0}")]
    Other(ApiError),
}

impl HfError {
    /// An error that arises in this layer itself.
    pub(in crate::hf) fn new(code: Code, message: impl Into<String>) -> Self {
        Self::Other(ApiError::new(code, message))
    }

    /// The same, telling of which commit nothing was found.
    pub(super) fn at(self, looked_at: ObjectId) -> Self {
        match self {
            Self::EntryNotFound { message, .. } => Self::EntryNotFound {
                message,
                commit: Some(looked_at),
            },
            other => other,
        }
    }

    fn error_code(&self) -> Option<&'static str> {
        match self {
            Self::RepositoryNotFound { .. } => Some("RepoNotFound"),
            Self::RevisionNotFound(_) => Some("RevisionNotFound"),
            Self::EntryNotFound { .. } => Some("EntryNotFound"),
            Self::Gated { .. } => Some("GatedRepo"),
            Self::Moved { .. } | Self::InvalidCredentials | Self::Stale | Self::Other(_) => None,
        }
    }

    fn answer(&self) -> HttpResponse {
        let code = match self {
            Self::Other(error) => return error.error_response(),
            Self::RepositoryNotFound { anonymous: true }
            | Self::Gated { anonymous: true, .. }
            | Self::InvalidCredentials => Code::Unauthorized,
            Self::Gated { .. } => Code::Forbidden,
            Self::RepositoryNotFound { .. } | Self::RevisionNotFound(_) | Self::EntryNotFound { .. } => Code::NotFound,
            Self::Moved { location } => {
                let mut response = HttpResponse::TemporaryRedirect();
                return response.insert_header((LOCATION, location.as_str())).finish();
            }
            Self::Stale => Code::PreconditionFailed,
        };
        ApiError::new(code, self.to_string()).error_response()
    }
}

impl ResponseError for HfError {
    fn status_code(&self) -> StatusCode {
        self.answer().status()
    }

    fn error_response(&self) -> HttpResponse {
        let mut response = self.answer();
        let headers = response.headers_mut();
        // A path in the sentence may have letters that a header cannot carry; the body has them.
        if let Ok(message) = HeaderValue::from_str(&self.to_string()) {
            headers.insert(ERROR_MESSAGE.clone(), message);
        }
        if let Some(code) = self.error_code() {
            headers.insert(ERROR_CODE.clone(), HeaderValue::from_static(code));
        }
        if let Self::EntryNotFound {
            commit: Some(commit), ..
        } = self
            && let Ok(commit) = HeaderValue::from_str(&commit.to_string())
        {
            headers.insert(REPO_COMMIT.clone(), commit);
        }
        response
    }
}

impl From<ApiError> for HfError {
    fn from(error: ApiError) -> Self {
        Self::Other(error)
    }
}

impl From<GitError> for HfError {
    fn from(error: GitError) -> Self {
        match error {
            GitError::RevisionNotFound(revision) => Self::RevisionNotFound(revision),
            GitError::Empty => Self::RevisionNotFound("the repository has no commit yet".to_owned()),
            GitError::PathNotFound(_) | GitError::IsFolder(_) | GitError::IsFile(_) => Self::EntryNotFound {
                message: error.to_string(),
                commit: None,
            },
            GitError::Stale { .. } => Self::Stale,
            other => Self::Other(other.into()),
        }
    }
}

impl From<ReposError> for HfError {
    fn from(error: ReposError) -> Self {
        match error {
            ReposError::NotFound(_) => Self::RepositoryNotFound { anonymous: false },
            ReposError::Gated { anonymous, .. } => Self::Gated {
                message: error.to_string(),
                anonymous,
            },
            ReposError::Stale => Self::Stale,
            ReposError::Git(error) => error.into(),
            other => Self::Other(other.into()),
        }
    }
}

impl From<FilesError> for HfError {
    fn from(error: FilesError) -> Self {
        match error {
            FilesError::Git(error) => error.into(),
            FilesError::Repos(error) => error.into(),
            other => Self::Other(other.into()),
        }
    }
}

impl From<ModelsError> for HfError {
    fn from(error: ModelsError) -> Self {
        match error {
            ModelsError::Git(error) => error.into(),
            other => Self::Other(other.into()),
        }
    }
}

impl From<PullsError> for HfError {
    fn from(error: PullsError) -> Self {
        match error {
            PullsError::Git(error) => error.into(),
            PullsError::Repos(error) => error.into(),
            PullsError::Users(error) => error.into(),
            other => Self::Other(other.into()),
        }
    }
}

impl From<UsersError> for HfError {
    fn from(error: UsersError) -> Self {
        match error {
            UsersError::CredentialRefused => Self::InvalidCredentials,
            other => Self::Other(other.into()),
        }
    }
}

impl From<StoreError> for HfError {
    fn from(error: StoreError) -> Self {
        Self::other(error)
    }
}

impl HfError {
    /// An error of a part of the hub that has no word of its own in this dialect.
    pub(super) fn other(error: impl Problem) -> Self {
        Self::Other(error.into())
    }
}
