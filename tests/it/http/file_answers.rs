use actix_web::HttpResponse;
use actix_web::body::MessageBody;
use actix_web::http::StatusCode;
use actix_web::http::header::HeaderMap;
use actix_web::test::TestRequest;
use bytes::Bytes;
use geoml_hub::base::{Clock, Sha256, Timestamp};
use geoml_hub::blobs::{BlobReader, Blobs, RECIPE_TABLES, XORB_TABLES};
use geoml_hub::config::Config;
use geoml_hub::http::{ContentSource, Disposition, ETag, FileAnswer};
use geoml_hub::keys::Keys;
use geoml_hub::store::{Schema, Store};

const TEXT: &[u8] = b"0123456789";

/// 2026-01-31T12:34:56Z, and half a second that headers cannot say.
const CHANGED: Timestamp = Timestamp::from_micros(1_769_862_896_500_000);
const CHANGED_TEXT: &str = "Sat, 31 Jan 2026 12:34:56 GMT";

fn answer<S: ContentSource>(source: S, request: TestRequest) -> HttpResponse {
    FileAnswer::new(
        source,
        ETag::strong("tag"),
        "text/plain; charset=utf-8",
        Disposition::Attachment,
        "数据.txt",
    )
    .last_modified(CHANGED)
    .respond(&request.to_http_request())
}

fn get(headers: &[(&'static str, &str)]) -> TestRequest {
    headers
        .iter()
        .fold(TestRequest::get(), |request, header| request.insert_header(*header))
}

async fn taken(response: HttpResponse) -> (StatusCode, HeaderMap, Bytes) {
    let (status, headers) = (response.status(), response.headers().clone());
    let size = response.body().size();
    let body = actix_web::body::to_bytes(response.into_body()).await.ok().unwrap();
    if let actix_web::body::BodySize::Sized(size) = size {
        assert!(
            size == body.len() as u64 || body.is_empty(),
            "{size} bytes announced, {} sent",
            body.len()
        );
    }
    (status, headers, body)
}

async fn ask(headers: &[(&'static str, &str)]) -> (StatusCode, HeaderMap, Bytes) {
    taken(answer(Bytes::from_static(TEXT), get(headers))).await
}

#[actix_web::test]
async fn a_whole_file_says_what_it_is_and_cannot_act_as_a_page() {
    let (status, headers, body) = ask(&[]).await;
    assert_eq!((status, body.as_ref()), (StatusCode::OK, TEXT));
    let expected = [
        ("accept-ranges", "bytes"),
        ("etag", "\"tag\""),
        ("last-modified", CHANGED_TEXT),
        ("cache-control", "private, no-cache"),
        ("content-type", "text/plain; charset=utf-8"),
        (
            "content-disposition",
            "attachment; filename=\"__.txt\"; filename*=UTF-8''%E6%95%B0%E6%8D%AE.txt",
        ),
        ("x-content-type-options", "nosniff"),
    ];
    for (name, value) in expected {
        assert_eq!(headers.get(name).unwrap(), value, "{name}");
    }
    let policy = headers.get("content-security-policy").unwrap().to_str().unwrap();
    assert!(
        policy.contains("sandbox") && policy.contains("default-src 'none'"),
        "{policy}"
    );
}

#[actix_web::test]
async fn one_range_is_a_partial_answer() {
    for (range, content, content_range) in [
        ("bytes=2-4", "234", "bytes 2-4/10"),
        ("bytes=-3", "789", "bytes 7-9/10"),
        ("bytes=8-100", "89", "bytes 8-9/10"),
        ("bytes=0-2,2-5", "012345", "bytes 0-5/10"),
    ] {
        let (status, headers, body) = ask(&[("range", range)]).await;
        assert_eq!(
            (status, body.as_ref()),
            (StatusCode::PARTIAL_CONTENT, content.as_bytes()),
            "{range}"
        );
        assert_eq!(headers.get("content-range").unwrap(), content_range);
        assert_eq!(headers.get("etag").unwrap(), "\"tag\"");
    }
}

#[actix_web::test]
async fn several_ranges_are_a_multipart_answer() {
    let (status, headers, body) = ask(&[("range", "bytes=0-1,8-")]).await;
    assert_eq!(status, StatusCode::PARTIAL_CONTENT);
    assert!(!headers.contains_key("content-range"));
    let kind = headers.get("content-type").unwrap().to_str().unwrap();
    let boundary = kind.strip_prefix("multipart/byteranges; boundary=").unwrap();
    let head = |range| format!("Content-Type: text/plain; charset=utf-8\r\nContent-Range: bytes {range}/10\r\n\r\n");
    let expected = format!(
        "--{boundary}\r\n{}01\r\n--{boundary}\r\n{}89\r\n--{boundary}--\r\n",
        head("0-1"),
        head("8-9")
    );
    assert_eq!(body, expected);
}

#[actix_web::test]
async fn a_range_outside_is_refused_with_the_size() {
    let (status, headers, _) = ask(&[("range", "bytes=10-")]).await;
    assert_eq!(status, StatusCode::RANGE_NOT_SATISFIABLE);
    assert_eq!(headers.get("content-range").unwrap(), "bytes */10");
}

#[actix_web::test]
async fn conditions_are_judged_in_the_order_of_the_standard() {
    let status = async |headers: &[(&'static str, &str)]| ask(headers).await.0.as_u16();
    assert_eq!(status(&[("if-none-match", "\"tag\"")]).await, 304);
    assert_eq!(status(&[("if-none-match", "W/\"tag\", \"x\"")]).await, 304);
    assert_eq!(status(&[("if-none-match", "*")]).await, 304);
    assert_eq!(status(&[("if-none-match", "\"other\"")]).await, 200);
    assert_eq!(status(&[("if-modified-since", CHANGED_TEXT)]).await, 304);
    assert_eq!(
        status(&[("if-modified-since", "Sat, 31 Jan 2026 12:34:55 GMT")]).await,
        200
    );
    assert_eq!(status(&[("if-modified-since", "yesterday")]).await, 200);
    assert_eq!(
        status(&[("if-none-match", "\"other\""), ("if-modified-since", CHANGED_TEXT)]).await,
        200
    );
    assert_eq!(status(&[("if-match", "\"tag\"")]).await, 200);
    assert_eq!(status(&[("if-match", "W/\"tag\"")]).await, 412);
    assert_eq!(
        status(&[("if-match", "\"other\""), ("if-none-match", "\"tag\"")]).await,
        412
    );
    assert_eq!(status(&[("range", "bytes=0-1"), ("if-range", "\"tag\"")]).await, 206);
    assert_eq!(status(&[("range", "bytes=0-1"), ("if-range", "\"other\"")]).await, 200);
    assert_eq!(status(&[("range", "bytes=0-1"), ("if-range", "W/\"tag\"")]).await, 200);
    assert_eq!(status(&[("range", "bytes=0-1"), ("if-range", CHANGED_TEXT)]).await, 200);
    assert_eq!(
        status(&[("range", "bytes=0-1"), ("if-none-match", "\"tag\"")]).await,
        304
    );
}

#[actix_web::test]
async fn a_304_has_no_body_and_keeps_the_tag() {
    let (_, headers, body) = ask(&[("if-none-match", "\"tag\"")]).await;
    assert_eq!(headers.get("etag").unwrap(), "\"tag\"");
    assert!(body.is_empty() && !headers.contains_key("content-type"));
}

#[actix_web::test]
async fn head_has_the_length_and_reads_nothing() {
    let head = TestRequest::default()
        .method(actix_web::http::Method::HEAD)
        .insert_header(("range", "bytes=0-1"));
    let response = answer(Bytes::from_static(TEXT), head);
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(response.body().size(), actix_web::body::BodySize::Sized(10));
    assert!(taken(response).await.2.is_empty());
}

#[actix_web::test]
async fn blobs_of_every_size_are_answered_whole_and_in_parts() {
    let data = tempfile::tempdir().unwrap();
    let keys = Keys::open(&data.path().join("keys")).unwrap();
    let schema = Schema {
        tables: [XORB_TABLES, RECIPE_TABLES].concat(),
        migrations: &[],
    };
    let store = Store::in_memory(&schema).unwrap();
    let blobs = Blobs::open(data.path(), &Config::default().blobs, keys, Clock::system(), store).unwrap();
    for length in [0_u32, 1, 4_096, 65_536, 65_537, 1_000_003] {
        let content: Bytes = (0..length)
            .map(|index| (index % 251).to_le_bytes()[0])
            .collect::<Vec<_>>()
            .into();
        let sha256 = blobs.put(content.clone()).await.unwrap().sha256;
        assert_eq!(sha256, Sha256::of(&content));
        let reader: BlobReader = blobs.reader(sha256).await.unwrap();
        let (status, _, body) = taken(answer(reader.clone(), get(&[]))).await;
        assert_eq!(status, StatusCode::OK);
        assert!(body == content);
        if length > 1 {
            let last = usize::try_from(length - 1).unwrap();
            let range = format!("bytes=1-{last}");
            let (status, _, body) = taken(answer(reader.clone(), get(&[("range", range.as_str())]))).await;
            assert_eq!(status, StatusCode::PARTIAL_CONTENT);
            assert!(body == content[1..]);
        }
        if length > 300_000 {
            let (_, _, body) = taken(answer(reader, get(&[("range", "bytes=0-299999,500000-")]))).await;
            let has = |part: &[u8]| body.windows(part.len()).any(|window| window == part);
            assert!(has(&content[290_000..300_000]) && has(&content[500_000..510_000]));
        }
    }
}

#[actix_web::test]
async fn scripts_are_sent_as_text_and_pdf_is_always_saved() {
    let sent = |content_type: &str, disposition: Option<&str>| {
        let source = Bytes::from_static(TEXT);
        let mut answer = FileAnswer::new(source, ETag::strong("t"), content_type, Disposition::Inline, "a");
        if let Some(disposition) = disposition {
            answer = answer.with_disposition(disposition);
        }
        let response = answer.respond(&get(&[]).to_http_request());
        let header = |name| response.headers().get(name).unwrap().to_str().unwrap().to_owned();
        (header("content-type"), header("content-disposition"))
    };
    for script in [
        "text/javascript; charset=utf-8",
        " Application/JavaScript;x=1",
        "application/x-ecmascript",
        "text/jscript",
        "text/livescript",
        "text/javascript1.5",
        "text/csv;x=1,text/javascript",
    ] {
        assert_eq!(sent(script, None).0, "text/plain; charset=utf-8", "{script}");
    }
    assert_eq!(sent("text/csv", None).0, "text/csv");
    for pdf in [
        "application/pdf",
        "application/pdf;x=1",
        " APPLICATION/PDF ; x=1",
        "text/x,application/pdf",
    ] {
        assert!(sent(pdf, None).1.starts_with("attachment; "), "{pdf}");
        assert_eq!(
            sent(pdf, Some("Inline; filename=\"a\"")).1,
            "attachment; filename=\"a\"",
            "{pdf}"
        );
    }
    assert!(sent("image/png", None).1.starts_with("inline; "));
}
