use crate::base::Sha256;
use crate::files::Files;
use crate::http::{ApiResult, Disposition, ETag, FileAnswer, Path};
use actix_web::http::header;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, route};

/// Sends large content under an address that the hub signed; the signature is the right to read it.
#[utoipa::path(get, path = "/blobs/{sha256}", tag = "files",
    params(("sha256" = String, Path, description = "The digest of the content.")),
    responses((status = 200, description = "the content"), (status = 206), (status = 304), (status = 403), (status = 404)))]
#[route("/blobs/{sha256}", method = "GET", method = "HEAD")]
pub(super) async fn download_blob(
    request: HttpRequest,
    path: Path<Sha256>,
    files: Data<Files>,
) -> ApiResult<HttpResponse> {
    // What may be read may be asked about.
    let signed = files
        .blobs()
        .verify_link("GET", request.path(), request.query_string())?;
    let reader = files.blobs().reader(signed.sha256).await?;
    let media_type = signed
        .presentation
        .content_type
        .unwrap_or_else(|| "application/octet-stream".to_owned());
    let name = path.0.to_string();
    let mut answer = FileAnswer::new(
        reader,
        ETag::of(&signed.sha256),
        media_type,
        Disposition::Attachment,
        &name,
    );
    if let Some(disposition) = signed.presentation.disposition {
        answer = answer.with_disposition(disposition);
    }
    Ok(answer
        .with_header(header::CACHE_CONTROL, "private, max-age=31536000, immutable")
        .respond(&request))
}
