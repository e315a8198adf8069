//! Kills the hub in the middle of uploads of large files, and while it removes what nothing names. Every commit that a client
//! saw succeed is whole afterwards. `GEOML_KILL_ROUNDS` sets how often (4 by default).

use super::sender::{Case, Sender, Tally};
use crate::support::{Client, Random, TestApp};
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use tokio::task::JoinHandle;

const CLIENTS: u64 = 4;
/// Long enough for any step of an upload on a busy machine, short enough for one round to remove what the one before left.
const GRACE: &[(&str, &str)] = &[
    ("GEOML_HUB__STORAGE__QUOTA", "100 GiB"),
    ("GEOML_HUB__STORAGE__UNNAMED_GRACE", "3s"),
    ("GEOML_HUB__STORAGE__UNCOMMITTED_GRACE", "3s"),
    ("GEOML_HUB__GIT__UNREACHABLE_GRACE", "0s"),
];

fn rounds() -> u64 {
    std::env::var("GEOML_KILL_ROUNDS").map_or(4, |value| value.parse().expect("a number"))
}

fn chance() -> Random {
    let seed = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().subsec_nanos();
    println!("seed {seed}, {} rounds", rounds());
    Random::new(seed.into())
}

async fn senders(app: &TestApp, random: &mut Random, case: Case, tally: &Arc<Tally>) -> Vec<Sender> {
    let mut senders = Vec::new();
    for number in 0..CLIENTS {
        let client = app.user(&format!("sender-{number}")).await;
        let random = Random::new(random.next());
        senders.push(Sender::new(app, client, random, case.clone(), Arc::clone(tally)));
    }
    senders
}

/// Waits until so many commits were acknowledged, or for as long as a round may take on a busy machine.
async fn until(tally: &Tally, enough: u64) {
    let deadline = Instant::now() + Duration::from_secs(6);
    while tally.commits() < enough && Instant::now() < deadline {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

/// One round: everybody works until the hub is killed, and what was acknowledged is read after it has started again.
async fn round(
    app: &mut TestApp,
    senders: Vec<Sender>,
    random: &mut Random,
    tally: &Tally,
    everything: bool,
) -> Vec<Sender> {
    let work = |mut sender: Sender| -> JoinHandle<Sender> {
        tokio::spawn(async move {
            sender.work_until_the_hub_is_gone().await;
            sender
        })
    };
    let tasks: Vec<_> = senders.into_iter().map(work).collect();
    until(tally, tally.commits() + random.below(12)).await;
    // Not always just behind an answer.
    tokio::time::sleep(Duration::from_micros(random.below(200_000))).await;
    app.kill().await;
    let mut senders = Vec::new();
    for task in tasks {
        senders.push(task.await.unwrap());
    }
    if random.percent(25) {
        app.start_and_kill_after(Duration::from_millis(random.below(120))).await;
    }
    app.start_again().await;
    for sender in &mut senders {
        sender.verify(app, everything).await;
    }
    senders
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
#[ignore = "slow; part of the whole test command"]
async fn every_acknowledged_large_file_is_whole_after_a_kill_in_the_middle_of_uploads() {
    let mut random = chance();
    let tally = Arc::new(Tally::default());
    let quota = [("GEOML_HUB__STORAGE__QUOTA", "100 GiB")];
    let mut app = TestApp::with(&quota).start().await;
    let mut senders = senders(&app, &mut random, Case::Uploads, &tally).await;
    for number in 1..=rounds() {
        senders = round(
            &mut app,
            senders,
            &mut random,
            &tally,
            number % 10 == 0 || number == rounds(),
        )
        .await;
        app.stop().await;
        app.assert_check_is_clean().await;
        app.start_again().await;
    }
    println!("{tally}");
    assert!(tally.xet.load(Ordering::Relaxed) > 0 && tally.lfs.load(Ordering::Relaxed) > 0);
    app.finish().await;
}

/// Lets the tasks that remove what nothing names run all the time; answers how many pieces they removed.
async fn collect_until_the_hub_is_gone(admin: Client) -> u64 {
    let (mut removed, mut heard) = (0, Value::Null);
    loop {
        for name in ["expire-uploads", "sweep", "gc"] {
            let run = admin.post(&format!("/api/admin/tasks/{name}/run"), &json!({}));
            if run.attempt().await.is_err() {
                return removed;
            }
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
        let Ok(list) = admin.get("/api/admin/tasks").attempt().await else {
            return removed;
        };
        let list = list.json();
        let tasks = list["items"].as_array().unwrap();
        let sweep = tasks.iter().find(|task| task["name"] == "sweep").unwrap();
        if sweep["last"]["started_at"] == heard {
            continue;
        }
        heard = sweep["last"]["started_at"].clone();
        let said = sweep["last"]["result"].as_str().unwrap_or_default();
        let count = said.strip_prefix("Removed ").and_then(|rest| rest.split(' ').next());
        removed += count.and_then(|count| count.parse::<u64>().ok()).unwrap_or(0);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
#[ignore = "slow; part of the whole test command"]
async fn every_acknowledged_large_file_is_whole_after_a_kill_in_the_middle_of_sweeping() {
    let mut random = chance();
    let tally = Arc::new(Tally::default());
    let mut app = TestApp::with(GRACE).start().await;
    let admin = app.admin().await;
    let mut senders = senders(&app, &mut random, Case::Collecting(app.admin().await), &tally).await;
    // Only what is older than the grace goes, so it takes rounds until something does.
    let (mut number, mut removed) = (0, 0);
    while number < rounds() || removed == 0 {
        number += 1;
        assert!(number < rounds() + 100, "nothing is removed, so nothing is tried");
        let collecting = tokio::spawn(collect_until_the_hub_is_gone(admin.clone()));
        senders = round(&mut app, senders, &mut random, &tally, true).await;
        removed += collecting.await.unwrap();
        if number % 5 == 0 || number >= rounds() {
            app.stop().await;
            app.assert_check_is_clean().await;
            app.start_again().await;
        }
    }
    println!("{tally}, {removed} pieces seen removed");
    assert!(tally.xet.load(Ordering::Relaxed) > 0 && tally.lfs.load(Ordering::Relaxed) > 0);
    app.finish().await;
}
