use std::time::{Duration, Instant};

use geoml_hub::base::{Clock, Sha256};
use geoml_hub::blobs::{BlobError, Presentation};
use geoml_hub::config::{BlobsConfig, Secret};
use geoml_hub::http::Problem;

use super::fixture::{open, store};
use super::{Fixture, bytes_of, read_all, staged_files};
use crate::support::S3Server;

const MIB: usize = 1024 * 1024;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dead_store_is_a_clear_error_within_seconds_and_nothing_stays_behind() {
    let mut fixture = Fixture::s3();
    let (small, large) = (bytes_of(1_000, 1), bytes_of(9 * MIB, 2));
    let stored = fixture.blobs.put(small.clone()).await.unwrap();
    let reader = fixture.blobs.reader(stored.sha256).await.unwrap();
    fixture.server.as_mut().unwrap().stop();
    let started = Instant::now();
    let errors = [
        fixture.blobs.put(bytes_of(10, 3)).await.unwrap_err(),
        fixture.blobs.put(large).await.unwrap_err(),
        fixture.blobs.adopt(stored.sha256).await.unwrap_err(),
        fixture.blobs.reader(stored.sha256).await.err().unwrap(),
        reader.bytes(0..1_000).await.unwrap_err(),
        fixture.blobs.probe().await.unwrap_err(),
    ];
    for error in &errors {
        assert!(
            matches!(error, BlobError::Unavailable { .. }) && error.is_retryable(),
            "{error:?}"
        );
        assert_eq!(error.code().status(), 503);
    }
    assert!(
        started.elapsed() < Duration::from_secs(40),
        "six refusals took {:?}",
        started.elapsed()
    );
    assert!(staged_files(fixture.data.path()).is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn wrong_credentials_are_a_refusal_that_no_retry_helps() {
    let server = S3Server::start();
    let config = BlobsConfig {
        s3_secret_access_key: Some(Secret::new("wrong")),
        ..server.config()
    };
    let data = tempfile::tempdir().unwrap();
    let blobs = open(data.path(), &config, Clock::system(), store());
    let started = Instant::now();
    let refused = blobs.put(bytes_of(10, 1)).await.unwrap_err();
    assert!(
        matches!(refused, BlobError::Refused { .. }) && !refused.is_retryable(),
        "{refused:?}"
    );
    assert_eq!(refused.code().status(), 503);
    assert!(started.elapsed() < Duration::from_secs(5));
    assert!(
        !format!("{refused:?}").contains("wrong"),
        "the secret is in the error: {refused:?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_presigned_address_answers_ranges_until_it_expires_and_only_unchanged() {
    let fixture = Fixture::s3();
    let content = bytes_of(10_000, 4);
    let stored = fixture.blobs.put(content.clone()).await.unwrap();
    let presentation = Presentation {
        content_type: Some("application/x-netcdf".to_owned()),
        disposition: Some("attachment; filename=\"a b.nc\"".to_owned()),
    };
    let url = fixture
        .blobs
        .signed_url(stored.sha256, Duration::from_mins(5), &presentation)
        .await
        .unwrap();
    let client = reqwest::Client::new();
    let part = client.get(&url).header("range", "bytes=100-199").send().await.unwrap();
    assert_eq!(part.status(), 206);
    assert_eq!(part.bytes().await.unwrap(), content[100..200]);
    let whole = client.get(&url).send().await.unwrap();
    assert_eq!(
        whole.headers()["content-disposition"],
        "attachment; filename=\"a b.nc\""
    );
    assert_eq!(whole.headers()["content-type"], "application/x-netcdf");
    assert_eq!(whole.bytes().await.unwrap(), content);
    let tampered = url.replace(&stored.sha256.to_string(), &Sha256::of(b"other").to_string());
    assert!(client.get(tampered).send().await.unwrap().status().is_client_error());
    let short = fixture
        .blobs
        .signed_url(stored.sha256, Duration::from_secs(1), &presentation)
        .await
        .unwrap();
    tokio::time::sleep(Duration::from_millis(2_500)).await;
    assert_eq!(client.get(short).send().await.unwrap().status(), 403);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_upload_goes_on_when_its_caller_goes_away() {
    let fixture = Fixture::s3();
    let content = bytes_of(20 * MIB, 5);
    let sha256 = Sha256::of(&content);
    let blobs = fixture.blobs.clone();
    let put = tokio::spawn(async move { blobs.put(content).await });
    while staged_files(fixture.data.path()).is_empty() {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    tokio::time::sleep(Duration::from_millis(200)).await;
    put.abort();
    let _aborted = put.await;
    // Either nothing has begun, or it ends; no staged file and no half object stays.
    let deadline = Instant::now() + Duration::from_secs(30);
    while !staged_files(fixture.data.path()).is_empty() {
        assert!(Instant::now() < deadline, "the staged file stays");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    if let Ok(reader) = fixture.blobs.reader(sha256).await {
        assert_eq!(Sha256::of(&read_all(&reader).await), sha256);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn server_side_encryption_can_be_asked_for() {
    for (kind, key) in [
        ("AES256", None),
        ("aws:kms", None),
        ("aws:kms", Some("key-1".to_owned())),
    ] {
        let server = S3Server::start();
        let config = BlobsConfig {
            s3_server_side_encryption: Some(kind.to_owned()),
            s3_kms_key_id: key,
            ..server.config()
        };
        let data = tempfile::tempdir().unwrap();
        let blobs = open(data.path(), &config, Clock::system(), store());
        for length in [10, 9 * MIB] {
            let content = bytes_of(length, 6);
            let stored = blobs.put(content.clone()).await.unwrap();
            assert!(read_all(&blobs.reader(stored.sha256).await.unwrap()).await == content);
        }
    }
}
