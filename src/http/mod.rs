//! HTTP toolkit: extractors, the error envelope, pages, ranges and file answers. It has no routes.

/// How faults of the blob store and refused signed addresses are answered.
mod blob_problem;
/// The closed set of error codes.
mod code;
/// The one way from an error to an answer.
mod error;
/// Typed path, query and JSON body with errors that name the field.
mod extract;
/// Pages of lists.
mod page;
/// Who sent a request, and under which id it is logged.
mod request;

pub use code::{Code, Problem};
pub use error::{ApiError, ApiResult, ErrorBody, not_found};
pub use extract::{Json, Path, Query};
pub use page::{Page, PageQuery, PageRange};
pub use request::{RequestId, RequestInfo, TrustedProxies, trace_request};
