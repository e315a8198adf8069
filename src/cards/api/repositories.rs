use super::links::link_base;
use super::views::MetadataView;
use crate::base::blocking;
use crate::cards::{Cards, MetadataChange, ReadCard, Rendered, render};
use crate::events::Origin;
use crate::http::{ApiResult, Json, Path, Query, RequestInfo};
use crate::repos::Repos;
use crate::repos::api::{KindQuery, RepositoryView};
use crate::taxonomy::Taxonomy;
use crate::taxonomy::api::RepositoryClassificationView;
use crate::users::Caller;
use actix_web::web::Data;
use actix_web::{get, post, put};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::{IntoParams, ToSchema};

/// Which state of the repository.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct RevisionQuery {
    /// A branch, tag or commit; the default branch when absent.
    revision: Option<String>,
}

impl From<ReadCard> for MetadataView {
    fn from(read: ReadCard) -> Self {
        Self {
            commit: read.commit,
            read: read.card.into(),
        }
    }
}

/// The front matter of README.md, what it means and what is wrong with it.
#[utoipa::path(tag = "metadata", params(KindQuery, RevisionQuery),
    responses((status = 200, body = MetadataView), (status = 404)))]
#[get("/api/{username}/{repo_name}/metadata")]
pub(super) async fn show_repository_metadata(
    caller: Caller,
    path: Path<(String, String)>,
    kind: Query<KindQuery>,
    query: Query<RevisionQuery>,
    repos: Data<Repos>,
    cards: Data<Cards>,
) -> ApiResult<Json<MetadataView>> {
    let proof = repos.readable(&caller, &kind.0.address(&path.0))?;
    Ok(Json(cards.read(&proof, query.0.revision.as_deref()).await?.into()))
}

/// What to change of the front matter.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ChangeMetadata {
    /// Fields to set; null removes one. Fields that are not named stay.
    #[schema(value_type = Object)]
    metadata: Map<String, Value>,
    /// Removes the fields that are not named.
    #[serde(default)]
    replace: bool,
    /// The branch to commit to; the default branch when absent.
    branch: Option<String>,
    /// The message of the commit.
    message: Option<String>,
}

/// Changes the front matter by a commit to README.md. Only the lines of the changed fields change; when nothing would,
/// nothing is committed.
#[utoipa::path(tag = "metadata", params(KindQuery), request_body = ChangeMetadata, security(("bearer" = [])),
    responses((status = 200, body = MetadataView), (status = 401), (status = 403), (status = 404), (status = 409),
        (status = 413), (status = 422)))]
#[put("/api/{username}/{repo_name}/metadata")]
pub(super) async fn change_repository_metadata(
    caller: Caller,
    info: RequestInfo,
    path: Path<(String, String)>,
    kind: Query<KindQuery>,
    body: Json<ChangeMetadata>,
    repos: Data<Repos>,
    cards: Data<Cards>,
) -> ApiResult<Json<MetadataView>> {
    let proof = repos.writable(&caller, repos.readable(&caller, &kind.0.address(&path.0))?)?;
    let ChangeMetadata {
        metadata: fields,
        replace,
        branch,
        message,
    } = body.0;
    let change = MetadataChange {
        fields,
        replace,
        branch: branch.clone(),
        message,
    };
    cards
        .update(&proof, change, Origin::of_request(caller.user_id(), info.address))
        .await?;
    Ok(Json(cards.read(proof.as_read(), branch.as_deref()).await?.into()))
}

/// Reads README.md of the default branch again, renews what is derived from it, and tells what is wrong.
#[utoipa::path(tag = "metadata", params(KindQuery), security(("bearer" = [])),
    responses((status = 200, body = MetadataView), (status = 401), (status = 403), (status = 404)))]
#[post("/api/{username}/{repo_name}/parse-readme")]
pub(super) async fn parse_readme(
    caller: Caller,
    path: Path<(String, String)>,
    kind: Query<KindQuery>,
    repos: Data<Repos>,
    cards: Data<Cards>,
) -> ApiResult<Json<MetadataView>> {
    let proof = repos.writable(&caller, repos.readable(&caller, &kind.0.address(&path.0))?)?;
    cards.refresh(proof.repository().id).await?;
    Ok(Json(cards.read(proof.as_read(), None).await?.into()))
}

/// A card with its rendered text.
#[derive(Debug, Serialize, ToSchema)]
struct ModelCardView {
    /// The repository.
    repository: RepositoryView,
    #[serde(flatten)]
    card: MetadataView,
    /// What the repository belongs to.
    classifications: Vec<RepositoryClassificationView>,
    /// The Markdown of README.md below the front matter; empty when there is none.
    readme: String,
    /// The same as HTML that is safe to show. Formulas are `<span data-math-style>`, with `inline` or `display`.
    html: String,
    /// The text is so long that the HTML ends early.
    is_truncated: bool,
}

/// The card of a repository: its metadata and its README as safe HTML, with links and images that lead to its files.
#[utoipa::path(tag = "metadata", params(KindQuery, RevisionQuery),
    responses((status = 200, body = ModelCardView), (status = 404)))]
#[get("/api/{username}/{repo_name}/model-card")]
pub(super) async fn show_model_card(
    caller: Caller,
    path: Path<(String, String)>,
    kind: Query<KindQuery>,
    query: Query<RevisionQuery>,
    repos: Data<Repos>,
    cards: Data<Cards>,
    taxonomy: Data<Taxonomy>,
) -> ApiResult<Json<ModelCardView>> {
    let proof = repos.readable(&caller, &kind.0.address(&path.0))?;
    let revision = query.0.revision;
    let card = cards.read(&proof, revision.as_deref()).await?;
    let base = link_base(&repos, &caller, &proof, revision.as_deref(), crate::cards::README);
    let readme = card.body().to_owned();
    let (readme, rendered) = blocking(move || {
        let rendered = render(&readme, &base);
        (readme, rendered)
    })
    .await;
    let Rendered {
        html,
        truncated: is_truncated,
    } = rendered;
    let classifications = taxonomy.classifications(&proof)?.into_iter().map(Into::into).collect();
    let (repository, card) = (RepositoryView::from(&proof), card.into());
    Ok(Json(ModelCardView {
        repository,
        card,
        classifications,
        readme,
        html,
        is_truncated,
    }))
}
