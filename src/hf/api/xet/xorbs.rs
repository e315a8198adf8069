use super::access::XetCaller;
use crate::blobs::xet::hash::XetHash;
use crate::files::XorbIntake;
use crate::hf::HfParts;
use crate::hf::api::HfError;
use crate::hf::api::commit::drain;
use crate::http::{Code, Path};
use actix_web::http::header::CONTENT_LENGTH;
use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse, post};
use futures_util::StreamExt;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

#[derive(Debug, Deserialize)]
pub(super) struct XorbPath {
    pub(super) xorb: String,
}

impl XorbPath {
    pub(super) fn hash(&self) -> Result<XetHash, HfError> {
        parsed(&self.xorb)
    }
}

/// Reads a hash as the protocol writes it.
pub(super) fn parsed(text: &str) -> Result<XetHash, HfError> {
    let bad = |_| HfError::new(Code::BadRequest, "A hash has 64 hexadecimal digits.");
    text.parse().map_err(bad)
}

/// What became of a xorb.
#[derive(Serialize, ToSchema)]
struct XetSentXorbView {
    /// Whether the repository did not have it.
    was_inserted: bool,
}

/// Takes a xorb by the Xet protocol. It is verified as it comes; what is not what its hash says leaves nothing behind.
#[utoipa::path(tag = "hugging face", path = "/xet/{place}/v1/xorbs/default/{xorb}",
    params(("place" = String, Path, description = "repository and epoch, as a token names them"),
        ("xorb" = String, Path, description = "the hash of the xorb")),
    request_body(content = Vec<u8>, content_type = "application/octet-stream"), security(("bearer" = [])),
    responses((status = 200, body = XetSentXorbView), (status = 400), (status = 401), (status = 403), (status = 404),
        (status = 413)))]
#[post("/xet/{place}/v1/xorbs/default/{xorb}")]
pub(super) async fn xet_send_xorb(
    caller: XetCaller,
    request: HttpRequest,
    path: Path<XorbPath>,
    mut body: Payload,
    parts: Data<HfParts>,
) -> Result<HttpResponse, HfError> {
    let taken = take(&caller, &request, &path.0, &mut body, &parts).await;
    if taken.is_err() {
        drain(body).await;
    }
    let was_inserted = taken?;
    Ok(HttpResponse::Ok().json(XetSentXorbView { was_inserted }))
}

async fn take(
    caller: &XetCaller,
    request: &HttpRequest,
    path: &XorbPath,
    body: &mut Payload,
    parts: &HfParts,
) -> Result<bool, HfError> {
    let proof = caller.sendable(parts)?;
    let length = request.headers().get(CONTENT_LENGTH);
    let length = length.and_then(|value| value.to_str().ok()?.parse().ok());
    let mut intake: XorbIntake = parts.files.receive_xorb(proof, path.hash()?, length)?;
    while let Some(chunk) = body.next().await {
        let broken = |_| HfError::new(Code::BadRequest, "The body could not be read to its end.");
        intake.write(chunk.map_err(broken)?).await?;
    }
    Ok(intake.finish().await?)
}
