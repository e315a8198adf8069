//! Repositories at the addresses of programs, `/api/v1/repos`. What they are, and how they are listed, stands in `web/` and in
//! `search/`.

use super::{CreateRepository, KindQuery, RepositoryView, account};
use crate::base::RepositoryKind;
use crate::events::Origin;
use crate::http::{ApiError, ApiResult, Code, Json, Page, PageQuery, Path, Query, RequestInfo};
use crate::repos::{NewRepository, Repos, Visibility};
use crate::users::{Caller, Users};
use actix_web::web::Data;
use actix_web::{HttpResponse, delete, get, post};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

pub(super) fn routes(config: &mut ServiceConfig<'_>) {
    config.service(create_repo).service(list_forks).service(delete_repo);
}

/// A repository to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CreateRepo {
    /// Its name: letters, digits, `.`, `_`, `-`.
    name: String,
    /// What it is for: code, workflow, project, model, dataset or space; code when absent.
    #[serde(default = "code", alias = "repo_type")]
    #[schema(value_type = String)]
    kind: RepositoryKind,
    /// A short sentence.
    #[serde(default)]
    description: String,
    /// Who may see it; when absent everybody, if the owner did not choose otherwise for new repositories.
    #[schema(value_type = Option<String>)]
    visibility: Option<Visibility>,
    /// The account that will own it; the caller's own when absent.
    owner: Option<String>,
    /// Whether a first commit with README.md and .gitattributes is made; a repository without one is empty and waits for a
    /// push.
    #[serde(default = "yes")]
    init_readme: bool,
    /// Whether it takes large files and speaks git LFS.
    #[serde(default = "yes")]
    lfs_enabled: bool,
    /// Its default branch; `main` when absent.
    default_branch: Option<String>,
    /// The licence of the card, by its SPDX name.
    license: Option<String>,
    /// The tags of the card.
    #[serde(default)]
    tags: Vec<String>,
}

impl From<CreateRepository> for CreateRepo {
    fn from(body: CreateRepository) -> Self {
        Self {
            name: body.name,
            kind: body.repo_type,
            description: body.description,
            visibility: body.visibility,
            owner: body.owner,
            init_readme: true,
            lfs_enabled: true,
            default_branch: None,
            license: body.license,
            tags: body.tags,
        }
    }
}

/// The front matter of a new card: what is required, so that the card is valid from the first commit.
#[derive(Serialize)]
struct FirstCard<'a> {
    title: &'a str,
    license: &'a str,
    tags: &'a [String],
}

impl FirstCard<'_> {
    /// README.md with this card.
    fn readme(&self, description: &str) -> ApiResult<String> {
        let front_matter = serde_yaml::to_string(self)
            .map_err(|_| ApiError::field(Code::Invalid, "tags", "The tags cannot be written as YAML."))?;
        let description = if description.is_empty() {
            String::new()
        } else {
            format!("\n{description}\n")
        };
        Ok(format!("---\n{front_matter}---\n\n# {}\n{description}", self.title))
    }
}

fn code() -> RepositoryKind {
    RepositoryKind::Code
}

fn yes() -> bool {
    true
}

/// Makes a repository, with a first commit or empty.
#[utoipa::path(tag = "git", request_body = CreateRepo, security(("bearer" = [])),
    responses((status = 201, body = RepositoryView), (status = 401), (status = 403), (status = 409), (status = 422)))]
#[post("/api/v1/repos")]
async fn create_repo(
    caller: Caller,
    info: RequestInfo,
    body: Json<CreateRepo>,
    repos: Data<Repos>,
    users: Data<Users>,
) -> ApiResult<HttpResponse> {
    create(&caller, info, body.0, &repos, &users).await
}

/// Makes a repository, whichever way it is described.
pub(super) async fn create(
    caller: &Caller,
    info: RequestInfo,
    body: CreateRepo,
    repos: &Repos,
    users: &Users,
) -> ApiResult<HttpResponse> {
    let card = FirstCard {
        title: &body.name,
        license: body.license.as_deref().unwrap_or("other"),
        tags: &body.tags,
    };
    let readme = card.readme(&body.description)?;
    let owner = body.owner.map(|name| account(users, &name)).transpose()?;
    let new = NewRepository {
        owner,
        name: body.name,
        kind: body.kind,
        description: body.description,
        visibility: body.visibility,
        readme: body.init_readme.then(|| readme.into()),
        first_commit: false,
        default_branch: body.default_branch,
        lfs_enabled: body.lfs_enabled,
        origin: Origin::of_request(caller.user_id(), info.address),
    };
    let (repository, owner) = repos.create(caller, new).await?;
    Ok(HttpResponse::Created().json(RepositoryView::new(&repository, &owner)))
}

/// The forks of a repository that the caller may see, the newest first.
#[utoipa::path(tag = "git", params(KindQuery, PageQuery),
    responses((status = 200, body = Page<RepositoryView>), (status = 404)))]
#[get("/api/v1/repos/{owner}/{repo}/forks")]
async fn list_forks(
    caller: Caller,
    path: Path<(String, String)>,
    query: Query<KindQuery>,
    page: Query<PageQuery>,
    repos: Data<Repos>,
) -> ApiResult<Json<Page<RepositoryView>>> {
    let range = page.0.range()?;
    let origin = repos.readable(&caller, &query.0.address(&path.0))?;
    let forks = repos.forks(&caller, &origin)?;
    Ok(Json(Page::cut(forks, range).map(|fork| RepositoryView::from(&fork))))
}

/// Deletes a repository; an administrator of the hub can restore it. Collaborators cannot delete it. Its name is free at
/// once.
#[utoipa::path(tag = "git", params(KindQuery), security(("bearer" = [])),
    responses((status = 204), (status = 401), (status = 403), (status = 404)))]
#[delete("/api/v1/repos/{owner}/{repo}")]
async fn delete_repo(
    caller: Caller,
    info: RequestInfo,
    path: Path<(String, String)>,
    query: Query<KindQuery>,
    repos: Data<Repos>,
) -> ApiResult<HttpResponse> {
    super::delete_at(caller, info, &path.0, query.0, &repos).await
}
