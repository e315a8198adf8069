use super::refusal::Refusal;
use crate::events::Origin;
use crate::http::RequestInfo;
use crate::transport::TransportError;
use crate::users::{ACCESS_TOKEN_PREFIX, Caller, Password, Users};
use actix_web::dev::Payload;
use actix_web::http::header::AUTHORIZATION;
use actix_web::{FromRequest, HttpRequest, web};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use futures_util::future::LocalBoxFuture;

/// Who asks, as git clients say it: Basic with a name and a password or personal access token, or Bearer. Without
/// `Authorization` it is nobody in particular.
#[derive(Debug, Clone)]
pub struct GitCaller(pub Caller);

impl FromRequest for GitCaller {
    type Error = Refusal;
    type Future = LocalBoxFuture<'static, Result<Self, Refusal>>;

    fn from_request(request: &HttpRequest, _payload: &mut Payload) -> Self::Future {
        let users = request
            .app_data::<web::Data<Users>>()
            .expect("the composition root registers every slice")
            .clone();
        let credential = credential(request);
        let origin = Origin::of_request(None, RequestInfo::of(request).address);
        Box::pin(async move {
            Ok(Self(match credential? {
                Credential::None => Caller::anonymous(),
                Credential::Token(token) => users.authenticate(&token)?,
                Credential::Password(login, password) => users.authenticate_password(&login, password, origin).await?,
            }))
        })
    }
}

enum Credential {
    None,
    Token(String),
    Password(String, Password),
}

fn credential(request: &HttpRequest) -> Result<Credential, TransportError> {
    let Some(header) = request.headers().get(AUTHORIZATION) else {
        return Ok(Credential::None);
    };
    let bad = || TransportError::BadAuthorization;
    let header = header.to_str().map_err(|_| bad())?;
    let (scheme, value) = header.trim().split_once(' ').ok_or_else(bad)?;
    let value = value.trim();
    if scheme.eq_ignore_ascii_case("bearer") {
        return Ok(Credential::Token(value.to_owned()));
    }
    if !scheme.eq_ignore_ascii_case("basic") {
        return Err(bad());
    }
    let pair = STANDARD.decode(value).map_err(|_| bad())?;
    let pair = String::from_utf8(pair).map_err(|_| bad())?;
    let (name, password) = pair.split_once(':').ok_or_else(bad)?;
    // A token is the password under whatever name, or stands alone in the place of the name: `https://token@host`.
    if password.starts_with(ACCESS_TOKEN_PREFIX) {
        return Ok(Credential::Token(password.to_owned()));
    }
    if name.starts_with(ACCESS_TOKEN_PREFIX) && matches!(password, "" | "x-oauth-basic") {
        return Ok(Credential::Token(name.to_owned()));
    }
    Ok(Credential::Password(name.to_owned(), Password::new(password)))
}
