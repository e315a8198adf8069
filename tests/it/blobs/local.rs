use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use geoml_hub::base::{Clock, Sha256, UploadId};
use geoml_hub::blobs::{BlobError, Presentation};
use geoml_hub::config::Config;
use geoml_hub::http::{Code, Problem};
use geoml_hub::keys::{Keys, UrlRefused};

use super::fixture::{open, store};
use super::{Fixture, bytes_of, read_all, staged_files};
use crate::support::SmallDisk;

const MIB: usize = 1024 * 1024;

#[tokio::test]
async fn a_full_disk_refuses_content_keeps_reads_working_and_recovers() {
    let disk = SmallDisk::mount(8 * MIB as u64);
    let clock = Clock::system();
    let blobs = open(disk.path(), &Config::default().blobs, clock.clone(), store());
    let (kept, refused) = (bytes_of(MIB, 1), bytes_of(3 * MIB, 2));
    let stored = blobs.put(kept.clone()).await.unwrap();
    disk.fill();
    let full = blobs.put(refused.clone()).await.unwrap_err();
    assert!(matches!(full, BlobError::DiskFull), "{full:?}");
    assert_eq!((full.code(), full.code().status()), (Code::StorageFull, 507));
    let upload = UploadId::new(&clock);
    assert!(matches!(
        blobs.staging().create(upload, MIB as u64).await,
        Err(BlobError::DiskFull)
    ));
    assert!(matches!(blobs.probe().await, Err(BlobError::DiskFull)));
    // The small disk is a tmpfs, which has no RWF_NOWAIT: this also reads by the second way.
    assert!(read_all(&blobs.reader(stored.sha256).await.unwrap()).await == kept);
    disk.free();
    assert!(staged_files(disk.path()).is_empty());
    let stored = blobs.put(refused.clone()).await.unwrap();
    assert!(read_all(&blobs.reader(stored.sha256).await.unwrap()).await == refused);
}

#[tokio::test]
async fn a_chunk_that_meets_a_full_disk_can_be_sent_again() {
    let disk = SmallDisk::mount(8 * MIB as u64);
    let clock = Clock::system();
    let blobs = open(disk.path(), &Config::default().blobs, clock.clone(), store());
    let staging = blobs.staging();
    let (upload, content) = (UploadId::new(&clock), bytes_of(2 * MIB, 3));
    staging.create(upload, 2 * MIB as u64).await.unwrap();
    let send = async || {
        let mut chunk = staging.chunk(upload, 0, 2 * MIB as u64).await?;
        chunk.write(content.clone()).await?;
        chunk.finish().await
    };
    disk.fill();
    assert!(matches!(send().await, Err(BlobError::DiskFull)));
    disk.free();
    send().await.unwrap();
    let stored = staging.assemble(upload, Some(Sha256::of(&content))).await.unwrap();
    assert!(read_all(&blobs.reader(stored.sha256).await.unwrap()).await == content);
}

#[tokio::test]
async fn a_start_removes_what_a_crash_left_half_received_and_nothing_else() {
    let mut fixture = Fixture::local();
    let stored = fixture.blobs.put(bytes_of(1_000, 4)).await.unwrap();
    let upload = UploadId::new(&fixture.clock);
    fixture.blobs.staging().create(upload, 10).await.unwrap();
    std::fs::write(fixture.data.path().join("uploads/incoming/7"), b"half").unwrap();
    fixture.restart();
    let left = staged_files(fixture.data.path());
    assert_eq!(left, [fixture.data.path().join(format!("uploads/{upload}/content"))]);
    assert!(fixture.blobs.exists(stored.sha256).await.unwrap());
}

#[tokio::test]
async fn a_short_blob_breaks_the_stream_and_is_replaced_when_put_again() {
    let fixture = Fixture::local();
    let content = bytes_of(MIB, 5);
    let stored = fixture.blobs.put(content.clone()).await.unwrap();
    let reader = fixture.blobs.reader(stored.sha256).await.unwrap();
    let file = fixture.file_of(stored.sha256);
    std::fs::File::options()
        .write(true)
        .open(&file)
        .unwrap()
        .set_len(700_000)
        .unwrap();
    let broken = reader.bytes(0..MIB as u64).await;
    assert!(matches!(broken, Err(BlobError::Damaged { .. })), "{broken:?}");
    assert!(!fixture.blobs.put(content.clone()).await.unwrap().already_existed);
    assert!(read_all(&fixture.blobs.reader(stored.sha256).await.unwrap()).await == content);
}

#[tokio::test]
async fn an_open_reader_outlives_its_blob() {
    let fixture = Fixture::local();
    let content = bytes_of(MIB, 6);
    let stored = fixture.blobs.put(content.clone()).await.unwrap();
    let reader = fixture.blobs.reader(stored.sha256).await.unwrap();
    std::fs::remove_file(fixture.file_of(stored.sha256)).unwrap();
    assert!(read_all(&reader).await == content);
    assert!(!fixture.blobs.exists(stored.sha256).await.unwrap());
}

#[tokio::test]
async fn a_signed_address_reads_one_blob_until_it_expires() {
    let fixture = Fixture::local();
    let stored = fixture.blobs.put(bytes_of(10, 8)).await.unwrap();
    let presentation = Presentation {
        content_type: Some("application/x-netcdf".to_owned()),
        disposition: Some("attachment; filename=\"a b.nc\"".to_owned()),
    };
    let url = fixture
        .blobs
        .signed_url(stored.sha256, Duration::from_mins(1), &presentation)
        .await
        .unwrap();
    let (path, query) = url.split_once('?').unwrap();
    assert_eq!(path, format!("/blobs/{}", stored.sha256));
    let signed = fixture.blobs.verify_link("GET", path, query).unwrap();
    assert_eq!((signed.sha256, signed.presentation), (stored.sha256, presentation));
    let other = path.replace(&stored.sha256.to_string(), &Sha256::of(b"other").to_string());
    assert_eq!(
        fixture.blobs.verify_link("GET", &other, query),
        Err(UrlRefused::Invalid)
    );
    assert_eq!(
        fixture.blobs.verify_link("DELETE", path, query),
        Err(UrlRefused::Invalid)
    );
    fixture.clock.advance(Duration::from_mins(1));
    assert_eq!(fixture.blobs.verify_link("GET", path, query), Err(UrlRefused::Expired));
}

#[test]
fn keys_are_made_once_and_belong_to_their_owner_alone() {
    let data = tempfile::tempdir().unwrap();
    let folder = data.path().join("keys");
    let first = Keys::open(&folder).unwrap();
    let second = Keys::open(&folder).unwrap();
    assert_eq!(
        (first.key_id(), first.public_key()),
        (second.key_id(), second.public_key())
    );
    let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&folder), 0o700);
    for entry in std::fs::read_dir(&folder).unwrap() {
        assert_eq!(mode(&entry.unwrap().path()), 0o600);
    }
    std::fs::write(folder.join("secret"), b"short").unwrap();
    let damaged = Keys::open(&folder).unwrap_err().to_string();
    assert!(damaged.contains("secret is damaged"), "{damaged}");
}

#[test]
fn tokens_signed_with_the_key_verify_with_its_public_half() {
    let data = tempfile::tempdir().unwrap();
    let keys = Keys::open(&data.path().join("keys")).unwrap();
    let mut header = jsonwebtoken::Header::new(jsonwebtoken::Algorithm::EdDSA);
    header.kid = Some(keys.key_id().to_owned());
    let claims = serde_json::json!({"sub": "ana", "exp": 4_000_000_000_u64});
    let token = jsonwebtoken::encode(&header, &claims, keys.token_encoding_key()).unwrap();
    let rules = jsonwebtoken::Validation::new(jsonwebtoken::Algorithm::EdDSA);
    let read = jsonwebtoken::decode::<serde_json::Value>(&token, keys.token_decoding_key(), &rules).unwrap();
    assert_eq!(read.claims, claims);
    let other = Keys::open(&data.path().join("other")).unwrap();
    assert!(jsonwebtoken::decode::<serde_json::Value>(&token, other.token_decoding_key(), &rules).is_err());
}
