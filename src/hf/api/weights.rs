use super::asked::Asked;
use super::refusal::HfError;
use crate::hf::HfParts;
use crate::http::{Path, Query};
use actix_web::web::Data;
use actix_web::{HttpResponse, get};
use serde::Deserialize;
use utoipa::IntoParams;

#[derive(Debug, Deserialize)]
struct WeightsPath {
    file_path: String,
}

/// Which state of the repository.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct WeightsQuery {
    /// A branch, tag or commit; the default branch when absent.
    revision: Option<String>,
}

/// The header of a safetensors file: its metadata, and every tensor with type, shape and place. The weights are not read.
#[utoipa::path(tag = "hugging face", path = "/api/models/{owner}/{repo}/safetensors-metadata/{file_path}",
    params(WeightsQuery, ("owner" = String, Path, description = "the account that owns it"),
        ("repo" = String, Path, description = "its name"),
        ("file_path" = String, Path, description = "its path")),
    responses((status = 200, description = "the header, as the file has it"), (status = 401), (status = 403), (status = 404), (status = 422)))]
#[get("/api/{family:models}/{owner}/{repo}/safetensors-metadata/{file_path:.+}")]
pub(super) async fn hf_show_safetensors_header(
    asked: Asked,
    path: Path<WeightsPath>,
    query: Query<WeightsQuery>,
    parts: Data<HfParts>,
) -> Result<HttpResponse, HfError> {
    let proof = asked.content_readable(&parts.repos)?;
    let name = query
        .0
        .revision
        .as_deref()
        .unwrap_or(&proof.repository().default_branch);
    let revision = parts.existing_revision(&proof, name).await?;
    let header = parts
        .models
        .safetensors_header(&proof, revision.commit, &path.0.file_path)
        .await?;
    Ok(HttpResponse::Ok().json(header))
}
