use crate::base::{AccountName, Day, Timestamp, blocking};
use crate::events::Origin;
use crate::files::{Traffic, TrafficEvent, TrafficKind, TrafficMethod};
use crate::http::{ApiError, ApiResult, Code, Json, Page, PageQuery, Path, Query, RequestInfo};
use crate::repos::Repos;
use crate::repos::api::KindQuery;
use crate::social::{Counters, DayCounters, MethodCounters, Social};
use crate::users::{Caller, Users};
use actix_web::web::Data;
use actix_web::{HttpResponse, delete, get, post};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;

/// Days of a series when the caller names no number.
const DEFAULT_DAYS: u32 = 30;
/// The longest series.
const MAX_DAYS: u32 = 3_660;

pub(super) fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(star_repository)
        .service(unstar_repository)
        .service(list_stargazers)
        .service(show_statistics)
        .service(list_views)
        .service(record_view);
}

type Names = Path<(String, String)>;

/// Whether the caller has starred a repository, and how many have.
#[derive(Debug, Serialize, ToSchema)]
struct StarView {
    /// Whether the caller has.
    starred: bool,
    /// How many have.
    stars: u64,
}

async fn set_star(
    caller: &Caller,
    info: &RequestInfo,
    (path, query): (Names, Query<KindQuery>),
    (repos, social): (&Repos, &Social),
    starred: bool,
) -> ApiResult<Json<StarView>> {
    let proof = repos.readable(caller, &query.0.address(&path.0))?;
    let origin = Origin::of_request(caller.user_id(), info.address);
    let stars = social.set_star(caller, &proof, starred, origin).await?;
    Ok(Json(StarView { starred, stars }))
}

/// Stars a repository.
#[utoipa::path(tag = "repositories", params(KindQuery), security(("bearer" = [])),
    responses((status = 200, body = StarView), (status = 401), (status = 403), (status = 404)))]
#[post("/api/{username}/{repo_name}/star")]
async fn star_repository(
    caller: Caller,
    info: RequestInfo,
    path: Path<(String, String)>,
    query: Query<KindQuery>,
    repos: Data<Repos>,
    social: Data<Social>,
) -> ApiResult<Json<StarView>> {
    set_star(&caller, &info, (path, query), (&repos, &social), true).await
}

/// Takes a star back.
#[utoipa::path(tag = "repositories", params(KindQuery), security(("bearer" = [])),
    responses((status = 200, body = StarView), (status = 401), (status = 403), (status = 404)))]
#[delete("/api/{username}/{repo_name}/star")]
async fn unstar_repository(
    caller: Caller,
    info: RequestInfo,
    path: Path<(String, String)>,
    query: Query<KindQuery>,
    repos: Data<Repos>,
    social: Data<Social>,
) -> ApiResult<Json<StarView>> {
    set_star(&caller, &info, (path, query), (&repos, &social), false).await
}

/// Somebody who starred a repository.
#[derive(Debug, Serialize, ToSchema)]
struct Stargazer {
    /// The account's name.
    #[schema(value_type = String)]
    username: AccountName,
    /// When it was starred.
    #[schema(value_type = String, format = DateTime)]
    starred_at: Timestamp,
}

/// Who starred a repository.
#[utoipa::path(tag = "repositories", params(KindQuery, PageQuery),
    responses((status = 200, body = Page<Stargazer>), (status = 404)))]
#[get("/api/{username}/{repo_name}/stars")]
async fn list_stargazers(
    caller: Caller,
    path: Path<(String, String)>,
    query: Query<KindQuery>,
    page: Query<PageQuery>,
    (repos, social, users): (Data<Repos>, Data<Social>, Data<Users>),
) -> ApiResult<Json<Page<Stargazer>>> {
    let proof = repos.readable(&caller, &query.0.address(&path.0))?;
    let range = page.0.range()?;
    blocking(move || {
        let (accounts, total) = social.stargazers(&proof, range.offset(), range.limit)?;
        let mut items = Vec::with_capacity(accounts.len());
        for (account, starred_at) in accounts {
            if let Some(account) = users.find(account)? {
                items.push(Stargazer {
                    username: account.name,
                    starred_at,
                });
            }
        }
        Ok(Json(Page::new(items, total, range)))
    })
    .await
}

/// The counters of a repository.
#[derive(Debug, Serialize, ToSchema)]
pub struct CountersView {
    /// Accounts that starred it.
    pub stars: u64,
    /// Views since it was made.
    pub views: u64,
    /// Downloads since it was made.
    pub downloads: u64,
    /// Views of the last 7 days.
    pub views_7d: u64,
    /// Downloads of the last 7 days.
    pub downloads_7d: u64,
    /// Views of the last 30 days.
    pub views_30d: u64,
    /// Downloads of the last 30 days.
    pub downloads_30d: u64,
    /// `views_7d + 2 · downloads_7d + 0.5 · stars`, renewed hourly.
    pub trending_score: f64,
}

impl From<Counters> for CountersView {
    fn from(counters: Counters) -> Self {
        let Counters {
            stars,
            views,
            downloads,
            views_7d,
            downloads_7d,
            views_30d,
            downloads_30d,
            trending_score,
        } = counters;
        Self {
            stars,
            views,
            downloads,
            views_7d,
            downloads_7d,
            views_30d,
            downloads_30d,
            trending_score,
        }
    }
}

/// Counters, windows of days and the trending score.
#[utoipa::path(tag = "repositories", params(KindQuery), responses((status = 200, body = CountersView), (status = 404)))]
#[get("/api/{username}/{repo_name}/stats")]
async fn show_statistics(
    caller: Caller,
    path: Path<(String, String)>,
    query: Query<KindQuery>,
    repos: Data<Repos>,
    social: Data<Social>,
) -> ApiResult<Json<CountersView>> {
    let proof = repos.readable(&caller, &query.0.address(&path.0))?;
    Ok(Json(social.counters(proof.id())?.into()))
}

/// Which days to answer.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct DaysQuery {
    /// How many days, today included; 30 when absent.
    days: Option<u32>,
}

impl DaysQuery {
    /// The number of days, within its bounds.
    pub(super) fn length(&self) -> ApiResult<u32> {
        let length = self.days.unwrap_or(DEFAULT_DAYS);
        if (1..=MAX_DAYS).contains(&length) {
            return Ok(length);
        }
        let message = format!("'days' lies between 1 and {MAX_DAYS}.");
        Err(ApiError::field(Code::BadRequest, "days", message))
    }
}

/// One day of a repository.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct DayView {
    /// The day in UTC.
    #[schema(value_type = String, format = Date)]
    day: Day,
    /// Views.
    views: u64,
    /// Downloads.
    downloads: u64,
    /// Visitors, told apart within the day.
    unique_visitors: u64,
    /// Downloads by door.
    downloads_by_method: MethodsView,
}

/// Downloads by the door through which they left.
#[derive(Debug, Serialize, ToSchema)]
struct MethodsView {
    /// Web browsers.
    browser: u64,
    /// Programs that speak HTTP.
    api: u64,
    /// Client libraries.
    client: u64,
    /// git.
    git: u64,
    /// git-lfs.
    lfs: u64,
}

impl From<(Day, DayCounters)> for DayView {
    fn from((day, counters): (Day, DayCounters)) -> Self {
        let MethodCounters {
            browser,
            api,
            client,
            git,
            lfs,
        } = counters.downloads_by_method;
        Self {
            day,
            views: counters.views,
            downloads: counters.downloads,
            unique_visitors: counters.unique_visitors,
            downloads_by_method: MethodsView {
                browser,
                api,
                client,
                git,
                lfs,
            },
        }
    }
}

/// Views of a repository by day.
#[derive(Debug, Serialize, ToSchema)]
struct ViewsView {
    /// Views since it was made.
    total: u64,
    /// Days on which something was counted, in order.
    days: Vec<DayView>,
}

/// Views, downloads and visitors by day.
#[utoipa::path(tag = "repositories", params(KindQuery, DaysQuery), responses((status = 200, body = ViewsView), (status = 404)))]
#[get("/api/{username}/{repo_name}/views")]
async fn list_views(
    caller: Caller,
    path: Path<(String, String)>,
    query: Query<KindQuery>,
    days: Query<DaysQuery>,
    (repos, social): (Data<Repos>, Data<Social>),
) -> ApiResult<Json<ViewsView>> {
    let proof = repos.readable(&caller, &query.0.address(&path.0))?;
    let days = social
        .last_days(&proof, days.0.length()?)?
        .into_iter()
        .map(DayView::from)
        .collect();
    Ok(Json(ViewsView {
        total: social.counters(proof.id())?.views,
        days,
    }))
}

/// Records that somebody looks at a repository.
#[utoipa::path(tag = "repositories", params(KindQuery), responses((status = 204), (status = 404)))]
#[post("/api/{username}/{repo_name}/view")]
async fn record_view(
    caller: Caller,
    info: RequestInfo,
    path: Path<(String, String)>,
    query: Query<KindQuery>,
    (repos, social, traffic): (Data<Repos>, Data<Social>, Data<Traffic>),
) -> ApiResult<HttpResponse> {
    let proof = repos.readable(&caller, &query.0.address(&path.0))?;
    traffic.record(TrafficEvent {
        repository: proof.id(),
        path: None,
        kind: TrafficKind::View,
        method: TrafficMethod::of_user_agent(&info.user_agent),
        address: info.address,
        user_agent: info.user_agent,
        at: social.now(),
    });
    Ok(HttpResponse::NoContent().finish())
}
