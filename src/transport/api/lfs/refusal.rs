use super::MEDIA_TYPE;
use super::locks::LockView;
use crate::http::{ApiError, Code, Problem, RequestId};
use crate::transport::api::Refusal;
use crate::transport::api::refusal::CHALLENGE;
use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, RETRY_AFTER, WWW_AUTHENTICATE};
use actix_web::{HttpResponse, ResponseError};
use serde::Serialize;
use std::fmt;

/// An error as git-lfs takes it: a JSON document with a message.
#[derive(Debug)]
pub(super) struct LfsRefusal {
    error: ApiError,
    lock: Option<Box<LockView>>,
}

#[derive(Serialize)]
struct Body<'a> {
    message: String,
    request_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    lock: Option<&'a LockView>,
}

impl LfsRefusal {
    pub(super) fn new(code: Code, message: impl Into<String>) -> Self {
        ApiError::new(code, message).into()
    }

    /// The same with the lock that is in the way.
    pub(super) fn with_lock(mut self, lock: LockView) -> Self {
        self.lock = Some(Box::new(lock));
        self
    }
}

impl<E: Problem> From<E> for LfsRefusal {
    fn from(error: E) -> Self {
        ApiError::from(error).into()
    }
}

impl From<ApiError> for LfsRefusal {
    fn from(error: ApiError) -> Self {
        Self { error, lock: None }
    }
}

impl From<Refusal> for LfsRefusal {
    fn from(refusal: Refusal) -> Self {
        refusal.into_error().into()
    }
}

impl fmt::Display for LfsRefusal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error.fmt(formatter)
    }
}

impl ResponseError for LfsRefusal {
    fn status_code(&self) -> StatusCode {
        self.error.status_code()
    }

    fn error_response(&self) -> HttpResponse {
        let mut response = HttpResponse::build(self.status_code());
        if let Some(seconds) = self.error.error_response().headers().get(RETRY_AFTER) {
            response.insert_header((RETRY_AFTER, seconds.clone()));
        }
        if self.error.code() == Code::Unauthorized {
            response.insert_header(("lfs-authenticate", CHALLENGE));
            response.insert_header((WWW_AUTHENTICATE, CHALLENGE));
        }
        response.insert_header((CACHE_CONTROL, "no-store"));
        response.content_type(MEDIA_TYPE).json(Body {
            message: self.error.to_string(),
            request_id: RequestId::current(),
            lock: self.lock.as_deref(),
        })
    }
}
