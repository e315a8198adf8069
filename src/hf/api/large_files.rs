use super::asked::{Asked, HfKind, RepositoryPath, values};
use super::refusal::HfError;
use crate::base::{Sha256, Timestamp, blocking};
use crate::hf::HfParts;
use crate::http::{Code, Json, Query};
use crate::repos::{LargeFile, LargeRemoval};
use actix_web::http::header::LINK;
use actix_web::web::Data;
use actix_web::{HttpResponse, get, post};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

/// Contents of a page. Each page looks for its files in git anew.
const PAGE: usize = 1_000;
/// Contents that are given to another repository at once; the clients ask for half of them.
const GIVEN_MAX: usize = 1_000;

/// The routes.
pub(super) fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(hf_list_large_files)
        .service(hf_delete_large_files)
        .service(hf_duplicate_large_files);
}

/// Large content of a repository (§5 of the contract).
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct HfLargeFileView {
    /// By what it is deleted: the digest of the content.
    #[schema(value_type = String)]
    file_oid: Sha256,
    /// A path at which it stands or stood; the digest where none was found.
    filename: String,
    /// Digest of the content.
    #[schema(value_type = String)]
    oid: Sha256,
    /// Since when it is there, at the latest.
    #[schema(value_type = String, format = DateTime)]
    pushed_at: Timestamp,
    /// Bytes of the content.
    size: u64,
    /// The branch, by its short name, or else the full name of the reference that leads to the path.
    #[serde(skip_serializing_if = "Option::is_none")]
    r#ref: Option<String>,
}

impl From<LargeFile> for HfLargeFileView {
    fn from(file: LargeFile) -> Self {
        let (reference, path) = file.place.unzip();
        let short = |name: String| name.strip_prefix("refs/heads/").map(str::to_owned).unwrap_or(name);
        Self {
            file_oid: file.sha256,
            filename: path.unwrap_or_else(|| file.sha256.to_string()),
            oid: file.sha256,
            pushed_at: file.since,
            size: file.size,
            r#ref: reference.map(short),
        }
    }
}

/// The large content that commits of a repository name or named, whatever branch, tag or pull request leads to them.
#[utoipa::path(tag = "hugging face", path = "/api/{family}/{owner}/{repo}/lfs-files",
    params(RepositoryPath,
        ("cursor" = Option<String>, Query, description = "where the page begins, as the header `Link` of the page before says")),
    security(("bearer" = [])),
    responses((status = 200, body = Vec<HfLargeFileView>), (status = 400), (status = 401), (status = 403), (status = 404)))]
#[get("/api/{family:models|datasets|spaces}/{owner}/{repo}/lfs-files")]
async fn hf_list_large_files(
    asked: Asked,
    pairs: Query<Vec<(String, String)>>,
    parts: Data<HfParts>,
) -> Result<HttpResponse, HfError> {
    let proof = asked.writable(&parts.repos)?;
    let cursor = values(&pairs.0, "cursor").last().map(str::parse::<Sha256>);
    let bad = |_| {
        HfError::new(
            Code::BadRequest,
            "'cursor' is what the header Link of the page before says.",
        )
    };
    let cursor = cursor.transpose().map_err(bad)?;
    let files = blocking(move || parts.repos.large_files(&proof, cursor, PAGE)).await?;
    let mut response = HttpResponse::Ok();
    if let Some(last) = files.last().filter(|_| files.len() == PAGE) {
        let pairs = [("cursor".to_owned(), last.sha256.to_string())];
        response.insert_header((LINK, asked.next_page("/lfs-files", &pairs)));
    }
    Ok(response.json(files.into_iter().map(HfLargeFileView::from).collect::<Vec<_>>()))
}

/// Large content to be deleted.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct HfDeletions {
    /// The digests of the contents.
    #[schema(value_type = Vec<String>)]
    sha: Vec<Sha256>,
    /// Whether the branches are written anew without the files; else these stay as pointers to nothing.
    #[serde(default)]
    rewrite_history: bool,
}

/// What to do with large content (§5 of the contract).
#[derive(Debug, Deserialize, ToSchema)]
struct HfLargeFilesBatch {
    /// What to delete.
    deletions: HfDeletions,
}

/// Takes large content away from a repository for good. Other repositories that have it keep it.
#[utoipa::path(tag = "hugging face", path = "/api/{family}/{owner}/{repo}/lfs-files/batch", params(RepositoryPath),
    request_body = HfLargeFilesBatch, security(("bearer" = [])),
    responses((status = 200), (status = 401), (status = 403), (status = 404), (status = 409), (status = 422)))]
#[post("/api/{family:models|datasets|spaces}/{owner}/{repo}/lfs-files/batch")]
async fn hf_delete_large_files(
    asked: Asked,
    body: Json<HfLargeFilesBatch>,
    parts: Data<HfParts>,
) -> Result<HttpResponse, HfError> {
    let proof = asked.administrable(&parts.repos)?;
    let HfDeletions { sha, rewrite_history } = body.0.deletions;
    let removal = LargeRemoval {
        contents: sha,
        rewrite: rewrite_history,
        origin: asked.client.origin,
    };
    let removed = parts.repos.remove_large(&proof, removal).await?;
    Ok(HttpResponse::Ok().json(serde_json::json!({ "deleted": removed })))
}

/// Which repository is given something.
#[derive(Debug, Deserialize, ToSchema)]
struct HfTarget {
    /// What it is for; a model when absent.
    #[serde(default)]
    r#type: HfKind,
    /// `owner/name`.
    name: String,
}

/// Content that is given.
#[derive(Debug, Deserialize, ToSchema)]
struct HfGivenFile {
    /// Digest of the content.
    #[schema(value_type = String)]
    sha256: Sha256,
}

/// Large content for another repository (§5 of the contract).
#[derive(Debug, Deserialize, ToSchema)]
struct HfDuplicateFiles {
    /// The repository that gets it.
    target: HfTarget,
    /// The contents. What else the clients say of them is passed over: the digest says it all.
    files: Vec<HfGivenFile>,
}

/// Content that could not be given.
#[derive(Debug, Serialize, ToSchema)]
struct HfFailedFile {
    /// Digest of the content.
    #[schema(value_type = String)]
    sha256: Sha256,
    /// Why.
    error: &'static str,
}

/// What could not be given.
#[derive(Debug, Serialize, ToSchema)]
struct HfDuplicatedFilesView {
    /// One for each content that the repository does not have.
    failed: Vec<HfFailedFile>,
}

/// Gives large content of a repository to another one, whose commits can name it then without its being sent.
#[utoipa::path(tag = "hugging face", path = "/api/{family}/{owner}/{repo}/lfs-files/duplicate", params(RepositoryPath),
    request_body = HfDuplicateFiles, security(("bearer" = [])),
    responses((status = 200, body = HfDuplicatedFilesView), (status = 401), (status = 403), (status = 404), (status = 422)))]
#[post("/api/{family:models|datasets|spaces}/{owner}/{repo}/lfs-files/duplicate")]
async fn hf_duplicate_large_files(
    asked: Asked,
    body: Json<HfDuplicateFiles>,
    parts: Data<HfParts>,
) -> Result<HttpResponse, HfError> {
    let from = asked.content_readable(&parts.repos)?;
    let HfDuplicateFiles { target, files } = body.0;
    if files.len() > GIVEN_MAX {
        let message = format!("At most {GIVEN_MAX} files are duplicated at once.");
        return Err(HfError::new(Code::Invalid, message));
    }
    let (client, name) = (&asked.client, target.name.split_once('/'));
    let (owner, name) = name.ok_or_else(|| client.not_found())?;
    let to = client.readable(&parts.repos, target.r#type, owner, name)?;
    let to = parts.repos.writable(&client.caller, to)?;
    let contents: Vec<Sha256> = files.iter().map(|file| file.sha256).collect();
    let missing = parts.files.give_large(&from, &to, &contents).await?;
    let failed = missing.into_iter().map(|sha256| HfFailedFile {
        sha256,
        error: "The repository has no such content.",
    });
    let failed = failed.collect();
    Ok(HttpResponse::Ok().json(HfDuplicatedFilesView { failed }))
}
