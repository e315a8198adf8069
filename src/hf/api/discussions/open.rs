use super::unified::unified;
use super::view::{HfChangesView, HfDiscussionDetails, HfDiscussionView, Names};
use crate::base::AccountName;
use crate::hf::HfParts;
use crate::hf::api::HfError;
use crate::hf::api::asked::{Asked, RepositoryPath};
use crate::hf::api::tree::is_set;
use crate::http::{Code, Json, Path, Query};
use crate::pulls::{NewPull, PullFilter};
use actix_web::web::Data;
use actix_web::{HttpResponse, get, post};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// Discussions of a page.
const PAGE: usize = 50;

/// Which discussions to list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct DiscussionsQuery {
    /// `all`, `discussion` or `pull_request`.
    r#type: Option<String>,
    /// `all`, `open` or `closed`; drafts are open, what is merged is closed.
    status: Option<String>,
    /// Only of this account.
    author: Option<String>,
    /// The page, from 0.
    #[serde(default)]
    p: usize,
}

fn choice(name: &str, word: Option<&str>, yes: &str, no: &str) -> Result<Option<bool>, HfError> {
    match word {
        None | Some("" | "all") => Ok(None),
        Some(word) if word == yes => Ok(Some(true)),
        Some(word) if word == no => Ok(Some(false)),
        Some(_) => {
            let message = format!("'{name}' is expected one of \"all\"|\"{yes}\"|\"{no}\".");
            Err(HfError::new(Code::BadRequest, message))
        }
    }
}

/// A page of discussions.
#[derive(Debug, Serialize, ToSchema)]
struct HfDiscussionsView {
    /// The newest first.
    discussions: Vec<HfDiscussionView>,
    /// How many there are on all pages.
    count: u64,
    /// How many come before the page.
    start: usize,
}

/// The discussions and pull requests of a repository.
#[utoipa::path(tag = "hugging face", path = "/api/{family}/{owner}/{repo}/discussions",
    params(RepositoryPath, DiscussionsQuery),
    responses((status = 200, body = HfDiscussionsView), (status = 400), (status = 401), (status = 404)))]
#[get("/api/{family:models|datasets|spaces}/{owner}/{repo}/discussions")]
pub(super) async fn hf_list_discussions(
    asked: Asked,
    query: Query<DiscussionsQuery>,
    parts: Data<HfParts>,
) -> Result<HttpResponse, HfError> {
    let proof = asked.readable(&parts.repos)?;
    let query = query.0;
    let start = query.p.saturating_mul(PAGE);
    let mut filter = PullFilter {
        requests: choice("type", query.r#type.as_deref(), "pull_request", "discussion")?,
        open: choice("status", query.status.as_deref(), "open", "closed")?,
        author: None,
    };
    if let Some(author) = query.author.filter(|author| !author.is_empty()) {
        let account = author
            .parse::<AccountName>()
            .ok()
            .and_then(|name| parts.users.get(&name).ok());
        let Some(account) = account else {
            let (discussions, count) = (Vec::new(), 0);
            return Ok(HttpResponse::Ok().json(HfDiscussionsView {
                discussions,
                count,
                start,
            }));
        };
        filter.author = Some(account.id);
    }
    let (page, count) = parts.pulls.list(&proof, &filter, start, PAGE)?;
    let mut names = Names::default();
    let views = page
        .iter()
        .map(|pull| parts.discussion(&mut names, (asked.kind, &proof), pull));
    Ok(HttpResponse::Ok().json(HfDiscussionsView {
        discussions: views.collect::<Result<_, _>>()?,
        count,
        start,
    }))
}

/// A discussion or a pull request to be opened.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct HfOpenDiscussion {
    /// Its title.
    title: String,
    /// The first comment.
    description: Option<String>,
    /// Whether it is a pull request: one without commits, for the default branch, as a draft.
    #[serde(default)]
    pull_request: bool,
}

/// A discussion that was opened.
#[derive(Debug, Serialize, ToSchema)]
struct HfOpenedView {
    #[serde(flatten)]
    discussion: HfDiscussionView,
    /// The address of its page.
    url: String,
}

/// Opens a discussion or a pull request.
#[utoipa::path(tag = "hugging face", path = "/api/{family}/{owner}/{repo}/discussions", params(RepositoryPath),
    request_body = HfOpenDiscussion, security(("bearer" = [])),
    responses((status = 200, body = HfOpenedView), (status = 401), (status = 403), (status = 404), (status = 422)))]
#[post("/api/{family:models|datasets|spaces}/{owner}/{repo}/discussions")]
pub(super) async fn hf_open_discussion(
    asked: Asked,
    body: Json<HfOpenDiscussion>,
    parts: Data<HfParts>,
) -> Result<HttpResponse, HfError> {
    let proof = asked.readable(&parts.repos)?;
    let who = parts.pulls.participant(&asked.client.caller, proof.clone())?;
    let new = NewPull {
        title: body.0.title,
        description: body.0.description.unwrap_or_default(),
        origin: asked.client.origin.clone(),
    };
    let pull = if body.0.pull_request {
        parts.pulls.open_draft(&who, new).await?
    } else {
        parts.pulls.open_discussion(&who, new).await?
    };
    Ok(HttpResponse::Ok().json(HfOpenedView {
        url: asked.discussion_page(&proof, pull.number),
        discussion: parts.discussion(&mut Names::default(), (asked.kind, &proof), &pull)?,
    }))
}

#[derive(Debug, Deserialize)]
struct DiscussionPath {
    number: u64,
}

/// Whether a pull request is told with its changes.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct DetailsQuery {
    /// `1`: with what it changes as a unified diff.
    diff: Option<String>,
}

/// A discussion with everything that happened in it.
#[utoipa::path(tag = "hugging face", path = "/api/{family}/{owner}/{repo}/discussions/{number}",
    params(RepositoryPath, DetailsQuery, ("number" = u64, Path, description = "its number")),
    responses((status = 200, body = HfDiscussionDetails), (status = 401), (status = 404)))]
#[get("/api/{family:models|datasets|spaces}/{owner}/{repo}/discussions/{number}")]
pub(super) async fn hf_show_discussion(
    asked: Asked,
    path: Path<DiscussionPath>,
    query: Query<DetailsQuery>,
    parts: Data<HfParts>,
) -> Result<HttpResponse, HfError> {
    let proof = asked.readable(&parts.repos)?;
    let (pull, events) = parts.pulls.get_whole(&proof, path.0.number)?;
    let mut details = HfDiscussionDetails {
        events: parts.happenings(events).await?,
        discussion: parts.discussion(&mut Names::default(), (asked.kind, &proof), &pull)?,
        changes: None,
        files_with_conflicts: None,
        diff: None,
    };
    if let Some(request) = &pull.request {
        let with_diff = query.0.diff.as_deref().is_some_and(is_set);
        let content = with_diff.then(|| parts.repos.content_readable(&asked.client.caller, proof.clone()));
        let content = content.transpose()?;
        let compared = parts.pulls.compare(&proof, &pull, content.as_ref()).await?;
        details.changes = Some(HfChangesView {
            base: format!("refs/heads/{}", request.base),
            merged_onto_id: request.merged_onto,
            merge_commit_id: request.merge_commit,
        });
        details.files_with_conflicts = Some(compared.conflicts);
        details.diff = compared.diff.as_ref().map(unified);
    }
    Ok(HttpResponse::Ok().json(details))
}
