use crate::support::eventually;
use std::io::{Read, Seek, SeekFrom};
use std::os::unix::fs::MetadataExt;
use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt;
use geoml_hub::base::{Sha256, blocking};
use geoml_hub::blobs::{BlobError, BlobProblem, Expected};

use super::{Fixture, bytes_of, read_all, staged_files};

const MIB: usize = 1024 * 1024;

super::on_both_backends! {
    content_of_every_size_comes_back_byte_for_byte,
    any_range_can_be_read,
    a_cursor_reads_and_seeks_like_a_file,
    a_wrong_hash_a_wrong_size_or_too_much_is_refused_and_leaves_nothing,
    the_same_content_is_kept_once_and_never_rewritten,
    writers_of_the_same_content_at_once_agree,
    a_dropped_writer_leaves_nothing,
    a_missing_blob_is_told_apart,
    a_check_finds_what_is_missing_short_or_damaged,
    the_probe_reports_times,
}

async fn content_of_every_size_comes_back_byte_for_byte(fixture: Fixture) {
    for length in [0, 1, 64 * 1024, 256 * 1024 + 1, 8 * MIB, 8 * MIB + 1, 21 * MIB] {
        let content = bytes_of(length, 7);
        let mut writer = fixture.blobs.writer(Expected::default());
        // Pieces of odd sizes, as a socket gives them.
        for piece in content.chunks(70_001) {
            writer.write(content.slice_ref(piece)).await.unwrap();
        }
        let stored = writer.finish().await.unwrap();
        assert_eq!((stored.sha256, stored.size), (Sha256::of(&content), length as u64));
        assert!(!stored.already_existed);
        let reader = fixture.blobs.reader(stored.sha256).await.unwrap();
        assert_eq!(reader.size(), length as u64);
        assert!(read_all(&reader).await == content, "{length} bytes came back changed");
        assert_eq!(fixture.blobs.size(stored.sha256).await.unwrap(), Some(length as u64));
    }
    assert_eq!(staged_files(fixture.data.path()), Vec::<std::path::PathBuf>::new());
}

async fn any_range_can_be_read(fixture: Fixture) {
    let content = bytes_of(MIB, 1);
    let stored = fixture.blobs.put(content.clone()).await.unwrap();
    let reader = fixture.blobs.reader(stored.sha256).await.unwrap();
    for (start, end) in [
        (0, 1),
        (5, 5),
        (1_000, 600_000),
        (MIB - 1, MIB),
        (MIB - 10, 2 * MIB),
        (3 * MIB, 4 * MIB),
    ] {
        let expected = &content[start.min(MIB)..end.min(MIB)];
        let (start, end) = (start as u64, end as u64);
        assert!(
            reader.bytes(start..end).await.unwrap() == expected,
            "bytes {start}..{end}"
        );
        let mut streamed = Vec::new();
        let mut stream = reader.stream(start..end);
        while let Some(piece) = stream.next().await {
            streamed.extend_from_slice(&piece.unwrap());
        }
        assert!(streamed == expected, "stream {start}..{end}");
    }
    assert_eq!(
        fixture.blobs.read_small(stored.sha256, MIB as u64).await.unwrap(),
        content
    );
    let refused = fixture.blobs.read_small(stored.sha256, MIB as u64 - 1).await;
    assert!(matches!(refused, Err(BlobError::TooLarge { .. })), "{refused:?}");
}

async fn a_cursor_reads_and_seeks_like_a_file(fixture: Fixture) {
    let content = bytes_of(3 * MIB, 2);
    let stored = fixture.blobs.put(content.clone()).await.unwrap();
    let mut cursor = fixture.blobs.reader(stored.sha256).await.unwrap().cursor();
    blocking(move || {
        let mut tail = Vec::new();
        cursor.seek(SeekFrom::End(-100)).unwrap();
        cursor.read_to_end(&mut tail).unwrap();
        assert_eq!(tail, content[3 * MIB - 100..]);
        let mut piece = vec![0; 2 * MIB];
        cursor.seek(SeekFrom::Start(17)).unwrap();
        cursor.read_exact(&mut piece).unwrap();
        assert!(piece == content[17..17 + 2 * MIB]);
        assert_eq!(cursor.seek(SeekFrom::Current(-5)).unwrap(), 12 + 2 * MIB as u64);
        assert!(cursor.seek(SeekFrom::End(-4 * 1024 * 1024)).is_err());
        cursor.seek(SeekFrom::End(10)).unwrap();
        assert_eq!(cursor.read(&mut [0; 4]).unwrap(), 0);
    })
    .await;
}

async fn a_wrong_hash_a_wrong_size_or_too_much_is_refused_and_leaves_nothing(fixture: Fixture) {
    let content = bytes_of(100_000, 3);
    let attempt = async |expected: Expected| {
        let mut writer = fixture.blobs.writer(expected);
        match writer.write(content.clone()).await {
            Ok(()) => writer.finish().await.map(drop),
            Err(error) => Err(error),
        }
    };
    let wrong_hash = attempt(Expected {
        sha256: Some(Sha256::of(b"other")),
        ..Expected::default()
    })
    .await;
    assert!(matches!(wrong_hash, Err(BlobError::HashMismatch { actual, .. }) if actual == Sha256::of(&content)));
    for size in [99_999, 100_001] {
        let wrong_size = attempt(Expected {
            size: Some(size),
            ..Expected::default()
        })
        .await;
        assert!(matches!(wrong_size, Err(BlobError::SizeMismatch { expected, .. }) if expected == size));
    }
    let too_much = attempt(Expected {
        limit: Some(99_999),
        ..Expected::default()
    })
    .await;
    assert!(matches!(too_much, Err(BlobError::TooLarge { limit: 99_999 })));
    assert!(!fixture.blobs.exists(Sha256::of(&content)).await.unwrap());
    nothing_stays_in_staging(&fixture).await;
}

async fn the_same_content_is_kept_once_and_never_rewritten(fixture: Fixture) {
    for length in [1_000, 9 * MIB] {
        let content = bytes_of(length, 4);
        let first = fixture.blobs.put(content.clone()).await.unwrap();
        let file = fixture.file_of(first.sha256);
        let before = std::fs::metadata(&file).unwrap();
        fixture.clock.advance(Duration::from_secs(50));
        let second = fixture.blobs.put(content).await.unwrap();
        assert!(!first.already_existed && second.already_existed);
        let after = std::fs::metadata(&file).unwrap();
        assert_eq!(before.ino(), after.ino());
        if fixture.server.is_none() {
            // The age is renewed, so that the sweeper spares it.
            assert_eq!(after.mtime() - before.mtime(), 50);
            assert_eq!(after.mode() & 0o777, 0o440);
        } else {
            assert_eq!(before.mtime_nsec(), after.mtime_nsec());
        }
    }
    nothing_stays_in_staging(&fixture).await;
}

async fn writers_of_the_same_content_at_once_agree(fixture: Fixture) {
    for length in [1_000, 9 * MIB] {
        let content = bytes_of(length, 5);
        let puts = (0..8).map(|_| {
            let (blobs, content) = (fixture.blobs.clone(), content.clone());
            tokio::spawn(async move { blobs.put(content).await.unwrap() })
        });
        let mut fresh = 0;
        for put in puts.collect::<Vec<_>>() {
            let stored = put.await.unwrap();
            assert_eq!(stored.sha256, Sha256::of(&content));
            fresh += usize::from(!stored.already_existed);
        }
        assert_eq!(fresh, 1);
        let reader = fixture.blobs.reader(Sha256::of(&content)).await.unwrap();
        assert!(read_all(&reader).await == content);
    }
    nothing_stays_in_staging(&fixture).await;
}

async fn a_dropped_writer_leaves_nothing(fixture: Fixture) {
    let mut writer = fixture.blobs.writer(Expected::default());
    writer.write(bytes_of(3 * MIB, 6)).await.unwrap();
    drop(writer);
    nothing_stays_in_staging(&fixture).await;
}

async fn a_missing_blob_is_told_apart(fixture: Fixture) {
    let sha256 = Sha256::of(b"nobody has this");
    assert!(matches!(
        fixture.blobs.reader(sha256).await.err(),
        Some(BlobError::NotFound { .. })
    ));
    assert!(matches!(
        fixture.blobs.adopt(sha256).await,
        Err(BlobError::NotFound { .. })
    ));
    assert_eq!(fixture.blobs.size(sha256).await.unwrap(), None);
    assert!(!fixture.blobs.exists(sha256).await.unwrap());
}

async fn a_check_finds_what_is_missing_short_or_damaged(fixture: Fixture) {
    let sound = fixture.blobs.put(Bytes::from_static(b"sound")).await.unwrap();
    let changed = fixture.blobs.put(Bytes::from_static(b"before")).await.unwrap();
    let missing = Sha256::of(b"missing");
    replace(&fixture, changed.sha256, b"after!");
    let expected = vec![(sound.sha256, 5), (changed.sha256, 6), (missing, 3), (sound.sha256, 4)];
    let shallow = fixture.blobs.check(expected.clone(), false).await.unwrap();
    let deep = fixture.blobs.check(expected, true).await.unwrap();
    let missing = BlobProblem::Missing {
        sha256: missing,
        size: 3,
    };
    let short = BlobProblem::WrongSize {
        sha256: sound.sha256,
        size: 4,
        actual: 5,
    };
    let damaged = BlobProblem::WrongContent {
        sha256: changed.sha256,
        actual: Sha256::of(b"after!"),
    };
    assert_eq!((shallow.checked, shallow.hashed_bytes), (4, 0));
    assert_eq!(shallow.problems.len(), 2);
    assert!(
        [missing, short]
            .iter()
            .all(|problem| shallow.problems.contains(problem)),
        "{shallow:?}"
    );
    assert_eq!((deep.checked, deep.hashed_bytes), (4, 11));
    assert_eq!(deep.problems, [damaged, missing, short]);
}

async fn the_probe_reports_times(fixture: Fixture) {
    let report = fixture.blobs.probe().await.unwrap();
    assert_eq!(report.backend, if fixture.server.is_some() { "s3" } else { "local" });
    assert!(report.write > Duration::ZERO && report.free_bytes > 0, "{report:?}");
    nothing_stays_in_staging(&fixture).await;
}

fn replace(fixture: &Fixture, sha256: Sha256, content: &[u8]) {
    let file = fixture.file_of(sha256);
    std::fs::remove_file(&file).unwrap();
    std::fs::write(file, content).unwrap();
}

/// The blocking side cleans up on its own time.
async fn nothing_stays_in_staging(fixture: &Fixture) {
    eventually(async || match staged_files(fixture.data.path()) {
        files if files.is_empty() => Ok(()),
        files => Err(format!("left in staging: {files:?}")),
    })
    .await;
}
