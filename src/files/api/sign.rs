use super::archive::archive_format;
use crate::base::Timestamp;
use crate::files::{ArchiveFormat, Files, checked_path};
use crate::http::{ApiResult, Json, Path, Query};
use crate::repos::WantedFile;
use crate::repos::api::KindQuery;
use crate::users::Caller;
use actix_web::post;
use actix_web::web::Data;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What to sign an address for.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct SignFile {
    /// A file; a folder with `format`; empty for everything as an archive.
    path: String,
    /// A branch, a tag or a commit; the default branch when absent.
    revision: Option<String>,
    /// Whether a browser shows the file in place of saving it.
    #[serde(default)]
    inline: bool,
    /// `zip` or `tar.gz`: a folder, or everything, as an archive.
    format: Option<String>,
}

/// An address that works without a token.
#[derive(Debug, Serialize, ToSchema)]
struct SignedLinkView {
    /// Path and query on this hub.
    url: String,
    /// When it ends to work.
    #[schema(value_type = String, format = DateTime)]
    expires_at: Timestamp,
}

/// Signs the address of a file or an archive, for a browser to load without a token: it works for some minutes, and only
/// while the caller's account may read the repository. Whether the file exists shows when the address is used.
#[utoipa::path(tag = "files", params(KindQuery), request_body = SignFile,
    responses((status = 200, body = SignedLinkView), (status = 404), (status = 422)))]
#[post("/api/{username}/{repo_name}/sign")]
pub(super) async fn sign_file(
    caller: Caller,
    path: Path<(String, String)>,
    query: Query<KindQuery>,
    body: Json<SignFile>,
    files: Data<Files>,
) -> ApiResult<Json<SignedLinkView>> {
    let proof = files.content_readable(&caller, &path.0.0, &path.0.1, query.0.repo_type)?;
    let SignFile {
        path,
        revision,
        inline,
        format,
    } = body.0;
    let path = path.trim_end_matches('/');
    if !path.is_empty() {
        checked_path("path", path)?;
    }
    let wanted = WantedFile {
        path: path.to_owned(),
        revision,
        inline,
        archive: format
            .as_deref()
            .map(archive_format)
            .transpose()?
            .map(ArchiveFormat::extension),
    };
    let link = files.repos().sign_file(&caller, &proof, &wanted);
    Ok(Json(SignedLinkView {
        url: link.url,
        expires_at: link.expires_at,
    }))
}
