use super::code::Code;
use super::error::{ApiError, ApiResult};
use super::file_body::HeadBody;
use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{ResourceDef, ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::middleware::Next;
use actix_web::{Error, HttpRequest, HttpResponse, ResponseError, web};
use std::str::FromStr;
use utoipa::openapi::{OpenApi, PathItem};

/// Parameters at the end of an address that take several segments.
const TAILS: [&str; 4] = ["{path}", "{file_path}", "{branch}", "{tail}"];

/// Every address and its methods, to tell a wrong method from a wrong address.
pub struct KnownRoutes(Vec<(ResourceDef, Vec<Method>)>);

impl KnownRoutes {
    /// Takes them from the description of the API.
    pub fn new(document: &OpenApi) -> Self {
        let routes = document
            .paths
            .paths
            .iter()
            .map(|(path, item)| (ResourceDef::new(pattern(path)), methods(item)));
        Self(routes.collect())
    }

    fn methods_at(&self, path: &str) -> Vec<&Method> {
        self.0
            .iter()
            .filter(|(route, _)| route.is_match(path))
            .flat_map(|(_, methods)| methods)
            .collect()
    }
}

fn pattern(path: &str) -> String {
    // One of three words in the addresses of the Hugging Face Hub, which would take all others too.
    let path = path.replace("{family}", "{family:models|datasets|spaces}");
    match TAILS
        .iter()
        .find_map(|tail| path.strip_suffix(tail).map(|start| (start, tail)))
    {
        Some((start, tail)) => format!("{start}{}:.*}}", tail.trim_end_matches('}')),
        None => path,
    }
}

fn methods(item: &PathItem) -> Vec<Method> {
    let operations = [
        (&item.get, "GET"),
        (&item.head, "HEAD"),
        (&item.post, "POST"),
        (&item.put, "PUT"),
        (&item.patch, "PATCH"),
        (&item.delete, "DELETE"),
    ];
    let known = operations.into_iter().filter(|(operation, _)| operation.is_some());
    known.filter_map(|(_, name)| Method::from_str(name).ok()).collect()
}

/// Marks the answer to a HEAD request for which there is a route that takes GET only.
#[derive(Clone, Copy)]
struct TakesGet;

/// Middleware: answers HEAD where only GET has a route, with the head of what GET would answer (RFC 9110, section
/// 9.3.2).
pub async fn answer_head(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<EitherBody<impl MessageBody, HeadBody>>, Error> {
    let response = next.call(request).await?;
    if response.response().extensions().get::<TakesGet>().is_none() {
        return Ok(response.map_into_left_body());
    }
    let (request, _) = response.into_parts();
    let mut request = ServiceRequest::from_request(request);
    request.head_mut().method = Method::GET;
    let response = next.call(request).await?;
    Ok(response.map_body(|_, body| EitherBody::right(HeadBody(body.size()))))
}

/// Answers what no route takes: 405 with the methods that the address has, else 404.
pub async fn unmatched(request: HttpRequest, routes: web::Data<KnownRoutes>) -> ApiResult<HttpResponse> {
    let path = request.path();
    let methods = routes.methods_at(path);
    if methods.is_empty() || methods.contains(&request.method()) {
        return Err(ApiError::new(Code::NotFound, format!("There is nothing at {path}.")));
    }
    let takes_get = *request.method() == Method::HEAD && methods.contains(&&Method::GET);
    let mut allowed: Vec<&str> = methods.into_iter().map(Method::as_str).collect();
    allowed.sort_unstable();
    allowed.dedup();
    let message = format!(
        "{} does not exist at {path}; there is {}.",
        request.method(),
        allowed.join(", ")
    );
    let refusal = ApiError::new(Code::MethodNotAllowed, message).with_header("allow", allowed.join(", "));
    if !takes_get {
        return Err(refusal);
    }
    let mut response = refusal.error_response();
    response.extensions_mut().insert(TakesGet);
    Ok(response)
}
