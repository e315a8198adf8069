use super::view::UserView;
use crate::base::AccountName;
use crate::base::size::human;
use crate::http::{ApiError, ApiResult, Code, Disposition, ETag, FileAnswer, Json, Path, RequestInfo};
use crate::users::{AVATAR_UPLOAD_MAX_BYTES, Caller, Scope, Users, UsersError};
use actix_multipart::Multipart;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use actix_web::web::{Bytes, Data, Payload};
use actix_web::{HttpRequest, HttpResponse, get, put};
use futures_util::{Stream, StreamExt};
use std::fmt::Display;

/// Sets the avatar of an account: a form with the field `file`, or the bytes of the picture. PNG, JPEG, WebP or GIF, up
/// to 5 MiB; the middle square is kept, at most 256 pixels wide.
#[utoipa::path(
    tag = "users",
    params(("username" = String, Path, description = "the name, without regard to case")),
    request_body(content((Vec<u8> = "multipart/form-data"), (Vec<u8> = "image/png"), (Vec<u8> = "image/jpeg"))),
    responses((status = 200, body = UserView)),
    security(("bearer" = []))
)]
#[put("/api/users/{username}/avatar")]
pub(super) async fn upload_avatar(
    users: Data<Users>,
    caller: Caller,
    info: RequestInfo,
    username: Path<AccountName>,
    request: HttpRequest,
    payload: Payload,
) -> ApiResult<Json<UserView>> {
    caller.require_account()?;
    let proof = caller.require_self_or_admin(users.get(&username.0)?, Scope::Write)?;
    let upload = read_upload(&request, payload).await?;
    let account = users.set_avatar(proof, upload, caller.origin(&info)).await?;
    Ok(Json(UserView::new(&users, &account, &caller)))
}

/// The avatar of an account.
#[utoipa::path(
    tag = "users",
    params(("username" = String, Path, description = "the name, without regard to case")),
    responses((status = 200, description = "the picture", body = Vec<u8>, content_type = "image/png"))
)]
#[get("/api/users/{username}/avatar")]
pub(super) async fn show_avatar(
    users: Data<Users>,
    _caller: Caller,
    username: Path<AccountName>,
    request: HttpRequest,
) -> ApiResult<HttpResponse> {
    let (digest, png) = users.avatar(&username.0)?;
    let name = format!("{}.png", username.0);
    let answer = FileAnswer::new(
        Bytes::from(png),
        ETag::of(&digest),
        "image/png",
        Disposition::Inline,
        &name,
    );
    // Lists show many avatars; their addresses change with the picture, so that a day without asking is harmless.
    let answer = answer.with_header(CACHE_CONTROL, "public, max-age=86400");
    Ok(answer.respond(&request))
}

async fn read_upload(request: &HttpRequest, mut payload: Payload) -> ApiResult<Vec<u8>> {
    let content_type = request.headers().get(CONTENT_TYPE);
    let is_form = content_type.is_some_and(|value| value.as_bytes().starts_with(b"multipart/form-data"));
    if !is_form {
        return collect(&mut payload).await;
    }
    let mut form = Multipart::new(request.headers(), payload);
    while let Some(field) = form.next().await {
        let mut field = field.map_err(|error| broken(&error))?;
        if matches!(field.name(), Some("file" | "avatar")) {
            return collect(&mut field).await;
        }
    }
    Err(ApiError::field(
        Code::Invalid,
        "file",
        "The form has no field 'file' with the picture.",
    ))
}

async fn collect<E: Display>(stream: &mut (impl Stream<Item = Result<Bytes, E>> + Unpin)) -> ApiResult<Vec<u8>> {
    let mut bytes = Vec::new();
    while let Some(chunk) = stream.next().await {
        let chunk = chunk.map_err(|error| broken(&error))?;
        if bytes.len() + chunk.len() > AVATAR_UPLOAD_MAX_BYTES {
            return Err(UsersError::PictureTooLarge(human(AVATAR_UPLOAD_MAX_BYTES as u64)).into());
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

fn broken(error: &impl Display) -> ApiError {
    ApiError::new(
        Code::BadRequest,
        format!("The upload could not be read to its end: {error}."),
    )
}
