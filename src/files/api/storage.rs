use crate::base::{RepositoryKind, Timestamp, blocking};
use crate::files::{AccountSpace, FileKind, Files, RepositorySpace};
use crate::http::{ApiError, ApiResult, Code, Json, Page, PageQuery, Path, Query};
use crate::repos::Visibility;
use crate::users::{Caller, Scope, SelfOrAdmin, Users};
use actix_web::get;
use actix_web::web::Data;
use serde::Serialize;
use utoipa::ToSchema;

/// Files of one kind.
#[derive(Debug, Serialize, ToSchema)]
struct KindView {
    /// model, dataset, image, document or other.
    #[schema(value_type = String)]
    kind: FileKind,
    /// Number of files.
    files: u64,
    /// Their bytes.
    bytes: u64,
}

/// The space that an account takes.
#[derive(Debug, Serialize, ToSchema)]
struct StorageView {
    /// Bytes that it may store.
    quota: u64,
    /// Bytes that count against the quota: every version of every file.
    used: u64,
    /// Bytes of them that are not stored, since equal chunks of a repository's files are kept once and compressed.
    saved: u64,
    /// Bytes that unfinished uploads will take.
    reserved: u64,
    /// Bytes that are left.
    available: u64,
    /// Repositories.
    repositories: u64,
    /// What the default branches hold at present.
    by_kind: Vec<KindView>,
}

impl From<AccountSpace> for StorageView {
    fn from(space: AccountSpace) -> Self {
        let by_kind = space.kinds.into_iter().map(|(kind, space)| KindView {
            kind,
            files: space.files,
            bytes: space.bytes,
        });
        Self {
            quota: space.quota,
            used: space.used,
            saved: space.saved,
            reserved: space.reserved,
            available: space.quota.saturating_sub(space.used.saturating_add(space.reserved)),
            repositories: space.repositories,
            by_kind: by_kind.collect(),
        }
    }
}

/// The space that an account takes, by kind of file, against its quota.
#[utoipa::path(tag = "users", security(("bearer" = [])),
    responses((status = 200, body = StorageView), (status = 401), (status = 403), (status = 404)))]
#[get("/api/users/{username}/storage")]
pub(super) async fn show_storage(
    caller: Caller,
    path: Path<String>,
    users: Data<Users>,
    files: Data<Files>,
) -> ApiResult<Json<StorageView>> {
    let proof = own_account(&caller, &users, &path.0)?;
    Ok(Json(files.account_space(&caller, &proof)?.into()))
}

/// What a repository takes.
#[derive(Debug, Serialize, ToSchema)]
struct RepositoryStorageView {
    /// Its name.
    name: String,
    /// What it holds.
    #[schema(value_type = String)]
    repo_type: RepositoryKind,
    /// Who may see it.
    #[schema(value_type = String)]
    visibility: Visibility,
    /// Bytes that count against the quota: every version of every file.
    used: u64,
    /// Bytes that are stored for them: equal chunks once and compressed, where they were sent by chunk.
    stored: u64,
    /// When it last changed.
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
}

impl From<RepositorySpace> for RepositoryStorageView {
    fn from(space: RepositorySpace) -> Self {
        let repository = space.repository;
        Self {
            name: repository.name.to_string(),
            repo_type: repository.kind,
            visibility: repository.visibility,
            used: repository.stored_bytes,
            stored: repository.stored_bytes.saturating_sub(space.saved),
            updated_at: repository.updated_at,
        }
    }
}

/// The repositories of an account and the space that each takes, the one that counts most first.
#[utoipa::path(tag = "users", security(("bearer" = [])),
    params(("username" = String, Path, description = "the account"), PageQuery),
    responses((status = 200, body = Page<RepositoryStorageView>), (status = 400), (status = 401), (status = 403), (status = 404)))]
#[get("/api/v1/users/{username}/storage/repositories")]
pub(super) async fn list_repository_storage(
    caller: Caller,
    path: Path<String>,
    page: Query<PageQuery>,
    users: Data<Users>,
    files: Data<Files>,
) -> ApiResult<Json<Page<RepositoryStorageView>>> {
    let range = page.0.range()?;
    let proof = own_account(&caller, &users, &path.0)?;
    let spaces = blocking(move || files.repository_spaces(&caller, &proof)).await?;
    Ok(Json(Page::cut(spaces, range).map(Into::into)))
}

fn own_account(caller: &Caller, users: &Users, name: &str) -> ApiResult<SelfOrAdmin> {
    let unknown = || ApiError::new(Code::NotFound, format!("There is no account '{name}'."));
    let account = users.get(&name.parse().map_err(|_| unknown())?)?;
    Ok(caller.require_self_or_admin(account, Scope::Read)?)
}
