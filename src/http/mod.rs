//! HTTP toolkit: extractors, the error envelope, pages, ranges and file answers. It has no routes.

/// How faults of the blob store and refused signed addresses are answered.
mod blob_problem;
/// The closed set of error codes.
mod code;
/// The header `Content-Disposition`.
mod disposition;
/// The one way from an error to an answer.
mod error;
/// Entity tags.
mod etag;
/// Answers that blocking code makes from the body of the request.
mod exchange;
/// Typed path, query and JSON body with errors that name the field.
mod extract;
/// Content answered as a file.
mod file_answer;
/// Bodies made from stretches of content.
mod file_body;
/// Pages of lists.
mod page;
/// The header `Range`.
mod ranges;
/// Who sent a request, and under which id it is logged.
mod request;
/// What no route takes.
mod unmatched;

pub use code::{Code, Problem};
pub use disposition::Disposition;
pub use error::{ApiError, ApiResult, ErrorBody};
pub use etag::ETag;
pub use exchange::{AnswerWriter, Exchange, RequestReader};
pub use extract::{Json, JsonOrNothing, Path, Query};
pub use file_answer::FileAnswer;
pub use file_body::ContentSource;
pub use page::{Page, PageQuery, PageRange};
pub use ranges::{Requested, requested};
pub use request::{RequestId, RequestInfo, to_the_end, trace_request};
pub use unmatched::{KnownRoutes, answer_head, unmatched};
