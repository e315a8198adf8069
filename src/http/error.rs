use super::code::{Code, Problem};
use super::request::RequestId;
use actix_web::http::StatusCode;
use actix_web::{HttpResponse, ResponseError};
use serde::Serialize;
use std::fmt;
use utoipa::ToSchema;

/// What a handler answers.
pub type ApiResult<T> = Result<T, ApiError>;

/// Said instead of an internal error, whose text may hold what is nobody's business.
const INTERNAL: &str = "The hub failed to do this. The details are in its log, under the request id.";

/// The body of every error answer.
#[derive(Debug, Serialize, ToSchema)]
pub struct ErrorBody {
    /// A sentence for people.
    pub error: String,
    /// The code for programs.
    pub code: &'static str,
    /// The id under which the request stands in the log.
    pub request_id: String,
    /// Facts for programs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub details: Option<serde_json::Value>,
}

/// An error on its way to the client; the only one that handlers return.
#[derive(Debug)]
pub struct ApiError {
    code: Code,
    message: String,
    /// Boxed, so that a handler's result stays small.
    details: Option<Box<serde_json::Value>>,
    headers: Vec<(&'static str, String)>,
}

impl ApiError {
    /// An error that arises in the HTTP layer itself.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            details: None,
            headers: Vec::new(),
        }
    }

    /// A field whose value cannot be used, named in the details.
    pub fn field(code: Code, field: &str, message: impl Into<String>) -> Self {
        Self {
            details: Some(Box::new(serde_json::json!({ "field": field }))),
            ..Self::new(code, message)
        }
    }

    /// Adds a header to the answer.
    #[must_use]
    pub fn with_header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// The code.
    pub fn code(&self) -> Code {
        self.code
    }
}

impl<E: Problem> From<E> for ApiError {
    fn from(error: E) -> Self {
        let code = error.code();
        if code == Code::Internal {
            tracing::error!(error = %chain(&error), "a request failed inside the hub");
            return Self::new(code, INTERNAL);
        }
        if matches!(code, Code::Unavailable | Code::StorageFull) {
            tracing::warn!(error = %chain(&error), "a request met a part that does not work");
        }
        let mut answer = Self {
            details: error.details().map(Box::new),
            ..Self::new(code, error.to_string())
        };
        if let Some(seconds) = error.retry_after() {
            answer = answer.with_header("retry-after", seconds.to_string());
        }
        answer
    }
}

/// The error and its causes in one line.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}

impl fmt::Display for ApiError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)
    }
}

impl ResponseError for ApiError {
    fn status_code(&self) -> StatusCode {
        StatusCode::from_u16(self.code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    fn error_response(&self) -> HttpResponse {
        let mut response = HttpResponse::build(self.status_code());
        for (name, value) in &self.headers {
            response.insert_header((*name, value.as_str()));
        }
        if self.code == Code::Unauthorized {
            // RFC 9110, section 11.6.1: a 401 names a scheme that would do.
            response.append_header(("www-authenticate", "Bearer realm=\"GeoML-Hub\""));
        }
        response.insert_header(("cache-control", "no-store"));
        response.json(ErrorBody {
            error: self.message.clone(),
            code: self.code.as_str(),
            request_id: RequestId::current(),
            details: self.details.as_deref().cloned(),
        })
    }
}
