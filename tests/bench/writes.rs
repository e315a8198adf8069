//! Durable small writes: `store::Store` against PostgreSQL 15.
//!
//! A write is one row of about 300 bytes and one line of an index, answered only after it is on disk. 1, 16 and 128 callers
//! write as fast as they are answered for a few seconds; hub and peer take turns, and medians over the rounds are printed.
//! The hub's callers are tasks that wait for `Store::write`, as its request handlers do; PostgreSQL's are connections of
//! pgbench over a Unix socket with a prepared INSERT, one transaction each. What the ratio holds is therefore what the hub
//! gains or loses by its embedded store, the way to a database server included.
//!
//! Run: `tests/bench/run writes`

use geoml_hub::store::{Index, Records, Schema, Store, StoreError, TableSpec};
use serde::{Deserialize, Serialize};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use support::{Postgres, ROUNDS, median, percentile, print_machine, print_ratio, print_ratio_of_times, work_folder};

const ROUND: Duration = Duration::from_secs(3);
/// Callers, and the throughput to aim at in units of PostgreSQL's.
const CALLERS: [(usize, f64); 3] = [(1, 0.6), (16, 1.1), (128, 2.7)];
const TEXT_BYTES: usize = 240;

const ROWS: Records<u64, Row> = Records::new(
    "rows",
    |id, row| vec![BY_OWNER.entry(&row.owner, id)],
    &["rows_by_owner"],
);
const BY_OWNER: Index<u64, u64> = Index::new("rows_by_owner");

#[derive(Serialize, Deserialize)]
struct Row {
    owner: u64,
    name: String,
    text: String,
}

/// One round of one side.
struct Round {
    per_second: f64,
    /// Milliseconds.
    median: f64,
    slowest_hundredth: f64,
}

impl Round {
    fn of(milliseconds: &[f64], took: Duration) -> Self {
        Self {
            per_second: f64::from(u32::try_from(milliseconds.len()).unwrap_or(u32::MAX)) / took.as_secs_f64(),
            median: median(milliseconds),
            slowest_hundredth: percentile(milliseconds, 99.0),
        }
    }
}

fn main() -> anyhow::Result<()> {
    let folder = work_folder()?;
    print_machine(folder.path());
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    let store = Arc::new(open_store(folder.path())?);
    let postgres = Postgres::start(folder.path(), "")?;
    postgres.sql(
        "CREATE TABLE rows (id bigserial PRIMARY KEY, owner bigint NOT NULL, name text NOT NULL, text text NOT NULL);
         CREATE INDEX rows_by_owner ON rows (owner);",
    )?;
    let next = Arc::new(AtomicU64::new(0));
    for (callers, aim) in CALLERS {
        let (mut hub, mut peer) = (Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            hub.push(runtime.block_on(hub_round(&store, &next, callers))?);
            peer.push(postgres_round(&postgres, callers)?);
        }
        report(callers, aim, &hub, &peer);
    }
    let rows = store.read(|tx| ROWS.count(tx, &geoml_hub::store::Scan::all()))?;
    println!(
        "rows in the hub's store {rows}, in PostgreSQL {}",
        postgres.sql("SELECT count(*) FROM rows")?.trim()
    );
    store.close();
    Ok(())
}

fn open_store(folder: &Path) -> Result<Store, StoreError> {
    let table = |name| TableSpec {
        name,
        about: "the rows of this program",
    };
    let schema = Schema {
        tables: vec![table("rows"), table("rows_by_owner")],
        migrations: &[],
    };
    Store::open(&folder.join("hub.redb"), &schema, 64 << 20)
}

async fn hub_round(store: &Arc<Store>, next: &Arc<AtomicU64>, callers: usize) -> anyhow::Result<Round> {
    let start = Instant::now();
    let tasks: Vec<_> = (0..callers)
        .map(|_| tokio::spawn(write_until(start + ROUND, Arc::clone(store), Arc::clone(next))))
        .collect();
    let mut milliseconds = Vec::new();
    for task in tasks {
        milliseconds.extend(task.await??);
    }
    Ok(Round::of(&milliseconds, start.elapsed()))
}

async fn write_until(end: Instant, store: Arc<Store>, next: Arc<AtomicU64>) -> Result<Vec<f64>, StoreError> {
    let mut milliseconds = Vec::new();
    while Instant::now() < end {
        let id = next.fetch_add(1, Ordering::Relaxed);
        let row = Row {
            owner: id * 7919 % 1000,
            name: format!("row number {id}"),
            text: "x".repeat(TEXT_BYTES),
        };
        let asked = Instant::now();
        store.write(move |tx| ROWS.put(tx, &id, &row)).await?;
        milliseconds.push(asked.elapsed().as_secs_f64() * 1e3);
    }
    Ok(milliseconds)
}

fn postgres_round(postgres: &Postgres, callers: usize) -> anyhow::Result<Round> {
    let script = postgres.folder().join("insert.sql");
    let text = "x".repeat(TEXT_BYTES);
    let insert = format!(
        "\\set owner random(0, 999)\nINSERT INTO rows (owner, name, text) VALUES (:owner, 'row number ' || :owner, '{text}');\n"
    );
    std::fs::write(&script, insert)?;
    let logs = postgres.folder().join("times");
    let output = postgres
        .command("pgbench")
        .args(["--no-vacuum", "--protocol=prepared", "--log", "--jobs=2"])
        .arg(format!("--log-prefix={}", logs.display()))
        .arg(format!("--client={callers}"))
        .arg(format!("--jobs={}", callers.min(2)))
        .arg(format!("--time={}", ROUND.as_secs()))
        .arg(format!("--file={}", script.display()))
        .output()?;
    anyhow::ensure!(
        output.status.success(),
        "pgbench failed: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    let mut milliseconds = Vec::new();
    for entry in std::fs::read_dir(postgres.folder())? {
        let path = entry?.path();
        if path
            .file_name()
            .is_some_and(|name| name.to_string_lossy().starts_with("times."))
        {
            let text = std::fs::read_to_string(&path)?;
            // Client, transaction, time in microseconds, …
            let times = text
                .lines()
                .filter_map(|line| line.split(' ').nth(2)?.parse::<f64>().ok());
            milliseconds.extend(times.map(|time| time / 1e3));
            std::fs::remove_file(path)?;
        }
    }
    // pgbench counts what it did in the time without the time to connect, and so does its log.
    Ok(Round::of(&milliseconds, ROUND))
}

fn report(callers: usize, aim: f64, hub: &[Round], peer: &[Round]) {
    let of = |rounds: &[Round], figure: fn(&Round) -> f64| median(&rounds.iter().map(figure).collect::<Vec<_>>());
    for (name, rounds) in [("hub", hub), ("postgres", peer)] {
        println!(
            "writes_{callers} {name}: {:.0} per second, median {:.2} ms, 99th percentile {:.2} ms",
            of(rounds, |round| round.per_second),
            of(rounds, |round| round.median),
            of(rounds, |round| round.slowest_hundredth)
        );
    }
    let pairs: Vec<f64> = hub
        .iter()
        .zip(peer)
        .map(|(hub, peer)| hub.per_second / peer.per_second)
        .collect();
    print_ratio(&format!("writes_{callers}"), "postgres", median(&pairs), 1.0, aim);
    let slow = |rounds| of(rounds, |round| round.slowest_hundredth);
    print_ratio_of_times(&format!("writes_{callers}_p99"), "postgres", slow(hub), slow(peer), 1.0);
}
