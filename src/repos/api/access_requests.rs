use super::{KindQuery, account};
use crate::base::{Timestamp, UserId};
use crate::events::Origin;
use crate::http::{ApiResult, Json, Page, PageQuery, Path, Query, RequestInfo};
use crate::repos::{AccessRequest, AccessStatus, Gating, Repos};
use crate::users::api::UserView;
use crate::users::{Account, Caller, Users};
use actix_web::web::Data;
use actix_web::{HttpResponse, get, post, put};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;

pub(super) fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(show_my_access)
        .service(list_access_requests)
        .service(ask_access)
        .service(handle_access_request);
}

/// The request of an account for the content of a gated repository.
#[derive(Debug, Serialize, ToSchema)]
struct AccessRequestView {
    /// The id of the account.
    #[schema(value_type = String)]
    user_id: UserId,
    /// Its name.
    username: String,
    /// The name that people use.
    full_name: Option<String>,
    /// Where its avatar is; null when there is none.
    avatar_url: Option<String>,
    /// Where it stands: pending, accepted or rejected.
    #[schema(value_type = String)]
    status: AccessStatus,
    /// Whether the account asked; if not, access was given to it.
    asked: bool,
    /// When it was asked, or given.
    #[schema(value_type = String, format = DateTime)]
    since: Timestamp,
    /// Why it was rejected.
    reason: Option<String>,
}

impl AccessRequestView {
    fn new(account: &Account, request: AccessRequest) -> Self {
        let account = UserView::public(account);
        Self {
            user_id: account.id,
            username: account.username,
            full_name: account.full_name,
            avatar_url: account.avatar_url,
            status: request.status,
            asked: request.asked,
            since: request.since,
            reason: request.reason,
        }
    }
}

/// How the caller stands to the content of a repository.
#[derive(Debug, Serialize, ToSchema)]
struct MyAccessView {
    /// Whether readers ask for access: none, auto or manual.
    #[schema(value_type = String)]
    gating: Gating,
    /// Whether the caller may read content.
    granted: bool,
    /// Where the caller's request stands: pending, accepted or rejected; null when it did not ask.
    #[schema(value_type = Option<String>)]
    status: Option<AccessStatus>,
    /// Why it was rejected.
    reason: Option<String>,
}

/// Whether the caller may read the content of a repository, and where its request for that stands.
#[utoipa::path(tag = "repositories", params(KindQuery), security((), ("bearer" = [])),
    responses((status = 200, body = MyAccessView), (status = 404)))]
#[get("/api/v1/repos/{owner}/{repo}/access")]
async fn show_my_access(
    caller: Caller,
    path: Path<(String, String)>,
    query: Query<KindQuery>,
    repos: Data<Repos>,
) -> ApiResult<Json<MyAccessView>> {
    let proof = repos.readable(&caller, &query.0.address(&path.0))?;
    let mine = repos.my_access(&caller, &proof)?;
    Ok(Json(MyAccessView {
        gating: proof.repository().gating,
        granted: mine.granted,
        status: mine.request.as_ref().map(|request| request.status),
        reason: mine.request.and_then(|request| request.reason),
    }))
}

/// Which requests to list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct StatusQuery {
    /// pending, accepted or rejected.
    #[serde(default = "pending")]
    #[param(inline, value_type = Option<String>)]
    status: AccessStatus,
}

fn pending() -> AccessStatus {
    AccessStatus::Pending
}

/// The requests for access to a repository that stand so, the newest first; for those who may administer it.
#[utoipa::path(tag = "repositories", params(KindQuery, StatusQuery, PageQuery), security(("bearer" = [])),
    responses((status = 200, body = Page<AccessRequestView>), (status = 401), (status = 403), (status = 404)))]
#[get("/api/v1/repos/{owner}/{repo}/access-requests")]
async fn list_access_requests(
    caller: Caller,
    path: Path<(String, String)>,
    (query, status, page): (Query<KindQuery>, Query<StatusQuery>, Query<PageQuery>),
    (repos, users): (Data<Repos>, Data<Users>),
) -> ApiResult<Json<Page<AccessRequestView>>> {
    let proof = repos.administrable(&caller, repos.readable(&caller, &query.0.address(&path.0))?)?;
    let range = page.0.range()?;
    let (found, total) = repos.access_requests(&proof, status.0.status, range.offset(), range.limit)?;
    let mut items = Vec::with_capacity(found.len());
    for (id, request) in found {
        items.extend(users.find(id)?.map(|account| AccessRequestView::new(&account, request)));
    }
    Ok(Json(Page::new(items, total, range)))
}

/// Asks for access to the content of a gated repository: given at once where gating is automatic, else an administrator of the
/// repository decides. Asking twice is asking once.
#[utoipa::path(tag = "repositories", params(KindQuery), security(("bearer" = [])),
    responses((status = 200, body = AccessRequestView), (status = 401), (status = 403), (status = 404), (status = 409)))]
#[post("/api/v1/repos/{owner}/{repo}/access-requests")]
async fn ask_access(
    caller: Caller,
    info: RequestInfo,
    path: Path<(String, String)>,
    query: Query<KindQuery>,
    repos: Data<Repos>,
) -> ApiResult<HttpResponse> {
    let proof = repos.readable(&caller, &query.0.address(&path.0))?;
    let origin = Origin::of_request(caller.user_id(), info.address);
    let request = repos.ask_access(&caller, &proof, origin).await?;
    let view = caller.account().map(|account| AccessRequestView::new(account, request));
    Ok(HttpResponse::Ok().json(view))
}

/// What is decided about a request.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct HandleAccess {
    /// accepted, rejected or, to take a decision back, pending.
    #[schema(value_type = String)]
    status: AccessStatus,
    /// Why it is rejected; whoever asked reads it.
    reason: Option<String>,
}

/// Decides about the request of an account for access. To accept an account that has not asked gives it access.
#[utoipa::path(tag = "repositories", params(KindQuery, ("username" = String, Path, description = "the account")),
    request_body = HandleAccess, security(("bearer" = [])),
    responses((status = 200, body = AccessRequestView), (status = 401), (status = 403), (status = 404), (status = 409),
        (status = 422)))]
#[put("/api/v1/repos/{owner}/{repo}/access-requests/{username}")]
async fn handle_access_request(
    caller: Caller,
    info: RequestInfo,
    path: Path<(String, String, String)>,
    query: Query<KindQuery>,
    body: Json<HandleAccess>,
    (repos, users): (Data<Repos>, Data<Users>),
) -> ApiResult<Json<AccessRequestView>> {
    let Path((owner, name, username)) = path;
    let proof = repos.administrable(&caller, repos.readable(&caller, &query.0.address(&(owner, name)))?)?;
    let account = account(&users, &username)?;
    let origin = Origin::of_request(caller.user_id(), info.address);
    let request = match body.0.status {
        AccessStatus::Accepted => repos.grant_access(&proof, &account, origin).await?,
        status => {
            repos
                .handle_access(&proof, account.id, status, body.0.reason, origin)
                .await?
        }
    };
    Ok(Json(AccessRequestView::new(&account, request)))
}
