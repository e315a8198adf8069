//! Branches, tags, and comparisons of two revisions: reading.

use super::{DiffView, HistoryCommitView, PersonView};
use crate::base::RepositoryKind;
use crate::editor::{Comparison, Editor, NamedCommit, Names};
use crate::git::{Count, Divergence, ObjectId};
use crate::http::{ApiResult, Json, Page, PageQuery, PageRange, Path, Query};
use crate::repos::api::KindQuery;
use crate::repos::{ReadRepo, RepositoryAddress};
use crate::users::Caller;
use actix_web::get;
use actix_web::web::Data;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// A branch or a tag.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ReferenceView {
    /// Its name.
    name: String,
    /// The commit that it names.
    commit: HistoryCommitView,
    /// Whether it is the branch that pages and counters show.
    is_default: bool,
    /// What an annotated tag says.
    #[serde(skip_serializing_if = "Option::is_none")]
    annotation: Option<AnnotationView>,
    /// How far a branch is from the default one, when that was asked for and the default branch has commits.
    #[serde(skip_serializing_if = "Option::is_none")]
    divergence: Option<DivergenceView>,
}

/// How far a branch is from the default one.
#[derive(Debug, Serialize, ToSchema)]
struct DivergenceView {
    /// Commits that only the branch has.
    ahead: CountView,
    /// Commits that only the default branch has.
    behind: CountView,
}

impl From<Divergence> for DivergenceView {
    fn from(divergence: Divergence) -> Self {
        Self {
            ahead: divergence.ahead.into(),
            behind: divergence.behind.into(),
        }
    }
}

/// What an annotated tag says.
#[derive(Debug, Serialize, ToSchema)]
struct AnnotationView {
    /// Who made it.
    tagger: Option<PersonView>,
    /// The whole message.
    message: String,
}

impl ReferenceView {
    fn new(named: NamedCommit, default: Option<&str>) -> Self {
        Self {
            is_default: default == Some(named.name.as_str()),
            name: named.name,
            commit: named.commit.into(),
            annotation: named.annotation.map(|annotation| AnnotationView {
                tagger: annotation.tagger.map(PersonView::from),
                message: annotation.message,
            }),
            divergence: None,
        }
    }

    /// One branch or tag.
    pub(super) async fn of(editor: &Editor, proof: &ReadRepo, names: Names, name: &str) -> ApiResult<Self> {
        let default = (names == Names::Branches).then_some(proof.repository().default_branch.as_str());
        Ok(Self::new(editor.named(proof, names, name).await?, default))
    }
}

/// Which names.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct NamesQuery {
    /// The kind, when a model, a dataset and a space share the name.
    #[param(inline, value_type = Option<String>)]
    repo_type: Option<RepositoryKind>,
    /// Only names that contain this text, in small or capital letters.
    q: Option<String>,
}

/// What to tell of branches.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct BranchesQuery {
    /// Whether to tell how far each branch is from the default one.
    #[serde(default)]
    divergence: bool,
}

/// A page of branches or tags, with the proof that the caller may read them.
async fn list(
    caller: &Caller,
    (owner, name): (String, String),
    query: NamesQuery,
    range: PageRange,
    editor: &Editor,
    names: Names,
) -> ApiResult<(ReadRepo, Page<ReferenceView>)> {
    let address = RepositoryAddress::new(owner, name, query.repo_type);
    let proof = editor.files().repos().readable(caller, &address)?;
    let containing = query.q.unwrap_or_default();
    let (found, total) = editor.names(&proof, names, &containing, range.into()).await?;
    let default = (names == Names::Branches).then_some(proof.repository().default_branch.as_str());
    let page = Page::new(found, total, range).map(|named| ReferenceView::new(named, default));
    Ok((proof, page))
}

/// The branches of a repository, the default one first, then by name.
#[utoipa::path(tag = "git", params(NamesQuery, BranchesQuery, PageQuery), responses((status = 200, body = Page<ReferenceView>), (status = 404)))]
#[get("/api/v1/repos/{owner}/{repo}/branches")]
pub(super) async fn list_branches(
    caller: Caller,
    path: Path<(String, String)>,
    query: Query<NamesQuery>,
    wish: Query<BranchesQuery>,
    page: Query<PageQuery>,
    editor: Data<Editor>,
) -> ApiResult<Json<Page<ReferenceView>>> {
    let range = page.0.range()?;
    let (proof, mut page) = list(&caller, path.0, query.0, range, &editor, Names::Branches).await?;
    if wish.0.divergence {
        let tips = page.items.iter().map(|branch| branch.commit.id).collect();
        let found = editor.divergences(&proof, tips).await?;
        for (branch, divergence) in page.items.iter_mut().zip(found) {
            branch.divergence = Some(divergence.into());
        }
    }
    Ok(Json(page))
}

/// The tags of a repository, the last names first.
#[utoipa::path(tag = "git", params(NamesQuery, PageQuery), responses((status = 200, body = Page<ReferenceView>), (status = 404)))]
#[get("/api/v1/repos/{owner}/{repo}/tags")]
pub(super) async fn list_tags(
    caller: Caller,
    path: Path<(String, String)>,
    query: Query<NamesQuery>,
    page: Query<PageQuery>,
    editor: Data<Editor>,
) -> ApiResult<Json<Page<ReferenceView>>> {
    let range = page.0.range()?;
    Ok(Json(
        list(&caller, path.0, query.0, range, &editor, Names::Tags).await?.1,
    ))
}

/// One branch.
#[utoipa::path(tag = "git", params(KindQuery), responses((status = 200, body = ReferenceView), (status = 404)))]
#[get("/api/v1/repos/{owner}/{repo}/branches/{branch:.*}")]
pub(super) async fn show_branch(
    caller: Caller,
    path: Path<(String, String, String)>,
    query: Query<KindQuery>,
    editor: Data<Editor>,
) -> ApiResult<Json<ReferenceView>> {
    let Path((owner, name, branch)) = path;
    let address = RepositoryAddress::new(owner, name, query.0.repo_type);
    let proof = editor.files().repos().readable(&caller, &address)?;
    Ok(Json(
        ReferenceView::of(&editor, &proof, Names::Branches, &branch).await?,
    ))
}

/// One tag.
#[utoipa::path(tag = "git", params(KindQuery), responses((status = 200, body = ReferenceView), (status = 404)))]
#[get("/api/v1/repos/{owner}/{repo}/tags/{tag:.*}")]
pub(super) async fn show_tag(
    caller: Caller,
    path: Path<(String, String, String)>,
    query: Query<KindQuery>,
    editor: Data<Editor>,
) -> ApiResult<Json<ReferenceView>> {
    let Path((owner, name, tag)) = path;
    let address = RepositoryAddress::new(owner, name, query.0.repo_type);
    let proof = editor.files().repos().readable(&caller, &address)?;
    Ok(Json(ReferenceView::of(&editor, &proof, Names::Tags, &tag).await?))
}

/// Two revisions.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct CompareQuery {
    /// The kind, when a model, a dataset and a space share the name.
    #[param(inline, value_type = Option<String>)]
    repo_type: Option<RepositoryKind>,
    /// What is compared with; the default branch when absent.
    base: Option<String>,
    /// What is looked at; the default branch when absent.
    head: Option<String>,
}

/// A number of commits.
#[derive(Debug, Serialize, ToSchema)]
struct CountView {
    /// The number.
    commits: usize,
    /// Whether counting stopped there.
    more: bool,
}

impl From<Count> for CountView {
    fn from(count: Count) -> Self {
        Self {
            commits: count.commits,
            more: count.more,
        }
    }
}

/// What one revision has beyond another.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ComparisonView {
    /// The commit of the base.
    #[schema(value_type = String)]
    base: ObjectId,
    /// The commit of the head.
    #[schema(value_type = String)]
    head: ObjectId,
    /// The newest commit that both have; none when their histories have nothing in common.
    #[schema(value_type = Option<String>)]
    merge_base: Option<ObjectId>,
    /// Commits that only the head has.
    ahead: CountView,
    /// Commits that only the base has.
    behind: CountView,
    /// The newest commits that only the head has, at most 250.
    commits: Vec<HistoryCommitView>,
    /// What the head changed since the merge base.
    diff: DiffView,
}

impl ComparisonView {
    fn new(base: ObjectId, head: ObjectId, comparison: Comparison) -> Self {
        Self {
            base,
            head,
            merge_base: comparison.merge_base,
            ahead: comparison.ahead.into(),
            behind: comparison.behind.into(),
            commits: comparison.commits.into_iter().map(HistoryCommitView::from).collect(),
            diff: comparison.diff.into(),
        }
    }
}

/// Compares two branches, tags or commits: the commits of `git log base..head` and the changes of `git diff base...head`.
#[utoipa::path(tag = "git", params(CompareQuery), responses((status = 200, body = ComparisonView), (status = 404)))]
#[get("/api/v1/repos/{owner}/{repo}/compare")]
pub(super) async fn compare(
    caller: Caller,
    path: Path<(String, String)>,
    query: Query<CompareQuery>,
    editor: Data<Editor>,
) -> ApiResult<Json<ComparisonView>> {
    let (Path((owner, name)), Query(query)) = (path, query);
    let files = editor.files();
    let repos = files.repos();
    let read = repos.readable(&caller, &RepositoryAddress::new(owner, name, query.repo_type))?;
    let proof = repos.content_readable(&caller, read)?;
    let base = files.revision(&proof, query.base.as_deref()).await?;
    let head = files.revision(&proof, query.head.as_deref()).await?;
    let comparison = editor.compare(&proof, &base, &head).await?;
    Ok(Json(ComparisonView::new(base.commit, head.commit, comparison)))
}
