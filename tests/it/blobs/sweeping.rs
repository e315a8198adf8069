use std::collections::HashSet;
use std::convert::Infallible;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use geoml_hub::base::Sha256;
use geoml_hub::blobs::{BlobError, Blobs, SweepReport};

use super::{Fixture, bytes_of, read_all};

const GRACE: Duration = Duration::from_hours(24);

super::on_both_backends! {
    only_old_content_that_nobody_names_is_removed,
    adopted_content_is_spared_for_another_grace,
    content_named_between_two_questions_stays,
    an_error_of_the_caller_ends_the_sweep,
    content_that_is_put_again_and_again_is_never_lost_to_a_sweep,
}

async fn sweep(blobs: &Blobs, named: &[Sha256]) -> SweepReport {
    let named: HashSet<Sha256> = named.iter().copied().collect();
    let ask = move |batch: &[Sha256]| {
        Ok::<_, Infallible>(batch.iter().copied().filter(|sha256| named.contains(sha256)).collect())
    };
    blobs.sweep(ask, GRACE).await.unwrap()
}

async fn only_old_content_that_nobody_names_is_removed(fixture: Fixture) {
    let put = async |text: &'static str| {
        fixture
            .blobs
            .put(Bytes::from_static(text.as_bytes()))
            .await
            .unwrap()
            .sha256
    };
    let (named, unnamed) = (put("named").await, put("unnamed").await);
    assert_eq!(
        sweep(&fixture.blobs, &[named]).await,
        SweepReport {
            looked_at: 2,
            spared: 1,
            ..SweepReport::default()
        }
    );
    fixture.clock.advance(GRACE + Duration::from_mins(5));
    let report = sweep(&fixture.blobs, &[named]).await;
    assert_eq!(
        report,
        SweepReport {
            looked_at: 2,
            spared: 0,
            removed: 1,
            removed_bytes: 7
        }
    );
    assert!(fixture.blobs.exists(named).await.unwrap());
    assert!(!fixture.blobs.exists(unnamed).await.unwrap());
    let again = put("unnamed").await;
    assert_eq!(fixture.blobs.read_small(again, 10).await.unwrap(), "unnamed");
}

async fn adopted_content_is_spared_for_another_grace(fixture: Fixture) {
    let sha256 = fixture.blobs.put(Bytes::from_static(b"content")).await.unwrap().sha256;
    for again in [false, true] {
        fixture.clock.advance(GRACE + Duration::from_mins(5));
        if again {
            assert!(
                fixture
                    .blobs
                    .put(Bytes::from_static(b"content"))
                    .await
                    .unwrap()
                    .already_existed
            );
        } else {
            assert_eq!(fixture.blobs.adopt(sha256).await.unwrap().size, 7);
        }
        fixture.clock.advance(Duration::from_mins(24 * 60 - 5));
        assert_eq!(sweep(&fixture.blobs, &[]).await.spared, 1);
    }
    fixture.clock.advance(Duration::from_mins(10));
    assert_eq!(sweep(&fixture.blobs, &[]).await.removed, 1);
}

async fn content_named_between_two_questions_stays(fixture: Fixture) {
    let sha256 = fixture.blobs.put(Bytes::from_static(b"late")).await.unwrap().sha256;
    fixture.clock.advance(2 * GRACE);
    let asked = AtomicBool::new(false);
    let ask = move |batch: &[Sha256]| {
        let names = if asked.swap(true, Ordering::SeqCst) { batch } else { &[] };
        Ok::<_, Infallible>(names.iter().copied().collect())
    };
    let report = fixture.blobs.sweep(ask, GRACE).await.unwrap();
    assert_eq!((report.removed, report.spared), (0, 1));
    assert!(fixture.blobs.exists(sha256).await.unwrap());
}

async fn an_error_of_the_caller_ends_the_sweep(fixture: Fixture) {
    let sha256 = fixture.blobs.put(Bytes::from_static(b"content")).await.unwrap().sha256;
    fixture.clock.advance(2 * GRACE);
    let swept = fixture.blobs.sweep(|_| Err("the database is closed"), GRACE).await;
    assert!(matches!(swept, Err(BlobError::Names { .. })), "{swept:?}");
    assert!(fixture.blobs.exists(sha256).await.unwrap());
}

async fn content_that_is_put_again_and_again_is_never_lost_to_a_sweep(fixture: Fixture) {
    let names = Arc::new(Mutex::new(HashSet::new()));
    let done = Arc::new(AtomicBool::new(false));
    let sweeper = {
        let (blobs, names, done) = (fixture.blobs.clone(), Arc::clone(&names), Arc::clone(&done));
        tokio::spawn(async move {
            let mut removed = 0;
            while !done.load(Ordering::SeqCst) {
                let names = Arc::clone(&names);
                let ask = move |batch: &[Sha256]| {
                    let names = names.lock().unwrap();
                    Ok::<_, Infallible>(batch.iter().copied().filter(|sha256| names.contains(sha256)).collect())
                };
                removed += blobs.sweep(ask, GRACE).await.unwrap().removed;
            }
            removed
        })
    };
    let content = bytes_of(20_000, 1);
    for round in 0..120 {
        let stored = fixture.blobs.put(content.clone()).await.unwrap();
        names.lock().unwrap().insert(stored.sha256);
        let reader = fixture
            .blobs
            .reader(stored.sha256)
            .await
            .expect("content that is named was removed");
        assert!(read_all(&reader).await == content);
        names.lock().unwrap().remove(&stored.sha256);
        fixture.clock.advance(2 * GRACE);
        tokio::time::sleep(Duration::from_millis(round % 12)).await;
        while round % 6 == 0 && fixture.blobs.exists(stored.sha256).await.unwrap() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
    done.store(true, Ordering::SeqCst);
    assert!(
        sweeper.await.unwrap() > 0,
        "the sweeper never won, so this proved nothing"
    );
}
