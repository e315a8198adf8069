//! Routes of histories, and what they answer.

/// Branches and tags: changing.
mod reference_changes;
/// Branches, tags and comparisons.
mod references;

use super::{CommitDetail, Editor};
use crate::base::{RepositoryKind, Timestamp};
use crate::git::{
    CommitInfo, Diff, DiffContent, DiffLine, DiffSide, FileDiff, FileStatus, Hunk, LineKind, ObjectId, Signature,
};
use crate::http::{ApiResult, Json, Page, PageQuery, Path, Query};
use crate::repos::RepositoryAddress;
use crate::repos::api::KindQuery;
use crate::users::Caller;
use actix_web::get;
use actix_web::web::Data;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;

/// The routes with fixed beginnings.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(references::list_branches)
        .service(references::list_tags)
        .service(references::show_branch)
        .service(references::show_tag)
        .configure(reference_changes::routes)
        .service(references::compare)
        .service(list_commits_of);
}

/// The routes that begin with an owner and a name; registered behind all others.
pub fn repository_routes(config: &mut ServiceConfig<'_>) {
    config.service(list_commits).service(show_commit);
}

/// Which history.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct HistoryQuery {
    /// The kind, when a model, a dataset and a space share the name.
    #[param(inline, value_type = Option<String>)]
    repo_type: Option<RepositoryKind>,
    /// A branch, a tag or a commit; the default branch when absent.
    revision: Option<String>,
    /// Only commits that changed this file or folder.
    path: Option<String>,
}

/// Who did something, and when.
#[derive(Debug, Serialize, ToSchema)]
struct PersonView {
    /// The name in the commit.
    name: String,
    /// The address in the commit.
    email: String,
    /// The moment.
    #[schema(value_type = String, format = DateTime)]
    time: Timestamp,
}

impl From<Signature> for PersonView {
    fn from(signature: Signature) -> Self {
        Self {
            name: signature.name,
            email: signature.email,
            time: signature.time,
        }
    }
}

/// A commit.
#[derive(Debug, Serialize, ToSchema)]
struct HistoryCommitView {
    /// The commit.
    #[schema(value_type = String)]
    id: ObjectId,
    /// Enough digits to name it to a person.
    short_id: String,
    /// The first line of its message.
    title: String,
    /// The whole message.
    message: String,
    /// Who made the change.
    author: PersonView,
    /// Who recorded it.
    committer: PersonView,
    /// Its parents.
    #[schema(value_type = Vec<String>)]
    parents: Vec<ObjectId>,
}

impl From<CommitInfo> for HistoryCommitView {
    fn from(commit: CommitInfo) -> Self {
        Self {
            id: commit.id,
            short_id: commit.id.short(),
            title: commit.title().to_owned(),
            message: commit.message,
            author: commit.author.into(),
            committer: commit.committer.into(),
            parents: commit.parents,
        }
    }
}

/// One side of a changed file.
#[derive(Debug, Serialize, ToSchema)]
struct SideView {
    /// Its path.
    path: String,
    /// Its object in git.
    #[schema(value_type = String)]
    oid: ObjectId,
    /// Bytes of the content, of a large file its own.
    size: u64,
    /// Whether it is kept as a large file.
    is_lfs: bool,
}

impl From<DiffSide> for SideView {
    fn from(side: DiffSide) -> Self {
        Self {
            path: side.path,
            oid: side.id,
            size: side.size,
            is_lfs: side.large,
        }
    }
}

/// A line of a hunk.
#[derive(Debug, Serialize, ToSchema)]
struct LineView {
    /// `context`, `added` or `deleted`.
    #[schema(value_type = String)]
    kind: LineKind,
    /// Its text without the line end.
    text: String,
    /// Whether the text ends here without a line end.
    no_newline: bool,
}

impl From<DiffLine> for LineView {
    fn from(line: DiffLine) -> Self {
        Self {
            kind: line.kind,
            text: line.text,
            no_newline: line.no_newline,
        }
    }
}

/// Changes that stand together.
#[derive(Debug, Serialize, ToSchema)]
struct HunkView {
    /// First line in the old text, from 1.
    old_start: usize,
    /// Number of lines in the old text.
    old_lines: usize,
    /// First line in the new text, from 1.
    new_start: usize,
    /// Number of lines in the new text.
    new_lines: usize,
    /// The lines.
    lines: Vec<LineView>,
}

impl From<Hunk> for HunkView {
    fn from(hunk: Hunk) -> Self {
        Self {
            old_start: hunk.old_start,
            old_lines: hunk.old_lines,
            new_start: hunk.new_start,
            new_lines: hunk.new_lines,
            lines: hunk.lines.into_iter().map(LineView::from).collect(),
        }
    }
}

/// A changed file.
#[derive(Debug, Serialize, ToSchema)]
struct FileDiffView {
    /// Its path; of a deleted file the old one.
    path: String,
    /// `added`, `modified`, `deleted` or `renamed`.
    #[schema(value_type = String)]
    status: FileStatus,
    /// Percentage of the content that a renamed file kept.
    similarity: Option<u8>,
    /// Before; none when it was added.
    old: Option<SideView>,
    /// After; none when it was deleted.
    new: Option<SideView>,
    /// `text`, `binary`, `large`, `not_compared`, `same` or `submodule`.
    content: &'static str,
    /// Lines added.
    added: usize,
    /// Lines deleted.
    deleted: usize,
    /// The changes with their surroundings.
    hunks: Vec<HunkView>,
    /// Whether a limit kept lines from being compared or shown.
    truncated: bool,
}

impl From<FileDiff> for FileDiffView {
    fn from(file: FileDiff) -> Self {
        let path = file.path().to_owned();
        let cut = matches!(file.content, DiffContent::NotCompared);
        let (content, added, deleted, hunks, truncated) = match file.content {
            DiffContent::Text {
                added,
                deleted,
                hunks,
                truncated,
            } => ("text", added, deleted, hunks, truncated),
            DiffContent::Binary => ("binary", 0, 0, Vec::new(), cut),
            DiffContent::Large => ("large", 0, 0, Vec::new(), cut),
            DiffContent::NotCompared => ("not_compared", 0, 0, Vec::new(), cut),
            DiffContent::Same => ("same", 0, 0, Vec::new(), cut),
            DiffContent::Submodule => ("submodule", 0, 0, Vec::new(), cut),
        };
        Self {
            path,
            status: file.status,
            similarity: file.similarity,
            old: file.old.map(SideView::from),
            new: file.new.map(SideView::from),
            content,
            added,
            deleted,
            hunks: hunks.into_iter().map(HunkView::from).collect(),
            truncated,
        }
    }
}

/// What a commit changed against its first parent.
#[derive(Debug, Serialize, ToSchema)]
struct DiffView {
    /// The changed files, by path.
    files: Vec<FileDiffView>,
    /// Lines added in all files that were compared.
    added: usize,
    /// Lines deleted in them.
    deleted: usize,
    /// Whether a limit kept some lines from being compared or shown.
    truncated: bool,
}

impl From<Diff> for DiffView {
    fn from(diff: Diff) -> Self {
        let files = diff.files.into_iter().map(FileDiffView::from).collect();
        Self {
            files,
            added: diff.added,
            deleted: diff.deleted,
            truncated: diff.truncated,
        }
    }
}

/// A commit with its changes.
#[derive(Debug, Serialize, ToSchema)]
struct CommitDetailView {
    /// The commit.
    #[serde(flatten)]
    commit: HistoryCommitView,
    /// What it changed.
    diff: DiffView,
}

impl From<CommitDetail> for CommitDetailView {
    fn from(detail: CommitDetail) -> Self {
        Self {
            commit: detail.commit.into(),
            diff: detail.diff.into(),
        }
    }
}

/// The history of a repository, or of one file or folder, newest first.
#[utoipa::path(tag = "editor", params(HistoryQuery, PageQuery), responses((status = 200, body = Page<HistoryCommitView>), (status = 404)))]
#[get("/api/{username}/{repo_name}/commits")]
async fn list_commits(
    caller: Caller,
    path: Path<(String, String)>,
    query: Query<HistoryQuery>,
    page: Query<PageQuery>,
    editor: Data<Editor>,
) -> ApiResult<Json<Page<HistoryCommitView>>> {
    history(caller, path.0, query.0, page.0, &editor).await
}

/// The history of a repository, or of one file or folder, newest first.
#[utoipa::path(tag = "git", params(HistoryQuery, PageQuery), responses((status = 200, body = Page<HistoryCommitView>), (status = 404)))]
#[get("/api/v1/repos/{owner}/{repo}/commits")]
async fn list_commits_of(
    caller: Caller,
    path: Path<(String, String)>,
    query: Query<HistoryQuery>,
    page: Query<PageQuery>,
    editor: Data<Editor>,
) -> ApiResult<Json<Page<HistoryCommitView>>> {
    history(caller, path.0, query.0, page.0, &editor).await
}

async fn history(
    caller: Caller,
    (owner, name): (String, String),
    query: HistoryQuery,
    page: PageQuery,
    editor: &Editor,
) -> ApiResult<Json<Page<HistoryCommitView>>> {
    let range = page.range()?;
    let files = editor.files();
    let proof = files
        .repos()
        .readable(&caller, &RepositoryAddress::new(owner, name, query.repo_type))?;
    let revision = files.revision(&proof, query.revision.as_deref()).await?;
    let path = query.path.as_deref().unwrap_or_default().trim_matches('/');
    let history = if path.is_empty() {
        editor.history(&proof, &revision, range.into()).await?
    } else {
        editor.path_history(&proof, &revision, path, range.into()).await?
    };
    Ok(Json(
        Page::new(history.commits, history.total, range).map(HistoryCommitView::from),
    ))
}

/// One commit with what it changed.
#[utoipa::path(tag = "editor", params(KindQuery), responses((status = 200, body = CommitDetailView), (status = 404)))]
#[get("/api/{username}/{repo_name}/commit/{commit_id}")]
async fn show_commit(
    caller: Caller,
    path: Path<(String, String, String)>,
    query: Query<KindQuery>,
    editor: Data<Editor>,
) -> ApiResult<Json<CommitDetailView>> {
    let Path((owner, name, id)) = path;
    let address = RepositoryAddress::new(owner, name, query.0.repo_type);
    let repos = editor.files().repos();
    let proof = repos.content_readable(&caller, repos.readable(&caller, &address)?)?;
    Ok(Json(editor.commit(&proof, &id).await?.into()))
}
