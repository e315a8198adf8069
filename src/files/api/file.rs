use super::views::{FileChangesView, FileView};
use crate::base::RepositoryKind;
use crate::events::Origin;
use crate::files::{FactsChange, Files, FilesError, Saying, checked_path};
use crate::http::{ApiError, ApiResult, Json, Path, RequestInfo};
use crate::repos::WriteRepo;
use crate::users::Caller;
use actix_web::web::Data;
use actix_web::{HttpResponse, delete, get, post, put};
use serde::Deserialize;
use utoipa::ToSchema;

/// What is known of a file of the default branch.
#[utoipa::path(tag = "files", responses((status = 200, body = FileView), (status = 404)))]
#[get("/api/files/{file_id}")]
pub(super) async fn show_file(caller: Caller, path: Path<String>, files: Data<Files>) -> ApiResult<Json<FileView>> {
    let (proof, revision, entry) = files.by_id(&caller, &path.0).await?;
    let facts = files.facts(&proof, &revision, entry).await?;
    Ok(Json(FileView::new(facts, &revision)))
}

/// What to change of a file; absent fields stay, empty ones are removed.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ChangeFile {
    /// A sentence about the file.
    description: Option<String>,
    /// The media type under which it is sent.
    content_type: Option<String>,
}

/// Changes the description or the content type of a file.
#[utoipa::path(tag = "files", request_body = ChangeFile, security(("bearer" = [])),
    responses((status = 200, body = FileView), (status = 401), (status = 403), (status = 404), (status = 422)))]
#[put("/api/files/{file_id}")]
pub(super) async fn change_file(
    caller: Caller,
    info: RequestInfo,
    path: Path<String>,
    body: Json<ChangeFile>,
    files: Data<Files>,
) -> ApiResult<Json<FileView>> {
    let (proof, revision, entry) = files.by_id(&caller, &path.0).await?;
    let write = files.repos().writable(&caller, proof.clone().into_read())?;
    let ChangeFile {
        description,
        content_type,
    } = body.0;
    files
        .change_facts(
            &write,
            &entry,
            FactsChange {
                description,
                content_type,
            },
            caller.origin(&info),
        )
        .await?;
    let facts = files.facts(&proof, &revision, entry).await?;
    Ok(Json(FileView::new(facts, &revision)))
}

/// Deletes a file; its history stays.
#[utoipa::path(tag = "files", security(("bearer" = [])),
    responses((status = 200, body = FileChangesView), (status = 401), (status = 403), (status = 404)))]
#[delete("/api/files/{file_id}")]
pub(super) async fn delete_file(
    caller: Caller,
    info: RequestInfo,
    path: Path<String>,
    files: Data<Files>,
) -> ApiResult<Json<FileChangesView>> {
    let (proof, _, entry) = files.by_id(&caller, &path.0).await?;
    let write = files.repos().writable(&caller, proof.into_read())?;
    let origin = Origin::of_request(caller.user_id(), info.address);
    let changed = files.delete(write, &entry, Saying { message: None, origin }).await?;
    Ok(Json(changed.into()))
}

/// Where a file goes.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Relocate {
    /// Its new path.
    path: String,
    /// Another repository, as `owner/name`; the same one when absent.
    repository: Option<String>,
    /// The kind of the other repository, when several share the name.
    #[schema(value_type = Option<String>)]
    repo_type: Option<RepositoryKind>,
    /// The message of the commit.
    message: Option<String>,
}

impl Relocate {
    /// The other repository; `None` for the one that the file is in.
    fn target(&self, files: &Files, caller: &Caller) -> ApiResult<Option<WriteRepo>> {
        let Some(repository) = &self.repository else {
            return Ok(None);
        };
        let (owner, name) = repository.split_once('/').ok_or_else(|| {
            let message = "The repository is given as 'owner/name'.".to_owned();
            ApiError::from(FilesError::Invalid {
                field: "repository",
                message,
            })
        })?;
        files.writable(caller, owner, name, self.repo_type).map(Some)
    }
}

/// Moves a file within its repository or to another one. The answer carries its new id.
#[utoipa::path(tag = "files", request_body = Relocate, security(("bearer" = [])),
    responses((status = 200, body = FileChangesView), (status = 401), (status = 403), (status = 404), (status = 409), (status = 422)))]
#[post("/api/files/{file_id}/move")]
pub(super) async fn move_file(
    caller: Caller,
    info: RequestInfo,
    path: Path<String>,
    body: Json<Relocate>,
    files: Data<Files>,
) -> ApiResult<Json<FileChangesView>> {
    let (proof, _, entry) = files.by_id(&caller, &path.0).await?;
    let source = files.repos().writable(&caller, proof.into_read())?;
    let to = checked_path("path", &body.path)?;
    let saying = Saying {
        message: body.message.clone(),
        origin: Origin::of_request(caller.user_id(), info.address),
    };
    let changed = match body.target(&files, &caller)? {
        Some(target) if target.repository().id != entry.repository => {
            files.move_away(source, &entry, target, to, saying).await?
        }
        _ => files.rename(source, &entry, to, saying).await?,
    };
    Ok(Json(changed.into()))
}

/// Copies a file within its repository or to another one, without copying large content.
#[utoipa::path(tag = "files", request_body = Relocate, security(("bearer" = [])),
    responses((status = 201, body = FileChangesView), (status = 401), (status = 403), (status = 404), (status = 409), (status = 422)))]
#[post("/api/files/{file_id}/copy")]
pub(super) async fn copy_file(
    caller: Caller,
    info: RequestInfo,
    path: Path<String>,
    body: Json<Relocate>,
    files: Data<Files>,
) -> ApiResult<HttpResponse> {
    let (proof, _, entry) = files.by_id(&caller, &path.0).await?;
    let target = match body.target(&files, &caller)? {
        Some(target) => target,
        None => files.repos().writable(&caller, proof.clone().into_read())?,
    };
    let to = checked_path("path", &body.path)?;
    let saying = Saying {
        message: body.message.clone(),
        origin: Origin::of_request(caller.user_id(), info.address),
    };
    let changed = files.copy(&proof, &entry, target, to, saying).await?;
    Ok(HttpResponse::Created().json(FileChangesView::from(changed)))
}
