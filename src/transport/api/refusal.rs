use crate::http::{ApiError, Code, Problem};
use actix_web::http::StatusCode;
use actix_web::http::header::{self, RETRY_AFTER};
use actix_web::{HttpResponse, ResponseError};
use std::fmt;

/// What makes a git client ask its user for a name and a password.
pub const CHALLENGE: &str = "Basic realm=\"GeoML-Hub\"";

/// An error as git clients take it: a sentence as plain text. git shows it when its first request is refused.
#[derive(Debug)]
pub struct Refusal(ApiError);

impl Refusal {
    /// An error that arises in this layer itself.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self(ApiError::new(code, message))
    }

    /// The error, to be told in another form.
    pub fn into_error(self) -> ApiError {
        self.0
    }

    /// The code.
    pub fn code(&self) -> Code {
        self.0.code()
    }
}

impl<E: Problem> From<E> for Refusal {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

impl From<ApiError> for Refusal {
    fn from(error: ApiError) -> Self {
        Self(error)
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

impl ResponseError for Refusal {
    fn status_code(&self) -> StatusCode {
        self.0.status_code()
    }

    fn error_response(&self) -> HttpResponse {
        let mut response = HttpResponse::build(self.status_code());
        let for_programs = self.0.error_response();
        if let Some(seconds) = for_programs.headers().get(RETRY_AFTER) {
            response.insert_header((RETRY_AFTER, seconds.clone()));
        }
        if self.code() == Code::Unauthorized {
            response.insert_header((header::WWW_AUTHENTICATE, CHALLENGE));
        }
        response.insert_header((header::CACHE_CONTROL, "no-store"));
        response
            .content_type("text/plain; charset=utf-8")
            .body(format!("{}\n", self.0))
    }
}
