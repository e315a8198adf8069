use crate::events::Origin;
use crate::http::{ApiResult, Json, Path, Query, RequestInfo};
use crate::repos::Repos;
use crate::repos::api::KindQuery;
use crate::taxonomy::{LinkOrigin, RepositoryClassification, Taxonomy};
use crate::users::Caller;
use actix_web::web::Data;
use actix_web::{delete, get, post};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// A node that a repository belongs to.
#[derive(Debug, Serialize, ToSchema)]
pub struct RepositoryClassificationView {
    /// The slug of the node.
    pub id: String,
    /// The node above it.
    pub parent_id: Option<String>,
    /// 1 to 3.
    pub level: u8,
    /// Chinese name.
    pub name_zh: String,
    /// English name.
    pub name_en: String,
    /// Who linked it: `card`, `person` or both; empty when it only stands above a linked one.
    #[schema(value_type = Vec<String>)]
    pub origins: Vec<LinkOrigin>,
}

impl From<RepositoryClassification> for RepositoryClassificationView {
    fn from(found: RepositoryClassification) -> Self {
        Self {
            id: found.node.id,
            parent_id: found.node.parent,
            level: found.node.level,
            name_zh: found.node.name_zh,
            name_en: found.node.name_en,
            origins: found.origins,
        }
    }
}

type Views = Json<Vec<RepositoryClassificationView>>;

fn views(found: Vec<RepositoryClassification>) -> Views {
    Json(found.into_iter().map(Into::into).collect())
}

/// What a repository belongs to: linked nodes and all above them, by level.
#[utoipa::path(tag = "repositories", params(KindQuery),
    responses((status = 200, body = Vec<RepositoryClassificationView>), (status = 404)))]
#[get("/api/{username}/{repo_name}/classifications")]
pub(super) async fn list_repository_classifications(
    caller: Caller,
    path: Path<(String, String)>,
    query: Query<KindQuery>,
    repos: Data<Repos>,
    taxonomy: Data<Taxonomy>,
) -> ApiResult<Views> {
    let proof = repos.readable(&caller, &query.0.address(&path.0))?;
    Ok(views(taxonomy.classifications(&proof)?))
}

/// A node to link.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct AddClassification {
    /// The slug of the node, or its Chinese or English name.
    classification_id: String,
}

/// Links a repository to a node, and so to all above it.
#[utoipa::path(tag = "repositories", params(KindQuery), request_body = AddClassification, security(("bearer" = [])),
    responses((status = 200, body = Vec<RepositoryClassificationView>), (status = 401), (status = 403), (status = 404),
        (status = 422)))]
#[post("/api/{username}/{repo_name}/classifications")]
pub(super) async fn add_repository_classification(
    caller: Caller,
    info: RequestInfo,
    path: Path<(String, String)>,
    query: Query<KindQuery>,
    body: Json<AddClassification>,
    repos: Data<Repos>,
    taxonomy: Data<Taxonomy>,
) -> ApiResult<Views> {
    let proof = repos.writable(&caller, repos.readable(&caller, &query.0.address(&path.0))?)?;
    let origin = Origin::of_request(caller.user_id(), info.address);
    Ok(views(taxonomy.add(&proof, &body.classification_id, origin).await?))
}

/// Which links to take back.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct RemoveClassifications {
    /// Only this node, by slug or name; all when absent.
    classification_id: Option<String>,
}

/// Takes back what people have linked. What the card says stays until the card changes; the answer is what remains.
#[utoipa::path(tag = "repositories", params(KindQuery, RemoveClassifications), security(("bearer" = [])),
    responses((status = 200, body = Vec<RepositoryClassificationView>), (status = 401), (status = 403), (status = 404)))]
#[delete("/api/{username}/{repo_name}/classifications")]
pub(super) async fn remove_repository_classifications(
    caller: Caller,
    info: RequestInfo,
    path: Path<(String, String)>,
    query: Query<KindQuery>,
    which: Query<RemoveClassifications>,
    repos: Data<Repos>,
    taxonomy: Data<Taxonomy>,
) -> ApiResult<Views> {
    let proof = repos.writable(&caller, repos.readable(&caller, &query.0.address(&path.0))?)?;
    let origin = Origin::of_request(caller.user_id(), info.address);
    Ok(views(
        taxonomy
            .remove(&proof, which.0.classification_id.as_deref(), origin)
            .await?,
    ))
}
