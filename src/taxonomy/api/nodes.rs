use crate::events::Origin;
use crate::http::{ApiResult, Json, Page, PageQuery, Path, Query, RequestInfo};
use crate::taxonomy::{ClassificationChange, CountedClassification, NewClassification, Taxonomy};
use crate::users::Caller;
use actix_web::web::Data;
use actix_web::{HttpResponse, delete, get, post, put};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// A node of the classification tree.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ClassificationView {
    /// Its slug, which never changes.
    id: String,
    /// The node above it; none on the first level.
    parent_id: Option<String>,
    /// 1 to 3.
    level: u8,
    /// Its place among its siblings.
    position: u32,
    /// Chinese name.
    name_zh: String,
    /// English name.
    name_en: String,
    /// It came with the hub.
    is_built_in: bool,
    /// Public repositories that belong to it or to a node below it.
    repository_count: u64,
}

impl From<CountedClassification> for ClassificationView {
    fn from(counted: CountedClassification) -> Self {
        let node = counted.node;
        Self {
            id: node.id,
            parent_id: node.parent,
            level: node.level,
            position: node.position,
            name_zh: node.name_zh,
            name_en: node.name_en,
            is_built_in: node.built_in,
            repository_count: counted.repositories,
        }
    }
}

/// A node with all below it.
#[derive(Debug, Serialize, ToSchema)]
struct ClassificationTree {
    #[serde(flatten)]
    node: ClassificationView,
    /// The nodes below it, in their order.
    #[schema(no_recursion)]
    children: Vec<ClassificationTree>,
}

/// Puts nodes that each are followed by those below them into a tree.
fn grow(
    nodes: &mut std::iter::Peekable<impl Iterator<Item = ClassificationView>>,
    level: u8,
) -> Vec<ClassificationTree> {
    let mut trees = Vec::new();
    while let Some(node) = nodes.next_if(|node| node.level == level) {
        let children = grow(nodes, level + 1);
        trees.push(ClassificationTree { node, children });
    }
    trees
}

/// The classification tree with the number of public repositories of every node.
#[utoipa::path(tag = "classifications", responses((status = 200, body = Vec<ClassificationTree>)))]
#[get("/api/classifications/tree")]
pub(super) async fn show_classification_tree(taxonomy: Data<Taxonomy>) -> ApiResult<Json<Vec<ClassificationTree>>> {
    let mut nodes = taxonomy.all()?.into_iter().map(ClassificationView::from).peekable();
    Ok(Json(grow(&mut nodes, 1)))
}

/// Which nodes to list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct ClassificationFilter {
    /// Only this level, 1 to 3.
    level: Option<u8>,
    /// Only those whose id or name contains this.
    q: Option<String>,
}

impl ClassificationFilter {
    fn passes(&self, counted: &CountedClassification) -> bool {
        let node = &counted.node;
        let contains = |words: &String| {
            let words = words.trim().to_lowercase();
            [&node.id, &node.name_zh, &node.name_en]
                .iter()
                .any(|text| text.to_lowercase().contains(&words))
        };
        self.level.is_none_or(|level| level == node.level) && self.q.as_ref().is_none_or(contains)
    }
}

/// All nodes as a list, each followed by those below it.
#[utoipa::path(tag = "classifications", params(ClassificationFilter, PageQuery),
    responses((status = 200, body = Page<ClassificationView>), (status = 400)))]
#[get("/api/classifications")]
pub(super) async fn list_classifications(
    filter: Query<ClassificationFilter>,
    page: Query<PageQuery>,
    taxonomy: Data<Taxonomy>,
) -> ApiResult<Json<Page<ClassificationView>>> {
    let mut nodes = taxonomy.all()?;
    nodes.retain(|node| filter.0.passes(node));
    Ok(Json(Page::cut(nodes, page.0.range()?).map(ClassificationView::from)))
}

/// One node.
#[utoipa::path(tag = "classifications", responses((status = 200, body = ClassificationView), (status = 404)))]
#[get("/api/classifications/{id}")]
pub(super) async fn show_classification(
    path: Path<String>,
    taxonomy: Data<Taxonomy>,
) -> ApiResult<Json<ClassificationView>> {
    Ok(Json(taxonomy.get(&path.0)?.into()))
}

/// The nodes below a node, in their order.
#[utoipa::path(tag = "classifications", responses((status = 200, body = Vec<ClassificationView>), (status = 404)))]
#[get("/api/classifications/{id}/children")]
pub(super) async fn list_classification_children(
    path: Path<String>,
    taxonomy: Data<Taxonomy>,
) -> ApiResult<Json<Vec<ClassificationView>>> {
    Ok(Json(taxonomy.children(&path.0)?.into_iter().map(Into::into).collect()))
}

/// A node and all above it, the first level first.
#[utoipa::path(tag = "classifications", responses((status = 200, body = Vec<ClassificationView>), (status = 404)))]
#[get("/api/classifications/{id}/path")]
pub(super) async fn show_classification_path(
    path: Path<String>,
    taxonomy: Data<Taxonomy>,
) -> ApiResult<Json<Vec<ClassificationView>>> {
    Ok(Json(taxonomy.path(&path.0)?.into_iter().map(Into::into).collect()))
}

/// A node to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct CreateClassification {
    /// Its slug: lower-case letters, digits and hyphens. It cannot be changed later.
    id: String,
    /// The node above it; none makes a node of the first level.
    parent_id: Option<String>,
    /// Chinese name.
    name_zh: String,
    /// English name.
    name_en: String,
    /// Its place among its siblings; the last when absent.
    position: Option<u32>,
}

/// Makes a node.
#[utoipa::path(tag = "classifications", request_body = CreateClassification, security(("bearer" = [])),
    responses((status = 201, body = ClassificationView), (status = 401), (status = 403), (status = 404), (status = 409),
        (status = 422)))]
#[post("/api/classifications")]
pub(super) async fn create_classification(
    caller: Caller,
    info: RequestInfo,
    body: Json<CreateClassification>,
    taxonomy: Data<Taxonomy>,
) -> ApiResult<HttpResponse> {
    let admin = caller.require_admin()?;
    let CreateClassification {
        id,
        parent_id: parent,
        name_zh,
        name_en,
        position,
    } = body.0;
    let new = NewClassification {
        id,
        parent,
        name_zh,
        name_en,
        position,
    };
    let node = taxonomy
        .create(admin, new, Origin::of_request(caller.user_id(), info.address))
        .await?;
    Ok(HttpResponse::Created().json(ClassificationView::from(taxonomy.get(&node.id)?)))
}

/// What to change; absent fields stay.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ChangeClassification {
    /// Another Chinese name.
    name_zh: Option<String>,
    /// Another English name.
    name_en: Option<String>,
    /// Another place among its siblings.
    position: Option<u32>,
}

/// Changes the names or the place of a node. Its id and its parent stay.
#[utoipa::path(tag = "classifications", request_body = ChangeClassification, security(("bearer" = [])),
    responses((status = 200, body = ClassificationView), (status = 401), (status = 403), (status = 404), (status = 409),
        (status = 422)))]
#[put("/api/classifications/{id}")]
pub(super) async fn change_classification(
    caller: Caller,
    info: RequestInfo,
    path: Path<String>,
    body: Json<ChangeClassification>,
    taxonomy: Data<Taxonomy>,
) -> ApiResult<Json<ClassificationView>> {
    let admin = caller.require_admin()?;
    let ChangeClassification {
        name_zh,
        name_en,
        position,
    } = body.0;
    let change = ClassificationChange {
        name_zh,
        name_en,
        position,
    };
    taxonomy
        .change(
            admin,
            &path.0,
            change,
            Origin::of_request(caller.user_id(), info.address),
        )
        .await?;
    Ok(Json(taxonomy.get(&path.0)?.into()))
}

/// How to delete a node.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct DeleteClassification {
    /// Takes the repositories that belong to it out of it; without this, such a node is not deleted.
    #[serde(default)]
    unlink: bool,
}

/// Deletes a node that has none below it.
#[utoipa::path(tag = "classifications", params(DeleteClassification), security(("bearer" = [])),
    responses((status = 204), (status = 401), (status = 403), (status = 404), (status = 409)))]
#[delete("/api/classifications/{id}")]
pub(super) async fn delete_classification(
    caller: Caller,
    info: RequestInfo,
    path: Path<String>,
    query: Query<DeleteClassification>,
    taxonomy: Data<Taxonomy>,
) -> ApiResult<HttpResponse> {
    let admin = caller.require_admin()?;
    let origin = Origin::of_request(caller.user_id(), info.address);
    taxonomy.delete(admin, &path.0, query.0.unlink, origin).await?;
    Ok(HttpResponse::NoContent().finish())
}
