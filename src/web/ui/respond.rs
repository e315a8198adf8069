use super::{Body, PAGE, UiFile, WebUi};
use crate::http::{ApiResult, ETag, KnownRoutes, unmatched};
use actix_web::http::header::{self, Accept, AcceptEncoding, Encoding, Header, Quality};
use actix_web::http::{Method, StatusCode};
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder};

/// Files with a digest in their name.
const IMMUTABLE: &str = "_app/immutable/";
/// First parts of addresses that programs use; a mistake there is answered for programs.
const FOR_PROGRAMS: &[&str] = &["_app", "api", "blobs", "docs", "health", "v1", "v2"];
/// Ends of addresses that git and git LFS use.
const FOR_GIT: &[&str] = &["/info/refs", "/git-upload-pack", "/git-receive-pack"];
/// Inside addresses of git LFS.
const FOR_LFS: &str = "/info/lfs";

/// Answers what no route takes: a file of the web UI, its page when a browser asks for an address that people use,
/// else the error of [`unmatched`].
pub async fn page_or_unmatched(
    request: HttpRequest,
    ui: Data<WebUi>,
    routes: Data<KnownRoutes>,
) -> ApiResult<HttpResponse> {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return unmatched(request, routes).await;
    }
    let path = request.path().trim_start_matches('/');
    if let Some(file) = ui.files.get(path) {
        return Ok(answer(&request, &ui, path, file));
    }
    let for_a_person = path.is_empty() || (is_for_people(path) && accepts_html(&request));
    if !for_a_person {
        return unmatched(request, routes).await;
    }
    Ok(match ui.files.get(PAGE) {
        Some(file) => answer(&request, &ui, PAGE, file),
        None => HttpResponse::ServiceUnavailable()
            .content_type("text/plain; charset=utf-8")
            .body("This hub was built without its web pages; its API is described at /docs.\n"),
    })
}

fn is_for_people(path: &str) -> bool {
    let first = path.split('/').next().unwrap_or_default();
    let for_git = FOR_GIT.iter().any(|end| path.ends_with(end)) || path.contains(FOR_LFS);
    !FOR_PROGRAMS.contains(&first) && !for_git
}

/// Browsers name HTML when they go to an address; programs say `*/*` or nothing.
fn accepts_html(request: &HttpRequest) -> bool {
    let Ok(accepted) = Accept::parse(request) else {
        return false;
    };
    accepted
        .iter()
        .any(|item| item.quality > Quality::ZERO && item.item.essence_str() == "text/html")
}

fn answer(request: &HttpRequest, ui: &WebUi, path: &str, file: &UiFile) -> HttpResponse {
    let (body, coding) = chosen(request, file);
    let tag = match coding {
        Some(coding) => ETag::strong(&format!("{}-{coding}", body.tag)),
        None => ETag::strong(&body.tag),
    };
    let known = request
        .headers()
        .get(header::IF_NONE_MATCH)
        .and_then(|list| list.to_str().ok())
        .is_some_and(|list| tag.is_weakly_in(list));
    if known {
        return head(StatusCode::NOT_MODIFIED, ui, path, &tag).finish();
    }
    let mut response = head(StatusCode::OK, ui, path, &tag);
    response.insert_header((header::CONTENT_TYPE, content_type(path)));
    if let Some(coding) = coding {
        response.insert_header((header::CONTENT_ENCODING, coding));
    }
    response.body(body.content.clone())
}

/// What both an answer and the news that nothing changed carry: a browser takes the headers of a 304 over those it has kept
/// (RFC 9111, section 4.3.4), the policy among them.
fn head(status: StatusCode, ui: &WebUi, path: &str, tag: &ETag) -> HttpResponseBuilder {
    let caching = if path.starts_with(IMMUTABLE) {
        "public, max-age=31536000, immutable"
    } else {
        "no-cache"
    };
    let mut response = HttpResponse::build(status);
    response.insert_header((header::CACHE_CONTROL, caching));
    response.insert_header((header::VARY, "accept-encoding"));
    response.insert_header((header::ETAG, tag.to_string()));
    // Scripts carry the policy too: a worker is governed by that of its own file.
    response.insert_header((header::CONTENT_SECURITY_POLICY, ui.policy.as_str()));
    response
}

/// The form of the file that the client prefers among those that there are.
fn chosen<'a>(request: &HttpRequest, file: &'a UiFile) -> (&'a Body, Option<&'static str>) {
    let mut there = vec![Encoding::identity()];
    there.extend(file.brotli.is_some().then(Encoding::brotli));
    there.extend(file.gzip.is_some().then(Encoding::gzip));
    let accepted = AcceptEncoding::parse(request).unwrap_or(AcceptEncoding(Vec::new()));
    let wanted = accepted.negotiate(there.iter());
    match (&file.brotli, &file.gzip) {
        (Some(body), _) if wanted == Some(Encoding::brotli()) => (body, Some("br")),
        (_, Some(body)) if wanted == Some(Encoding::gzip()) => (body, Some("gzip")),
        _ => (&file.plain, None),
    }
}

fn content_type(path: &str) -> String {
    let guess = mime_guess::from_path(path).first_or_octet_stream();
    let text = guess.type_() == "text" || matches!(guess.subtype().as_str(), "javascript" | "json" | "manifest");
    if text {
        format!("{}; charset=utf-8", guess.essence_str())
    } else {
        guess.essence_str().to_owned()
    }
}
