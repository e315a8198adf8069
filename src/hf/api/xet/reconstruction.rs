use super::access::XetCaller;
use super::xorbs::parsed;
use crate::blobs::{FetchPlan, RecipeTerm, XorbRange};
use crate::files::Reconstruction;
use crate::hf::HfParts;
use crate::hf::api::HfError;
use crate::http::{ApiError, Code, Path};
use actix_web::http::header::RANGE;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, get};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::ops::Range;
use utoipa::ToSchema;

/// Stretches that one address opens. More of them go to further addresses, because an address must not grow too long.
const RANGES_OF_ADDRESS: usize = 32;

#[derive(Debug, Deserialize)]
pub(super) struct FilePath {
    file: String,
}

/// From, and to.
#[derive(Serialize, ToSchema)]
struct XetRangeView {
    start: u64,
    end: u64,
}

impl XetRangeView {
    fn of_chunks(chunks: &Range<u32>) -> Self {
        Self {
            start: chunks.start.into(),
            end: chunks.end.into(),
        }
    }

    /// Bytes as the header `Range` counts them: the end is the last one.
    fn of_bytes(bytes: &Range<u64>) -> Self {
        Self {
            start: bytes.start,
            end: bytes.end - 1,
        }
    }
}

/// A part of the file.
#[derive(Serialize, ToSchema)]
struct XetTermView {
    /// The xorb that holds it.
    hash: String,
    /// Its bytes.
    unpacked_length: u32,
    /// Its chunks, the end excluded.
    range: XetRangeView,
}

impl From<&RecipeTerm> for XetTermView {
    fn from(term: &RecipeTerm) -> Self {
        Self {
            hash: term.xorb.to_string(),
            unpacked_length: term.raw_len,
            range: XetRangeView::of_chunks(&term.chunks),
        }
    }
}

/// Stretches of a xorb.
#[derive(Serialize, ToSchema)]
struct XetFetchView {
    /// Where they can be read.
    url: String,
    /// Which.
    ranges: Vec<XetStretchView>,
}

#[derive(Serialize, ToSchema)]
struct XetStretchView {
    /// Chunks, the end excluded.
    chunks: XetRangeView,
    /// Bytes, the end included.
    bytes: XetRangeView,
}

/// What to fetch for a file, or for a stretch of it.
#[derive(Serialize, ToSchema)]
struct XetReconstructionView {
    /// Bytes at the beginning of the first term that are not asked for.
    offset_into_first_range: u64,
    /// The parts of the file, in their order.
    terms: Vec<XetTermView>,
    /// What to fetch, by the xorb.
    xorbs: BTreeMap<String, Vec<XetFetchView>>,
}

/// A stretch of a xorb, as v1 of the protocol says it.
#[derive(Serialize, ToSchema)]
struct XetFetchViewV1 {
    /// Chunks, the end excluded.
    range: XetRangeView,
    /// Where they can be read.
    url: String,
    /// Bytes, the end included.
    url_range: XetRangeView,
}

/// What to fetch, as v1 of the protocol says it.
#[derive(Serialize, ToSchema)]
struct XetReconstructionViewV1 {
    /// Bytes at the beginning of the first term that are not asked for.
    offset_into_first_range: u64,
    /// The parts of the file, in their order.
    terms: Vec<XetTermView>,
    /// What to fetch, by the xorb.
    fetch_info: BTreeMap<String, Vec<XetFetchViewV1>>,
}

/// Says what to fetch for a file of a repository, or for the stretch that `Range` names. Each address opens exactly the
/// stretches that stand beside it, for a quarter of an hour.
#[utoipa::path(tag = "hugging face", path = "/xet/{place}/v2/reconstructions/{file}",
    params(("place" = String, Path, description = "repository and epoch, as a token names them"),
        ("file" = String, Path, description = "the hash of the file")), security(("bearer" = [])),
    responses((status = 200, body = XetReconstructionView), (status = 400), (status = 401), (status = 404), (status = 416)))]
#[get("/xet/{place}/v2/reconstructions/{file}")]
pub(super) async fn xet_reconstruction(
    caller: XetCaller,
    request: HttpRequest,
    path: Path<FilePath>,
    parts: Data<HfParts>,
) -> Result<HttpResponse, HfError> {
    let plan = plan(&caller, &request, &path.0, &parts).await?;
    let fetches = plan.fetches.iter().map(|(xorb, ranges)| {
        let name = xorb.to_string();
        let fetches = ranges.chunks(RANGES_OF_ADDRESS).map(|some| XetFetchView {
            url: caller.address(&parts, &name, signed(some)),
            ranges: some.iter().map(stretch).collect(),
        });
        let fetches = fetches.collect();
        (name, fetches)
    });
    Ok(HttpResponse::Ok().json(XetReconstructionView {
        offset_into_first_range: plan.skip,
        xorbs: fetches.collect(),
        terms: plan.terms.iter().map(XetTermView::from).collect(),
    }))
}

/// The same for clients of v1.
#[utoipa::path(tag = "hugging face", path = "/xet/{place}/v1/reconstructions/{file}",
    params(("place" = String, Path, description = "repository and epoch, as a token names them"),
        ("file" = String, Path, description = "the hash of the file")), security(("bearer" = [])),
    responses((status = 200, body = XetReconstructionViewV1), (status = 400), (status = 401), (status = 404),
        (status = 416)))]
#[get("/xet/{place}/v1/reconstructions/{file}")]
pub(super) async fn xet_reconstruction_v1(
    caller: XetCaller,
    request: HttpRequest,
    path: Path<FilePath>,
    parts: Data<HfParts>,
) -> Result<HttpResponse, HfError> {
    let plan = plan(&caller, &request, &path.0, &parts).await?;
    let fetches = plan.fetches.iter().map(|(xorb, ranges)| {
        let name = xorb.to_string();
        let fetches = ranges.iter().map(|one| XetFetchViewV1 {
            range: XetRangeView::of_chunks(&one.chunks),
            url: caller.address(&parts, &name, signed(std::slice::from_ref(one))),
            url_range: XetRangeView::of_bytes(&one.bytes),
        });
        let fetches = fetches.collect();
        (name, fetches)
    });
    Ok(HttpResponse::Ok().json(XetReconstructionViewV1 {
        offset_into_first_range: plan.skip,
        fetch_info: fetches.collect(),
        terms: plan.terms.iter().map(XetTermView::from).collect(),
    }))
}

async fn plan(
    caller: &XetCaller,
    request: &HttpRequest,
    path: &FilePath,
    parts: &HfParts,
) -> Result<FetchPlan, HfError> {
    let proof = caller.content_readable(parts)?;
    let range = request.headers().get(RANGE).and_then(|value| value.to_str().ok());
    match parts.files.reconstruction(&proof, parsed(&path.file)?, range).await? {
        Reconstruction::Plan(plan) => Ok(plan),
        Reconstruction::Outside(size) => {
            let message = format!("The file has {size} bytes; the range lies outside.");
            let error = ApiError::new(Code::RangeNotSatisfiable, message);
            Err(error.with_header("content-range", format!("bytes */{size}")).into())
        }
    }
}

fn stretch(range: &XorbRange) -> XetStretchView {
    XetStretchView {
        chunks: XetRangeView::of_chunks(&range.chunks),
        bytes: XetRangeView::of_bytes(&range.bytes),
    }
}

/// The stretches as an address names them.
fn signed(ranges: &[XorbRange]) -> String {
    let ranges: Vec<String> = ranges
        .iter()
        .map(|range| format!("{}-{}", range.bytes.start, range.bytes.end - 1))
        .collect();
    ranges.join("_")
}
