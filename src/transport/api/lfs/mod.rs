//! The git LFS API (<https://github.com/git-lfs/git-lfs/tree/main/docs/api>): batches of objects, their transfer, locks.

/// What is to be fetched or sent, and where.
mod batch;
/// Locks on paths.
mod locks;
/// Errors as git-lfs reads them.
mod refusal;
/// Content on its way.
mod transfer;

use super::{GitAddress, GitCaller, everywhere};
use crate::config::LiveConfig;
use crate::events::Origin;
use crate::http::RequestInfo;
use crate::users::Caller;
use actix_web::dev::Payload;
use actix_web::web::{self, Data};
use actix_web::{FromRequest, HttpRequest, HttpResponse, HttpResponseBuilder};
use futures_util::future::LocalBoxFuture;
use refusal::LfsRefusal;
use serde::Serialize;
use utoipa_actix_web::service_config::ServiceConfig;

/// The media type of this API.
const MEDIA_TYPE: &str = "application/vnd.git-lfs+json";
/// Beside the addresses that people clone.
const API_PREFIX: &str = "/api/v1/git";

/// The routes. The description of the API names those below `/api/v1/repos`.
pub(super) fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(batch::lfs_batch)
        .service(locks::lfs_lock)
        .service(locks::lfs_list_locks)
        .service(locks::lfs_verify_locks)
        .service(locks::lfs_unlock)
        .service(locks::lfs_delete_lock)
        .service(transfer::lfs_download)
        .service(transfer::lfs_upload)
        .service(transfer::lfs_verify)
        .service(transfer::lfs_join_parts);
    let lfs = |rest: &str| format!("/info/lfs{rest}");
    let mut add = |rest: &str, route: &dyn Fn() -> actix_web::Route| {
        let rest = lfs(rest);
        config.route(&format!("{API_PREFIX}/{{owner}}/{{repo}}{rest}"), route());
        everywhere(config, &rest, route);
    };
    add("/objects/batch", &|| web::post().to(batch::batch));
    add("/locks", &|| web::post().to(locks::create));
    add("/locks", &|| web::get().to(locks::list));
    add("/locks/verify", &|| web::post().to(locks::verify));
    add("/locks/{id}/unlock", &|| web::post().to(locks::unlock));
    add("/locks/{id}", &|| web::delete().to(locks::delete));
}

/// Who asks, about which repository, and at which address of the hub.
struct LfsRequest {
    caller: Caller,
    address: GitAddress,
    origin: Origin,
    hub: String,
}

impl FromRequest for LfsRequest {
    type Error = LfsRefusal;
    type Future = LocalBoxFuture<'static, Result<Self, LfsRefusal>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let caller = GitCaller::from_request(request, payload);
        let address = GitAddress::from_request(request, payload).into_inner();
        let client = RequestInfo::of(request).address;
        let hub = address_of_hub(request);
        Box::pin(async move {
            let GitCaller(caller) = caller.await?;
            Ok(Self {
                origin: Origin::of_request(caller.user_id(), client),
                caller,
                address: address?,
                hub,
            })
        })
    }
}

/// The address that people type, else the one that this request came to. git-lfs takes no relative addresses.
fn address_of_hub(request: &HttpRequest) -> String {
    let config = request.app_data::<Data<LiveConfig>>().map(|live| live.current());
    let public = config.and_then(|config| config.server.public_url.as_ref().map(|url| url.as_str().to_owned()));
    public.unwrap_or_else(|| {
        let connection = request.connection_info();
        format!("{}://{}", connection.scheme(), connection.host())
    })
}

/// An answer in the form of this API.
fn answer(mut response: HttpResponseBuilder, body: &impl Serialize) -> HttpResponse {
    response
        .content_type(MEDIA_TYPE)
        .insert_header(("cache-control", "no-store"))
        .json(body)
}
