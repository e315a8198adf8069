use super::address::RevisionQuery;
use super::archive;
use crate::base::RepositoryKind;
use crate::files::{ArchiveFormat, FileEntry, Files, FilesError, OpenFile, TrafficKind, WantedArchive};
use crate::git::GitError;
use crate::http::{ApiResult, ContentSource, Disposition, ETag, FileAnswer, Path, Query, RequestInfo};
use crate::users::{Caller, Users};
use actix_web::http::Method;
use actix_web::http::header::{self, HeaderName};
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, route};
use serde::Deserialize;
use utoipa::IntoParams;

/// What to download and how.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct DownloadQuery {
    /// The kind, when a model, a dataset and a space share the name.
    #[param(inline, value_type = Option<String>)]
    repo_type: Option<RepositoryKind>,
    /// A branch, a tag or a commit; the default branch when absent.
    revision: Option<String>,
    /// `zip` or `tar.gz`: a folder, or everything when the path is empty, as an archive.
    format: Option<String>,
    /// Whether a browser shows the file in place of saving it.
    #[serde(default)]
    inline: bool,
    /// Of a signed address: until when it works, in seconds since 1970.
    #[serde(rename = "expires")]
    _expires: Option<i64>,
    /// Of a signed address: on whose behalf it was made.
    #[serde(rename = "account")]
    _account: Option<String>,
    /// Of a signed address: stands for a token.
    signature: Option<String>,
}

/// Sends a file with Range, ETag and conditions; a folder, or everything when the path is empty, as an archive. A signed
/// address needs no token.
#[utoipa::path(get, path = "/api/{username}/{repo_name}/download/{file_path}", tag = "files", params(DownloadQuery),
    responses((status = 200, description = "the content"), (status = 206), (status = 304), (status = 403),
        (status = 404), (status = 416)))]
#[route(
    "/api/{username}/{repo_name}/download/{file_path:.*}",
    method = "GET",
    method = "HEAD"
)]
pub(super) async fn download_file(
    caller: Caller,
    request: HttpRequest,
    path: Path<(String, String, String)>,
    query: Query<DownloadQuery>,
    files: Data<Files>,
    users: Data<Users>,
) -> ApiResult<HttpResponse> {
    let (Path((owner, name, path)), Query(query)) = (path, query);
    let caller = match &query.signature {
        Some(_) => users.caller_of_link(request.method().as_str(), request.path(), request.query_string())?,
        None => caller,
    };
    let proof = files.content_readable(&caller, &owner, &name, query.repo_type)?;
    let revision = files.revision(&proof, query.revision.as_deref()).await?;
    let folder = |format| WantedArchive {
        format,
        folder: path.trim_end_matches('/').to_owned(),
        prefix: String::new(),
    };
    let named = query.format.as_deref().map(archive::archive_format).transpose()?;
    if let Some(format) = named.or_else(|| path.is_empty().then_some(ArchiveFormat::Zip)) {
        return archive::send(&files, &request, &proof, &revision, folder(format)).await;
    }
    match files.entry(&proof, &revision, &path).await {
        Ok(entry) => send_file(&files, &request, &entry, query.inline, &[]).await,
        Err(FilesError::Git(GitError::IsFolder(_))) => {
            archive::send(&files, &request, &proof, &revision, folder(ArchiveFormat::Zip)).await
        }
        Err(error) => Err(error.into()),
    }
}

/// Sends a file of the default branch by its id.
#[utoipa::path(get, path = "/api/files/{file_id}/download", tag = "files", params(RevisionQuery),
    responses((status = 200, description = "the content"), (status = 206), (status = 304), (status = 404), (status = 416)))]
#[route("/api/files/{file_id}/download", method = "GET", method = "HEAD")]
pub(super) async fn download_by_id(
    caller: Caller,
    request: HttpRequest,
    path: Path<String>,
    files: Data<Files>,
) -> ApiResult<HttpResponse> {
    let (_, _, entry) = files.by_id(&caller, &path.0).await?;
    send_file(&files, &request, &entry, false, &[]).await
}

/// Sends a file with Range, ETag, conditions and further headers, and counts the download.
pub async fn send_file(
    files: &Files,
    request: &HttpRequest,
    entry: &FileEntry,
    inline: bool,
    headers: &[(HeaderName, String)],
) -> ApiResult<HttpResponse> {
    let media_type = files.media_type(entry)?;
    let disposition = if inline {
        Disposition::Inline
    } else {
        Disposition::Attachment
    };
    let response = match files.open(entry).await? {
        OpenFile::Large(reader) => {
            let tag = ETag::of(&reader.sha256());
            with_headers(
                FileAnswer::new(reader, tag, media_type, disposition, entry.name()),
                headers,
            )
            .respond(request)
        }
        OpenFile::Plain(content) => {
            let tag = ETag::strong(&entry.object.to_string());
            with_headers(
                FileAnswer::new(content, tag, media_type, disposition, entry.name()),
                headers,
            )
            .respond(request)
        }
    };
    // What a page shows, such as the pictures of a card, is looked at rather than taken along.
    if !inline && *request.method() == Method::GET && response.status().is_success() && is_beginning(request) {
        files.count(entry, TrafficKind::Download, RequestInfo::of(request));
    }
    Ok(response)
}

fn with_headers<S: ContentSource>(answer: FileAnswer<S>, headers: &[(HeaderName, String)]) -> FileAnswer<S> {
    headers
        .iter()
        .fold(answer, |answer, (name, value)| answer.with_header(name.clone(), value))
}

/// A download in many ranges counts once: with the one that begins the file.
fn is_beginning(request: &HttpRequest) -> bool {
    let range = request
        .headers()
        .get(header::RANGE)
        .and_then(|value| value.to_str().ok());
    range.is_none_or(|range| range.trim_start().to_ascii_lowercase().starts_with("bytes=0-"))
}
