use crate::files::{AccountSpace, FileKind, Files};
use crate::http::{ApiError, ApiResult, Code, Json, Path};
use crate::users::{Caller, Scope, Users};
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
    let unknown = || ApiError::new(Code::NotFound, format!("There is no account '{}'.", path.0));
    let account = users.get(&path.0.parse().map_err(|_| unknown())?)?;
    let proof = caller.require_self_or_admin(account, Scope::Read)?;
    Ok(Json(files.account_space(&caller, &proof)?.into()))
}
