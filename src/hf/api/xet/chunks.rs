use super::access::XetCaller;
use super::xorbs::parsed;
use crate::hf::HfParts;
use crate::hf::api::HfError;
use crate::http::Path;
use actix_web::http::header::CACHE_CONTROL;
use actix_web::web::Data;
use actix_web::{HttpResponse, get};
use serde::Deserialize;

#[derive(Debug, Deserialize)]
pub(super) struct ChunkPath {
    chunk: String,
}

/// Says what a repository was sent in which a chunk is, so that a client spares itself to send it again. The answer is a shard
/// of the Xet protocol whose hashes of chunks are protected by the key in its footer; it speaks of this repository alone.
#[utoipa::path(tag = "hugging face", path = "/xet/{place}/v1/chunks/default/{chunk}",
    params(("place" = String, Path, description = "repository and epoch, as a token names them"),
        ("chunk" = String, Path, description = "the hash of the chunk")),
    security(("bearer" = [])),
    responses((status = 200, body = Vec<u8>, content_type = "application/octet-stream"), (status = 400), (status = 401),
        (status = 403), (status = 404)))]
#[get("/xet/{place}/v1/chunks/default/{chunk}")]
pub(super) async fn xet_find_chunk(
    caller: XetCaller,
    path: Path<ChunkPath>,
    parts: Data<HfParts>,
) -> Result<HttpResponse, HfError> {
    let proof = caller.sendable(&parts)?;
    let shard = parts.files.shard_with_chunk(&proof, parsed(&path.0.chunk)?).await?;
    Ok(HttpResponse::Ok()
        .content_type("application/octet-stream")
        .insert_header((CACHE_CONTROL, "no-store"))
        .body(shard))
}
