use super::address::RevisionQuery;
use super::views::FileView;
use crate::files::{Files, ShownText, TrafficKind};
use crate::http::{ApiResult, Json, Path, Query, RequestInfo};
use crate::users::Caller;
use actix_web::get;
use actix_web::web::Data;
use serde::Serialize;
use utoipa::ToSchema;

/// A file with its content, where it is text of a size that can be shown.
#[derive(Debug, Serialize, ToSchema)]
struct BlobView {
    /// What is known of the file.
    #[serde(flatten)]
    file: FileView,
    /// The text; none when the file is binary or too large.
    content: Option<String>,
    /// How the text is written here.
    encoding: Option<&'static str>,
    /// Whether the file is no text.
    is_binary: bool,
    /// Whether the file is too large to be shown; download it instead.
    too_large: bool,
}

impl BlobView {
    fn new(file: FileView, shown: ShownText) -> Self {
        let encoding = shown.text.is_some().then_some("utf-8");
        Self {
            file,
            content: shown.text,
            encoding,
            is_binary: shown.is_binary,
            too_large: shown.too_large,
        }
    }
}

/// The content of a file with everything known about it.
#[utoipa::path(tag = "files", params(RevisionQuery), responses((status = 200, body = BlobView), (status = 404)))]
#[get("/api/{username}/{repo_name}/blob/{file_path:.*}")]
pub(super) async fn show_blob(
    caller: Caller,
    info: RequestInfo,
    path: Path<(String, String, String)>,
    query: Query<RevisionQuery>,
    files: Data<Files>,
) -> ApiResult<Json<BlobView>> {
    let Path((owner, name, path)) = path;
    let proof = files.readable(&caller, &owner, &name, query.0.repo_type)?;
    let revision = files.revision(&proof, query.0.revision.as_deref()).await?;
    let entry = files.entry(&proof, &revision, &path).await?;
    let shown = files.text(&entry).await?;
    files.count(&entry, TrafficKind::View, info);
    let facts = files.facts(&proof, &revision, entry).await?;
    Ok(Json(BlobView::new(FileView::new(facts, &revision), shown)))
}
