use super::asked::{Asked, RepositoryPath};
use super::refusal::HfError;
use crate::base::Timestamp;
use crate::editor::{NamedCommit, Names};
use crate::files::Window;
use crate::git::{CommitInfo, ObjectId, Reference};
use crate::hf::HfParts;
use crate::http::{Path, Query};
use actix_web::http::header::LINK;
use actix_web::web::Data;
use actix_web::{HttpResponse, get};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// Commits of a page, when the caller names no number and at most.
const PAGE: usize = 50;
const MOST_PER_PAGE: usize = 1_000;
/// Everything; references are read whole anyway.
const ALL: Window = Window {
    offset: 0,
    limit: usize::MAX,
};

/// A branch or a tag.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct HfReferenceView {
    /// Its name.
    name: String,
    /// Its full name.
    r#ref: String,
    /// The commit that it names.
    #[schema(value_type = String)]
    target_commit: ObjectId,
}

/// Names of commits (§5 of the contract).
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct HfReferencesView {
    /// Branches, the default one first.
    branches: Vec<HfReferenceView>,
    /// Branches that programs make from others, of which there are none here.
    converts: Vec<HfReferenceView>,
    /// Tags.
    tags: Vec<HfReferenceView>,
    /// Pull requests, when asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pull_requests: Option<Vec<HfReferenceView>>,
}

fn views(prefix: &str, named: Vec<NamedCommit>) -> Vec<HfReferenceView> {
    let view = |named: NamedCommit| HfReferenceView {
        r#ref: format!("{prefix}{}", named.name),
        name: named.name,
        target_commit: named.commit.id,
    };
    named.into_iter().map(view).collect()
}

fn pull_request(named: Reference) -> HfReferenceView {
    HfReferenceView {
        r#ref: format!("refs/pr/{}", named.name),
        name: named.name,
        target_commit: named.commit,
    }
}

/// Which names to tell.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct ReferencesQuery {
    /// `1` or `true`: with those of pull requests.
    include_prs: Option<String>,
}

/// The branches and tags of a repository.
#[utoipa::path(tag = "hugging face", path = "/api/{family}/{owner}/{repo}/refs", params(RepositoryPath, ReferencesQuery),
    responses((status = 200, body = HfReferencesView), (status = 401), (status = 404)))]
#[get("/api/{family:models|datasets|spaces}/{owner}/{repo}/refs")]
pub(super) async fn hf_list_references(
    asked: Asked,
    query: Query<ReferencesQuery>,
    parts: Data<HfParts>,
) -> Result<HttpResponse, HfError> {
    let proof = asked.readable(&parts.repos)?;
    let (branches, _) = parts
        .editor
        .names(&proof, Names::Branches, "", ALL)
        .await
        .map_err(HfError::other)?;
    let (tags, _) = parts
        .editor
        .names(&proof, Names::Tags, "", ALL)
        .await
        .map_err(HfError::other)?;
    let with_requests = matches!(query.0.include_prs.as_deref(), Some("1" | "true"));
    let pull_requests = if with_requests {
        let named = parts.pulls.references(&proof).await?;
        Some(named.into_iter().map(pull_request).collect())
    } else {
        None
    };
    Ok(HttpResponse::Ok().json(HfReferencesView {
        branches: views("refs/heads/", branches),
        converts: Vec::new(),
        tags: views("refs/tags/", tags),
        pull_requests,
    }))
}

/// A commit (§5 of the contract).
#[derive(Debug, Serialize, ToSchema)]
struct HfCommitView {
    /// The commit.
    #[schema(value_type = String)]
    id: ObjectId,
    /// The first line of its message.
    title: String,
    /// What follows.
    message: String,
    /// Who made it.
    authors: Vec<HfAuthorView>,
    /// When it was recorded.
    #[schema(value_type = String, format = DateTime)]
    date: Timestamp,
    /// Title and message as HTML, when asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    formatted: Option<HfFormattedView>,
}

/// Who made a commit.
#[derive(Debug, Serialize, ToSchema)]
struct HfAuthorView {
    /// The name.
    user: String,
}

/// Title and message as HTML.
#[derive(Debug, Serialize, ToSchema)]
struct HfFormattedView {
    /// The first line.
    title: String,
    /// What follows.
    message: String,
}

impl HfCommitView {
    fn new(commit: CommitInfo, formatted: bool) -> Self {
        let title = commit.title().to_owned();
        let text = commit.message.trim();
        let message = text.split_once('\n').map_or("", |(_, rest)| rest.trim()).to_owned();
        Self {
            id: commit.id,
            formatted: formatted.then(|| HfFormattedView {
                title: ammonia::clean_text(&title),
                message: ammonia::clean_text(&message),
            }),
            title,
            message,
            authors: vec![HfAuthorView {
                user: commit.author.name,
            }],
            date: commit.committer.time,
        }
    }
}

/// Which commits to list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct CommitsQuery {
    /// `formatted`: with title and message as HTML.
    #[serde(rename = "expand[]", alias = "expand")]
    expand: Option<String>,
    /// The most commits of a page.
    limit: Option<usize>,
    /// Commits before the page, as the header `Link` of the page before says.
    #[serde(default)]
    skip: usize,
}

#[derive(Debug, Deserialize)]
struct RevisionPath {
    revision: String,
}

/// The commits of a revision, the newest first.
#[utoipa::path(tag = "hugging face", path = "/api/{family}/{owner}/{repo}/commits/{revision}",
    params(RepositoryPath, CommitsQuery, ("revision" = String, Path, description = "a branch, a tag or a commit")),
    responses((status = 200, body = Vec<HfCommitView>), (status = 401), (status = 404)))]
#[get("/api/{family:models|datasets|spaces}/{owner}/{repo}/commits/{revision}")]
pub(super) async fn hf_list_commits(
    asked: Asked,
    path: Path<RevisionPath>,
    query: Query<CommitsQuery>,
    parts: Data<HfParts>,
) -> Result<HttpResponse, HfError> {
    let proof = asked.readable(&parts.repos)?;
    let Some(revision) = parts.revision(&proof, Some(&path.0.revision)).await? else {
        return Ok(HttpResponse::Ok().json([(); 0]));
    };
    let query = query.0;
    let window = Window {
        offset: query.skip,
        limit: query.limit.unwrap_or(PAGE).clamp(1, MOST_PER_PAGE),
    };
    let history = parts
        .editor
        .history(&proof, &revision, window)
        .await
        .map_err(HfError::other)?;
    let formatted = query.expand.as_deref() == Some("formatted");
    let mut response = HttpResponse::Ok();
    let end = window.offset.saturating_add(history.commits.len());
    if !history.commits.is_empty() && (end as u64) < history.total {
        let mut pairs = vec![
            ("skip".to_owned(), end.to_string()),
            ("limit".to_owned(), window.limit.to_string()),
        ];
        pairs.extend(query.expand.map(|expand| ("expand[]".to_owned(), expand)));
        response.insert_header((LINK, asked.next_page(&format!("/commits/{}", revision.commit), &pairs)));
    }
    let commits = history
        .commits
        .into_iter()
        .map(|commit| HfCommitView::new(commit, formatted));
    Ok(response.json(commits.collect::<Vec<_>>()))
}
