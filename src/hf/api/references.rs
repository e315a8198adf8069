use super::asked::{Asked, RepositoryPath};
use super::info::bare;
use super::refusal::HfError;
use crate::git::GitError;
use crate::hf::HfParts;
use crate::http::{Code, Json, JsonOrNothing, Path};
use crate::repos::{NewTag, ReposError};
use actix_web::web::Data;
use actix_web::{HttpResponse, delete, post};
use serde::Deserialize;
use utoipa::ToSchema;

#[derive(Debug, Deserialize)]
struct BranchPath {
    branch: String,
}

/// Where a branch begins (§5 of the contract).
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct HfCreateBranch {
    /// A branch, a tag or a commit; the default branch when absent.
    starting_point: Option<String>,
}

/// A tag to be made (§5 of the contract).
#[derive(Debug, Deserialize, ToSchema)]
struct HfCreateTag {
    /// Its name.
    tag: String,
    /// What it says.
    message: Option<String>,
}

fn created(full_name: String) -> impl FnOnce(ReposError) -> HfError {
    move |error| match error {
        ReposError::Git(GitError::ReferenceExists(_)) => {
            HfError::new(Code::Conflict, format!("Reference {full_name} already exists"))
        }
        other => other.into(),
    }
}

/// Makes a branch.
#[utoipa::path(tag = "hugging face", path = "/api/{family}/{owner}/{repo}/branch/{branch}",
    params(RepositoryPath, ("branch" = String, Path, description = "its name")),
    request_body = Option<HfCreateBranch>, security(("bearer" = [])),
    responses((status = 200), (status = 401), (status = 403), (status = 404), (status = 409), (status = 422)))]
#[post("/api/{family:models|datasets|spaces}/{owner}/{repo}/branch/{branch}")]
pub(super) async fn hf_create_branch(
    asked: Asked,
    path: Path<BranchPath>,
    body: JsonOrNothing<HfCreateBranch>,
    parts: Data<HfParts>,
) -> Result<HttpResponse, HfError> {
    let proof = asked.writable(&parts.repos)?;
    let default = &proof.repository().default_branch;
    let start = body.0.starting_point.as_ref().unwrap_or(default);
    let commit = parts.existing_revision(proof.as_read(), start).await?.commit;
    let name = bare(&path.0.branch);
    let made = parts
        .repos
        .create_branch(&proof, name, commit, asked.client.origin)
        .await;
    made.map_err(created(format!("refs/heads/{name}")))?;
    Ok(HttpResponse::Ok().json(serde_json::json!({})))
}

/// Deletes a branch.
#[utoipa::path(tag = "hugging face", path = "/api/{family}/{owner}/{repo}/branch/{branch}",
    params(RepositoryPath, ("branch" = String, Path, description = "its name")), security(("bearer" = [])),
    responses((status = 200), (status = 401), (status = 403), (status = 404)))]
#[delete("/api/{family:models|datasets|spaces}/{owner}/{repo}/branch/{branch}")]
pub(super) async fn hf_delete_branch(
    asked: Asked,
    path: Path<BranchPath>,
    parts: Data<HfParts>,
) -> Result<HttpResponse, HfError> {
    let proof = asked.writable(&parts.repos)?;
    let name = bare(&path.0.branch);
    let deleted = parts.repos.delete_branch(&proof, name, asked.client.origin).await;
    deleted.map_err(|error| match error {
        ReposError::Git(GitError::DefaultBranch(_)) => {
            HfError::new(Code::Forbidden, format!("Cannot delete refs/heads/{name}"))
        }
        ReposError::Git(GitError::ReferenceNotFound(_)) => HfError::new(Code::NotFound, "Invalid rev id"),
        other => other.into(),
    })?;
    Ok(HttpResponse::Ok().json(serde_json::json!({})))
}

/// What the one commit of a branch is to say (§5 of the contract).
#[derive(Debug, Default, Deserialize, ToSchema)]
struct HfSuperSquash {
    /// Its message; a sentence of the hub when absent.
    message: Option<String>,
}

/// Makes the files of a branch its only commit. The default branch is for those who administer the repository, unless a rule
/// says otherwise.
#[utoipa::path(tag = "hugging face", path = "/api/{family}/{owner}/{repo}/super-squash/{branch}",
    params(RepositoryPath, ("branch" = String, Path, description = "its name")),
    request_body = Option<HfSuperSquash>, security(("bearer" = [])),
    responses((status = 200), (status = 401), (status = 403), (status = 404), (status = 409), (status = 422)))]
#[post("/api/{family:models|datasets|spaces}/{owner}/{repo}/super-squash/{branch}")]
pub(super) async fn hf_super_squash(
    asked: Asked,
    path: Path<BranchPath>,
    body: JsonOrNothing<HfSuperSquash>,
    parts: Data<HfParts>,
) -> Result<HttpResponse, HfError> {
    let proof = asked.writable(&parts.repos)?;
    let name = bare(&path.0.branch);
    let given = body.0.message.filter(|message| !message.trim().is_empty());
    let message = given.unwrap_or_else(|| format!("Super-squash branch '{name}'"));
    let squashed = parts.repos.squash(&proof, name, &message, asked.client.origin).await;
    squashed.map_err(|error| match error {
        ReposError::Git(GitError::ReferenceNotFound(name)) => HfError::RevisionNotFound(name),
        other => other.into(),
    })?;
    Ok(HttpResponse::Ok().json(serde_json::json!({})))
}

#[derive(Debug, Deserialize)]
struct RevisionPath {
    revision: String,
}

/// Makes a tag at a revision.
#[utoipa::path(tag = "hugging face", path = "/api/{family}/{owner}/{repo}/tag/{revision}",
    params(RepositoryPath, ("revision" = String, Path, description = "a branch, a tag or a commit")),
    request_body = HfCreateTag, security(("bearer" = [])),
    responses((status = 200), (status = 401), (status = 403), (status = 404), (status = 409), (status = 422)))]
#[post("/api/{family:models|datasets|spaces}/{owner}/{repo}/tag/{revision}")]
pub(super) async fn hf_create_tag(
    asked: Asked,
    path: Path<RevisionPath>,
    body: Json<HfCreateTag>,
    parts: Data<HfParts>,
) -> Result<HttpResponse, HfError> {
    let proof = asked.writable(&parts.repos)?;
    let HfCreateTag { tag, message } = body.0;
    let commit = parts.existing_revision(proof.as_read(), &path.0.revision).await?.commit;
    let full_name = format!("refs/tags/{tag}");
    let new = NewTag {
        name: tag,
        commit,
        message,
    };
    let made = parts.repos.create_tag(&proof, new, asked.client.origin).await;
    made.map_err(created(full_name))?;
    Ok(HttpResponse::Ok().json(serde_json::json!({})))
}

/// Deletes a tag.
#[utoipa::path(tag = "hugging face", path = "/api/{family}/{owner}/{repo}/tag/{revision}",
    params(RepositoryPath, ("revision" = String, Path, description = "its name")), security(("bearer" = [])),
    responses((status = 200), (status = 401), (status = 403), (status = 404)))]
#[delete("/api/{family:models|datasets|spaces}/{owner}/{repo}/tag/{revision}")]
pub(super) async fn hf_delete_tag(
    asked: Asked,
    path: Path<RevisionPath>,
    parts: Data<HfParts>,
) -> Result<HttpResponse, HfError> {
    let proof = asked.writable(&parts.repos)?;
    let deleted = parts
        .repos
        .delete_tag(&proof, &path.0.revision, asked.client.origin)
        .await;
    deleted.map_err(|error| match error {
        ReposError::Git(GitError::ReferenceNotFound(name)) => HfError::RevisionNotFound(name),
        other => other.into(),
    })?;
    Ok(HttpResponse::Ok().json(serde_json::json!({})))
}
