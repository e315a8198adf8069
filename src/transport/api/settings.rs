use crate::config::LiveConfig;
use crate::transport::Transfers;
use actix_web::web::Data;
use actix_web::{FromRequest, HttpRequest};
use futures_util::future::LocalBoxFuture;

/// The configuration, and the turns.
pub(super) struct Settings {
    pub(super) config: Data<LiveConfig>,
    pub(super) transfers: Data<Transfers>,
}

impl FromRequest for Settings {
    type Error = actix_web::Error;
    type Future = LocalBoxFuture<'static, Result<Self, Self::Error>>;

    fn from_request(request: &HttpRequest, payload: &mut actix_web::dev::Payload) -> Self::Future {
        let parts = <(Data<LiveConfig>, Data<Transfers>)>::from_request(request, payload);
        Box::pin(async move {
            let (config, transfers) = parts.await?;
            Ok(Self { config, transfers })
        })
    }
}
