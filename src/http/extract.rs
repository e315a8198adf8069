use super::code::Code;
use super::error::ApiError;
use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest, web};
use futures_util::future::LocalBoxFuture;
use serde::de::DeserializeOwned;
use std::future::{Ready, ready};
use std::ops::Deref;

/// The typed parts of the address. A part that cannot be of its type names nothing, so it answers 404.
#[derive(Debug)]
pub struct Path<T>(pub T);

impl<T: DeserializeOwned + 'static> FromRequest for Path<T> {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let path = web::Path::<T>::from_request(request, payload).into_inner();
        ready(match path {
            Ok(path) => Ok(Self(path.into_inner())),
            Err(_) => Err(ApiError::new(
                Code::NotFound,
                format!("There is nothing at {}.", request.path()),
            )),
        })
    }
}

/// The typed query string; the error names the field and what it takes.
#[derive(Debug)]
pub struct Query<T>(pub T);

impl<T: DeserializeOwned> FromRequest for Query<T> {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _payload: &mut Payload) -> Self::Future {
        let pairs = form_urlencoded::parse(request.query_string().as_bytes());
        let query = serde_path_to_error::deserialize(serde_urlencoded::Deserializer::new(pairs));
        ready(query.map(Self).map_err(|error| {
            let (field, reason) = (error.path().to_string(), error.inner());
            if field == "." {
                let message = format!("The query cannot be understood: {reason}.");
                return ApiError::new(Code::BadRequest, message);
            }
            let message = format!("'{field}' in the query cannot be used: {reason}.");
            ApiError::field(Code::BadRequest, &field, message)
        }))
    }
}

/// A JSON body; as an answer it serializes itself.
#[derive(Debug)]
pub struct Json<T>(pub T);

impl<T> Deref for Json<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T: DeserializeOwned + 'static> FromRequest for Json<T> {
    type Error = ApiError;
    type Future = LocalBoxFuture<'static, Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let body = body(request, payload);
        Box::pin(async move { Ok(Self(parsed(&body.await?)?)) })
    }
}

/// A JSON body that may be left out: then everything is as when its fields are.
#[derive(Debug)]
pub struct JsonOrNothing<T>(pub T);

impl<T: DeserializeOwned + 'static> FromRequest for JsonOrNothing<T> {
    type Error = ApiError;
    type Future = LocalBoxFuture<'static, Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let body = body(request, payload);
        Box::pin(async move {
            let body = body.await?;
            let text: &[u8] = if body.is_empty() { b"{}" } else { &body };
            Ok(Self(parsed(text)?))
        })
    }
}

/// The whole body.
fn body(request: &HttpRequest, payload: &mut Payload) -> LocalBoxFuture<'static, Result<web::Bytes, ApiError>> {
    let body = web::Bytes::from_request(request, payload);
    Box::pin(async move {
        body.await
            .map_err(|error| match error.as_response_error().status_code().as_u16() {
                413 => ApiError::new(Code::TooLarge, "The JSON body is larger than the hub accepts."),
                _ => ApiError::new(Code::BadRequest, "The body could not be read to its end."),
            })
    })
}

fn parsed<T: DeserializeOwned>(body: &[u8]) -> Result<T, ApiError> {
    let mut deserializer = serde_json::Deserializer::from_slice(body);
    let value = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| describe(&error))?;
    deserializer.end().map_err(|reason| {
        let message = format!("The JSON body cannot be understood: {reason}.");
        ApiError::new(Code::BadRequest, message)
    })?;
    Ok(value)
}

fn describe(error: &serde_path_to_error::Error<serde_json::Error>) -> ApiError {
    let field = error.path().to_string();
    let reason = error.inner();
    if field == "." {
        return ApiError::new(
            Code::BadRequest,
            format!("The JSON body cannot be understood: {reason}."),
        );
    }
    ApiError::field(
        Code::BadRequest,
        &field,
        format!("'{field}' in the JSON body cannot be used: {reason}."),
    )
}

impl<T: serde::Serialize> actix_web::Responder for Json<T> {
    type Body = actix_web::body::BoxBody;

    fn respond_to(self, _request: &HttpRequest) -> actix_web::HttpResponse {
        actix_web::HttpResponse::Ok().json(self.0)
    }
}
