use super::view::{HfDiscussionEvent, Names, sequence_of};
use crate::hf::HfParts;
use crate::hf::api::HfError;
use crate::hf::api::asked::{Asked, RepositoryPath};
use crate::http::{Code, Json, JsonOrNothing, Path};
use crate::pulls::{Participant, PullsError};
use actix_web::web::Data;
use actix_web::{HttpResponse, post};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

#[derive(Debug, Deserialize)]
struct DiscussionPath {
    number: u64,
}

#[derive(Debug, Deserialize)]
struct CommentPath {
    number: u64,
    comment: String,
}

impl CommentPath {
    fn parsed(&self) -> Result<(u64, u64), HfError> {
        let sequence = sequence_of(&self.comment).ok_or(PullsError::NoComment)?;
        Ok((self.number, sequence))
    }
}

impl Asked {
    fn participant(&self, parts: &HfParts) -> Result<Participant, HfError> {
        let proof = self.readable(&parts.repos)?;
        Ok(parts.pulls.participant(&self.client.caller, proof)?)
    }
}

/// Something to be said.
#[derive(Debug, Deserialize, ToSchema)]
struct HfComment {
    /// Markdown.
    comment: String,
}

/// What was said.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct HfCommentedView {
    /// The comment.
    new_message: HfDiscussionEvent,
}

/// Comments on a discussion.
#[utoipa::path(tag = "hugging face", path = "/api/{family}/{owner}/{repo}/discussions/{number}/comment",
    params(RepositoryPath, ("number" = u64, Path, description = "its number")), request_body = HfComment,
    security(("bearer" = [])),
    responses((status = 200, body = HfCommentedView), (status = 401), (status = 403), (status = 404), (status = 409),
        (status = 422)))]
#[post("/api/{family:models|datasets|spaces}/{owner}/{repo}/discussions/{number}/comment")]
pub(super) async fn hf_comment(
    asked: Asked,
    path: Path<DiscussionPath>,
    body: Json<HfComment>,
    parts: Data<HfParts>,
) -> Result<HttpResponse, HfError> {
    let who = asked.participant(&parts)?;
    let origin = asked.client.origin.clone();
    let event = parts
        .pulls
        .comment(&who, path.0.number, &body.0.comment, origin)
        .await?;
    let new_message = parts.happening(&mut Names::default(), event)?;
    Ok(HttpResponse::Ok().json(HfCommentedView { new_message }))
}

/// What is said about a merge.
#[derive(Debug, Default, Deserialize, ToSchema)]
struct HfMerge {
    /// Markdown.
    comment: Option<String>,
}

/// Merges an open pull request into its branch.
#[utoipa::path(tag = "hugging face", path = "/api/{family}/{owner}/{repo}/discussions/{number}/merge",
    params(RepositoryPath, ("number" = u64, Path, description = "its number")), request_body = Option<HfMerge>,
    security(("bearer" = [])),
    responses((status = 200), (status = 401), (status = 403), (status = 404), (status = 409), (status = 422)))]
#[post("/api/{family:models|datasets|spaces}/{owner}/{repo}/discussions/{number}/merge")]
pub(super) async fn hf_merge_pull_request(
    asked: Asked,
    path: Path<DiscussionPath>,
    body: JsonOrNothing<HfMerge>,
    parts: Data<HfParts>,
) -> Result<HttpResponse, HfError> {
    let who = asked.participant(&parts)?;
    let origin = asked.client.origin.clone();
    parts
        .pulls
        .merge(&who, path.0.number, body.0.comment.as_deref(), origin)
        .await?;
    Ok(HttpResponse::Ok().json(serde_json::json!({})))
}

/// How a discussion shall stand.
#[derive(Debug, Deserialize, ToSchema)]
struct HfChangeStatus {
    /// `open` or `closed`.
    status: String,
    /// What is said about it.
    comment: Option<String>,
}

/// How a discussion stands.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct HfStatusView {
    /// What happened.
    new_status: HfDiscussionEvent,
}

/// Opens or closes a discussion.
#[utoipa::path(tag = "hugging face", path = "/api/{family}/{owner}/{repo}/discussions/{number}/status",
    params(RepositoryPath, ("number" = u64, Path, description = "its number")), request_body = HfChangeStatus,
    security(("bearer" = [])),
    responses((status = 200, body = HfStatusView), (status = 400), (status = 401), (status = 403), (status = 404),
        (status = 409), (status = 422)))]
#[post("/api/{family:models|datasets|spaces}/{owner}/{repo}/discussions/{number}/status")]
pub(super) async fn hf_change_status(
    asked: Asked,
    path: Path<DiscussionPath>,
    body: Json<HfChangeStatus>,
    parts: Data<HfParts>,
) -> Result<HttpResponse, HfError> {
    let who = asked.participant(&parts)?;
    let open = match body.0.status.as_str() {
        "open" => true,
        "closed" => false,
        _ => {
            let message = "'status' is expected one of \"open\"|\"closed\".";
            return Err(HfError::new(Code::BadRequest, message));
        }
    };
    let wanted = (open, body.0.comment.as_deref());
    let origin = asked.client.origin.clone();
    let event = parts.pulls.set_status(&who, path.0.number, wanted, origin).await?;
    let new_status = parts.happening(&mut Names::default(), event)?;
    Ok(HttpResponse::Ok().json(HfStatusView { new_status }))
}

/// How a discussion shall be called.
#[derive(Debug, Deserialize, ToSchema)]
struct HfRename {
    /// The title.
    title: String,
}

/// How a discussion is called.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct HfRenamedView {
    /// What happened.
    new_title: HfDiscussionEvent,
}

/// Gives a discussion another title.
#[utoipa::path(tag = "hugging face", path = "/api/{family}/{owner}/{repo}/discussions/{number}/title",
    params(RepositoryPath, ("number" = u64, Path, description = "its number")), request_body = HfRename,
    security(("bearer" = [])),
    responses((status = 200, body = HfRenamedView), (status = 401), (status = 403), (status = 404), (status = 422)))]
#[post("/api/{family:models|datasets|spaces}/{owner}/{repo}/discussions/{number}/title")]
pub(super) async fn hf_rename_discussion(
    asked: Asked,
    path: Path<DiscussionPath>,
    body: Json<HfRename>,
    parts: Data<HfParts>,
) -> Result<HttpResponse, HfError> {
    let who = asked.participant(&parts)?;
    let origin = asked.client.origin.clone();
    let event = parts.pulls.rename(&who, path.0.number, &body.0.title, origin).await?;
    let new_title = parts.happening(&mut Names::default(), event)?;
    Ok(HttpResponse::Ok().json(HfRenamedView { new_title }))
}

/// Another text of a comment.
#[derive(Debug, Deserialize, ToSchema)]
struct HfEditComment {
    /// Markdown.
    content: String,
}

/// A comment that was changed.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct HfUpdatedComment {
    /// The comment.
    updated_comment: HfDiscussionEvent,
}

/// Gives a comment of one's own another text.
#[utoipa::path(tag = "hugging face", path = "/api/{family}/{owner}/{repo}/discussions/{number}/comment/{comment}/edit",
    params(RepositoryPath, ("number" = u64, Path, description = "its number"),
        ("comment" = String, Path, description = "the comment")), request_body = HfEditComment,
    security(("bearer" = [])),
    responses((status = 200, body = HfUpdatedComment), (status = 401), (status = 403), (status = 404), (status = 422)))]
#[post("/api/{family:models|datasets|spaces}/{owner}/{repo}/discussions/{number}/comment/{comment}/edit")]
pub(super) async fn hf_edit_comment(
    asked: Asked,
    path: Path<CommentPath>,
    body: Json<HfEditComment>,
    parts: Data<HfParts>,
) -> Result<HttpResponse, HfError> {
    let who = asked.participant(&parts)?;
    let origin = asked.client.origin.clone();
    let (pulls, place) = (&parts.pulls, path.0.parsed()?);
    let event = pulls.edit_comment(&who, place, &body.0.content, origin).await?;
    let updated_comment = parts.happening(&mut Names::default(), event)?;
    Ok(HttpResponse::Ok().json(HfUpdatedComment { updated_comment }))
}

/// Hides a comment for good.
#[utoipa::path(tag = "hugging face", path = "/api/{family}/{owner}/{repo}/discussions/{number}/comment/{comment}/hide",
    params(RepositoryPath, ("number" = u64, Path, description = "its number"),
        ("comment" = String, Path, description = "the comment")), security(("bearer" = [])),
    responses((status = 200, body = HfUpdatedComment), (status = 401), (status = 403), (status = 404)))]
#[post("/api/{family:models|datasets|spaces}/{owner}/{repo}/discussions/{number}/comment/{comment}/hide")]
pub(super) async fn hf_hide_comment(
    asked: Asked,
    path: Path<CommentPath>,
    parts: Data<HfParts>,
) -> Result<HttpResponse, HfError> {
    let who = asked.participant(&parts)?;
    let origin = asked.client.origin.clone();
    let event = parts.pulls.hide_comment(&who, path.0.parsed()?, origin).await?;
    let updated_comment = parts.happening(&mut Names::default(), event)?;
    Ok(HttpResponse::Ok().json(HfUpdatedComment { updated_comment }))
}
