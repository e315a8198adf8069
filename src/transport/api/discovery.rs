use super::address::GitAddress;
use super::caller::GitCaller;
use super::refusal::Refusal;
use crate::base::blocking;
use crate::git::GitError;
use crate::git::protocol::ProtocolVersion;
use crate::http::Query;
use crate::repos::{Repos, ReposError};
use crate::transport::TransportError;
use actix_web::http::header::{CACHE_CONTROL, EXPIRES, PRAGMA};
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder, get};
use serde::Deserialize;
use utoipa::IntoParams;

/// What is wanted from the repository.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct ServiceQuery {
    /// `git-upload-pack` before a fetch, `git-receive-pack` before a push.
    service: Option<String>,
    /// The kind, when a model, a dataset and a space share the name.
    #[serde(rename = "repo_type")]
    #[param(inline, value_type = Option<String>)]
    _repo_type: Option<String>,
}

/// What a repository has, for git clients: the first step of every fetch and push (Smart HTTP).
#[utoipa::path(get, path = "/api/v1/git/{owner}/{repo}/info/refs", tag = "git", params(ServiceQuery,
        ("owner" = String, Path, description = "the account that owns it"),
        ("repo" = String, Path, description = "its name, with or without .git")),
    responses((status = 200, description = "packet lines"), (status = 400), (status = 401), (status = 403), (status = 404)))]
#[get("/api/v1/git/{owner}/{repo}/info/refs")]
pub(super) async fn git_references(
    caller: GitCaller,
    address: GitAddress,
    request: HttpRequest,
    query: Query<ServiceQuery>,
    repos: Data<Repos>,
) -> Result<HttpResponse, Refusal> {
    references(caller, address, request, query, repos).await
}

/// The same under the addresses that people clone.
pub(super) async fn references(
    GitCaller(caller): GitCaller,
    address: GitAddress,
    request: HttpRequest,
    Query(query): Query<ServiceQuery>,
    repos: Data<Repos>,
) -> Result<HttpResponse, Refusal> {
    let version = version_of(&request);
    let (id, lenders) = match query.service.as_deref() {
        Some("git-upload-pack") => (address.content_readable(&repos, &caller)?.id(), None),
        Some("git-receive-pack") => {
            let id = address.writable(&repos, &caller)?.repository().id;
            (id, Some(repos.readable_lenders(&caller, id).map_err(ReposError::from)?))
        }
        _ => return Err(TransportError::UnknownService.into()),
    };
    let for_push = lenders.is_some();
    let git = repos.git().clone();
    let body = blocking(move || {
        let repository = git.repository(id)?;
        let mut body = Vec::new();
        if let Some(lenders) = lenders {
            repository.advertise_receive(version, &git.repositories(&lenders)?, &mut body)?;
        } else {
            repository.advertise_upload(version, &mut body)?;
        }
        Ok::<_, GitError>(body)
    })
    .await?;
    let service = if for_push {
        "git-receive-pack"
    } else {
        "git-upload-pack"
    };
    Ok(fresh(HttpResponse::Ok())
        .content_type(format!("application/x-{service}-advertisement"))
        .body(body))
}

/// The version that the client asks for.
pub(super) fn version_of(request: &HttpRequest) -> ProtocolVersion {
    let header = request
        .headers()
        .get("git-protocol")
        .and_then(|value| value.to_str().ok());
    ProtocolVersion::of_header(header.unwrap_or_default())
}

/// Nothing of git's protocol may be kept by anybody on the way.
pub(super) fn fresh(mut response: HttpResponseBuilder) -> HttpResponseBuilder {
    response
        .insert_header((CACHE_CONTROL, "no-cache, max-age=0, must-revalidate"))
        .insert_header((EXPIRES, "Fri, 01 Jan 1980 00:00:00 GMT"))
        .insert_header((PRAGMA, "no-cache"));
    response
}
