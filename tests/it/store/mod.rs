//! The store: isolation within a shared commit, indexes, migrations, copies, a full disk.

use geoml_hub::store::{Index, Migration, Records, Scan, Schema, Store, StoreError, Table, TableSpec, Unique, WriteTx};
use serde::{Deserialize, Serialize};
use std::path::Path;

const NUMBERS: Table<u64, String> = Table::new("numbers");

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Sample {
    name: String,
    depth: u32,
}

const BY_NAME: Unique<String, u64> = Unique::new("samples_by_name");
const BY_DEPTH: Index<u32, u64> = Index::new("samples_by_depth");
const SAMPLES: Records<u64, Sample> = Records::new(
    "samples",
    |id, sample| vec![BY_NAME.entry(&sample.name, id), BY_DEPTH.entry(&sample.depth, id)],
    &["samples_by_name", "samples_by_depth"],
);

fn schema(migrations: &'static [Migration]) -> Schema {
    let names = ["numbers", "samples", "samples_by_name", "samples_by_depth"];
    Schema {
        tables: names
            .map(|name| TableSpec {
                name,
                about: "for tests",
            })
            .to_vec(),
        migrations,
    }
}

fn open(path: &Path, migrations: &'static [Migration]) -> Result<Store, StoreError> {
    Store::open(path, &schema(migrations), 1 << 20)
}

fn memory() -> Store {
    Store::in_memory(&schema(&[])).unwrap()
}

fn sample(name: &str, depth: u32) -> Sample {
    Sample {
        name: name.to_owned(),
        depth,
    }
}

#[derive(Debug)]
struct Refused;

impl From<StoreError> for Refused {
    fn from(error: StoreError) -> Self {
        panic!("the store failed: {error}")
    }
}

#[tokio::test]
async fn a_failed_write_leaves_nothing_and_spares_its_neighbours() {
    let store = memory();
    let writes = (0..200_u64).map(|number| {
        let store = store.clone();
        tokio::spawn(async move {
            store
                .write(move |tx| {
                    NUMBERS.put(tx, &number, &number.to_string())?;
                    NUMBERS.put(tx, &(1_000 + number % 7), &"shared".to_owned())?;
                    NUMBERS.delete(tx, &(number / 2))?;
                    NUMBERS.put(tx, &(number / 2), &"again".to_owned())?;
                    if number % 3 == 0 { Err(Refused) } else { Ok(()) }
                })
                .await
                .is_ok()
        })
    });
    for (number, write) in writes.collect::<Vec<_>>().into_iter().enumerate() {
        assert_eq!(write.await.unwrap(), number % 3 != 0);
    }
    let kept = store
        .read(|tx| NUMBERS.keys(tx, &Scan::all().below(&1_000_u64)))
        .unwrap();
    let lost: Vec<_> = kept
        .iter()
        .filter(|n| **n % 3 == 0 && !touched_by_a_survivor(**n))
        .collect();
    assert!(lost.is_empty(), "{lost:?}");
    assert!((0..200).filter(|n| n % 3 != 0).all(|n| kept.contains(&n)));
}

/// A survivor `n` also writes row `n / 2`.
fn touched_by_a_survivor(row: u64) -> bool {
    [2 * row, 2 * row + 1].iter().any(|n| *n < 200 && n % 3 != 0)
}

#[tokio::test]
async fn a_panic_in_a_write_reaches_its_caller_alone() {
    let store = memory();
    let doomed = {
        let store = store.clone();
        tokio::spawn(async move {
            let result: Result<(), StoreError> = store
                .write(|tx| {
                    NUMBERS.put(tx, &1, &"doomed".to_owned())?;
                    panic!("on purpose")
                })
                .await;
            result
        })
    };
    assert!(doomed.await.unwrap_err().is_panic());
    store.write(|tx| NUMBERS.put(tx, &2, &"kept".to_owned())).await.unwrap();
    assert_eq!(store.read(|tx| NUMBERS.keys(tx, &Scan::all())).unwrap(), [2]);
}

#[tokio::test]
async fn wake_ups_run_after_a_commit_and_never_after_a_failure() {
    let store = memory();
    let (sender, receiver) = std::sync::mpsc::channel();
    for fails in [true, false] {
        let sender = sender.clone();
        let _ = store
            .write(move |tx| {
                tx.after_commit(move || sender.send(fails).unwrap());
                if fails { Err(Refused) } else { Ok(()) }
            })
            .await;
    }
    drop(sender);
    assert_eq!(receiver.iter().collect::<Vec<_>>(), [false]);
}

#[tokio::test]
async fn scans_honour_bounds_direction_limit_and_continue_behind_a_key() {
    let store = memory();
    store
        .write(|tx| (0..1_000_u64).try_for_each(|number| NUMBERS.put(tx, &number, &String::new())))
        .await
        .unwrap();
    let keys = |scan: Scan<u64>| store.read(|tx| NUMBERS.keys(tx, &scan)).unwrap();
    assert_eq!(keys(Scan::all().limit(3)), [0, 1, 2]);
    assert_eq!(keys(Scan::all().reverse().limit(2)), [999, 998]);
    assert_eq!(keys(Scan::all().after(&997)), [998, 999]);
    assert_eq!(keys(Scan::all().reverse().after(&2)), [1, 0]);
    assert_eq!(keys(Scan::all().at_least(&5_u64).below(&7_u64)), [5, 6]);
    assert!(keys(Scan::all().at_least(&7_u64).below(&7_u64)).is_empty());
    let within = store
        .write(|tx| {
            let mut seen = 0_u64;
            NUMBERS.scan(tx, &Scan::all().limit(900), |key, _| {
                seen += 1;
                NUMBERS.put(tx, &(5_000 + key), &String::new())?;
                Ok::<_, StoreError>(std::ops::ControlFlow::Continue(()))
            })?;
            Ok::<_, StoreError>(seen)
        })
        .await
        .unwrap();
    assert_eq!(within, 900, "a scan in a write may write");
}

#[tokio::test]
async fn index_lines_follow_their_record() {
    let store = memory();
    store
        .write(|tx| {
            SAMPLES.put(tx, &1, &sample("basalt", 10))?;
            SAMPLES.put(tx, &2, &sample("granite", 10))?;
            SAMPLES.put(tx, &1, &sample("gabbro", 20))
        })
        .await
        .unwrap();
    store
        .read(|tx| {
            assert_eq!(BY_NAME.get(tx, &"basalt".to_owned())?, None);
            assert_eq!(BY_NAME.get(tx, &"gabbro".to_owned())?, Some(1));
            assert_eq!(BY_DEPTH.ids(tx, &Scan::prefix(&10_u32))?, [2]);
            assert_eq!(SAMPLES.check(tx)?, Vec::<String>::new());
            Ok::<_, StoreError>(())
        })
        .unwrap();
    let clash = store.write(|tx| SAMPLES.put(tx, &3, &sample("granite", 5))).await;
    assert!(
        matches!(
            clash,
            Err(StoreError::Duplicate {
                index: "samples_by_name"
            })
        ),
        "{clash:?}"
    );
    store.write(|tx| SAMPLES.delete(tx, &2)).await.unwrap();
    store
        .write(|tx| SAMPLES.put(tx, &3, &sample("granite", 5)))
        .await
        .unwrap();
    assert_eq!(store.read(|tx| SAMPLES.check(tx)).unwrap(), Vec::<String>::new());
}

#[tokio::test]
async fn check_reports_lines_without_records_and_records_without_lines() {
    const STRAY: Table<u32, u8> = Table::new("samples_by_depth");
    const BARE: Table<u64, Sample> = Table::new("samples");
    let store = memory();
    store
        .write(|tx| {
            BARE.put(tx, &1, &sample("basalt", 10))?;
            STRAY.put(tx, &7, &0)
        })
        .await
        .unwrap();
    let problems = store.read(|tx| SAMPLES.check(tx)).unwrap();
    assert_eq!(problems.len(), 3, "{problems:?}");
}

fn rename_all(tx: &WriteTx<'_>) -> Result<(), StoreError> {
    for (key, _) in NUMBERS.list(tx, &Scan::all())? {
        NUMBERS.put(tx, &key, &"migrated".to_owned())?;
    }
    Ok(())
}

#[tokio::test]
async fn migrations_run_once_and_a_newer_file_is_refused() {
    const STEPS: &[Migration] = &[Migration {
        name: "rename",
        run: rename_all,
    }];
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("hub.redb");
    let store = open(&path, &[]).unwrap();
    store.write(|tx| NUMBERS.put(tx, &1, &"old".to_owned())).await.unwrap();
    drop(store);
    let store = open(&path, STEPS).unwrap();
    assert_eq!(
        store.read(|tx| NUMBERS.get(tx, &1)).unwrap().as_deref(),
        Some("migrated")
    );
    store.write(|tx| NUMBERS.put(tx, &1, &"new".to_owned())).await.unwrap();
    drop(store);
    let store = open(&path, STEPS).unwrap();
    assert_eq!(store.read(|tx| NUMBERS.get(tx, &1)).unwrap().as_deref(), Some("new"));
    drop(store);
    assert!(matches!(
        open(&path, &[]),
        Err(StoreError::Newer { file: 1, program: 0 })
    ));
}

#[tokio::test]
async fn a_second_process_finds_the_file_in_use() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("hub.redb");
    let _store = open(&path, &[]).unwrap();
    assert!(matches!(open(&path, &[]), Err(StoreError::InUse)));
}

#[tokio::test]
async fn a_copy_taken_during_writes_is_whole() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder.path().join("hub.redb"), &[]).unwrap();
    let writer = {
        let store = store.clone();
        tokio::spawn(async move {
            for id in 0..400_u64 {
                store
                    .write(move |tx| SAMPLES.put(tx, &id, &sample(&id.to_string(), 1)))
                    .await
                    .unwrap();
            }
        })
    };
    for round in 0..5 {
        let path = folder.path().join(format!("copy-{round}.redb"));
        let source = store.clone();
        let target = path.clone();
        geoml_hub::base::blocking(move || source.copy_to(&target))
            .await
            .unwrap();
        let copy = open(&path, &[]).unwrap();
        assert_eq!(copy.read(|tx| SAMPLES.check(tx)).unwrap(), Vec::<String>::new());
    }
    writer.await.unwrap();
    assert!(store.is_intact().unwrap());
}

#[tokio::test]
async fn a_full_disk_refuses_writes_with_a_sentence_and_still_reads() {
    let disk = crate::support::SmallDisk::mount(64 << 20);
    let store = open(&disk.path().join("hub.redb"), &[]).unwrap();
    store.write(|tx| NUMBERS.put(tx, &1, &"kept".to_owned())).await.unwrap();
    disk.fill();
    let refused = store.write(|tx| NUMBERS.put(tx, &2, &"lost".to_owned())).await;
    assert!(matches!(refused, Err(StoreError::Full)), "{refused:?}");
    assert_eq!(store.read(|tx| NUMBERS.get(tx, &1)).unwrap().as_deref(), Some("kept"));
    disk.free();
    store
        .write(|tx| NUMBERS.put(tx, &2, &"written".to_owned()))
        .await
        .unwrap();
    drop(store);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_acknowledged_is_seen_by_every_later_read_and_by_no_earlier_one() {
    let store = memory();
    let write = |row: u64| {
        let text = row.to_string();
        store.write(move |tx| NUMBERS.put(tx, &1, &text))
    };
    let value = |store: &Store| store.read(|tx| NUMBERS.get(tx, &1)).unwrap();
    write(0).await.unwrap();
    let reading = store.clone();
    // Others read all the time, so that there is always a snapshot from before the commit that could be served.
    let reader = tokio::task::spawn_blocking(move || {
        let mut last = 0;
        while last < 300 {
            let seen: u64 = value(&reading).unwrap().parse().unwrap();
            assert!(seen >= last, "{seen} after {last}");
            last = seen;
        }
    });
    for row in 1..=300_u64 {
        write(row).await.unwrap();
        assert_eq!(value(&store), Some(row.to_string()));
    }
    reader.await.unwrap();
    let (before, after) = (value(&store), sample("new", 1).name);
    store
        .read(|tx| {
            let text = after.clone();
            // Queued by the first poll; whether it is answered by then is the writer's affair.
            drop(futures_util::future::FutureExt::now_or_never(
                store.write(move |tx| NUMBERS.put(tx, &1, &text)),
            ));
            while value(&store).as_ref() != Some(&after) {
                std::thread::yield_now();
            }
            assert_eq!(NUMBERS.get(tx, &1)?, before, "a read is one snapshot");
            Ok::<_, StoreError>(())
        })
        .unwrap();
}
