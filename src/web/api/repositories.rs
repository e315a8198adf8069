//! A repository as a page shows it: what repos, cards, taxonomy and social each know of it, in one answer.

use crate::base::{RepositoryId, RepositoryKind};
use crate::cards::{Card, Cards, MetadataChange};
use crate::events::Origin;
use crate::http::{ApiResult, Json, JsonOrNothing, Path, Query, RequestInfo};
use crate::repos::api::{ChangeSettings, KindQuery, RepositoryView};
use crate::repos::{NewFork, Permission, ReadRepo, Repos, SettingsChange, Visibility};
use crate::social::Social;
use crate::social::api::CountersView;
use crate::taxonomy::Taxonomy;
use crate::taxonomy::api::RepositoryClassificationView;
use crate::users::Caller;
use actix_web::web::Data;
use actix_web::{HttpResponse, get, patch, post, put};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

/// The routes with fixed beginnings.
pub(super) fn routes(config: &mut ServiceConfig<'_>) {
    config.service(show_repo).service(change_repo).service(fork_repo);
}

/// The routes that begin with an owner and a name; registered behind all others.
pub fn repository_routes(config: &mut ServiceConfig<'_>) {
    config.service(show_repository).service(change_repository);
}

/// What the card of the default branch says, in short.
#[derive(Debug, Serialize, ToSchema)]
struct CardSummary {
    /// Title for people.
    title: Option<String>,
    /// Keywords.
    tags: Vec<String>,
    /// Licences.
    license: Vec<String>,
    /// Machine-learning frameworks.
    framework: Vec<String>,
    /// What it does.
    task: Vec<String>,
    /// The library that loads it.
    library: Option<String>,
    /// Languages.
    language: Vec<String>,
    /// Whether the card has everything that is required, and no errors.
    is_valid: bool,
    /// What is wrong with the card; `/model-card` tells where.
    problems: usize,
}

impl From<Card> for CardSummary {
    fn from(card: Card) -> Self {
        let (is_valid, problems) = (card.is_valid(), card.problems.len());
        let metadata = card.metadata;
        Self {
            title: metadata.title,
            tags: metadata.tags,
            license: metadata.license,
            framework: metadata.framework,
            task: metadata.task,
            library: metadata.library_name,
            language: metadata.language,
            is_valid,
            problems,
        }
    }
}

/// A repository with its card, its classifications and its counters.
#[derive(Debug, Serialize, ToSchema)]
struct RepositoryDetail {
    #[serde(flatten)]
    repository: RepositoryView,
    /// What the card says, in short.
    card: CardSummary,
    /// Where it stands in the tree of classifications.
    classifications: Vec<RepositoryClassificationView>,
    /// Stars, views and downloads.
    counters: CountersView,
    /// Whether the caller has starred it.
    is_starred: bool,
    /// What it was forked from, if the caller may see that.
    forked_from: Option<OriginView>,
    /// How many repositories were forked from it.
    forks: u64,
    /// What the caller may do with it: read, write or admin. Deleting it is for its owner alone.
    #[schema(value_type = String)]
    permission: Permission,
}

/// The repository that another one was forked from.
#[derive(Debug, Serialize, ToSchema)]
struct OriginView {
    /// Its id.
    #[schema(value_type = String)]
    id: RepositoryId,
    /// `owner/name`.
    full_name: String,
    /// What it is for.
    #[schema(value_type = String)]
    repo_type: RepositoryKind,
}

impl From<ReadRepo> for OriginView {
    fn from(proof: ReadRepo) -> Self {
        let repository = proof.repository();
        Self {
            id: repository.id,
            full_name: format!("{}/{}", proof.owner().name, repository.name),
            repo_type: repository.kind,
        }
    }
}

/// What the answer is put together from.
#[derive(Clone)]
pub struct RepositoryParts {
    /// Repositories.
    pub repos: Repos,
    /// Their classifications.
    pub taxonomy: Taxonomy,
    /// Their cards.
    pub cards: Cards,
    /// Their counters.
    pub social: Social,
}

impl RepositoryParts {
    async fn show(
        &self,
        caller: &Caller,
        path: &(String, String),
        query: KindQuery,
    ) -> ApiResult<Json<RepositoryDetail>> {
        let proof = self.repos.readable(caller, &query.address(path))?;
        Ok(Json(self.detail(caller, &proof).await?))
    }

    async fn detail(&self, caller: &Caller, proof: &ReadRepo) -> ApiResult<RepositoryDetail> {
        let card = self.cards.read(proof, None).await?.card;
        let classifications = self.taxonomy.classifications(proof)?;
        let is_starred = match caller.user_id() {
            Some(account) => self.social.has_starred(proof.id(), account)?,
            None => false,
        };
        Ok(RepositoryDetail {
            repository: RepositoryView::from(proof),
            card: card.into(),
            classifications: classifications
                .into_iter()
                .map(RepositoryClassificationView::from)
                .collect(),
            counters: self.social.counters(proof.id())?.into(),
            is_starred,
            forked_from: self.repos.fork_origin(caller, proof)?.map(OriginView::from),
            forks: self.repos.fork_count(proof)?,
            permission: self.repos.permission(caller, proof)?,
        })
    }
}

/// One repository with its card, classifications and counters.
#[utoipa::path(tag = "repositories", params(KindQuery), responses((status = 200, body = RepositoryDetail), (status = 404)))]
#[get("/api/{username}/{repo_name}")]
async fn show_repository(
    caller: Caller,
    path: Path<(String, String)>,
    query: Query<KindQuery>,
    parts: Data<RepositoryParts>,
) -> ApiResult<Json<RepositoryDetail>> {
    parts.show(&caller, &path.0, query.0).await
}

/// One repository with its card, classifications and counters.
#[utoipa::path(tag = "git", params(KindQuery), responses((status = 200, body = RepositoryDetail), (status = 404)))]
#[get("/api/v1/repos/{owner}/{repo}")]
async fn show_repo(
    caller: Caller,
    path: Path<(String, String)>,
    query: Query<KindQuery>,
    parts: Data<RepositoryParts>,
) -> ApiResult<Json<RepositoryDetail>> {
    parts.show(&caller, &path.0, query.0).await
}

/// Changes settings, or renames the repository; its old name keeps leading to it.
#[utoipa::path(tag = "git", params(KindQuery), request_body = ChangeSettings, security(("bearer" = [])),
    responses((status = 200, body = RepositoryDetail), (status = 401), (status = 403), (status = 404), (status = 409), (status = 422)))]
#[patch("/api/v1/repos/{owner}/{repo}")]
async fn change_repo(
    caller: Caller,
    info: RequestInfo,
    path: Path<(String, String)>,
    query: Query<KindQuery>,
    body: Json<ChangeSettings>,
    parts: Data<RepositoryParts>,
) -> ApiResult<Json<RepositoryDetail>> {
    let repos = &parts.repos;
    let proof = repos.administrable(&caller, repos.readable(&caller, &query.0.address(&path.0))?)?;
    let origin = Origin::of_request(caller.user_id(), info.address);
    let changed = repos.change_settings(&proof, body.0.into(), origin).await?;
    let proof = repos.readable_by_id(&caller, changed.id)?;
    Ok(Json(parts.detail(&caller, &proof).await?))
}

/// A fork to be made; everything absent is as in the origin.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ForkRepo {
    /// Its name.
    name: Option<String>,
    /// A short sentence.
    description: Option<String>,
}

/// Makes a fork in the namespace of the caller: a repository with the same branches, tags and large files, which takes no
/// time and, until it changes, no space. A fork of a private repository is private.
#[utoipa::path(tag = "git", params(KindQuery), request_body = Option<ForkRepo>, security(("bearer" = [])),
    responses((status = 201, body = RepositoryDetail), (status = 401), (status = 403), (status = 404), (status = 409), (status = 422)))]
#[post("/api/v1/repos/{owner}/{repo}/fork")]
async fn fork_repo(
    caller: Caller,
    info: RequestInfo,
    path: Path<(String, String)>,
    query: Query<KindQuery>,
    body: JsonOrNothing<ForkRepo>,
    parts: Data<RepositoryParts>,
) -> ApiResult<HttpResponse> {
    let source = parts.repos.readable(&caller, &query.0.address(&path.0))?;
    let new = NewFork {
        name: body.0.name,
        description: body.0.description,
        origin: Origin::of_request(caller.user_id(), info.address),
    };
    let id = parts.repos.fork(&caller, source, new).await?;
    let proof = parts.repos.readable_by_id(&caller, id)?;
    Ok(HttpResponse::Created().json(parts.detail(&caller, &proof).await?))
}

/// What to change of a repository; absent fields stay.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ChangeRepository {
    /// Another sentence.
    description: Option<String>,
    /// Another visibility.
    #[schema(value_type = Option<String>)]
    visibility: Option<Visibility>,
    /// Another title of the card.
    title: Option<String>,
    /// Other tags of the card.
    tags: Option<Vec<String>>,
    /// Another licence of the card.
    license: Option<String>,
}

impl ChangeRepository {
    /// What belongs into the front matter of README.md.
    fn card_fields(&self) -> Map<String, Value> {
        let fields = [
            ("title", self.title.clone().map(Value::from)),
            ("tags", self.tags.clone().map(Value::from)),
            ("license", self.license.clone().map(Value::from)),
        ];
        fields
            .into_iter()
            .filter_map(|(name, value)| Some((name.to_owned(), value?)))
            .collect()
    }
}

/// Changes description and visibility, and title, tags and licence by a commit to README.md.
#[utoipa::path(tag = "repositories", params(KindQuery), request_body = ChangeRepository, security(("bearer" = [])),
    responses((status = 200, body = RepositoryDetail), (status = 401), (status = 403), (status = 404), (status = 422)))]
#[put("/api/{username}/{repo_name}")]
async fn change_repository(
    caller: Caller,
    info: RequestInfo,
    path: Path<(String, String)>,
    query: Query<KindQuery>,
    body: Json<ChangeRepository>,
    parts: Data<RepositoryParts>,
) -> ApiResult<Json<RepositoryDetail>> {
    let proof = parts
        .repos
        .administrable(&caller, parts.repos.readable(&caller, &query.0.address(&path.0))?)?;
    let origin = Origin::of_request(caller.user_id(), info.address);
    let fields = body.card_fields();
    let ChangeRepository {
        description,
        visibility,
        ..
    } = body.0;
    let settings = SettingsChange {
        description,
        visibility,
        ..SettingsChange::default()
    };
    // A change is made as a whole or refused as a whole.
    settings.check()?;
    if !fields.is_empty() {
        let change = MetadataChange {
            fields,
            ..MetadataChange::default()
        };
        parts.cards.update(proof.as_write(), change, origin.clone()).await?;
    }
    parts.repos.change_settings(&proof, settings, origin).await?;
    let proof = parts.repos.readable_by_id(&caller, proof.repository().id)?;
    Ok(Json(parts.detail(&caller, &proof).await?))
}
