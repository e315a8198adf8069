use super::batch::BatchReference;
use super::refusal::LfsRefusal;
use super::{LfsRequest, answer};
use crate::base::{LockId, Timestamp};
use crate::files::{Files, FilesError, LockFilter, PathLock, checked_path};
use crate::http::{ApiError, Code, Json, Path, Query};
use crate::repos::api::KindQuery;
use crate::users::Users;
use actix_web::web::Data;
use actix_web::{HttpResponse, delete, get, post};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// Locks of a list when the client names no number.
const DEFAULT_LIMIT: usize = 100;
/// The most locks of one list.
const MAX_LIMIT: usize = 1_000;

/// Whose a lock is.
#[derive(Debug, Serialize, ToSchema)]
struct LockOwner {
    /// The name of the account.
    name: String,
}

/// A lock on a path.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct LockView {
    /// Its id.
    #[schema(value_type = String)]
    id: LockId,
    /// The path.
    path: String,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    locked_at: Timestamp,
    /// Whose it is.
    owner: LockOwner,
}

impl LockView {
    fn new(lock: PathLock, users: &Users) -> Result<Self, LfsRefusal> {
        let owner = users.find(lock.account)?;
        Ok(Self {
            id: lock.id,
            path: lock.path,
            locked_at: lock.locked_at,
            owner: LockOwner {
                name: owner.map_or_else(String::new, |owner| owner.name.to_string()),
            },
        })
    }
}

fn views(locks: Vec<PathLock>, users: &Users) -> Result<Vec<LockView>, LfsRefusal> {
    locks.into_iter().map(|lock| LockView::new(lock, users)).collect()
}

/// One lock.
#[derive(Debug, Serialize, ToSchema)]
struct OneLock {
    /// The lock.
    lock: LockView,
}

/// A path to lock.
#[derive(Debug, Deserialize, ToSchema)]
pub(super) struct CreateLock {
    /// The path from the root of the repository.
    path: String,
    /// The branch that the client is on; a lock holds on every branch.
    #[serde(rename = "ref")]
    _reference: Option<BatchReference>,
}

/// Locks a path on every branch. 409 shows the lock that is there already. A lock refuses nobody's commit: git-lfs asks
/// for the locks before a push and warns its user.
#[utoipa::path(tag = "git", params(KindQuery, ("owner" = String, Path, description = "the account that owns it"),
        ("repo" = String, Path, description = "its name")), request_body = CreateLock, security(("bearer" = [])),
    responses((status = 201, body = OneLock), (status = 401), (status = 403), (status = 404), (status = 409), (status = 422)))]
#[post("/api/v1/repos/{owner}/{repo}/info/lfs/locks")]
pub(super) async fn lfs_lock(
    request: LfsRequest,
    body: Result<Json<CreateLock>, ApiError>,
    files: Data<Files>,
    users: Data<Users>,
) -> Result<HttpResponse, LfsRefusal> {
    create(request, body, files, users).await
}

/// The same at every address of the repository.
pub(super) async fn create(
    request: LfsRequest,
    body: Result<Json<CreateLock>, ApiError>,
    files: Data<Files>,
    users: Data<Users>,
) -> Result<HttpResponse, LfsRefusal> {
    let proof = request.address.writable(files.repos(), &request.caller)?;
    let path = checked_path("path", &body?.path)?;
    match files.lock(&proof, &path, request.origin).await {
        Ok(lock) => {
            let lock = LockView::new(lock, &users)?;
            Ok(answer(HttpResponse::Created(), &OneLock { lock }))
        }
        Err(FilesError::PathLocked(there)) => {
            let view = LockView::new((*there).clone(), &users)?;
            Err(LfsRefusal::from(FilesError::PathLocked(there)).with_lock(view))
        }
        Err(error) => Err(error.into()),
    }
}

/// Which locks to list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct ListLocks {
    /// The lock on this path.
    path: Option<String>,
    /// The lock with this id.
    id: Option<String>,
    /// Where an earlier answer ended: its `next_cursor`.
    cursor: Option<String>,
    /// Locks of one answer, 100 when absent.
    limit: Option<usize>,
    /// The branch that the client is on; it narrows nothing, as a lock holds on every branch.
    #[serde(rename = "refspec")]
    _refspec: Option<String>,
}

/// Locks in the order of their paths.
#[derive(Debug, Serialize, ToSchema)]
struct LockList {
    /// The locks.
    locks: Vec<LockView>,
    /// Where the next answer begins, when there are more.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
}

/// The locks of a repository, in the order of their paths.
#[utoipa::path(tag = "git", params(KindQuery, ListLocks, ("owner" = String, Path, description = "the account that owns it"),
        ("repo" = String, Path, description = "its name")), security((), ("bearer" = [])),
    responses((status = 200, body = LockList), (status = 401), (status = 404)))]
#[get("/api/v1/repos/{owner}/{repo}/info/lfs/locks")]
pub(super) async fn lfs_list_locks(
    request: LfsRequest,
    query: Result<Query<ListLocks>, ApiError>,
    files: Data<Files>,
    users: Data<Users>,
) -> Result<HttpResponse, LfsRefusal> {
    list(request, query, files, users).await
}

/// The same at every address of the repository.
pub(super) async fn list(
    request: LfsRequest,
    query: Result<Query<ListLocks>, ApiError>,
    files: Data<Files>,
    users: Data<Users>,
) -> Result<HttpResponse, LfsRefusal> {
    let proof = request.address.readable(files.repos(), &request.caller)?;
    let Query(query) = query?;
    let limit = limit(query.limit)?;
    let id = match query.id.map(|id| id.parse()) {
        None => None,
        Some(Ok(id)) => Some(id),
        // What is no id is the id of no lock.
        Some(Err(_)) => {
            let nothing = LockList {
                locks: Vec::new(),
                next_cursor: None,
            };
            return Ok(answer(HttpResponse::Ok(), &nothing));
        }
    };
    let filter = LockFilter {
        path: query.path,
        id,
        from: query.cursor,
    };
    let (locks, next_cursor) = files.locks(&proof, &filter, limit)?;
    let body = LockList {
        locks: views(locks, &users)?,
        next_cursor,
    };
    Ok(answer(HttpResponse::Ok(), &body))
}

fn limit(wanted: Option<usize>) -> Result<usize, LfsRefusal> {
    match wanted {
        None | Some(0) => Ok(DEFAULT_LIMIT),
        Some(limit) if limit <= MAX_LIMIT => Ok(limit),
        Some(_) => Err(ApiError::field(
            Code::Invalid,
            "limit",
            format!("'limit' lies between 1 and {MAX_LIMIT}."),
        )
        .into()),
    }
}

/// Which locks to compare with what is about to be pushed.
#[derive(Debug, Default, Deserialize, ToSchema)]
pub(super) struct VerifyLocks {
    /// Where an earlier answer ended: its `next_cursor`.
    cursor: Option<String>,
    /// Locks of one answer, 100 when absent.
    limit: Option<usize>,
    /// The branch that the client is on; a lock holds on every branch.
    #[serde(rename = "ref")]
    _reference: Option<BatchReference>,
}

/// Locks by whose they are.
#[derive(Debug, Serialize, ToSchema)]
struct VerifiedLocks {
    /// The caller's.
    ours: Vec<LockView>,
    /// Everybody else's.
    theirs: Vec<LockView>,
    /// Where the next answer begins, when there are more.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
}

/// The locks of a repository by whose they are, as git-lfs asks for them before a push.
#[utoipa::path(tag = "git", params(KindQuery, ("owner" = String, Path, description = "the account that owns it"),
        ("repo" = String, Path, description = "its name")), request_body = VerifyLocks, security(("bearer" = [])),
    responses((status = 200, body = VerifiedLocks), (status = 401), (status = 403), (status = 404)))]
#[post("/api/v1/repos/{owner}/{repo}/info/lfs/locks/verify")]
pub(super) async fn lfs_verify_locks(
    request: LfsRequest,
    body: Result<Json<VerifyLocks>, ApiError>,
    files: Data<Files>,
    users: Data<Users>,
) -> Result<HttpResponse, LfsRefusal> {
    verify(request, body, files, users).await
}

/// The same at every address of the repository.
pub(super) async fn verify(
    request: LfsRequest,
    body: Result<Json<VerifyLocks>, ApiError>,
    files: Data<Files>,
    users: Data<Users>,
) -> Result<HttpResponse, LfsRefusal> {
    let proof = request.address.writable(files.repos(), &request.caller)?;
    let Json(body) = body?;
    let filter = LockFilter {
        from: body.cursor,
        ..LockFilter::default()
    };
    let (locks, next_cursor) = files.locks(proof.as_read(), &filter, limit(body.limit)?)?;
    let (ours, theirs): (Vec<_>, Vec<_>) = locks.into_iter().partition(|lock| lock.account == proof.actor().id);
    let body = VerifiedLocks {
        ours: views(ours, &users)?,
        theirs: views(theirs, &users)?,
        next_cursor,
    };
    Ok(answer(HttpResponse::Ok(), &body))
}

/// How to unlock.
#[derive(Debug, Default, Deserialize, ToSchema)]
pub(super) struct Unlock {
    /// Whether somebody else's lock goes, too; takes admin access.
    #[serde(default)]
    force: bool,
    /// The branch that the client is on.
    #[serde(rename = "ref")]
    _reference: Option<BatchReference>,
}

/// Removes a lock; somebody else's with `force` and admin access.
#[utoipa::path(tag = "git", params(KindQuery, ("owner" = String, Path, description = "the account that owns it"),
        ("repo" = String, Path, description = "its name"), ("id" = String, Path, description = "id of the lock")),
    request_body = Unlock, security(("bearer" = [])),
    responses((status = 200, body = OneLock), (status = 401), (status = 403), (status = 404)))]
#[post("/api/v1/repos/{owner}/{repo}/info/lfs/locks/{id}/unlock")]
pub(super) async fn lfs_unlock(
    request: LfsRequest,
    path: Path<(String, String, String)>,
    body: Result<Json<Unlock>, ApiError>,
    files: Data<Files>,
    users: Data<Users>,
) -> Result<HttpResponse, LfsRefusal> {
    unlock(request, path, body, files, users).await
}

/// The same at every address of the repository.
pub(super) async fn unlock(
    request: LfsRequest,
    path: Path<(String, String, String)>,
    body: Result<Json<Unlock>, ApiError>,
    files: Data<Files>,
    users: Data<Users>,
) -> Result<HttpResponse, LfsRefusal> {
    remove(request, &path.0.2, body.map(|body| body.0.force), &files, &users).await
}

/// Whether to use force.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct ForceQuery {
    /// Whether somebody else's lock goes, too; takes admin access.
    #[serde(default)]
    force: bool,
}

/// Removes a lock; somebody else's with `force` and admin access.
#[utoipa::path(tag = "git", params(KindQuery, ForceQuery, ("owner" = String, Path, description = "the account that owns it"),
        ("repo" = String, Path, description = "its name"), ("id" = String, Path, description = "id of the lock")),
    security(("bearer" = [])),
    responses((status = 200, body = OneLock), (status = 401), (status = 403), (status = 404)))]
#[delete("/api/v1/repos/{owner}/{repo}/info/lfs/locks/{id}")]
pub(super) async fn lfs_delete_lock(
    request: LfsRequest,
    path: Path<(String, String, String)>,
    query: Result<Query<ForceQuery>, ApiError>,
    files: Data<Files>,
    users: Data<Users>,
) -> Result<HttpResponse, LfsRefusal> {
    delete(request, path, query, files, users).await
}

/// The same at every address of the repository.
pub(super) async fn delete(
    request: LfsRequest,
    path: Path<(String, String, String)>,
    query: Result<Query<ForceQuery>, ApiError>,
    files: Data<Files>,
    users: Data<Users>,
) -> Result<HttpResponse, LfsRefusal> {
    remove(request, &path.0.2, query.map(|query| query.0.force), &files, &users).await
}

async fn remove(
    request: LfsRequest,
    id: &str,
    force: Result<bool, ApiError>,
    files: &Files,
    users: &Users,
) -> Result<HttpResponse, LfsRefusal> {
    let proof = request.address.writable(files.repos(), &request.caller)?;
    let force = force?;
    // What is no id is the id of no lock.
    let id = id.parse().map_err(|_| FilesError::UnknownLock)?;
    let admin = || {
        files
            .repos()
            .administrable(&request.caller, proof.as_read().clone().into_read())
    };
    let admin = if force { admin().ok() } else { None };
    let lock = files.unlock(&proof, id, admin.as_ref(), request.origin).await?;
    let lock = LockView::new(lock, users)?;
    Ok(answer(HttpResponse::Ok(), &OneLock { lock }))
}
