use std::borrow::Cow;
use std::ops::Range;
use std::str::FromStr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use actix_web::body::{BodySize, BoxBody};
use actix_web::http::header::{self, HeaderMap, HeaderName, HttpDate};
use actix_web::http::{Method, StatusCode};
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder, ResponseError};
use bytes::Bytes;

use super::code::Code;
use super::disposition::Disposition;
use super::error::ApiError;
use super::etag::ETag;
use super::file_body::{ContentSource, FileBody, HeadBody, Piece};
use super::ranges::{Requested, requested};
use crate::base::Timestamp;

/// Up to this size content at hand is answered as one body: one write for head and content.
const INLINE: u64 = 64 * 1024;
/// User content must not act as a page of the hub: no scripts, no requests, an origin of its own. Only pages of the hub
/// may frame it.
const SANDBOX: &str =
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; media-src data:; frame-ancestors 'self'; sandbox";
/// Types of scripts (WHATWG MIME Sniffing, section 4.6) whose names do not say so.
const SCRIPTS: &[&str] = &["text/jscript", "text/livescript"];

/// Content answered as a file, with conditions and ranges as RFC 9110 has them (sections 13 and 14): GET and HEAD,
/// `If-Match`, `If-None-Match`, `If-Modified-Since`, `If-Range`, one or several ranges.
///
/// The caller has checked access. What is sent counts as user content: it is sandboxed and its type is never guessed.
/// Do not compress these answers: strong tags and ranges speak of the bytes as they are.
pub struct FileAnswer<S> {
    source: S,
    etag: ETag,
    content_type: String,
    disposition: String,
    last_modified: Option<Timestamp>,
    headers: Vec<(HeaderName, String)>,
}

impl<S: ContentSource> FileAnswer<S> {
    /// An answer with this content, tag, type and file name. Cached by browsers, but asked for again before each use.
    pub fn new(source: S, etag: ETag, content_type: impl Into<String>, disposition: Disposition, name: &str) -> Self {
        let headers = vec![(header::CACHE_CONTROL, "private, no-cache".to_owned())];
        let content_type = harmless(content_type.into());
        Self {
            source,
            etag,
            content_type,
            disposition: disposition.named(name),
            last_modified: None,
            headers,
        }
    }

    /// Says when the content last changed, which serves clients that know no tags.
    #[must_use]
    pub fn last_modified(mut self, time: Timestamp) -> Self {
        self.last_modified = Some(time);
        self
    }

    /// Sets the value of `Content-Disposition` as a whole, as a signed address prescribes it.
    #[must_use]
    pub fn with_disposition(mut self, value: impl Into<String>) -> Self {
        self.disposition = value.into();
        self
    }

    /// Sets a header; `Cache-Control` replaces the default. A value that is no header value is left out.
    #[must_use]
    pub fn with_header(mut self, name: HeaderName, value: impl Into<String>) -> Self {
        self.headers.retain(|(other, _)| *other != name);
        self.headers.push((name, value.into()));
        self
    }

    /// Answers the request. The order of conditions is that of RFC 9110, section 13.2.2.
    pub fn respond(self, request: &HttpRequest) -> HttpResponse {
        let headers = request.headers();
        if text(headers, &header::IF_MATCH).is_some_and(|list| !self.etag.is_in(list)) {
            let changed = ApiError::new(Code::PreconditionFailed, "The file has changed since you read it.");
            return changed.error_response();
        }
        let reading = matches!(*request.method(), Method::GET | Method::HEAD);
        if reading && self.is_known(headers) {
            return self.head(StatusCode::NOT_MODIFIED).finish();
        }
        let size = self.source.size();
        let range = text(headers, &header::RANGE).filter(|_| *request.method() == Method::GET);
        match requested(range.filter(|_| self.range_applies(headers)), size) {
            Requested::Whole => self.whole(request.method()),
            Requested::Unsatisfiable => ApiError::new(
                Code::RangeNotSatisfiable,
                format!("The file has {size} bytes; the range lies outside."),
            )
            .with_header("content-range", format!("bytes */{size}"))
            .error_response(),
            Requested::Parts(parts) => match parts.as_slice() {
                [part] => self.part(part.clone()),
                _ => self.parts(&parts),
            },
        }
    }

    /// Whether the client has these bytes already. A tag that is given decides alone (section 13.1.3).
    fn is_known(&self, headers: &HeaderMap) -> bool {
        if let Some(list) = text(headers, &header::IF_NONE_MATCH) {
            return self.etag.is_weakly_in(list);
        }
        let since = text(headers, &header::IF_MODIFIED_SINCE).and_then(seconds);
        matches!((since, self.last_modified), (Some(since), Some(changed)) if changed.as_seconds() <= since)
    }

    /// `If-Range` (section 13.1.5). Dates are no strong validators at a resolution of one second, so only tags count.
    fn range_applies(&self, headers: &HeaderMap) -> bool {
        text(headers, &header::IF_RANGE).is_none_or(|tag| tag.trim() != "*" && self.etag.is_in(tag))
    }

    fn head(&self, status: StatusCode) -> HttpResponseBuilder {
        let mut response = HttpResponse::build(status);
        response.insert_header((header::ETAG, self.etag.to_string()));
        response.insert_header((header::ACCEPT_RANGES, "bytes"));
        // On a 304, too: a browser takes its headers over those it has kept (RFC 9111, section 4.3.4).
        response.insert_header((header::CONTENT_SECURITY_POLICY, SANDBOX));
        if let Some(time) = self.last_modified {
            let since_epoch = Duration::from_secs(u64::try_from(time.as_seconds()).unwrap_or(0));
            response.insert_header((header::LAST_MODIFIED, HttpDate::from(UNIX_EPOCH + since_epoch)));
        }
        for (name, value) in &self.headers {
            response.insert_header((name.clone(), value.as_str()));
        }
        response
    }

    fn described(&self, status: StatusCode, content_type: &str) -> HttpResponseBuilder {
        let mut response = self.head(status);
        response.insert_header((header::CONTENT_TYPE, content_type));
        response.insert_header((header::CONTENT_DISPOSITION, &*self.saved_if_active()));
        response.insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"));
        response
    }

    /// The browser's own viewer of PDF runs the scripts of a document, which no header forbids, so PDF is always saved.
    fn saved_if_active(&self) -> Cow<'_, str> {
        let inline = self
            .disposition
            .get(..6)
            .filter(|kind| kind.eq_ignore_ascii_case("inline"));
        match inline {
            Some(inline) if essences(&self.content_type).any(|essence| essence == "application/pdf") => {
                Cow::Owned(format!("attachment{}", &self.disposition[inline.len()..]))
            }
            _ => Cow::Borrowed(&self.disposition),
        }
    }

    fn whole(self, method: &Method) -> HttpResponse {
        let mut response = self.described(StatusCode::OK, &self.content_type);
        let size = self.source.size();
        if *method == Method::HEAD {
            return response.body(HeadBody(BodySize::Sized(size)));
        }
        self.content(response, 0..size)
    }

    fn part(self, part: Range<u64>) -> HttpResponse {
        let mut response = self.described(StatusCode::PARTIAL_CONTENT, &self.content_type);
        response.insert_header((header::CONTENT_RANGE, content_range(&part, self.source.size())));
        self.content(response, part)
    }

    fn content(self, mut response: HttpResponseBuilder, range: Range<u64>) -> HttpResponse {
        let short = range.end - range.start <= INLINE;
        if let Some(bytes) = short.then(|| self.source.at_hand(range.clone())).flatten() {
            return response.body(bytes);
        }
        response.body(BoxBody::new(FileBody::new(self.source, [Piece::Content(range)])))
    }

    /// `multipart/byteranges` (section 14.6).
    fn parts(self, parts: &[Range<u64>]) -> HttpResponse {
        let boundary = format!("part-{}", uuid::Uuid::now_v7().simple());
        let size = self.source.size();
        let mut pieces = Vec::with_capacity(2 * parts.len() + 1);
        for (index, part) in parts.iter().enumerate() {
            let break_before = if index == 0 { "" } else { "\r\n" };
            let content_type = &self.content_type;
            let range = content_range(part, size);
            let head =
                format!("{break_before}--{boundary}\r\nContent-Type: {content_type}\r\nContent-Range: {range}\r\n\r\n");
            pieces.push(Piece::Text(Bytes::from(head)));
            pieces.push(Piece::Content(part.clone()));
        }
        pieces.push(Piece::Text(Bytes::from(format!("\r\n--{boundary}--\r\n"))));
        let content_type = format!("multipart/byteranges; boundary={boundary}");
        let mut response = self.described(StatusCode::PARTIAL_CONTENT, &content_type);
        response.body(BoxBody::new(FileBody::new(self.source, pieces)))
    }
}

/// Pages of the hub run scripts of the hub's own origin, and content of users is sent from there. No script is taken from
/// a type that is none, because its type is never guessed; so scripts are sent as the text that they are.
fn harmless(content_type: String) -> String {
    let is_script = |essence: String| {
        essence.contains("javascript") || essence.contains("ecmascript") || SCRIPTS.contains(&&*essence)
    };
    if essences(&content_type).any(is_script) {
        "text/plain; charset=utf-8".to_owned()
    } else {
        content_type
    }
}

/// `type/subtype` of a media type, in lower case and without parameters. Of several with commas between them, browsers
/// take the last that they understand (Fetch, "extract a MIME type"), so all count.
fn essences(content_type: &str) -> impl Iterator<Item = String> {
    content_type
        .split(',')
        .map(|one| one.split(';').next().unwrap_or_default().trim().to_ascii_lowercase())
}

fn content_range(part: &Range<u64>, size: u64) -> String {
    format!("bytes {}-{}/{size}", part.start, part.end - 1)
}

fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

/// Seconds since 1970 of a date as in section 5.6.7.
fn seconds(date: &str) -> Option<i64> {
    let time = SystemTime::from(HttpDate::from_str(date).ok()?);
    i64::try_from(time.duration_since(UNIX_EPOCH).ok()?.as_secs()).ok()
}
