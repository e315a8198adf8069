use super::upload::answer;
use super::views::FileChangesView;
use crate::base::{Sha256, Timestamp, UploadId};
use crate::events::Origin;
use crate::files::{ArrivingChunk, Files, FilesError, NewSession, SessionState, SessionStatus, checked_path};
use crate::git::ObjectId;
use crate::http::{ApiResult, Json, Page, PageQuery, Path, Query, RequestInfo};
use crate::repos::api::KindQuery;
use crate::users::Caller;
use actix_web::http::header::CONTENT_LENGTH;
use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse, delete, get, post};
use futures_util::StreamExt;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// An upload to begin.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct StartUpload {
    /// Where the file will stand.
    path: String,
    /// Its size in bytes.
    size: u64,
    /// The digest of its content, verified at the end.
    #[schema(value_type = Option<String>)]
    sha256: Option<Sha256>,
    /// Bytes of a chunk, 1 MiB to 64 MiB; 5 MiB when absent.
    chunk_size: Option<u64>,
    /// The message of the commit.
    message: Option<String>,
    /// The branch; the default branch when absent.
    branch: Option<String>,
}

/// A chunked upload.
#[derive(Debug, Serialize, ToSchema)]
struct SessionView {
    /// Its id.
    #[schema(value_type = String)]
    session_id: UploadId,
    /// Where the file will stand.
    path: String,
    /// The branch, if one was named.
    branch: Option<String>,
    /// Size of the file in bytes.
    size: u64,
    /// The announced digest.
    #[schema(value_type = Option<String>)]
    sha256: Option<Sha256>,
    /// Bytes of every chunk but the last.
    chunk_size: u64,
    /// How many chunks there are, numbered from 1.
    total_chunks: u32,
    /// The numbers of the chunks that have arrived.
    uploaded_chunks: Vec<u32>,
    /// How many have not.
    missing_count: usize,
    /// `open`, `assembled` (verified, waiting for a batch) or `completed`.
    status: &'static str,
    /// The commit of a completed upload.
    #[schema(value_type = Option<String>)]
    commit_id: Option<ObjectId>,
    /// When it began.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// When it is forgotten.
    #[schema(value_type = String, format = DateTime)]
    expires_at: Timestamp,
}

impl From<SessionStatus> for SessionView {
    fn from(status: SessionStatus) -> Self {
        let missing_count = status.missing().len();
        let SessionStatus { session, uploaded } = status;
        let status = match &session.state {
            SessionState::Completed { .. } => "completed",
            SessionState::Open if session.is_assembled() => "assembled",
            SessionState::Open => "open",
        };
        let commit_id = match &session.state {
            SessionState::Open => None,
            SessionState::Completed { commit, .. } => Some(*commit),
        };
        Self {
            session_id: session.id,
            total_chunks: session.total_chunks(),
            path: session.path.to_string(),
            branch: session.branch,
            size: session.size,
            sha256: session.sha256,
            chunk_size: session.chunk_size,
            uploaded_chunks: uploaded,
            missing_count,
            status,
            commit_id,
            created_at: session.created_at,
            expires_at: session.expires_at,
        }
    }
}

/// A chunk that is durable.
#[derive(Debug, Serialize, ToSchema)]
struct ChunkView {
    /// The upload.
    #[schema(value_type = String)]
    session_id: UploadId,
    /// The chunk.
    chunk_number: u32,
    /// Always `stored`.
    status: &'static str,
}

fn parsed(session_id: &str) -> Result<UploadId, FilesError> {
    session_id.parse().map_err(|_| FilesError::UnknownSession)
}

/// Begins an upload in chunks.
#[utoipa::path(tag = "files", params(KindQuery), request_body = StartUpload, security(("bearer" = [])),
    responses((status = 201, body = SessionView), (status = 401), (status = 403), (status = 404), (status = 413), (status = 422)))]
#[post("/api/{username}/{repo_name}/upload/init")]
pub(super) async fn start_upload(
    caller: Caller,
    path: Path<(String, String)>,
    query: Query<KindQuery>,
    body: Json<StartUpload>,
    files: Data<Files>,
) -> ApiResult<HttpResponse> {
    let proof = files.writable(&caller, &path.0.0, &path.0.1, query.0.repo_type)?;
    let StartUpload {
        path,
        size,
        sha256,
        chunk_size,
        message,
        branch,
    } = body.0;
    let path = checked_path("path", &path)?;
    let new = NewSession {
        path,
        size,
        sha256,
        chunk_size,
        message,
        branch,
    };
    let status = files.start_session(&proof, new).await?;
    Ok(HttpResponse::Created().json(SessionView::from(status)))
}

/// Sends one chunk as the raw body; in any order, several at once, and again as often as needed.
#[utoipa::path(tag = "files", params(KindQuery), security(("bearer" = [])),
    request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    responses((status = 200, body = ChunkView), (status = 401), (status = 403), (status = 404), (status = 409), (status = 422)))]
#[post("/api/{username}/{repo_name}/upload/{session_id}/chunk/{chunk_number}")]
pub(super) async fn send_chunk(
    caller: Caller,
    request: HttpRequest,
    path: Path<(String, String, String, u32)>,
    query: Query<KindQuery>,
    body: Payload,
    files: Data<Files>,
) -> ApiResult<Json<ChunkView>> {
    let Path((owner, name, session_id, chunk_number)) = path;
    let session_id = parsed(&session_id)?;
    let proof = files.writable(&caller, &owner, &name, query.0.repo_type)?;
    let announced = request
        .headers()
        .get(CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok()?.parse().ok());
    let chunk = files.chunk(&proof, session_id, chunk_number, announced).await?;
    receive(chunk, body).await?;
    Ok(Json(ChunkView {
        session_id,
        chunk_number,
        status: "stored",
    }))
}

async fn receive(mut chunk: ArrivingChunk, mut body: Payload) -> Result<(), FilesError> {
    while let Some(bytes) = body.next().await {
        chunk
            .write(bytes.map_err(|error| FilesError::BrokenForm(error.to_string()))?)
            .await?;
    }
    chunk.finish().await
}

/// What to do with the file.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct CompleteQuery {
    /// False keeps the verified file with its upload, for a batch that names it in `sessions`.
    commit: Option<bool>,
}

/// Verifies size and digest and commits the file. Asked again, it answers the same commit. With `commit=false` the file
/// waits for a batch.
#[utoipa::path(tag = "files", params(KindQuery, CompleteQuery), security(("bearer" = [])),
    responses((status = 201, body = FileChangesView), (status = 200, body = FileChangesView),
        (status = 202, body = SessionView), (status = 401), (status = 403), (status = 404), (status = 409),
        (status = 413), (status = 422)))]
#[post("/api/{username}/{repo_name}/upload/{session_id}/complete")]
pub(super) async fn complete_upload(
    caller: Caller,
    info: RequestInfo,
    path: Path<(String, String, String)>,
    query: Query<KindQuery>,
    wish: Query<CompleteQuery>,
    files: Data<Files>,
) -> ApiResult<HttpResponse> {
    let Path((owner, name, session_id)) = path;
    let session_id = parsed(&session_id)?;
    let proof = files.writable(&caller, &owner, &name, query.0.repo_type)?;
    if wish.0.commit == Some(false) {
        let status = files.assemble_session(&proof, session_id).await?;
        return Ok(HttpResponse::Accepted().json(SessionView::from(status)));
    }
    let origin = Origin::of_request(caller.user_id(), info.address);
    Ok(answer(files.complete_session(proof, session_id, origin).await?))
}

/// Cancels an upload and frees its space.
#[utoipa::path(tag = "files", params(KindQuery), security(("bearer" = [])),
    responses((status = 204), (status = 401), (status = 403), (status = 404)))]
#[delete("/api/{username}/{repo_name}/upload/{session_id}")]
pub(super) async fn cancel_upload(
    caller: Caller,
    path: Path<(String, String, String)>,
    query: Query<KindQuery>,
    files: Data<Files>,
) -> ApiResult<HttpResponse> {
    let Path((owner, name, session_id)) = path;
    let session_id = parsed(&session_id)?;
    let proof = files.writable(&caller, &owner, &name, query.0.repo_type)?;
    files.cancel_session(&proof, session_id).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Which chunks have arrived, to go on after a crash of either side.
#[utoipa::path(tag = "files", params(KindQuery), security(("bearer" = [])),
    responses((status = 200, body = SessionView), (status = 401), (status = 404)))]
#[get("/api/{username}/{repo_name}/upload/{session_id}/status")]
pub(super) async fn show_upload(
    caller: Caller,
    path: Path<(String, String, String)>,
    query: Query<KindQuery>,
    files: Data<Files>,
) -> ApiResult<Json<SessionView>> {
    caller.require_account()?;
    let Path((owner, name, session_id)) = path;
    let session_id = parsed(&session_id)?;
    let proof = files.readable(&caller, &owner, &name, query.0.repo_type)?;
    Ok(Json(files.session_status(&caller, &proof, session_id)?.into()))
}

/// The caller's unfinished uploads in this repository, the oldest first, to go on after a reload.
#[utoipa::path(tag = "files", params(KindQuery, PageQuery), security(("bearer" = [])),
    responses((status = 200, body = Page<SessionView>), (status = 401), (status = 404)))]
#[get("/api/{username}/{repo_name}/upload")]
pub(super) async fn list_uploads(
    caller: Caller,
    path: Path<(String, String)>,
    query: Query<KindQuery>,
    page: Query<PageQuery>,
    files: Data<Files>,
) -> ApiResult<Json<Page<SessionView>>> {
    caller.require_account()?;
    let range = page.0.range()?;
    let proof = files.readable(&caller, &path.0.0, &path.0.1, query.0.repo_type)?;
    let open = files.open_sessions(&caller, &proof)?;
    Ok(Json(Page::cut(open, range).map(SessionView::from)))
}
