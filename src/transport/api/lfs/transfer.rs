//! The addresses to which a batch sends its client, and what answers there. An address is signed for one account, one
//! repository and one object, and carries the right of that account as long as it has it.

use super::batch::ObjectAction;
use super::refusal::LfsRefusal;
use super::{LfsRequest, answer};
use crate::base::{RepositoryId, Sha256};
use crate::files::{DirectUpload, Files, FilesError, LargeIntake};
use crate::http::{ApiError, Code, Disposition, ETag, FileAnswer, Json, Path, RequestInfo};
use crate::users::{Caller, SignedLink, Users};
use actix_web::http::Method;
use actix_web::http::header::{CONTENT_LENGTH, RANGE};
use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse, post, put, route};
use futures_util::StreamExt;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::time::Duration;
use utoipa::ToSchema;

const SIZE: &str = "size";
const UPLOAD: &str = "upload";

type ObjectPath = Path<(RepositoryId, Sha256)>;

/// Makes the addresses of one batch.
pub(super) struct Links<'a> {
    caller: &'a Caller,
    hub: &'a str,
    users: &'a Users,
    files: &'a Files,
    repository: RepositoryId,
}

impl<'a> Links<'a> {
    pub(super) fn new(request: &'a LfsRequest, users: &'a Users, files: &'a Files, repository: RepositoryId) -> Self {
        Self {
            caller: &request.caller,
            hub: &request.hub,
            users,
            files,
            repository,
        }
    }

    /// Of the object store itself where the hub is told to, else of the hub.
    pub(super) async fn download(&self, sha256: Sha256) -> Result<ObjectAction, LfsRefusal> {
        let valid = self.users.link_lifetime();
        if let Some(href) = self.files.blobs().direct_url(sha256, valid).await? {
            return Ok(ObjectAction::new(href, valid));
        }
        Ok(self.action("GET", self.object(sha256), BTreeMap::new(), valid))
    }

    pub(super) fn upload(&self, sha256: Sha256, size: u64) -> ObjectAction {
        let parameters = BTreeMap::from([(SIZE.to_owned(), size.to_string())]);
        self.action("PUT", self.object(sha256), parameters, self.users.link_lifetime())
    }

    /// Asked after the whole upload, however long that took.
    pub(super) fn verify(&self, sha256: Sha256) -> ObjectAction {
        self.action(
            "POST",
            self.object(sha256),
            BTreeMap::new(),
            self.files.upload_lifetime(),
        )
    }

    /// Where an upload ends whose parts go to the object store; their addresses stand in the headers, in the form that the
    /// Hugging Face clients brought into use.
    pub(super) fn parts(&self, sha256: Sha256, upload: DirectUpload) -> ObjectAction {
        let path = format!("{}/parts", self.object(sha256));
        let parameters = BTreeMap::from([(UPLOAD.to_owned(), upload.id.to_string())]);
        let mut action = self.action("POST", path, parameters, self.files.upload_lifetime());
        action.header = (1_u32..)
            .zip(upload.addresses)
            .map(|(number, address)| (format!("{number:05}"), address))
            .collect();
        action
            .header
            .insert("chunk_size".to_owned(), upload.plan.part.to_string());
        action
    }

    fn object(&self, sha256: Sha256) -> String {
        format!("/api/v1/lfs/{}/{sha256}", self.repository)
    }

    fn action(
        &self,
        method: &str,
        path: String,
        parameters: BTreeMap<String, String>,
        valid: Duration,
    ) -> ObjectAction {
        let SignedLink { url, .. } = self.users.sign_request(self.caller, method, path, parameters, valid);
        ObjectAction::new(format!("{}{url}", self.hub), valid)
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
    let repos = files.repos();
    let proof = repos.content_readable(&caller, repos.readable_by_id(&caller, repository)?)?;
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
    let proof = repos.sendable(&caller, repos.readable_by_id(&caller, repository)?)?;
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

/// Refuses what is said about another object than that of the address.
fn require_object(oid: &str, sha256: Sha256) -> Result<(), LfsRefusal> {
    if oid == sha256.to_string() {
        return Ok(());
    }
    Err(LfsRefusal::new(Code::Invalid, "The address is that of another object."))
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
    require_object(&sent.oid, sha256)?;
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

/// The parts of an object that were put into the object store.
#[derive(Debug, Deserialize, ToSchema)]
pub(super) struct SentParts {
    /// SHA-256 of the whole content.
    oid: String,
    /// All parts.
    parts: Vec<SentPart>,
}

/// A part.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct SentPart {
    /// Its number, from 1.
    part_number: u32,
    /// What the object store answered in the header `ETag`.
    etag: String,
}

impl SentParts {
    /// The tags by number, without a gap.
    fn tags(mut self) -> Result<Vec<String>, LfsRefusal> {
        self.parts.sort_unstable_by_key(|part| part.part_number);
        if !self
            .parts
            .iter()
            .map(|part| part.part_number)
            .eq((1..).take(self.parts.len()))
        {
            let message = "The parts are numbered from 1, each named once.";
            return Err(LfsRefusal::new(Code::Invalid, message));
        }
        Ok(self.parts.into_iter().map(|part| part.etag).collect())
    }
}

/// Puts an object of git LFS together from the parts that were put into the object store at the addresses of a batch, and
/// verifies it. Until a push names it, it waits for three days. It may be asked again when the answer did not arrive.
#[utoipa::path(tag = "git", params(("repository_id" = String, Path, description = "the repository"),
        ("sha256" = String, Path, description = "the object")), request_body = SentParts,
    responses((status = 200), (status = 403), (status = 404), (status = 409), (status = 413), (status = 422)))]
#[post("/api/v1/lfs/{repository_id}/{sha256}/parts")]
pub(super) async fn lfs_join_parts(
    request: HttpRequest,
    path: ObjectPath,
    body: Result<Json<SentParts>, ApiError>,
    files: Data<Files>,
    users: Data<Users>,
) -> Result<HttpResponse, LfsRefusal> {
    let Path((repository, sha256)) = path;
    let (caller, parameters) = users.caller_of_request("POST", request.path(), request.query_string())?;
    let repos = files.repos();
    let proof = repos.sendable(&caller, repos.readable_by_id(&caller, repository)?)?;
    let upload = parameters.get(UPLOAD).and_then(|upload| upload.parse().ok());
    let upload = upload.ok_or_else(|| LfsRefusal::new(Code::Forbidden, "The address names no upload."))?;
    let Json(sent) = body?;
    require_object(&sent.oid, sha256)?;
    files.finish_direct(proof, upload, sha256, sent.tags()?).await?;
    Ok(HttpResponse::Ok().finish())
}
