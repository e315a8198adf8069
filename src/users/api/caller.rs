use crate::http::{ApiError, ApiResult, Code};
use crate::users::{Caller, Users};
use actix_web::dev::Payload;
use actix_web::http::header::AUTHORIZATION;
use actix_web::{FromRequest, HttpRequest, web};
use std::future::{Ready, ready};

/// A request without `Authorization` is anonymous; one whose `Authorization` does not work is refused.
impl FromRequest for Caller {
    type Error = ApiError;
    type Future = Ready<ApiResult<Self>>;

    fn from_request(request: &HttpRequest, _payload: &mut Payload) -> Self::Future {
        ready(caller(request))
    }
}

fn caller(request: &HttpRequest) -> ApiResult<Caller> {
    let Some(credential) = credential(request)? else {
        return Ok(Caller::anonymous());
    };
    let users = request
        .app_data::<web::Data<Users>>()
        .expect("the composition root registers every slice");
    Ok(users.authenticate(credential)?)
}

/// The token of the `Authorization` header; `None` without that header.
pub(super) fn credential(request: &HttpRequest) -> ApiResult<Option<&str>> {
    let Some(header) = request.headers().get(AUTHORIZATION) else {
        return Ok(None);
    };
    header
        .to_str()
        .ok()
        .and_then(|header| header.trim().split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        .map(|(_, credential)| Some(credential.trim()))
        .ok_or_else(|| {
            ApiError::new(
                Code::Unauthorized,
                "The Authorization header has the form 'Bearer <access token>'.",
            )
        })
}
