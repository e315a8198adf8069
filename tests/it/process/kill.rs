//! Kills the hub at random moments under mixed load. After the restart everything that was acknowledged has to be there,
//! `geoml-hub check` has to be clean, and git has to agree with the API.
//!
//! `GEOML_KILL_ROUNDS` sets how often (3 by default, 50 in the full test command, 1,000 for the long program), and
//! `GEOML_KILL_SEED` repeats a story, as far as a story of races can be repeated.

/// What was acknowledged.
mod ledger;
/// What has to be there.
mod verify;
/// What the clients do.
mod worker;

use crate::support::{Random, TestApp, assert_git_agrees};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::task::JoinHandle;
use worker::Worker;

/// Clients at the same time.
const WORKERS: u64 = 4;
/// Rounds on one data folder, before a new one keeps the rounds from growing longer and longer.
const ROUNDS_PER_FOLDER: u64 = 25;

fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |value| value.parse().expect("a number"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "slow; part of the whole test command"]
async fn whatever_was_acknowledged_is_there_after_a_kill_at_any_moment() {
    let rounds = number("GEOML_KILL_ROUNDS", 3);
    let clock = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let seed = number("GEOML_KILL_SEED", clock.unwrap().subsec_nanos().into());
    println!("GEOML_KILL_SEED={seed} GEOML_KILL_ROUNDS={rounds}");
    let began = Instant::now();
    let mut done = 0;
    let mut requests = 0;
    while done < rounds {
        let here = ROUNDS_PER_FOLDER.min(rounds - done);
        requests += story(seed.wrapping_add(done), here).await;
        done += here;
        println!("{done} kills, {requests} acknowledged writes, {:.0?}", began.elapsed());
    }
}

/// Some rounds on a folder of their own; the number of acknowledged writes.
async fn story(seed: u64, rounds: u64) -> u64 {
    let mut random = Random::new(seed);
    let mut app = TestApp::with(&[("GEOML_HUB__STORAGE__QUOTA", "100 GiB")]).start().await;
    let mut workers = Vec::new();
    let acknowledged = Arc::new(AtomicU64::new(0));
    for number in 0..WORKERS {
        let client = app.user(&format!("worker-{number}")).await;
        workers.push(Worker::new(
            client,
            app.anonymous(),
            random.next(),
            Arc::clone(&acknowledged),
        ));
    }
    for round in 0..rounds {
        let tasks = begin_work(workers);
        let enough = acknowledged.load(Ordering::Relaxed) + 1 + random.below(60);
        until(&acknowledged, enough).await;
        // Not always just behind an answer.
        tokio::time::sleep(Duration::from_micros(random.below(20_000))).await;
        app.kill().await;
        workers = Vec::new();
        for task in tasks {
            workers.push(task.await.unwrap());
        }
        if random.percent(25) {
            app.start_and_kill_after(Duration::from_millis(random.below(120))).await;
        }
        app.start_again().await;
        let everything = round + 1 == rounds;
        for worker in &mut workers {
            verify::verify(worker, everything).await;
        }
        if everything {
            assert_git_agrees(&app).await;
        }
        app.stop().await;
        app.assert_check_is_clean().await;
        app.start_again().await;
    }
    app.finish().await;
    acknowledged.load(Ordering::Relaxed)
}

fn begin_work(workers: Vec<Worker>) -> Vec<JoinHandle<Worker>> {
    let begin = |mut worker: Worker| {
        tokio::spawn(async move {
            worker.work_until_the_hub_is_gone().await;
            worker
        })
    };
    workers.into_iter().map(begin).collect()
}

/// Waits until so many writes were acknowledged, or for as long as a round may take on a busy machine.
async fn until(acknowledged: &AtomicU64, enough: u64) {
    let deadline = Instant::now() + Duration::from_secs(5);
    while acknowledged.load(Ordering::Relaxed) < enough && Instant::now() < deadline {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}
