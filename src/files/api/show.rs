use super::views::FileView;
use crate::base::{RepositoryKind, blocking};
use crate::cards::api::link_base;
use crate::cards::{render, split};
use crate::files::{FileEntry, Files, ShownText, TrafficKind};
use crate::http::{ApiResult, Json, Path, Query, RequestInfo};
use crate::users::Caller;
use actix_web::get;
use actix_web::web::Data;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// Which file and in which form.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct BlobQuery {
    /// The kind, when a model, a dataset and a space share the name.
    #[param(inline, value_type = Option<String>)]
    repo_type: Option<RepositoryKind>,
    /// A branch, a tag or a commit; the default branch when absent.
    revision: Option<String>,
    /// Whether to add Markdown as HTML.
    #[serde(default)]
    render: bool,
}

/// A file with its content, where it is text of a size that can be shown.
#[derive(Debug, Serialize, ToSchema)]
struct BlobView {
    /// What is known of the file.
    #[serde(flatten)]
    file: FileView,
    /// The text; none when the file is binary or too large.
    content: Option<String>,
    /// Markdown as HTML that is safe to show, when asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    html: Option<String>,
    /// How the text is written here.
    encoding: Option<&'static str>,
    /// Whether the file is no text.
    is_binary: bool,
    /// Whether the file is too large to be shown; download it instead.
    too_large: bool,
}

impl BlobView {
    fn new(file: FileView, shown: ShownText, html: Option<String>) -> Self {
        let encoding = shown.text.is_some().then_some("utf-8");
        Self {
            file,
            content: shown.text,
            html,
            encoding,
            is_binary: shown.is_binary,
            too_large: shown.too_large,
        }
    }
}

/// The content of a file with everything known about it.
#[utoipa::path(tag = "files", params(BlobQuery), responses((status = 200, body = BlobView), (status = 404)))]
#[get("/api/{username}/{repo_name}/blob/{file_path:.*}")]
pub(super) async fn show_blob(
    caller: Caller,
    info: RequestInfo,
    path: Path<(String, String, String)>,
    query: Query<BlobQuery>,
    files: Data<Files>,
) -> ApiResult<Json<BlobView>> {
    let Path((owner, name, path)) = path;
    let proof = files.content_readable(&caller, &owner, &name, query.0.repo_type)?;
    let revision = files.revision(&proof, query.0.revision.as_deref()).await?;
    let entry = files.entry(&proof, &revision, &path).await?;
    let shown = files.text(&entry).await?;
    files.count(&entry, TrafficKind::View, info);
    let facts = files.facts(&proof, &revision, entry).await?;
    let markdown = shown
        .text
        .clone()
        .filter(|_| query.0.render && is_markdown(&facts.entry));
    let html = match markdown {
        Some(text) => {
            let named = query.0.revision.as_deref();
            let base = link_base(files.repos(), &caller, &proof, named, &facts.entry.path);
            Some(blocking(move || render(&text[split(&text).body], &base).html).await)
        }
        None => None,
    };
    Ok(Json(BlobView::new(FileView::new(facts, &revision), shown, html)))
}

fn is_markdown(entry: &FileEntry) -> bool {
    let name = entry.name().to_lowercase();
    [".md", ".markdown"].iter().any(|ending| name.ends_with(ending))
}
