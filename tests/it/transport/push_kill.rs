//! Kills the hub in the middle of pushes. `GEOML_KILL_ROUNDS` sets how often (10 by default).

use super::work::{Hosted, Work};
use crate::support::{Client, Random, TestApp, assert_git_agrees};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

const CLIENTS: u64 = 3;

/// A client with a branch and a tag that always move together.
struct Pusher {
    number: u64,
    client: Client,
    hosted: Hosted,
    work: Work,
    /// The last commit whose push was acknowledged.
    acknowledged: Option<String>,
    round: u64,
}

impl Pusher {
    fn push_until(mut self, stop: &AtomicBool, count: &AtomicU64) -> Self {
        while !stop.load(Ordering::Relaxed) {
            self.round += 1;
            self.work.write(
                &format!("file-{}", self.round % 5),
                self.round.to_string().repeat(2_000),
            );
            let tip = self.work.commit(&format!("Round {}", self.round));
            let branch = format!("+main:refs/heads/branch-{}", self.number);
            let tag = format!("+main:refs/tags/tag-{}", self.number);
            let (done, _) = self
                .work
                .try_push(&self.client, &self.hosted.url, &["--atomic", "main", &branch, &tag]);
            if done {
                self.acknowledged = Some(tip);
                count.fetch_add(1, Ordering::Relaxed);
            }
        }
        self
    }

    fn verify(&self) {
        let main = self.hosted.tip("refs/heads/main");
        let branch = self.hosted.tip(&format!("refs/heads/branch-{}", self.number));
        let tag = self.hosted.tip(&format!("refs/tags/tag-{}", self.number));
        assert_eq!(branch, tag, "an atomic push was applied in part");
        if let Some(acknowledged) = &self.acknowledged {
            assert_eq!(main, branch, "an atomic push was applied in part");
            let kept = self.hosted.git(&["rev-list", "main"]);
            assert!(kept.contains(acknowledged), "{acknowledged} is lost");
        }
        self.hosted.assert_sound();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 6)]
#[ignore = "slow; part of the whole test command"]
async fn every_acknowledged_push_is_there_after_a_kill_in_the_middle_of_pushes() {
    let rounds = std::env::var("GEOML_KILL_ROUNDS").map_or(10, |value| value.parse().unwrap());
    let clock = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let seed = u64::from(clock.unwrap().subsec_nanos());
    println!("seed {seed}, {rounds} rounds");
    let mut random = Random::new(seed);
    let mut app = TestApp::start().await;
    let mut pushers = Vec::new();
    for number in 0..CLIENTS {
        let client = app.user(&format!("pusher-{number}")).await;
        let hosted = Hosted::new(&app, &client, "kept").await;
        let work = Work::of(&hosted.bare);
        pushers.push(Pusher {
            number,
            client,
            hosted,
            work,
            acknowledged: None,
            round: 0,
        });
    }
    let count = Arc::new(AtomicU64::new(0));
    for _ in 0..rounds {
        let stop = Arc::new(AtomicBool::new(false));
        let tasks: Vec<_> = pushers
            .into_iter()
            .map(|pusher| {
                let (stop, count) = (Arc::clone(&stop), Arc::clone(&count));
                tokio::task::spawn_blocking(move || pusher.push_until(&stop, &count))
            })
            .collect();
        tokio::time::sleep(Duration::from_millis(300 + random.below(1_500))).await;
        app.kill().await;
        stop.store(true, Ordering::Relaxed);
        pushers = Vec::new();
        for task in tasks {
            pushers.push(task.await.unwrap());
        }
        app.start_again().await;
        for pusher in &mut pushers {
            pusher.hosted.moved_to(&app);
            pusher.verify();
        }
    }
    println!("{} acknowledged pushes", count.load(Ordering::Relaxed));
    assert_git_agrees(&app).await;
    app.finish().await;
}
