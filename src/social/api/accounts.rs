use crate::base::{AccountName, Timestamp, UserId, blocking};
use crate::events::Origin;
use crate::http::{ApiError, ApiResult, Code, Json, Page, PageQuery, Path, Query, RequestInfo};
use crate::repos::api::RepositoryView;
use crate::social::{AccountFigures, Social};
use crate::store::StoreError;
use crate::users::{Account, Caller, Users};
use actix_web::web::Data;
use actix_web::{HttpResponse, delete, get, post};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

pub(super) fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(follow_account)
        .service(unfollow_account)
        .service(list_followers)
        .service(list_following)
        .service(list_starred)
        .service(show_account_statistics);
}

fn account(users: &Users, name: &str) -> ApiResult<Account> {
    let not_found = || ApiError::new(Code::NotFound, format!("There is no account '{name}'."));
    let name: AccountName = name.parse().map_err(|_| not_found())?;
    Ok(users.get(&name)?)
}

/// Follows an account.
#[utoipa::path(tag = "users", security(("bearer" = [])),
    responses((status = 204), (status = 401), (status = 404), (status = 422)))]
#[post("/api/users/{username}/follow")]
async fn follow_account(
    caller: Caller,
    info: RequestInfo,
    path: Path<String>,
    users: Data<Users>,
    social: Data<Social>,
) -> ApiResult<HttpResponse> {
    let origin = Origin::of_request(caller.user_id(), info.address);
    social
        .set_follow(&caller, &account(&users, &path.0)?, true, origin)
        .await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Stops following an account.
#[utoipa::path(tag = "users", security(("bearer" = [])),
    responses((status = 204), (status = 401), (status = 404), (status = 422)))]
#[delete("/api/users/{username}/follow")]
async fn unfollow_account(
    caller: Caller,
    info: RequestInfo,
    path: Path<String>,
    users: Data<Users>,
    social: Data<Social>,
) -> ApiResult<HttpResponse> {
    let origin = Origin::of_request(caller.user_id(), info.address);
    social
        .set_follow(&caller, &account(&users, &path.0)?, false, origin)
        .await?;
    Ok(HttpResponse::NoContent().finish())
}

/// An account in a list.
#[derive(Debug, Serialize, ToSchema)]
struct AccountItem {
    /// Its name.
    #[schema(value_type = String)]
    username: AccountName,
    /// The name that people use.
    full_name: Option<String>,
    /// An administrator vouches for it.
    is_verified: bool,
}

/// A list of accounts beside another, cut by its store.
type Others = fn(&Social, UserId, usize, usize) -> Result<(Vec<UserId>, u64), StoreError>;

async fn page_of_accounts(
    name: &str,
    query: PageQuery,
    (users, social): (Data<Users>, Data<Social>),
    others: Others,
) -> ApiResult<Json<Page<AccountItem>>> {
    let (account, range) = (account(&users, name)?, query.range()?);
    blocking(move || {
        let (ids, total) = others(&social, account.id, range.offset(), range.limit)?;
        let mut items = Vec::with_capacity(ids.len());
        for id in ids {
            if let Some(account) = users.find(id)? {
                items.push(AccountItem {
                    username: account.name,
                    full_name: account.profile.full_name,
                    is_verified: account.is_verified,
                });
            }
        }
        Ok(Json(Page::new(items, total, range)))
    })
    .await
}

/// Accounts that follow this one.
#[utoipa::path(tag = "users", params(PageQuery), responses((status = 200, body = Page<AccountItem>), (status = 404)))]
#[get("/api/users/{username}/followers")]
async fn list_followers(
    _caller: Caller,
    path: Path<String>,
    query: Query<PageQuery>,
    users: Data<Users>,
    social: Data<Social>,
) -> ApiResult<Json<Page<AccountItem>>> {
    page_of_accounts(&path.0, query.0, (users, social), Social::followers).await
}

/// Accounts that this one follows.
#[utoipa::path(tag = "users", params(PageQuery), responses((status = 200, body = Page<AccountItem>), (status = 404)))]
#[get("/api/users/{username}/following")]
async fn list_following(
    _caller: Caller,
    path: Path<String>,
    query: Query<PageQuery>,
    users: Data<Users>,
    social: Data<Social>,
) -> ApiResult<Json<Page<AccountItem>>> {
    page_of_accounts(&path.0, query.0, (users, social), Social::following).await
}

/// What an account has starred, as far as the caller may see it.
#[utoipa::path(tag = "users", params(PageQuery), responses((status = 200, body = Page<RepositoryView>), (status = 404)))]
#[get("/api/users/{username}/starred")]
async fn list_starred(
    caller: Caller,
    path: Path<String>,
    query: Query<PageQuery>,
    users: Data<Users>,
    social: Data<Social>,
) -> ApiResult<Json<Page<RepositoryView>>> {
    let (account, range) = (account(&users, &path.0)?, query.0.range()?);
    let starred = blocking(move || social.starred(&caller, account.id, range.offset(), range.limit));
    let (page, total) = starred.await?;
    let items = page.iter().map(RepositoryView::from).collect();
    Ok(Json(Page::new(items, total, range)))
}

/// The figures of an account, as far as the caller may see them.
#[derive(Debug, Serialize, ToSchema)]
struct AccountStatistics {
    /// Repositories.
    repositories: u64,
    /// Files in them.
    files: u64,
    /// Their size in bytes.
    total_size: u64,
    /// Stars of its repositories.
    stars_received: u64,
    /// Views of its repositories.
    views: u64,
    /// Downloads of its repositories.
    downloads: u64,
    /// Repositories that it starred.
    starred: u64,
    /// Accounts that follow it.
    followers: u64,
    /// Accounts that it follows.
    following: u64,
    /// When one of its repositories last changed.
    #[schema(value_type = Option<String>, format = DateTime)]
    last_activity: Option<Timestamp>,
}

impl From<AccountFigures> for AccountStatistics {
    fn from(figures: AccountFigures) -> Self {
        Self {
            repositories: figures.repositories,
            files: figures.files,
            total_size: figures.bytes,
            stars_received: figures.stars_received,
            views: figures.views,
            downloads: figures.downloads,
            starred: figures.starred,
            followers: figures.followers,
            following: figures.following,
            last_activity: figures.last_activity,
        }
    }
}

/// Counters of an account and a summary of its activity.
#[utoipa::path(tag = "users", responses((status = 200, body = AccountStatistics), (status = 404)))]
#[get("/api/users/{username}/stats")]
async fn show_account_statistics(
    caller: Caller,
    path: Path<String>,
    users: Data<Users>,
    social: Data<Social>,
) -> ApiResult<Json<AccountStatistics>> {
    let account = account(&users, &path.0)?;
    let figures = blocking(move || social.figures(&caller, account.id)).await?;
    Ok(Json(figures.into()))
}
