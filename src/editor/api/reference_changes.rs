//! Branches and tags: making, renaming and deleting them.

use super::references::ReferenceView;
use crate::editor::{Editor, Names};
use crate::events::Origin;
use crate::http::{ApiResult, Json, Path, Query, RequestInfo};
use crate::repos::api::KindQuery;
use crate::repos::{NewTag, RepositoryAddress, WriteRepo};
use crate::users::Caller;
use actix_web::web::Data;
use actix_web::{HttpResponse, delete, patch, post};
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

pub(super) fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(create_branch)
        .service(rename_branch)
        .service(delete_branch)
        .service(create_tag)
        .service(delete_tag);
}

fn writable(
    editor: &Editor,
    caller: &Caller,
    owner: &str,
    name: &str,
    query: &Query<KindQuery>,
) -> ApiResult<WriteRepo> {
    let repos = editor.files().repos();
    let read = repos.readable(caller, &RepositoryAddress::new(owner, name, query.0.repo_type))?;
    Ok(repos.writable(caller, read)?)
}

/// A branch to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct CreateBranch {
    /// Its name, which may have slashes.
    name: String,
    /// The branch, tag or commit at which it begins; the default branch when absent.
    revision: Option<String>,
}

/// Makes a branch.
#[utoipa::path(tag = "git", params(KindQuery, ("owner" = String, Path, description = "the account that owns it"),
        ("repo" = String, Path, description = "its name")),
    request_body = CreateBranch, security(("bearer" = [])),
    responses((status = 201, body = ReferenceView), (status = 401), (status = 403), (status = 404), (status = 409), (status = 422)))]
#[post("/api/v1/repos/{owner}/{repo}/branches")]
async fn create_branch(
    caller: Caller,
    info: RequestInfo,
    path: Path<(String, String)>,
    query: Query<KindQuery>,
    body: Json<CreateBranch>,
    editor: Data<Editor>,
) -> ApiResult<HttpResponse> {
    let proof = writable(&editor, &caller, &path.0.0, &path.0.1, &query)?;
    let Json(CreateBranch { name, revision }) = body;
    let files = editor.files();
    let revision = files.revision(proof.as_read(), revision.as_deref()).await?;
    let origin = Origin::of_request(caller.user_id(), info.address);
    files
        .repos()
        .create_branch(&proof, &name, revision.commit, origin)
        .await?;
    let made = ReferenceView::of(&editor, proof.as_read(), Names::Branches, &name).await?;
    Ok(HttpResponse::Created().json(made))
}

/// Another name of a branch.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct RenameBranch {
    /// The name.
    name: String,
}

/// Renames a branch. The default branch, and branches that a rule protects, keep their names.
#[utoipa::path(tag = "git", params(KindQuery), request_body = RenameBranch, security(("bearer" = [])),
    responses((status = 200, body = ReferenceView), (status = 401), (status = 403), (status = 404), (status = 409), (status = 422)))]
#[patch("/api/v1/repos/{owner}/{repo}/branches/{branch:.*}")]
async fn rename_branch(
    caller: Caller,
    info: RequestInfo,
    path: Path<(String, String, String)>,
    query: Query<KindQuery>,
    body: Json<RenameBranch>,
    editor: Data<Editor>,
) -> ApiResult<Json<ReferenceView>> {
    let (Path((owner, repo, branch)), Json(RenameBranch { name })) = (path, body);
    let proof = writable(&editor, &caller, &owner, &repo, &query)?;
    let origin = Origin::of_request(caller.user_id(), info.address);
    editor
        .files()
        .repos()
        .rename_branch(&proof, &branch, &name, origin)
        .await?;
    Ok(Json(
        ReferenceView::of(&editor, proof.as_read(), Names::Branches, &name).await?,
    ))
}

/// Deletes a branch. The default branch, and branches that a rule protects, stay.
#[utoipa::path(tag = "git", params(KindQuery), security(("bearer" = [])),
    responses((status = 204), (status = 401), (status = 403), (status = 404), (status = 409)))]
#[delete("/api/v1/repos/{owner}/{repo}/branches/{branch:.*}")]
async fn delete_branch(
    caller: Caller,
    info: RequestInfo,
    path: Path<(String, String, String)>,
    query: Query<KindQuery>,
    editor: Data<Editor>,
) -> ApiResult<HttpResponse> {
    let Path((owner, repo, branch)) = path;
    let proof = writable(&editor, &caller, &owner, &repo, &query)?;
    let origin = Origin::of_request(caller.user_id(), info.address);
    editor.files().repos().delete_branch(&proof, &branch, origin).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// A tag to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct CreateTag {
    /// Its name, which may have slashes.
    name: String,
    /// The branch, tag or commit that it names; the default branch when absent.
    revision: Option<String>,
    /// What an annotated tag says; a tag without a message is a lightweight one.
    message: Option<String>,
}

/// Makes a tag.
#[utoipa::path(tag = "git", params(KindQuery, ("owner" = String, Path, description = "the account that owns it"),
        ("repo" = String, Path, description = "its name")),
    request_body = CreateTag, security(("bearer" = [])),
    responses((status = 201, body = ReferenceView), (status = 401), (status = 403), (status = 404), (status = 409), (status = 422)))]
#[post("/api/v1/repos/{owner}/{repo}/tags")]
async fn create_tag(
    caller: Caller,
    info: RequestInfo,
    path: Path<(String, String)>,
    query: Query<KindQuery>,
    body: Json<CreateTag>,
    editor: Data<Editor>,
) -> ApiResult<HttpResponse> {
    let proof = writable(&editor, &caller, &path.0.0, &path.0.1, &query)?;
    let Json(CreateTag {
        name,
        revision,
        message,
    }) = body;
    let files = editor.files();
    let commit = files.revision(proof.as_read(), revision.as_deref()).await?.commit;
    let origin = Origin::of_request(caller.user_id(), info.address);
    let new = NewTag {
        name: name.clone(),
        commit,
        message,
    };
    files.repos().create_tag(&proof, new, origin).await?;
    let made = ReferenceView::of(&editor, proof.as_read(), Names::Tags, &name).await?;
    Ok(HttpResponse::Created().json(made))
}

/// Deletes a tag.
#[utoipa::path(tag = "git", params(KindQuery), security(("bearer" = [])),
    responses((status = 204), (status = 401), (status = 403), (status = 404)))]
#[delete("/api/v1/repos/{owner}/{repo}/tags/{tag:.*}")]
async fn delete_tag(
    caller: Caller,
    info: RequestInfo,
    path: Path<(String, String, String)>,
    query: Query<KindQuery>,
    editor: Data<Editor>,
) -> ApiResult<HttpResponse> {
    let Path((owner, repo, tag)) = path;
    let proof = writable(&editor, &caller, &owner, &repo, &query)?;
    let origin = Origin::of_request(caller.user_id(), info.address);
    editor.files().repos().delete_tag(&proof, &tag, origin).await?;
    Ok(HttpResponse::NoContent().finish())
}
