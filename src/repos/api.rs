//! Routes of repositories as such. What joins them with cards and counters stands in `web/`.

/// Access to content.
mod access_requests;
/// Collaborators.
mod collaborators;
/// What pushes may do.
mod protections;
/// The addresses of programs.
mod rest;

use super::{
    Gating, ReadRepo, Repos, ReposError, Repository, RepositoryAddress, SettingsChange, StatusChange, Visibility,
};
use crate::base::{AccountName, RepositoryId, RepositoryKind, RepositoryName, Timestamp};
use crate::events::Origin;
use crate::git::ObjectId;
use crate::http::{ApiError, ApiResult, Json, Page, PageQuery, Path, Query, RequestInfo};
use crate::users::{Account, Caller, Users};
use actix_web::web::Data;
use actix_web::{HttpResponse, delete, get, post, put};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;

/// The routes with fixed beginnings.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(create_repository)
        .service(list_user_repositories)
        .service(change_status)
        .service(restore_repository)
        .service(purge_repository)
        .configure(rest::routes)
        .configure(access_requests::routes)
        .configure(collaborators::routes)
        .configure(protections::routes);
}

/// The routes that begin with an owner and a name; registered behind all others.
pub fn repository_routes(config: &mut ServiceConfig<'_>) {
    config
        .service(show_settings)
        .service(change_settings)
        .service(delete_repository);
}

/// `?repo_type=`: which repository an address without family means.
#[derive(Debug, Clone, Copy, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct KindQuery {
    /// The kind, when a model, a dataset and a space share the name.
    #[param(inline, value_type = Option<String>)]
    pub repo_type: Option<RepositoryKind>,
}

impl KindQuery {
    /// The address made of the path and this query.
    pub fn address(self, (owner, name): &(String, String)) -> RepositoryAddress {
        RepositoryAddress::new(owner, name, self.repo_type)
    }
}

/// The newest commit of the default branch.
#[derive(Debug, Serialize, ToSchema)]
pub struct LastCommitView {
    /// The commit.
    #[schema(value_type = String)]
    pub id: ObjectId,
    /// The first line of its message.
    pub title: String,
    /// Its author.
    pub author: String,
    /// When it was recorded.
    #[schema(value_type = String, format = DateTime)]
    pub time: Timestamp,
}

/// A repository without its card and counters.
#[derive(Debug, Serialize, ToSchema)]
pub struct RepositoryView {
    /// Its id.
    #[schema(value_type = String)]
    pub id: RepositoryId,
    /// The account that owns it.
    #[schema(value_type = String)]
    pub owner: AccountName,
    /// Its name.
    #[schema(value_type = String)]
    pub name: RepositoryName,
    /// `owner/name`.
    pub full_name: String,
    /// What it is for: model, dataset, space, code, workflow or project.
    #[schema(value_type = String)]
    pub repo_type: RepositoryKind,
    /// A short sentence.
    pub description: String,
    /// Who may see it.
    #[schema(value_type = String)]
    pub visibility: Visibility,
    /// Whether readers ask for access to its content: none, auto (whoever asks gets it) or manual.
    #[schema(value_type = String)]
    pub gating: Gating,
    /// The branch that pages and counters show.
    pub default_branch: String,
    /// Shown first by an administrator's choice.
    pub is_featured: bool,
    /// Whether it takes large files and speaks git LFS.
    pub lfs_enabled: bool,
    /// Files on the default branch.
    pub total_files: u64,
    /// Bytes of the files on the default branch.
    pub total_size: u64,
    /// The newest commit of the default branch.
    pub last_commit: Option<LastCommitView>,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// When it last changed.
    #[schema(value_type = String, format = DateTime)]
    pub updated_at: Timestamp,
}

impl RepositoryView {
    /// What everybody who may read the repository sees.
    pub fn new(repository: &Repository, owner: &Account) -> Self {
        let last_commit = repository.last_commit.clone().map(|commit| LastCommitView {
            id: commit.id,
            title: commit.title,
            author: commit.author,
            time: commit.time,
        });
        Self {
            id: repository.id,
            owner: owner.name.clone(),
            name: repository.name.clone(),
            full_name: format!("{}/{}", owner.name, repository.name),
            repo_type: repository.kind,
            description: repository.description.clone(),
            visibility: repository.visibility,
            gating: repository.gating,
            default_branch: repository.default_branch.clone(),
            is_featured: repository.featured,
            lfs_enabled: repository.lfs_enabled,
            total_files: repository.file_count,
            total_size: repository.size_bytes,
            last_commit,
            created_at: repository.created_at,
            updated_at: repository.updated_at,
        }
    }
}

impl From<&ReadRepo> for RepositoryView {
    fn from(proof: &ReadRepo) -> Self {
        Self::new(proof.repository(), proof.owner())
    }
}

/// A repository to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct CreateRepository {
    /// Its name: letters, digits, `.`, `_`, `-`.
    name: String,
    /// A short sentence.
    #[serde(default)]
    description: String,
    /// What it is for: model, dataset, space, code, workflow or project.
    #[serde(default = "model")]
    #[schema(value_type = String)]
    repo_type: RepositoryKind,
    /// Who may see it; when absent everybody, if the owner did not choose otherwise for new repositories.
    #[schema(value_type = Option<String>)]
    visibility: Option<Visibility>,
    /// The account that will own it; the caller's own when absent.
    owner: Option<String>,
    /// The licence of the card, by its SPDX name.
    license: Option<String>,
    /// The tags of the card.
    #[serde(default)]
    tags: Vec<String>,
}

fn model() -> RepositoryKind {
    RepositoryKind::Model
}

/// Makes a repository whose first commit holds README.md, with its metadata as front matter, and .gitattributes.
#[utoipa::path(tag = "repositories", request_body = CreateRepository, security(("bearer" = [])),
    responses((status = 201, body = RepositoryView), (status = 401), (status = 403), (status = 409), (status = 422)))]
#[post("/api/repositories")]
async fn create_repository(
    caller: Caller,
    info: RequestInfo,
    body: Json<CreateRepository>,
    repos: Data<Repos>,
    users: Data<Users>,
) -> ApiResult<HttpResponse> {
    rest::create(&caller, info, body.0.into(), &repos, &users).await
}

fn account(users: &Users, name: &str) -> Result<Account, ApiError> {
    let not_found = || ApiError::new(crate::http::Code::NotFound, format!("There is no account '{name}'."));
    let name: AccountName = name.parse().map_err(|_| not_found())?;
    Ok(users.get(&name)?)
}

/// The repositories of an account that the caller may see, the newest change first.
#[utoipa::path(tag = "users", params(PageQuery), responses((status = 200, body = Page<RepositoryView>), (status = 404)))]
#[get("/api/users/{username}/repositories")]
async fn list_user_repositories(
    caller: Caller,
    path: Path<String>,
    query: Query<PageQuery>,
    repos: Data<Repos>,
    users: Data<Users>,
) -> ApiResult<Json<Page<RepositoryView>>> {
    let owner = account(&users, &path.0)?;
    let found = repos.owned_by(&caller, owner.id)?;
    Ok(Json(
        Page::cut(found, query.0.range()?).map(|repository| RepositoryView::new(&repository, &owner)),
    ))
}

/// What an administrator of a repository can set.
#[derive(Debug, Serialize, ToSchema)]
struct SettingsView {
    /// Its name.
    #[schema(value_type = String)]
    name: RepositoryName,
    /// A short sentence.
    description: String,
    /// Who may see it.
    #[schema(value_type = String)]
    visibility: Visibility,
    /// Whether readers ask for access to its content: none, auto or manual.
    #[schema(value_type = String)]
    gating: Gating,
    /// The branch that pages and counters show.
    default_branch: String,
    /// Whether it takes large files and speaks git LFS.
    lfs_enabled: bool,
    /// Bytes of every version of every file, which count against the quota.
    stored_bytes: u64,
    /// Whether the caller may delete it and move it to another namespace, which collaborators may not.
    may_delete: bool,
}

impl SettingsView {
    fn new(repository: &Repository, may_delete: bool) -> Self {
        Self {
            may_delete,
            name: repository.name.clone(),
            description: repository.description.clone(),
            visibility: repository.visibility,
            gating: repository.gating,
            default_branch: repository.default_branch.clone(),
            lfs_enabled: repository.lfs_enabled,
            stored_bytes: repository.stored_bytes,
        }
    }
}

/// The settings of a repository.
#[utoipa::path(tag = "repositories", params(KindQuery), security(("bearer" = [])),
    responses((status = 200, body = SettingsView), (status = 401), (status = 403), (status = 404)))]
#[get("/api/{username}/{repo_name}/settings")]
async fn show_settings(
    caller: Caller,
    path: Path<(String, String)>,
    query: Query<KindQuery>,
    repos: Data<Repos>,
) -> ApiResult<Json<SettingsView>> {
    let proof = repos.administrable(&caller, repos.readable(&caller, &query.0.address(&path.0))?)?;
    let may_delete = repos.may_delete(&caller, &proof);
    Ok(Json(SettingsView::new(proof.repository(), may_delete)))
}

/// Settings to change; absent fields stay.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeSettings {
    /// Another name; the old one keeps leading here.
    name: Option<String>,
    /// Another sentence.
    description: Option<String>,
    /// Another visibility.
    #[schema(value_type = Option<String>)]
    visibility: Option<Visibility>,
    /// Whether readers ask for access to its content: none, auto or manual.
    #[schema(value_type = Option<String>)]
    gating: Option<Gating>,
    /// Another default branch.
    default_branch: Option<String>,
    /// Whether it takes large files and speaks git LFS.
    lfs_enabled: Option<bool>,
}

impl From<ChangeSettings> for SettingsChange {
    fn from(body: ChangeSettings) -> Self {
        Self {
            name: body.name,
            description: body.description,
            visibility: body.visibility,
            gating: body.gating,
            default_branch: body.default_branch,
            lfs_enabled: body.lfs_enabled,
        }
    }
}

/// Changes settings, or renames the repository; its old name keeps leading to it.
#[utoipa::path(tag = "repositories", params(KindQuery), request_body = ChangeSettings, security(("bearer" = [])),
    responses((status = 200, body = SettingsView), (status = 401), (status = 403), (status = 404), (status = 409), (status = 422)))]
#[put("/api/{username}/{repo_name}/settings")]
async fn change_settings(
    caller: Caller,
    info: RequestInfo,
    path: Path<(String, String)>,
    query: Query<KindQuery>,
    body: Json<ChangeSettings>,
    repos: Data<Repos>,
) -> ApiResult<Json<SettingsView>> {
    let proof = repos.administrable(&caller, repos.readable(&caller, &query.0.address(&path.0))?)?;
    let origin = Origin::of_request(caller.user_id(), info.address);
    let changed = repos.change_settings(&proof, body.0.into(), origin).await?;
    Ok(Json(SettingsView::new(&changed, repos.may_delete(&caller, &proof))))
}

/// Deletes a repository; an administrator of the hub can restore it. Collaborators cannot delete it. Its name is free at once.
#[utoipa::path(tag = "repositories", params(KindQuery), security(("bearer" = [])),
    responses((status = 204), (status = 401), (status = 403), (status = 404)))]
#[delete("/api/{username}/{repo_name}")]
async fn delete_repository(
    caller: Caller,
    info: RequestInfo,
    path: Path<(String, String)>,
    query: Query<KindQuery>,
    repos: Data<Repos>,
) -> ApiResult<HttpResponse> {
    delete_at(caller, info, &path.0, query.0, &repos).await
}

async fn delete_at(
    caller: Caller,
    info: RequestInfo,
    path: &(String, String),
    query: KindQuery,
    repos: &Repos,
) -> ApiResult<HttpResponse> {
    let proof = repos.deletable(&caller, repos.readable(&caller, &query.address(path))?)?;
    repos
        .delete(proof, Origin::of_request(caller.user_id(), info.address))
        .await?;
    Ok(HttpResponse::NoContent().finish())
}

/// How to restore a repository.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct RestoreRepository {
    /// The name to restore it under, when its own was taken meanwhile.
    name: Option<String>,
}

/// Restores a deleted repository; asks for another name when its own was taken meanwhile.
#[utoipa::path(tag = "administration", params(("repository_id" = String, Path, description = "its id")),
    request_body = RestoreRepository, security(("bearer" = [])),
    responses((status = 200, body = RepositoryView), (status = 401), (status = 403), (status = 404), (status = 409)))]
#[post("/api/admin/repositories/{repository_id}/restore")]
async fn restore_repository(
    caller: Caller,
    info: RequestInfo,
    path: Path<RepositoryId>,
    body: Json<RestoreRepository>,
    repos: Data<Repos>,
    users: Data<Users>,
) -> ApiResult<Json<RepositoryView>> {
    let admin = caller.require_admin()?;
    let origin = Origin::of_request(caller.user_id(), info.address);
    let repository = repos.restore(admin, path.0, body.0.name, origin).await?;
    Ok(Json(view(&repository, &users)?))
}

/// What an administrator decides about a repository; absent fields stay.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ChangeStatus {
    /// Whether it is shown first.
    is_featured: Option<bool>,
    /// Another visibility.
    #[schema(value_type = Option<String>)]
    visibility: Option<Visibility>,
}

/// Features a repository, or makes it public or private.
#[utoipa::path(tag = "administration", params(("repository_id" = String, Path, description = "its id")),
    request_body = ChangeStatus, security(("bearer" = [])),
    responses((status = 200, body = RepositoryView), (status = 401), (status = 403), (status = 404), (status = 422)))]
#[put("/api/admin/repositories/{repository_id}/status")]
async fn change_status(
    caller: Caller,
    info: RequestInfo,
    path: Path<RepositoryId>,
    body: Json<ChangeStatus>,
    repos: Data<Repos>,
    users: Data<Users>,
) -> ApiResult<Json<RepositoryView>> {
    let admin = caller.require_admin()?;
    let origin = Origin::of_request(caller.user_id(), info.address);
    let change = StatusChange {
        featured: body.0.is_featured,
        visibility: body.0.visibility,
    };
    let repository = repos.change_status(admin, path.0, change, origin).await?;
    Ok(Json(view(&repository, &users)?))
}

fn view(repository: &Repository, users: &Users) -> ApiResult<RepositoryView> {
    let owner = users
        .find(repository.owner)?
        .ok_or_else(|| ReposError::NotFound(repository.id.to_string()))?;
    Ok(RepositoryView::new(repository, &owner))
}

/// Removes a deleted repository for good.
#[utoipa::path(tag = "administration", params(("repository_id" = String, Path, description = "its id")),
    security(("bearer" = [])), responses((status = 204), (status = 401), (status = 403), (status = 404)))]
#[delete("/api/admin/repositories/{repository_id}/hard-delete")]
async fn purge_repository(
    caller: Caller,
    info: RequestInfo,
    path: Path<RepositoryId>,
    repos: Data<Repos>,
) -> ApiResult<HttpResponse> {
    let admin = caller.require_admin()?;
    repos
        .purge(admin, path.0, Origin::of_request(caller.user_id(), info.address))
        .await?;
    Ok(HttpResponse::NoContent().finish())
}
