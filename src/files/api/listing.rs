use super::views::EntryView;
use crate::base::{RepositoryId, RepositoryKind};
use crate::files::{Files, Listing, Revision};
use crate::git::ObjectId;
use crate::http::{ApiResult, Json, Page, PageQuery, PageRange, Path, Query};
use crate::users::Caller;
use actix_web::get;
use actix_web::web::Data;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// Which list, and which page of it.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct ListQuery {
    /// The kind, when a model, a dataset and a space share the name.
    #[param(inline, value_type = Option<String>)]
    repo_type: Option<RepositoryKind>,
    /// A branch, a tag or a commit; the default branch when absent.
    revision: Option<String>,
    /// Only files below this folder; of the flat list alone.
    path: Option<String>,
    /// The page, counted from 1.
    page: Option<usize>,
    /// Items per page, 1 to 100; 20 when absent.
    limit: Option<usize>,
}

impl ListQuery {
    fn range(&self) -> ApiResult<PageRange> {
        PageQuery {
            page: self.page,
            limit: self.limit,
        }
        .range()
    }
}

/// A page of a folder or of all files.
#[derive(Debug, Serialize, ToSchema)]
struct TreeView {
    /// The folder; empty for the root.
    path: String,
    /// The revision that was asked for.
    revision: String,
    /// The commit that it names.
    #[schema(value_type = String)]
    commit_id: ObjectId,
    /// The entries.
    items: Vec<EntryView>,
    /// Entries in the whole list.
    total: u64,
    /// This page, counted from 1.
    page: usize,
    /// Entries per page.
    limit: usize,
}

impl TreeView {
    fn new(repository: RepositoryId, path: String, revision: Revision, listing: Listing, range: PageRange) -> Self {
        let items = listing
            .entries
            .into_iter()
            .map(|entry| EntryView::new(repository, entry))
            .collect();
        Self {
            path,
            revision: revision.name,
            commit_id: revision.commit,
            items,
            total: listing.total,
            page: range.page,
            limit: range.limit,
        }
    }
}

/// All files of a revision, in one flat list.
#[utoipa::path(tag = "files", params(ListQuery), responses((status = 200, body = TreeView), (status = 404)))]
#[get("/api/{username}/{repo_name}/files")]
pub(super) async fn list_files(
    caller: Caller,
    path: Path<(String, String)>,
    query: Query<ListQuery>,
    files: Data<Files>,
) -> ApiResult<Json<TreeView>> {
    let (Query(query), Path((owner, name))) = (query, path);
    let range = query.range()?;
    let proof = files.readable(&caller, &owner, &name, query.repo_type)?;
    let revision = files.revision(&proof, query.revision.as_deref()).await?;
    let folder = query.path.as_deref().unwrap_or_default().trim_matches('/').to_owned();
    let listing = files.list_files(&proof, &revision, &folder, range.into()).await?;
    Ok(Json(TreeView::new(proof.id(), folder, revision, listing, range)))
}

/// The root folder, one level, with the last commit of every entry.
#[utoipa::path(tag = "files", params(ListQuery), responses((status = 200, body = TreeView), (status = 404)))]
#[get("/api/{username}/{repo_name}/tree/main")]
pub(super) async fn list_root(
    caller: Caller,
    path: Path<(String, String)>,
    query: Query<ListQuery>,
    files: Data<Files>,
) -> ApiResult<Json<TreeView>> {
    let Path((owner, name)) = path;
    answer_folder(&caller, (owner, name, String::new()), query.0, &files).await
}

/// A folder, one level, with the last commit of every entry.
#[utoipa::path(tag = "files", params(ListQuery), responses((status = 200, body = TreeView), (status = 404)))]
#[get("/api/{username}/{repo_name}/tree/main/{path:.*}")]
pub(super) async fn list_folder(
    caller: Caller,
    path: Path<(String, String, String)>,
    query: Query<ListQuery>,
    files: Data<Files>,
) -> ApiResult<Json<TreeView>> {
    answer_folder(&caller, path.0, query.0, &files).await
}

async fn answer_folder(
    caller: &Caller,
    (owner, name, folder): (String, String, String),
    query: ListQuery,
    files: &Files,
) -> ApiResult<Json<TreeView>> {
    let range = query.range()?;
    let proof = files.readable(caller, &owner, &name, query.repo_type)?;
    let revision = files.revision(&proof, query.revision.as_deref()).await?;
    let folder = folder.trim_end_matches('/').to_owned();
    let listing = files.list_folder(&proof, &revision, &folder, range.into()).await?;
    Ok(Json(TreeView::new(proof.id(), folder, revision, listing, range)))
}

/// A file of any repository.
#[derive(Debug, Serialize, ToSchema)]
struct AnyFileView {
    /// The repository, as `owner id/name`.
    #[schema(value_type = String)]
    repository_id: RepositoryId,
    /// The name of the repository.
    #[schema(value_type = String)]
    repository: crate::base::RepositoryName,
    /// Its kind.
    #[schema(value_type = String)]
    repo_type: RepositoryKind,
    /// The file.
    #[serde(flatten)]
    file: EntryView,
}

/// All files on the default branches of all repositories.
#[utoipa::path(tag = "files", params(PageQuery), security(("bearer" = [])),
    responses((status = 200, body = Page<AnyFileView>), (status = 401), (status = 403)))]
#[get("/api/files")]
pub(super) async fn list_all_files(
    caller: Caller,
    query: Query<PageQuery>,
    files: Data<Files>,
) -> ApiResult<Json<Page<AnyFileView>>> {
    let admin = caller.require_admin()?;
    let range = query.0.range()?;
    let all = files.all(admin, range.into()).await?;
    let items = all.files.into_iter().map(|(repository, entry)| AnyFileView {
        repository_id: repository.id,
        file: EntryView::new(repository.id, entry),
        repository: repository.name,
        repo_type: repository.kind,
    });
    Ok(Json(Page::new(items.collect(), all.total, range)))
}
