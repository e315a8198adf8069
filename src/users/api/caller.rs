use crate::http::{ApiError, Code};
use crate::users::{Caller, Users, UsersError};
use actix_web::dev::Payload;
use actix_web::http::header::AUTHORIZATION;
use actix_web::{FromRequest, HttpRequest, web};
use std::future::{Ready, ready};

/// A request without `Authorization` is anonymous; one whose `Authorization` does not work is refused.
impl FromRequest for Caller {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _payload: &mut Payload) -> Self::Future {
        ready(caller(request))
    }
}

fn caller(request: &HttpRequest) -> Result<Caller, ApiError> {
    let Some(header) = request.headers().get(AUTHORIZATION) else {
        return Ok(Caller::anonymous());
    };
    let credential = header
        .to_str()
        .ok()
        .and_then(|header| header.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        .map(|(_, credential)| credential.trim())
        .ok_or_else(|| {
            ApiError::new(
                Code::Unauthorized,
                "The Authorization header has the form 'Bearer <access token>'.",
            )
        })?;
    let users = request
        .app_data::<web::Data<Users>>()
        .expect("the composition root registers every slice");
    let caller = users.authenticate(credential);
    caller.map_err(|error: UsersError| error.into())
}
