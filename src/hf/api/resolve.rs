use super::asked::Asked;
use super::refusal::{HfError, REPO_COMMIT};
use crate::files::api::send_file;
use crate::hf::HfParts;
use crate::http::{ETag, Path};
use actix_web::http::header::{HeaderName, LINK};
use actix_web::web::{self, Data};
use actix_web::{HttpRequest, HttpResponse, route};
use serde::Deserialize;
use utoipa_actix_web::service_config::ServiceConfig;

static LINKED_SIZE: HeaderName = HeaderName::from_static("x-linked-size");
static XET_HASH: HeaderName = HeaderName::from_static("x-xet-hash");
static LINKED_ETAG: HeaderName = HeaderName::from_static("x-linked-etag");

#[derive(Debug, Deserialize)]
pub(super) struct ResolvePath {
    revision: String,
    file_path: String,
}

/// The route under which the description of the API names it, and the same for datasets and spaces.
pub(super) fn routes(config: &mut ServiceConfig<'_>) {
    config.service(hf_resolve);
    for prefix in ["/datasets", "/spaces"] {
        let address = format!("{prefix}/{{owner}}/{{repo}}/resolve/{{revision}}/{{file_path:.*}}");
        config
            .route(&address, web::get().to(resolve))
            .route(&address, web::head().to(resolve));
    }
}

/// Sends a file of a revision with Range, ETag and conditions. `X-Repo-Commit` names the commit, `X-Linked-Etag` and
/// `X-Linked-Size` the content of a large file, and `X-Xet-Hash` and `Link` where it can be read by the Xet protocol. Datasets and spaces have their files below `/datasets` and `/spaces`.
#[utoipa::path(get, path = "/{owner}/{repo}/resolve/{revision}/{file_path}", tag = "hugging face",
    params(("owner" = String, Path, description = "the account that owns it"),
        ("repo" = String, Path, description = "its name"),
        ("revision" = String, Path, description = "a branch, a tag or a commit"),
        ("file_path" = String, Path, description = "the file")),
    responses((status = 200, description = "the content"), (status = 206), (status = 304), (status = 401),
        (status = 404), (status = 416)))]
#[route("/{owner}/{repo}/resolve/{revision}/{file_path:.*}", method = "GET", method = "HEAD")]
async fn hf_resolve(
    asked: Asked,
    request: HttpRequest,
    path: Path<ResolvePath>,
    parts: Data<HfParts>,
) -> Result<HttpResponse, HfError> {
    resolve(asked, request, path, parts).await
}

async fn resolve(
    asked: Asked,
    request: HttpRequest,
    Path(path): Path<ResolvePath>,
    parts: Data<HfParts>,
) -> Result<HttpResponse, HfError> {
    let proof = asked.content_readable(&parts.repos)?;
    let revision = parts.existing_revision(&proof, &path.revision).await?;
    let entry = parts.files.entry(&proof, &revision, &path.file_path).await;
    let entry = entry.map_err(|error| HfError::from(error).at(revision.commit))?;
    let mut headers = vec![(REPO_COMMIT.clone(), revision.commit.to_string())];
    if let Some(pointer) = entry.large {
        headers.push((LINKED_ETAG.clone(), ETag::of(&pointer.sha256).to_string()));
        headers.push((LINKED_SIZE.clone(), pointer.size.to_string()));
        if let Some(file) = parts.files.xet_hashes(&proof, [pointer.sha256])?.get(&pointer.sha256) {
            let route = asked.address(&format!("/xet-read-token/{}", revision.commit));
            headers.push((XET_HASH.clone(), file.to_string()));
            headers.push((LINK, format!("<{route}>; rel=\"xet-auth\"")));
        }
    }
    Ok(send_file(&parts.files, &request, &entry, false, &headers).await?)
}
