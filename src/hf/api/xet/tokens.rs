use super::access::{Place, Purpose, Token};
use crate::git::pull_number;
use crate::hf::HfParts;
use crate::hf::api::HfError;
use crate::hf::api::asked::{Asked, RepositoryPath};
use crate::hf::api::commit::CommitQuery;
use crate::http::{Path, Query};
use crate::repos::ReadContent;
use actix_web::http::header::{CACHE_CONTROL, HeaderName};
use actix_web::web::Data;
use actix_web::{HttpResponse, get};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

static ACCESS_TOKEN: HeaderName = HeaderName::from_static("x-xet-access-token");
static EXPIRATION: HeaderName = HeaderName::from_static("x-xet-token-expiration");
static CAS_URL: HeaderName = HeaderName::from_static("x-xet-cas-url");

#[derive(Debug, Deserialize)]
pub(super) struct RevisionPath {
    revision: String,
}

/// A token for the content of one repository (§3.5 of the contract); the headers say the same.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct HfXetTokenView {
    /// The token.
    access_token: String,
    /// When it ends, in seconds since 1970.
    exp: i64,
    /// Where the content is.
    cas_url: String,
}

/// Gives a token with which content can be sent to a repository by the Xet protocol. For a pull request, whoever reads content
/// may send some.
#[utoipa::path(tag = "hugging face", path = "/api/{family}/{owner}/{repo}/xet-write-token/{revision}",
    params(RepositoryPath, ("revision" = String, Path, description = "the branch or pull request that a commit will name it on"),
        CommitQuery),
    security(("bearer" = [])),
    responses((status = 200, body = HfXetTokenView), (status = 401), (status = 403), (status = 404)))]
#[get("/api/{family:models|datasets|spaces}/{owner}/{repo}/xet-write-token/{revision}")]
pub(super) async fn hf_xet_write_token(
    asked: Asked,
    path: Path<RevisionPath>,
    query: Query<CommitQuery>,
    parts: Data<HfParts>,
) -> Result<HttpResponse, HfError> {
    // Clients name revisions that are none, or that the commit is going to make; the commit judges them.
    let revision = &path.0.revision;
    let (proof, purpose) = if query.0.opens_request() || pull_number(revision).is_some() {
        let proof = parts
            .repos
            .sendable(&asked.client.caller, asked.readable(&parts.repos)?)?;
        (proof, Purpose::Contribute)
    } else {
        (asked.writable(&parts.repos)?, Purpose::Write)
    };
    answer(&asked, proof.as_read(), revision, purpose, &parts)
}

/// Gives a token with which content of a repository can be read by the Xet protocol.
#[utoipa::path(tag = "hugging face", path = "/api/{family}/{owner}/{repo}/xet-read-token/{revision}",
    params(RepositoryPath, ("revision" = String, Path, description = "a branch, a tag or a commit")),
    responses((status = 200, body = HfXetTokenView), (status = 401), (status = 404)))]
#[get("/api/{family:models|datasets|spaces}/{owner}/{repo}/xet-read-token/{revision}")]
pub(super) async fn hf_xet_read_token(
    asked: Asked,
    path: Path<RevisionPath>,
    parts: Data<HfParts>,
) -> Result<HttpResponse, HfError> {
    let proof = asked.content_readable(&parts.repos)?;
    parts.existing_revision(&proof, &path.0.revision).await?;
    answer(&asked, &proof, &path.0.revision, Purpose::Read, &parts)
}

fn answer(
    asked: &Asked,
    proof: &ReadContent,
    revision: &str,
    purpose: Purpose,
    parts: &HfParts,
) -> Result<HttpResponse, HfError> {
    let place = Place {
        repository: proof.id(),
        epoch: parts.files.xet_epoch(proof)?,
    };
    let token = Token::new(parts, &asked.client.caller, place, revision, purpose);
    let cas_url = format!("{}{}", asked.client.hub, place.path());
    Ok(HttpResponse::Ok()
        .insert_header((ACCESS_TOKEN.clone(), token.text.as_str()))
        .insert_header((EXPIRATION.clone(), token.expires_at))
        .insert_header((CAS_URL.clone(), cas_url.as_str()))
        .insert_header((CACHE_CONTROL, "no-store"))
        .json(HfXetTokenView {
            access_token: token.text,
            exp: token.expires_at,
            cas_url,
        }))
}
