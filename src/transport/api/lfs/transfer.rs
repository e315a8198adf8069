//! The addresses to which a batch sends its client, and what answers there. An address is signed for one account, one
//! repository and one object, and carries the right of that account as long as it has it.

use super::batch::ObjectAction;
use super::refusal::LfsRefusal;
use super::{LfsRequest, answer};
use crate::base::{RepositoryId, Sha256};
use crate::files::{Files, FilesError, LargeIntake};
use crate::http::{ApiError, Code, Disposition, ETag, FileAnswer, Json, Path, RequestInfo};
use crate::users::{Caller, SignedLink, Users};
use actix_web::http::Method;
use actix_web::http::header::{CONTENT_LENGTH, RANGE};
use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse, post, put, route};
use futures_util::StreamExt;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::ToSchema;

const SIZE: &str = "size";

type ObjectPath = Path<(RepositoryId, Sha256)>;

/// Makes the addresses of one batch.
pub(super) struct Links<'a> {
    caller: &'a Caller,
    hub: &'a str,
    users: &'a Users,
    repository: RepositoryId,
}

impl<'a> Links<'a> {
    pub(super) fn new(request: &'a LfsRequest, users: &'a Users, repository: RepositoryId) -> Self {
        Self {
            caller: &request.caller,
            hub: &request.hub,
            users,
            repository,
        }
    }

    /// Of the object store itself where the hub is told to, else of the hub.
    pub(super) async fn download(&self, files: &Files, sha256: Sha256) -> Result<ObjectAction, LfsRefusal> {
        let lifetime = self.users.link_lifetime();
        if let Some(href) = files.blobs().direct_url(sha256, lifetime).await? {
            return Ok(ObjectAction {
                href,
                expires_in: lifetime.as_secs(),
            });
        }
        Ok(self.action("GET", sha256, BTreeMap::new()))
    }

    pub(super) fn upload(&self, sha256: Sha256, size: u64) -> ObjectAction {
        self.action("PUT", sha256, BTreeMap::from([(SIZE.to_owned(), size.to_string())]))
    }

    pub(super) fn verify(&self, sha256: Sha256) -> ObjectAction {
        self.action("POST", sha256, BTreeMap::new())
    }

    fn action(&self, method: &str, sha256: Sha256, parameters: BTreeMap<String, String>) -> ObjectAction {
        let path = format!("/api/v1/lfs/{}/{sha256}", self.repository);
        let SignedLink { url, .. } = self.users.sign_request(self.caller, method, path, parameters);
        ObjectAction {
            href: format!("{}{url}", self.hub),
            expires_in: self.users.link_lifetime().as_secs(),
        }
    }
}

/// Sends an object of git LFS, whole or in ranges, at an address that a batch gave.
#[utoipa::path(get, path = "/api/v1/lfs/{repository_id}/{sha256}", tag = "git",
    params(("repository_id" = String, Path, description = "the repository"), ("sha256" = String, Path, description = "the object")),
    responses((status = 200, description = "the content"), (status = 206), (status = 304), (status = 403), (status = 404), (status = 416)))]
#[route("/api/v1/lfs/{repository_id}/{sha256}", method = "GET", method = "HEAD")]
pub(super) async fn lfs_download(
    request: HttpRequest,
    path: ObjectPath,
    files: Data<Files>,
    users: Data<Users>,
) -> Result<HttpResponse, LfsRefusal> {
    let Path((repository, sha256)) = path;
    let (caller, _) = users.caller_of_request("GET", request.path(), request.query_string())?;
    let proof = files.repos().readable_by_id(&caller, repository)?;
    let reader = files.open_large(&proof, sha256).await?;
    let name = sha256.to_string();
    let media_type = "application/octet-stream";
    let answer = FileAnswer::new(reader, ETag::of(&sha256), media_type, Disposition::Attachment, &name);
    let response = answer.respond(&request);
    // A download that goes on was counted when it began.
    let begins = *request.method() == Method::GET && !request.headers().contains_key(RANGE);
    if begins && response.status().is_success() {
        files.count_download(&proof, RequestInfo::of(&request));
    }
    Ok(response)
}

/// Takes an object of git LFS at an address that a batch gave. It is hashed as it comes; what is not what was announced
/// leaves nothing behind. Until a push names it, it waits for three days.
#[utoipa::path(tag = "git", params(("repository_id" = String, Path, description = "the repository"),
        ("sha256" = String, Path, description = "the object")),
    request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    responses((status = 200), (status = 403), (status = 404), (status = 413), (status = 422)))]
#[put("/api/v1/lfs/{repository_id}/{sha256}")]
pub(super) async fn lfs_upload(
    request: HttpRequest,
    path: ObjectPath,
    body: Payload,
    files: Data<Files>,
    users: Data<Users>,
) -> Result<HttpResponse, LfsRefusal> {
    let Path((repository, sha256)) = path;
    let (caller, parameters) = users.caller_of_request("PUT", request.path(), request.query_string())?;
    let repos = files.repos();
    let proof = repos.writable(&caller, repos.readable_by_id(&caller, repository)?)?;
    let size = parameters.get(SIZE).and_then(|size| size.parse().ok());
    let size: u64 = size.ok_or_else(|| LfsRefusal::new(Code::Forbidden, "The address names no size."))?;
    let announced = request.headers().get(CONTENT_LENGTH);
    let announced: Option<u64> = announced.and_then(|value| value.to_str().ok()?.parse().ok());
    if announced.is_some_and(|announced| announced != size) {
        let message = format!("The object was announced with {size} bytes; send exactly these.");
        return Err(LfsRefusal::new(Code::Invalid, message));
    }
    receive(files.receive_large(proof, sha256, size)?, body).await?;
    Ok(HttpResponse::Ok().finish())
}

async fn receive(mut intake: LargeIntake, mut body: Payload) -> Result<(), FilesError> {
    while let Some(bytes) = body.next().await {
        let bytes = bytes.map_err(|error| FilesError::BrokenForm(error.to_string()))?;
        intake.write(bytes).await?;
    }
    intake.finish().await
}

/// An object that was sent.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(super) struct SentObject {
    /// SHA-256 of its content.
    oid: String,
    /// Bytes.
    size: u64,
}

/// Says whether an object of git LFS has arrived, at an address that a batch gave.
#[utoipa::path(tag = "git", params(("repository_id" = String, Path, description = "the repository"),
        ("sha256" = String, Path, description = "the object")), request_body = SentObject,
    responses((status = 200, body = SentObject), (status = 403), (status = 404), (status = 422)))]
#[post("/api/v1/lfs/{repository_id}/{sha256}")]
pub(super) async fn lfs_verify(
    request: HttpRequest,
    path: ObjectPath,
    body: Result<Json<SentObject>, ApiError>,
    files: Data<Files>,
    users: Data<Users>,
) -> Result<HttpResponse, LfsRefusal> {
    let Path((repository, sha256)) = path;
    let (caller, _) = users.caller_of_request("POST", request.path(), request.query_string())?;
    let proof = files.repos().readable_by_id(&caller, repository)?;
    let Json(sent) = body?;
    if sent.oid != sha256.to_string() {
        return Err(LfsRefusal::new(Code::Invalid, "The address is that of another object."));
    }
    match files.large_size(&proof, sha256)? {
        Some(size) if size == sent.size => Ok(answer(HttpResponse::Ok(), &sent)),
        Some(size) => {
            let message = format!("The object has {size} bytes, not {}.", sent.size);
            Err(LfsRefusal::new(Code::Invalid, message))
        }
        None => Err(LfsRefusal::new(
            Code::NotFound,
            "The object has not arrived. Send it again.",
        )),
    }
}
