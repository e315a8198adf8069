//! Branches and tags: making, renaming and deleting them.

use super::references::ReferenceView;
use crate::editor::{Editor, Names};
use crate::events::Origin;
use crate::git::ObjectId;
use crate::http::{ApiResult, Json, Path, Query, RequestInfo};
use crate::repos::api::KindQuery;
use crate::repos::{NewTag, Repos, RepositoryAddress, WriteRepo};
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

/// A change that somebody makes who may write.
struct Changing {
    editor: Data<Editor>,
    proof: WriteRepo,
}

impl Changing {
    fn new(
        editor: Data<Editor>,
        caller: &Caller,
        info: RequestInfo,
        (owner, name): (&str, &str),
        query: &Query<KindQuery>,
    ) -> ApiResult<(Self, Origin)> {
        let repos = editor.files().repos();
        let read = repos.readable(caller, &RepositoryAddress::new(owner, name, query.0.repo_type))?;
        let proof = repos.writable(caller, read)?;
        let origin = Origin::of_request(caller.user_id(), info.address);
        Ok((Self { editor, proof }, origin))
    }

    fn repos(&self) -> &Repos {
        self.editor.files().repos()
    }

    /// The commit of a branch, a tag or a commit; of the default branch when none is named.
    async fn commit(&self, revision: Option<&str>) -> ApiResult<ObjectId> {
        Ok(self
            .editor
            .files()
            .revision(self.proof.as_read(), revision)
            .await?
            .commit)
    }

    /// What was made or changed.
    async fn view(&self, names: Names, name: &str) -> ApiResult<ReferenceView> {
        ReferenceView::of(&self.editor, self.proof.as_read(), names, name).await
    }
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
    let (change, origin) = Changing::new(editor, &caller, info, (&path.0.0, &path.0.1), &query)?;
    let Json(CreateBranch { name, revision }) = body;
    let commit = change.commit(revision.as_deref()).await?;
    change
        .repos()
        .create_branch(&change.proof, &name, commit, origin)
        .await?;
    Ok(HttpResponse::Created().json(change.view(Names::Branches, &name).await?))
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
    let (change, origin) = Changing::new(editor, &caller, info, (&owner, &repo), &query)?;
    change
        .repos()
        .rename_branch(&change.proof, &branch, &name, origin)
        .await?;
    Ok(Json(change.view(Names::Branches, &name).await?))
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
    let (change, origin) = Changing::new(editor, &caller, info, (&owner, &repo), &query)?;
    change.repos().delete_branch(&change.proof, &branch, origin).await?;
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
    let (change, origin) = Changing::new(editor, &caller, info, (&path.0.0, &path.0.1), &query)?;
    let Json(CreateTag {
        name,
        revision,
        message,
    }) = body;
    let new = NewTag {
        name: name.clone(),
        commit: change.commit(revision.as_deref()).await?,
        message,
    };
    change.repos().create_tag(&change.proof, new, origin).await?;
    Ok(HttpResponse::Created().json(change.view(Names::Tags, &name).await?))
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
    let (change, origin) = Changing::new(editor, &caller, info, (&owner, &repo), &query)?;
    change.repos().delete_tag(&change.proof, &tag, origin).await?;
    Ok(HttpResponse::NoContent().finish())
}
