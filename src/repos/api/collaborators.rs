use super::KindQuery;
use crate::base::{AccountName, Timestamp, UserId};
use crate::events::Origin;
use crate::http::{ApiError, ApiResult, Code, Json, Page, PageQuery, Path, Query, RequestInfo};
use crate::repos::{Collaborator, Permission, Repos};
use crate::users::api::UserView;
use crate::users::{Account, Caller, Users};
use actix_web::web::Data;
use actix_web::{HttpResponse, delete, get, post};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

pub(super) fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(list_collaborators)
        .service(set_collaborator)
        .service(remove_collaborator);
}

/// An account with a part in a repository of another account.
#[derive(Debug, Serialize, ToSchema)]
struct CollaboratorView {
    /// Its id.
    #[schema(value_type = String)]
    user_id: UserId,
    /// Its name.
    username: String,
    /// The name that people use.
    full_name: Option<String>,
    /// Where its avatar is; null when there is none.
    avatar_url: Option<String>,
    /// What it may do: read, write or admin.
    #[schema(value_type = String)]
    permission: Permission,
    /// Since when it has been a collaborator.
    #[schema(value_type = String, format = DateTime)]
    since: Timestamp,
}

impl CollaboratorView {
    fn new(account: &Account, row: Collaborator) -> Self {
        let account = UserView::public(account);
        Self {
            user_id: account.id,
            username: account.username,
            full_name: account.full_name,
            avatar_url: account.avatar_url,
            permission: row.permission,
            since: row.since,
        }
    }
}

/// Who has a part in the repository beside its owner; for those who may administer it.
#[utoipa::path(tag = "repositories", params(KindQuery, PageQuery), security(("bearer" = [])),
    responses((status = 200, body = Page<CollaboratorView>), (status = 401), (status = 403), (status = 404)))]
#[get("/api/v1/repos/{owner}/{repo}/collaborators")]
async fn list_collaborators(
    caller: Caller,
    path: Path<(String, String)>,
    query: Query<KindQuery>,
    page: Query<PageQuery>,
    (repos, users): (Data<Repos>, Data<Users>),
) -> ApiResult<Json<Page<CollaboratorView>>> {
    let proof = repos.administrable(&caller, repos.readable(&caller, &query.0.address(&path.0))?)?;
    let range = page.0.range()?;
    let cut = Page::cut(repos.collaborators(&proof)?, range);
    let mut items = Vec::with_capacity(cut.items.len());
    for (account, row) in cut.items {
        let account = users.find(account)?;
        items.extend(account.map(|account| CollaboratorView::new(&account, row)));
    }
    Ok(Json(Page::new(items, cut.total, range)))
}

/// Who gets which part in the repository. The account is named by `username` or by `user_id`.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct SetCollaborator {
    /// Its name.
    username: Option<String>,
    /// Its id, in place of the name.
    #[schema(value_type = Option<String>)]
    user_id: Option<UserId>,
    /// read, write or admin.
    #[schema(value_type = String)]
    permission: Permission,
}

impl SetCollaborator {
    fn account(&self, users: &Users) -> ApiResult<Account> {
        let refused = |field, message: String| ApiError::field(Code::Invalid, field, message);
        match (&self.username, self.user_id) {
            (Some(name), None) => {
                let unknown = || refused("username", format!("There is no account '{name}'."));
                let name: AccountName = name.parse().map_err(|_| unknown())?;
                users.get(&name).map_err(|_| unknown())
            }
            (None, Some(id)) => users
                .find(id)?
                .ok_or_else(|| refused("user_id", format!("There is no account {id}."))),
            _ => Err(refused(
                "username",
                "Name the account by either 'username' or 'user_id'.".to_owned(),
            )),
        }
    }
}

/// Makes an account a collaborator, or changes what it may do: read, write (commit), or admin (change settings and
/// collaborators). Only the owner deletes the repository.
#[utoipa::path(tag = "repositories", params(KindQuery), request_body = SetCollaborator, security(("bearer" = [])),
    responses((status = 200, body = CollaboratorView), (status = 201, body = CollaboratorView), (status = 401),
        (status = 403), (status = 404), (status = 422)))]
#[post("/api/v1/repos/{owner}/{repo}/collaborators")]
async fn set_collaborator(
    caller: Caller,
    info: RequestInfo,
    path: Path<(String, String)>,
    query: Query<KindQuery>,
    body: Json<SetCollaborator>,
    (repos, users): (Data<Repos>, Data<Users>),
) -> ApiResult<HttpResponse> {
    let proof = repos.administrable(&caller, repos.readable(&caller, &query.0.address(&path.0))?)?;
    let account = body.account(&users)?;
    let origin = Origin::of_request(caller.user_id(), info.address);
    let (row, new) = repos
        .set_collaborator(&proof, &account, body.permission, origin)
        .await?;
    let view = CollaboratorView::new(&account, row);
    Ok(if new {
        HttpResponse::Created().json(view)
    } else {
        HttpResponse::Ok().json(view)
    })
}

/// Ends the part of an account in the repository. Collaborators may end their own.
#[utoipa::path(tag = "repositories", params(KindQuery, ("user_id" = String, Path, description = "id of the account")),
    security(("bearer" = [])), responses((status = 204), (status = 401), (status = 403), (status = 404)))]
#[delete("/api/v1/repos/{owner}/{repo}/collaborators/{user_id}")]
async fn remove_collaborator(
    caller: Caller,
    info: RequestInfo,
    path: Path<(String, String, UserId)>,
    query: Query<KindQuery>,
    repos: Data<Repos>,
) -> ApiResult<HttpResponse> {
    let Path((owner, name, account)) = path;
    let proof = repos.readable(&caller, &query.0.address(&(owner, name)))?;
    let origin = Origin::of_request(caller.user_id(), info.address);
    repos.remove_collaborator(&caller, proof, account, origin).await?;
    Ok(HttpResponse::NoContent().finish())
}
