use super::access::signed_ranges;
use super::xorbs::XorbPath;
use crate::base::Sha256;
use crate::hf::HfParts;
use crate::hf::api::HfError;
use crate::http::{Code, Disposition, ETag, FileAnswer, Path, Requested, requested};
use actix_web::http::header::{CACHE_CONTROL, IF_RANGE, RANGE};
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, route};
use std::ops::Range;

/// Sends stretches of a xorb, one or several, at an address that was signed for exactly these.
#[utoipa::path(get, path = "/xet/{place}/xorbs/{xorb}", tag = "hugging face",
    params(("place" = String, Path, description = "repository and epoch"),
        ("xorb" = String, Path, description = "the hash of the xorb")),
    responses((status = 206, description = "the stretches"), (status = 403), (status = 404), (status = 416)))]
#[route("/xet/{place}/xorbs/{xorb}", method = "GET", method = "HEAD")]
pub(super) async fn xet_read_xorb(
    request: HttpRequest,
    path: Path<XorbPath>,
    parts: Data<HfParts>,
) -> Result<HttpResponse, HfError> {
    let (proof, signed) = signed_ranges(&request, &parts)?;
    let xorb = path.0.hash()?;
    let reader = parts.files.open_xorb(&proof, xorb).await?;
    let range = request.headers().get(RANGE).and_then(|value| value.to_str().ok());
    // A condition that fails would be answered with the whole.
    let range = range.filter(|_| !request.headers().contains_key(IF_RANGE));
    if !is_covered(range, &signed, reader.size()) {
        return Err(HfError::new(
            Code::Forbidden,
            "The address opens other ranges. Ask for what to fetch again.",
        ));
    }
    let tag = ETag::of(&Sha256::from_bytes(*xorb.as_bytes()));
    let media_type = "application/octet-stream";
    let answer = FileAnswer::new(reader, tag, media_type, Disposition::Attachment, &path.0.xorb);
    Ok(answer.with_header(CACHE_CONTROL, "private, no-store").respond(&request))
}

/// Whether every byte that is asked for is in a stretch that was signed. A request without ranges asks for everything.
fn is_covered(range: Option<&str>, signed: &str, size: u64) -> bool {
    let signed = format!("bytes={}", signed.replace('_', ","));
    let Requested::Parts(allowed) = requested(Some(&signed), size) else {
        return false;
    };
    let is_allowed = |part: &Range<u64>| {
        let mut stretches = allowed.iter();
        stretches.any(|stretch| stretch.start <= part.start && part.end <= stretch.end)
    };
    match requested(range, size) {
        Requested::Parts(parts) => parts.iter().all(is_allowed),
        Requested::Whole => is_allowed(&(0..size)),
        // Answers that there is nothing.
        Requested::Unsatisfiable => true,
    }
}

#[cfg(test)]
mod tests {
    use super::is_covered;

    #[test]
    fn only_what_was_signed_is_covered() {
        let covered = |range| is_covered(range, "0-9_20-29", 100);
        assert!(covered(Some("bytes=0-9")));
        assert!(covered(Some("bytes=22-25")));
        assert!(covered(Some("bytes=20-29,0-3")));
        assert!(!covered(Some("bytes=0-10")));
        assert!(!covered(Some("bytes=9-20")));
        assert!(!covered(Some("bytes=0-9,90-91")));
        assert!(!covered(None));
        assert!(!is_covered(Some("bytes=0-1"), "", 100));
        assert!(!is_covered(None, "5-4", 100));
        assert!(is_covered(None, "0-99", 100));
    }
}
