use std::time::Duration;

use bytes::Bytes;
use geoml_hub::base::{Sha256, UploadId};
use geoml_hub::blobs::{BlobError, Blobs};

use super::{Fixture, bytes_of, read_all, staged_files};

const CHUNK: usize = 1024 * 1024;

super::on_both_backends! {
    chunks_in_order_make_the_content,
    chunks_in_any_order_in_parallel_and_repeated_make_the_content,
    an_upload_survives_a_restart_after_every_step,
    chunks_can_be_sent_again_after_a_wrong_hash,
    content_that_exists_already_is_adopted,
    chunks_outside_or_of_another_length_are_refused,
    sealed_content_takes_no_chunk,
    a_chunk_sent_twice_at_once_never_breaks_the_digest,
    uploads_are_listed_discarded_and_swept,
}

async fn send(blobs: &Blobs, upload: UploadId, content: &Bytes, chunk: usize) {
    let start = chunk * CHUNK;
    let end = (start + CHUNK).min(content.len());
    let length = (end - start) as u64;
    let mut writer = blobs.staging().chunk(upload, start as u64, length).await.unwrap();
    for piece in content[start..end].chunks(100_000) {
        writer.write(content.slice_ref(piece)).await.unwrap();
    }
    writer.finish().await.unwrap();
}

async fn started(fixture: &Fixture, content: &Bytes) -> UploadId {
    let upload = UploadId::new(&fixture.clock);
    fixture
        .blobs
        .staging()
        .create(upload, content.len() as u64)
        .await
        .unwrap();
    upload
}

async fn assert_stored(fixture: &Fixture, content: &Bytes) {
    let reader = fixture.blobs.reader(Sha256::of(content)).await.unwrap();
    assert!(read_all(&reader).await == *content);
}

async fn chunks_in_order_make_the_content(fixture: Fixture) {
    let content = bytes_of(9 * CHUNK + 5, 1);
    let upload = started(&fixture, &content).await;
    for chunk in 0..10 {
        send(&fixture.blobs, upload, &content, chunk).await;
    }
    let stored = fixture
        .blobs
        .staging()
        .assemble(upload, Some(Sha256::of(&content)))
        .await
        .unwrap();
    assert_eq!((stored.size, stored.already_existed), (content.len() as u64, false));
    fixture.blobs.staging().discard(upload).await.unwrap();
    assert_stored(&fixture, &content).await;
    assert!(staged_files(fixture.data.path()).is_empty());
}

async fn chunks_in_any_order_in_parallel_and_repeated_make_the_content(fixture: Fixture) {
    let content = bytes_of(8 * CHUNK + 77, 2);
    let upload = started(&fixture, &content).await;
    let order = [3, 0, 1, 8, 5, 3, 2, 7, 0, 4, 6, 1];
    let sends = order.map(|chunk| {
        let (blobs, content) = (fixture.blobs.clone(), content.clone());
        tokio::spawn(async move { send(&blobs, upload, &content, chunk).await })
    });
    for sent in sends {
        sent.await.unwrap();
    }
    let stored = fixture.blobs.staging().assemble(upload, None).await.unwrap();
    assert_eq!(stored.sha256, Sha256::of(&content));
    assert_stored(&fixture, &content).await;
}

/// What `kill -9` leaves is what the calls before it made durable; nothing in memory may be needed.
async fn an_upload_survives_a_restart_after_every_step(mut fixture: Fixture) {
    let content = bytes_of(3 * CHUNK, 3);
    let sha256 = Sha256::of(&content);
    let upload = started(&fixture, &content).await;
    for chunk in [0, 1, 2] {
        fixture.restart();
        fixture
            .blobs
            .staging()
            .create(upload, content.len() as u64)
            .await
            .unwrap();
        send(&fixture.blobs, upload, &content, chunk).await;
    }
    fixture.restart();
    for _ in 0..2 {
        assert_eq!(
            fixture.blobs.staging().hash(upload, Some(sha256)).await.unwrap(),
            sha256
        );
        fixture.restart();
    }
    for round in 0..3 {
        let stored = fixture.blobs.staging().store(upload, sha256).await.unwrap();
        assert_eq!(stored.already_existed, round > 0);
        fixture.restart();
    }
    for _ in 0..2 {
        fixture.blobs.staging().discard(upload).await.unwrap();
        fixture.restart();
    }
    assert_stored(&fixture, &content).await;
    assert!(
        fixture
            .blobs
            .staging()
            .store(upload, sha256)
            .await
            .unwrap()
            .already_existed
    );
    assert!(staged_files(fixture.data.path()).is_empty());
}

async fn chunks_can_be_sent_again_after_a_wrong_hash(fixture: Fixture) {
    let (right, wrong) = (bytes_of(2 * CHUNK, 4), bytes_of(2 * CHUNK, 5));
    let upload = started(&fixture, &right).await;
    send(&fixture.blobs, upload, &right, 0).await;
    send(&fixture.blobs, upload, &wrong, 1).await;
    let staging = fixture.blobs.staging();
    let refused = staging.assemble(upload, Some(Sha256::of(&right))).await;
    assert!(matches!(refused, Err(BlobError::HashMismatch { .. })), "{refused:?}");
    send(&fixture.blobs, upload, &right, 1).await;
    staging.assemble(upload, Some(Sha256::of(&right))).await.unwrap();
    assert_stored(&fixture, &right).await;
}

async fn content_that_exists_already_is_adopted(fixture: Fixture) {
    let content = bytes_of(CHUNK, 6);
    fixture.blobs.put(content.clone()).await.unwrap();
    let upload = started(&fixture, &content).await;
    send(&fixture.blobs, upload, &content, 0).await;
    let stored = fixture.blobs.staging().assemble(upload, None).await.unwrap();
    assert!(stored.already_existed);
    fixture.blobs.staging().discard(upload).await.unwrap();
    assert_stored(&fixture, &content).await;
}

async fn chunks_outside_or_of_another_length_are_refused(fixture: Fixture) {
    let upload = started(&fixture, &bytes_of(100, 7)).await;
    let staging = fixture.blobs.staging();
    let outside = staging.chunk(upload, 90, 11).await.err();
    assert!(
        matches!(outside, Some(BlobError::OutsideUpload { end: 101, size: 100 })),
        "{outside:?}"
    );
    assert!(matches!(
        staging.chunk(upload, u64::MAX, 2).await.err(),
        Some(BlobError::OutsideUpload { .. })
    ));
    let mut long = staging.chunk(upload, 0, 3).await.unwrap();
    assert!(matches!(
        long.write(Bytes::from_static(b"four")).await,
        Err(BlobError::SizeMismatch { .. })
    ));
    let mut short = staging.chunk(upload, 0, 3).await.unwrap();
    short.write(Bytes::from_static(b"12")).await.unwrap();
    assert!(matches!(
        short.finish().await,
        Err(BlobError::SizeMismatch { expected: 3, actual: 2 })
    ));
    let unknown = UploadId::new(&fixture.clock);
    assert!(matches!(
        staging.chunk(unknown, 0, 1).await.err(),
        Some(BlobError::UnknownUpload { .. })
    ));
    assert!(matches!(
        staging.hash(unknown, None).await,
        Err(BlobError::UnknownUpload { .. })
    ));
    assert!(matches!(
        staging.store(unknown, Sha256::of(b"x")).await,
        Err(BlobError::UnknownUpload { .. })
    ));
}

async fn sealed_content_takes_no_chunk(fixture: Fixture) {
    let content = bytes_of(CHUNK, 8);
    let upload = started(&fixture, &content).await;
    let staging = fixture.blobs.staging();
    let late = staging.chunk(upload, 0, 3).await.unwrap();
    assert!(matches!(
        staging.hash(upload, None).await,
        Err(BlobError::BusyUpload { .. })
    ));
    drop(late);
    send(&fixture.blobs, upload, &content, 0).await;
    let mut hashed = staging.hash(upload, None).await;
    while matches!(hashed, Err(BlobError::BusyUpload { .. })) {
        // The dropped chunk ends on its own time.
        tokio::time::sleep(Duration::from_millis(5)).await;
        hashed = staging.hash(upload, None).await;
    }
    assert_eq!(hashed.unwrap(), Sha256::of(&content));
    assert!(matches!(
        staging.chunk(upload, 0, 3).await.err(),
        Some(BlobError::UnknownUpload { .. })
    ));
    let other = staging.hash(upload, Some(Sha256::of(b"other"))).await;
    assert!(matches!(other, Err(BlobError::HashMismatch { .. })));
}

async fn uploads_are_listed_discarded_and_swept(fixture: Fixture) {
    let content = bytes_of(10, 9);
    let (kept, old) = (started(&fixture, &content).await, started(&fixture, &content).await);
    let staging = fixture.blobs.staging();
    let mut listed: Vec<_> = staging
        .list()
        .await
        .unwrap()
        .iter()
        .map(|staged| staged.upload)
        .collect();
    listed.sort();
    assert_eq!(listed, [kept.min(old), kept.max(old)]);
    let day = Duration::from_hours(24);
    assert_eq!(staging.sweep(|_| false, day).await.unwrap(), 0);
    fixture.clock.advance(Duration::from_hours(25));
    assert_eq!(staging.sweep(|upload| *upload == kept, day).await.unwrap(), 1);
    assert_eq!(staging.list().await.unwrap()[0].upload, kept);
    staging.discard(kept).await.unwrap();
    assert!(staging.list().await.unwrap().is_empty());
}

/// A client that sends other bytes for a chunk that is still on its way must not get content stored under a digest that
/// it does not have.
async fn a_chunk_sent_twice_at_once_never_breaks_the_digest(fixture: Fixture) {
    let (first, second) = (bytes_of(2 * CHUNK, 10), bytes_of(2 * CHUNK, 11));
    let upload = started(&fixture, &first).await;
    let staging = fixture.blobs.staging();
    let (start, length) = (CHUNK as u64, CHUNK as u64);
    let mut slow = staging.chunk(upload, start, length).await.unwrap();
    slow.write(first.slice(CHUNK..2 * CHUNK - 1)).await.unwrap();
    send(&fixture.blobs, upload, &first, 0).await;
    send(&fixture.blobs, upload, &second, 1).await;
    slow.write(first.slice(2 * CHUNK - 1..)).await.unwrap();
    slow.finish().await.unwrap();
    let stored = staging.assemble(upload, None).await.unwrap();
    let reader = fixture.blobs.reader(stored.sha256).await.unwrap();
    assert_eq!(Sha256::of(&read_all(&reader).await), stored.sha256);
}
