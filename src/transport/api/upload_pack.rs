use super::address::GitAddress;
use super::caller::GitCaller;
use super::discovery::{fresh, version_of};
use super::refusal::Refusal;
use super::settings::Settings;
use crate::files::Files;
use crate::git::GitError;
use crate::git::protocol::Served;
use crate::http::{Exchange, RequestInfo};
use crate::transport::TransportError;
use actix_web::http::header::CONTENT_ENCODING;
use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse, post};
use std::io::ErrorKind;

/// The longest request, inflated: over a million wanted objects, as a partial clone asks for when it checks out.
const REQUEST_MAX: u64 = 64 << 20;

/// Answers a clone or a fetch (Smart HTTP).
#[utoipa::path(post, path = "/api/v1/git/{owner}/{repo}/git-upload-pack", tag = "git", params(
        ("owner" = String, Path, description = "the account that owns it"),
        ("repo" = String, Path, description = "its name, with or without .git"),
        ("repo_type" = Option<String>, Query, description = "the kind, when a model, a dataset and a space share the name")),
    request_body(content = Vec<u8>, content_type = "application/x-git-upload-pack-request"),
    responses((status = 200, description = "packet lines and a pack"), (status = 401), (status = 404), (status = 415)))]
#[post("/api/v1/git/{owner}/{repo}/git-upload-pack")]
pub(super) async fn git_upload_pack(
    caller: GitCaller,
    address: GitAddress,
    request: HttpRequest,
    payload: Payload,
    files: Data<Files>,
    settings: Settings,
) -> Result<HttpResponse, Refusal> {
    upload_pack(caller, address, request, payload, files, settings).await
}

/// The same under the addresses that people clone.
pub(super) async fn upload_pack(
    GitCaller(caller): GitCaller,
    address: GitAddress,
    request: HttpRequest,
    payload: Payload,
    files: Data<Files>,
    settings: Settings,
) -> Result<HttpResponse, Refusal> {
    let repos = files.repos();
    let proof = address.content_readable(repos, &caller)?;
    let version = version_of(&request);
    let encoding = request
        .headers()
        .get(CONTENT_ENCODING)
        .map(|value| value.to_str().unwrap_or("?").to_owned());
    let git = repos.git().clone();
    let (info, files) = (RequestInfo::of(&request), files.get_ref().clone());
    let keep_alive = settings.config.current().git.keep_alive;
    let turn = settings.transfers.fetch().await?;
    let exchange = Exchange::start(payload, move |body, out| {
        let _turn = turn;
        let mut body = body
            .decoded(encoding.as_deref(), REQUEST_MAX)
            .ok_or(TransportError::UnknownEncoding)?;
        let answered = git
            .repository(proof.id())
            .and_then(|mut repository| repository.upload_pack(version, keep_alive, &mut body, out));
        if let Served::Clone = answered.map_err(as_told)? {
            files.count_download(&proof, info);
        }
        Ok::<_, TransportError>(())
    });
    let body = exchange.begun().await?;
    Ok(fresh(HttpResponse::Ok())
        .content_type("application/x-git-upload-pack-result")
        .streaming(body))
}

/// What a client did to the connection or its body is its own fault, not one of the disk.
fn as_told(error: GitError) -> TransportError {
    match error {
        GitError::Io(error) => match error.kind() {
            ErrorKind::FileTooLarge => TransportError::RequestTooLarge(REQUEST_MAX),
            ErrorKind::InvalidInput | ErrorKind::InvalidData | ErrorKind::UnexpectedEof => {
                TransportError::UnreadableBody
            }
            ErrorKind::BrokenPipe | ErrorKind::ConnectionAborted | ErrorKind::TimedOut => TransportError::ClientGone,
            _ => TransportError::Git(GitError::Io(error)),
        },
        other => TransportError::Git(other),
    }
}
