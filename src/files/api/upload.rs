use super::form::{Amount, receive};
use super::views::FileChangesView;
use crate::events::Origin;
use crate::files::{Changed, Files};
use crate::http::{ApiResult, Path, Query, RequestInfo};
use crate::repos::api::KindQuery;
use crate::users::Caller;
use actix_multipart::Multipart;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, post};
use utoipa::ToSchema;

/// A form with one file.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes a form that is read as it arrives")]
struct UploadForm {
    /// The content.
    #[schema(value_type = String, format = Binary)]
    file: Vec<u8>,
    /// Where the file will stand; its own name when absent. With a slash at its end, a folder.
    path: Option<String>,
    /// The message of the commit.
    message: Option<String>,
    /// The branch; the default branch when absent.
    branch: Option<String>,
}

/// A form with many files.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes a form that is read as it arrives")]
struct BatchForm {
    /// The contents; their file names are their paths.
    #[schema(value_type = Vec<String>, format = Binary)]
    files: Vec<Vec<u8>>,
    /// Uploads in chunks that were completed with `commit=false`; the commit takes their files too.
    sessions: Option<Vec<String>>,
    /// The message of the commit.
    message: Option<String>,
    /// The branch; the default branch when absent.
    branch: Option<String>,
}

pub(super) fn answer(changed: Changed) -> HttpResponse {
    let mut response = if changed.changed {
        HttpResponse::Created()
    } else {
        HttpResponse::Ok()
    };
    response.json(FileChangesView::from(changed))
}

/// Uploads one file; answers 200 and `changed: false` when it has this content already.
#[utoipa::path(tag = "files", params(KindQuery), security(("bearer" = [])),
    request_body(content = UploadForm, content_type = "multipart/form-data"),
    responses((status = 201, body = FileChangesView), (status = 200, body = FileChangesView), (status = 401),
        (status = 403), (status = 404), (status = 409), (status = 413), (status = 422)))]
#[post("/api/{username}/{repo_name}/upload")]
pub(super) async fn upload_file(
    caller: Caller,
    info: RequestInfo,
    request: HttpRequest,
    path: Path<(String, String)>,
    query: Query<KindQuery>,
    form: Multipart,
    files: Data<Files>,
) -> ApiResult<HttpResponse> {
    let proof = files.writable(&caller, &path.0.0, &path.0.1, query.0.repo_type)?;
    let origin = Origin::of_request(caller.user_id(), info.address);
    Ok(answer(
        receive(&files, proof, request.headers(), form, Amount::One, origin).await?,
    ))
}

/// Uploads many files as one commit: all of them or none. Large ones may have come before, in chunks. Asked again with
/// the same uploads, it answers the same commit.
#[utoipa::path(tag = "files", params(KindQuery), security(("bearer" = [])),
    request_body(content = BatchForm, content_type = "multipart/form-data"),
    responses((status = 201, body = FileChangesView), (status = 200, body = FileChangesView), (status = 401),
        (status = 403), (status = 404), (status = 409), (status = 413), (status = 422)))]
#[post("/api/{username}/{repo_name}/upload/batch")]
pub(super) async fn upload_batch(
    caller: Caller,
    info: RequestInfo,
    request: HttpRequest,
    path: Path<(String, String)>,
    query: Query<KindQuery>,
    form: Multipart,
    files: Data<Files>,
) -> ApiResult<HttpResponse> {
    let proof = files.writable(&caller, &path.0.0, &path.0.1, query.0.repo_type)?;
    let origin = Origin::of_request(caller.user_id(), info.address);
    Ok(answer(
        receive(&files, proof, request.headers(), form, Amount::Many, origin).await?,
    ))
}
