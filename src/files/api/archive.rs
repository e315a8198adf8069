//! Everything at a revision, in one file.

use crate::files::{ArchiveFormat, Files, Revision, WantedArchive};
use crate::http::{ApiError, ApiResult, Code, Disposition, Path, Query};
use crate::repos::ReadContent;
use crate::repos::api::KindQuery;
use crate::users::Caller;
use actix_web::http::Method;
use actix_web::http::header::{self, HeaderValue};
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, route};

/// Sends everything at a revision as `{revision}.zip` or `{revision}.tar.gz`, below a folder that names the repository and the
/// revision. Large files are in it with their content.
#[utoipa::path(get, path = "/api/v1/repos/{owner}/{repo}/archive/{archive}", tag = "git", params(KindQuery,
        ("owner" = String, Path, description = "the account that owns it"),
        ("repo" = String, Path, description = "its name"),
        ("archive" = String, Path, description = "a branch, a tag or a commit, and behind it `.zip` or `.tar.gz`")),
    responses((status = 200, description = "the archive"), (status = 404)))]
#[route("/api/v1/repos/{owner}/{repo}/archive/{archive:.*}", method = "GET", method = "HEAD")]
pub(super) async fn download_archive(
    caller: Caller,
    request: HttpRequest,
    path: Path<(String, String, String)>,
    query: Query<KindQuery>,
    files: Data<Files>,
) -> ApiResult<HttpResponse> {
    let Path((owner, name, archive)) = path;
    let proof = files.content_readable(&caller, &owner, &name, query.0.repo_type)?;
    let formats = [ArchiveFormat::Zip, ArchiveFormat::TarGz].into_iter();
    let mut named = formats.filter_map(|format| {
        let revision = archive.strip_suffix(format.extension())?.strip_suffix('.')?;
        (!revision.is_empty()).then_some((revision, format))
    });
    let unknown = || ApiError::new(Code::NotFound, "The name of an archive ends with '.zip' or '.tar.gz'.");
    let (name, format) = named.next().ok_or_else(unknown)?;
    let revision = files.revision(&proof, Some(name)).await?;
    let wanted = WantedArchive {
        format,
        folder: String::new(),
        prefix: format!("{}-{}", proof.repository().name, name.replace('/', "-")),
    };
    send(&files, &request, &proof, &revision, wanted).await
}

/// The form of an archive that somebody asks for.
pub(super) fn archive_format(text: &str) -> ApiResult<ArchiveFormat> {
    let unknown = || {
        let message = "The formats of archives are 'zip' and 'tar.gz'.";
        ApiError::field(Code::Invalid, "format", message)
    };
    ArchiveFormat::of_extension(text).ok_or_else(unknown)
}

/// Sends an archive. Its file is named like the folder in it, the folder that it is of, or the repository.
pub(super) async fn send(
    files: &Files,
    request: &HttpRequest,
    proof: &ReadContent,
    revision: &Revision,
    wanted: WantedArchive,
) -> ApiResult<HttpResponse> {
    let folder = wanted.folder.rsplit('/').next().unwrap_or_default();
    let repository = proof.repository().name.as_str();
    let names = [wanted.prefix.as_str(), folder, repository];
    let name = names.into_iter().find(|name| !name.is_empty()).unwrap_or(repository);
    let file_name = format!("{name}.{}", wanted.format.extension());
    let mut response = HttpResponse::Ok();
    response
        .content_type(wanted.format.media_type())
        .insert_header((header::CONTENT_DISPOSITION, Disposition::Attachment.named(&file_name)))
        .insert_header((header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")))
        .insert_header((header::CACHE_CONTROL, "private, no-cache"));
    let stream = files.archive(proof, revision, wanted).await?;
    if *request.method() == Method::HEAD {
        return Ok(response.finish());
    }
    Ok(response.streaming(stream))
}
