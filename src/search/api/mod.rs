//! Routes of search and discovery.

/// What a search may be asked.
mod parameters;
/// What a search answers.
mod view;

use crate::base::blocking;
use crate::http::{ApiResult, Json, Page, PageQuery, Query};
use crate::repos::Repos;
use crate::search::{Audience, FileQuery, MOST_SUGGESTIONS, RepositoryQuery, RepositorySort, Search};
use crate::social::Social;
use crate::users::{Caller, Users};
use actix_web::dev::Payload;
use actix_web::web::Data;
use actix_web::{FromRequest, HttpRequest, get};
use futures_util::future::LocalBoxFuture;
use parameters::{
    FileParameters, KindParameter, Parameters, RepositoryParameters, SuggestionParameters, UserParameters,
};
use utoipa_actix_web::service_config::ServiceConfig;
use view::{FileHitView, FoundView, RepositoryPage, SuggestionsView, UserHitView};

/// All routes of this slice; all have fixed beginnings.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(search_repositories)
        .service(browse_repositories)
        .service(list_repos)
        .service(search_users)
        .service(suggest)
        .service(list_trending_found)
        .service(list_trending)
        .service(list_recent)
        .service(list_popular)
        .service(list_featured)
        .service(search_files);
}

/// Who asks for a list of repositories, and what it is made from.
struct Asked {
    caller: Caller,
    search: Data<Search>,
    repos: Data<Repos>,
    social: Data<Social>,
}

impl FromRequest for Asked {
    type Error = actix_web::Error;
    type Future = LocalBoxFuture<'static, Result<Self, Self::Error>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let parts = <(Caller, Data<Search>, Data<Repos>, Data<Social>)>::from_request(request, payload);
        Box::pin(async move {
            let (caller, search, repos, social) = parts.await?;
            Ok(Self {
                caller,
                search,
                repos,
                social,
            })
        })
    }
}

impl Asked {
    async fn repositories(self, query: RepositoryQuery, page: PageQuery) -> ApiResult<Json<RepositoryPage>> {
        let range = page.range()?;
        let query = RepositoryQuery {
            offset: range.offset(),
            limit: range.limit,
            ..query
        };
        let audience = Audience::of(&self.caller);
        let index = self.search.repositories().clone();
        let results = blocking(move || index.search(&query, &audience)).await?;
        let rebuilding = self.search.is_rebuilding();
        let view = |hit| FoundView::new(hit, &self.caller, &self.repos, &self.social);
        RepositoryPage::new(results, range, rebuilding, view).map(Json)
    }

    async fn listed(
        self,
        sort: RepositorySort,
        kind: KindParameter,
        page: PageQuery,
    ) -> ApiResult<Json<RepositoryPage>> {
        let mut query = RepositoryQuery {
            sort,
            ..RepositoryQuery::default()
        };
        query.filter.kinds.extend(kind.repo_type);
        self.repositories(query, page).await
    }
}

/// Searches repositories in Chinese and English.
#[utoipa::path(tag = "search", params(RepositoryParameters, PageQuery),
    responses((status = 200, body = RepositoryPage), (status = 400)))]
#[get("/api/search/repositories")]
async fn search_repositories(asked: Asked, pairs: Query<Vec<(String, String)>>) -> ApiResult<Json<RepositoryPage>> {
    let parameters = Parameters::new(pairs.0);
    let (query, page) = (parameters.repositories()?, parameters.page()?);
    asked.repositories(query, page).await
}

/// Lists the repositories that the caller may see, narrowed and ordered as a search is; the last changed first when no
/// order is asked for and nothing is looked for.
#[utoipa::path(tag = "repositories", params(RepositoryParameters, PageQuery),
    responses((status = 200, body = RepositoryPage), (status = 400)))]
#[get("/api/repositories")]
async fn browse_repositories(asked: Asked, pairs: Query<Vec<(String, String)>>) -> ApiResult<Json<RepositoryPage>> {
    browse(asked, pairs.0).await
}

/// Lists the repositories that the caller may see, narrowed and ordered as a search is; the last changed first when no
/// order is asked for and nothing is looked for. `kind` is another word for `repo_type`.
#[utoipa::path(tag = "git", params(RepositoryParameters, PageQuery),
    responses((status = 200, body = RepositoryPage), (status = 400)))]
#[get("/api/v1/repos")]
async fn list_repos(asked: Asked, pairs: Query<Vec<(String, String)>>) -> ApiResult<Json<RepositoryPage>> {
    let mut pairs = pairs.0;
    for (name, _) in pairs.iter_mut().filter(|(name, _)| name == "kind") {
        "repo_type".clone_into(name);
    }
    // Facets are for pages; whoever wants them asks.
    pairs.insert(0, ("facets".to_owned(), "false".to_owned()));
    browse(asked, pairs).await
}

async fn browse(asked: Asked, pairs: Vec<(String, String)>) -> ApiResult<Json<RepositoryPage>> {
    let parameters = Parameters::new(pairs);
    let (mut query, page) = (parameters.repositories()?, parameters.page()?);
    if query.text.is_empty() && query.sort == RepositorySort::Relevance {
        query.sort = RepositorySort::Updated;
    }
    asked.repositories(query, page).await
}

/// Searches accounts by name, full name and biography.
#[utoipa::path(tag = "search", params(UserParameters, PageQuery), responses((status = 200, body = Page<UserHitView>), (status = 400)))]
#[get("/api/search/users")]
async fn search_users(
    caller: Caller,
    query: Query<UserParameters>,
    page: Query<PageQuery>,
    search: Data<Search>,
    users: Data<Users>,
) -> ApiResult<Json<Page<UserHitView>>> {
    let range = page.0.range()?;
    let index = search.users().clone();
    let text = query.0.q.unwrap_or_default();
    let found = blocking(move || index.search(&text, true, range.offset(), range.limit));
    let (hits, total) = found.await?;
    let mut items = Vec::with_capacity(hits.len());
    for hit in hits {
        items.extend(UserHitView::new(hit, &users, &caller)?);
    }
    Ok(Json(Page::new(items, total, range)))
}

/// Continuations of what is being typed.
#[utoipa::path(tag = "search", params(SuggestionParameters), responses((status = 200, body = SuggestionsView), (status = 400)))]
#[get("/api/search/suggestions")]
async fn suggest(
    caller: Caller,
    query: Query<SuggestionParameters>,
    search: Data<Search>,
    repos: Data<Repos>,
) -> ApiResult<Json<SuggestionsView>> {
    let audience = Audience::of(&caller);
    let limit = query.0.limit.unwrap_or(MOST_SUGGESTIONS / 2).min(MOST_SUGGESTIONS);
    let index = search.repositories().clone();
    let text = query.0.q.unwrap_or_default();
    let is_readable = move |id| repos.readable_by_id(&caller, id).is_ok();
    let suggestions = blocking(move || index.suggest(&text, &audience, limit, is_readable)).await?;
    Ok(Json(SuggestionsView::from(suggestions)))
}

/// Repositories by trending score, the highest first.
#[utoipa::path(tag = "search", params(KindParameter, PageQuery), responses((status = 200, body = RepositoryPage), (status = 400)))]
#[get("/api/search/trending")]
async fn list_trending_found(
    asked: Asked,
    kind: Query<KindParameter>,
    page: Query<PageQuery>,
) -> ApiResult<Json<RepositoryPage>> {
    asked.listed(RepositorySort::Trending, kind.0, page.0).await
}

/// Repositories by trending score, the highest first.
#[utoipa::path(tag = "search", params(KindParameter, PageQuery), responses((status = 200, body = RepositoryPage), (status = 400)))]
#[get("/api/trending")]
async fn list_trending(
    asked: Asked,
    kind: Query<KindParameter>,
    page: Query<PageQuery>,
) -> ApiResult<Json<RepositoryPage>> {
    asked.listed(RepositorySort::Trending, kind.0, page.0).await
}

/// The newest repositories.
#[utoipa::path(tag = "search", params(KindParameter, PageQuery), responses((status = 200, body = RepositoryPage), (status = 400)))]
#[get("/api/recent")]
async fn list_recent(
    asked: Asked,
    kind: Query<KindParameter>,
    page: Query<PageQuery>,
) -> ApiResult<Json<RepositoryPage>> {
    asked.listed(RepositorySort::Created, kind.0, page.0).await
}

/// The most starred and downloaded repositories; a star weighs as much as a hundred downloads.
#[utoipa::path(tag = "search", params(KindParameter, PageQuery), responses((status = 200, body = RepositoryPage), (status = 400)))]
#[get("/api/popular")]
async fn list_popular(
    asked: Asked,
    kind: Query<KindParameter>,
    page: Query<PageQuery>,
) -> ApiResult<Json<RepositoryPage>> {
    asked.listed(RepositorySort::Popular, kind.0, page.0).await
}

/// Repositories that an administrator features, the last changed first.
#[utoipa::path(tag = "search", params(KindParameter, PageQuery), responses((status = 200, body = RepositoryPage), (status = 400)))]
#[get("/api/featured")]
async fn list_featured(
    asked: Asked,
    kind: Query<KindParameter>,
    page: Query<PageQuery>,
) -> ApiResult<Json<RepositoryPage>> {
    let mut query = RepositoryQuery {
        sort: RepositorySort::Updated,
        ..RepositoryQuery::default()
    };
    query.filter.featured = true;
    query.filter.kinds.extend(kind.0.repo_type);
    asked.repositories(query, page.0).await
}

/// Searches files by name, type and size in all repositories that the caller may see.
#[utoipa::path(tag = "files", params(FileParameters, PageQuery), responses((status = 200, body = Page<FileHitView>), (status = 400)))]
#[get("/api/files/search")]
async fn search_files(
    caller: Caller,
    pairs: Query<Vec<(String, String)>>,
    search: Data<Search>,
    repos: Data<Repos>,
) -> ApiResult<Json<Page<FileHitView>>> {
    let parameters = Parameters::new(pairs.0);
    let range = parameters.page()?.range()?;
    let query = FileQuery {
        offset: range.offset(),
        limit: range.limit,
        ..parameters.files()?
    };
    let audience = Audience::of(&caller);
    let index = search.files().clone();
    let (hits, total) = blocking(move || index.search(&query, &audience)).await?;
    let items = hits
        .into_iter()
        .filter_map(|hit| FileHitView::new(hit, &caller, &repos).transpose());
    Ok(Json(Page::new(items.collect::<ApiResult<_>>()?, total, range)))
}
