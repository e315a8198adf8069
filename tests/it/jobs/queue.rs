use std::sync::Arc;
use std::time::Duration;

use geoml_hub::jobs::{EnqueueOptions, Job, JobContext, JobFilter, JobResult, JobState, Jobs, JobsError, Priority};
use geoml_hub::store::StoreError;
use serde::{Deserialize, Serialize};
use tokio::sync::Semaphore;

use super::{Bench, Told, tell};
use crate::support::PATIENCE;

/// Writes its word down.
#[derive(Clone, Serialize, Deserialize)]
struct Say(String);

impl Job for Say {
    type Needs = Told;
    const NAME: &'static str = "say";

    async fn run(self, needs: Arc<Told>, context: JobContext) -> JobResult {
        context.progress(1, Some(2), "speaking");
        context.log(format!("said {}", self.0));
        tell(&needs, self.0);
        Ok(())
    }
}

/// Waits for a permit; equal ones that wait are one.
#[derive(Clone, Serialize, Deserialize)]
struct Renew(u32);

impl Job for Renew {
    type Needs = (Told, Arc<Semaphore>);
    const NAME: &'static str = "renew";
    const DEDUPLICATED: bool = true;

    async fn run(self, needs: Arc<Self::Needs>, _context: JobContext) -> JobResult {
        tell(&needs.0, format!("begin {}", self.0));
        let permit = needs.1.acquire().await?;
        permit.forget();
        tell(&needs.0, format!("end {}", self.0));
        Ok(())
    }
}

fn say(word: &str) -> Say {
    Say(word.to_owned())
}

fn know_say(jobs: &Jobs, told: &Told) {
    jobs.register::<Say>(Arc::clone(told));
}

fn at(bench: &Bench, seconds: u64) -> EnqueueOptions {
    EnqueueOptions {
        run_at: Some(bench.clock.now().plus(Duration::from_secs(seconds))),
        ..EnqueueOptions::default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_queued_job_runs_and_stays_visible_with_its_progress_and_log() {
    let bench = Bench::start(2, know_say);
    let id = bench.enqueue(&say("hello"), EnqueueOptions::default()).await;
    let job = bench.until_state(id, JobState::Done).await;
    assert_eq!(bench.told(), ["hello"]);
    assert_eq!(
        (job.attempts, job.name.as_str(), job.payload.as_str()),
        (1, "say", "\"hello\"")
    );
    assert_eq!(
        (job.progress.current, job.progress.total, job.progress.text.as_str()),
        (1, Some(2), "speaking")
    );
    assert_eq!(job.log[0].text, "said hello");
    assert!(job.finished_at.is_some() && job.last_error.is_none());
    bench.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_queued_in_a_transaction_that_fails_never_was() {
    let bench = Bench::start(1, know_say);
    let jobs = bench.jobs.clone();
    let failed: Result<(), StoreError> = bench
        .store
        .write(move |tx| {
            jobs.enqueue(tx, &say("never"), EnqueueOptions::default())?;
            Err(StoreError::Full)
        })
        .await;
    assert!(failed.is_err());
    bench.enqueue(&say("yes"), EnqueueOptions::default()).await;
    bench.until_idle().await;
    assert_eq!(bench.told(), ["yes"]);
    bench.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_for_later_waits_for_its_time() {
    let bench = Bench::start(1, know_say);
    let id = bench.enqueue(&say("later"), at(&bench, 60)).await;
    bench.enqueue(&say("now"), EnqueueOptions::default()).await;
    bench.until_idle().await;
    assert_eq!(
        (bench.told(), bench.get(id).state),
        (vec!["now".to_owned()], JobState::Waiting)
    );
    bench.advance(Duration::from_secs(61));
    bench.until_state(id, JobState::Done).await;
    bench.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn urgent_jobs_go_first_and_equally_urgent_ones_in_order() {
    let bench = Bench::start(1, know_say);
    let words = [
        ("low", Priority::Low),
        ("first", Priority::Normal),
        ("second", Priority::Normal),
        ("high", Priority::High),
    ];
    // All become due at once, so that the order does not depend on how fast they are queued.
    for (place, (word, priority)) in words.into_iter().enumerate() {
        let options = EnqueueOptions {
            priority,
            ..at(&bench, 10 + place as u64)
        };
        bench.enqueue(&say(word), options).await;
    }
    bench.advance(Duration::from_mins(1));
    bench.until_idle().await;
    assert_eq!(bench.told(), ["high", "first", "second", "low"]);
    bench.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn equal_waiting_jobs_are_one_but_a_running_one_does_not_count() {
    let gate = Arc::new(Semaphore::new(0));
    let needs = Arc::clone(&gate);
    let bench = Bench::start(2, |jobs, told| jobs.register::<Renew>((Arc::clone(told), needs)));
    let running = bench.enqueue(&Renew(1), EnqueueOptions::default()).await;
    bench.until_state(running, JobState::Running).await;

    let next = bench.enqueue(&Renew(1), at(&bench, 60)).await;
    assert_ne!(next, running, "what runs may have looked already");
    let same = bench.enqueue(&Renew(1), at(&bench, 30)).await;
    let other = bench.enqueue(&Renew(2), at(&bench, 60)).await;
    assert_eq!(same, next);
    assert_ne!(other, next);
    assert_eq!(
        bench.get(next).run_at,
        bench.clock.now().plus(Duration::from_secs(30)),
        "the earlier time holds"
    );

    gate.add_permits(3);
    bench.advance(Duration::from_mins(1));
    bench.until_idle().await;
    let ends = bench.told().iter().filter(|line| line.starts_with("end")).count();
    assert_eq!(ends, 3);
    bench.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_more_jobs_run_at_once_than_there_are_workers() {
    let gate = Arc::new(Semaphore::new(0));
    let needs = Arc::clone(&gate);
    let bench = Bench::start(2, |jobs, told| jobs.register::<Renew>((Arc::clone(told), needs)));
    let mut ids = Vec::new();
    for number in 0..3 {
        ids.push(bench.enqueue(&Renew(number), EnqueueOptions::default()).await);
    }
    // Jobs of one millisecond begin in any order.
    let running = || ids.iter().filter(|id| bench.get(**id).state == JobState::Running);
    let both = async {
        while running().count() < 2 {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    tokio::time::timeout(PATIENCE, both).await.expect("two jobs run");
    let last = ids.iter().find(|id| bench.get(**id).state == JobState::Waiting);
    let last = *last.expect("the third job waits");
    gate.add_permits(1);
    bench.until_state(last, JobState::Running).await;
    gate.add_permits(2);
    bench.until_idle().await;
    bench.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_waiting_job_can_be_cancelled_and_retried() {
    let bench = Bench::start(1, know_say);
    let id = bench.enqueue(&say("maybe"), at(&bench, 60)).await;
    bench.jobs.cancel(id).await.expect("cancelled");
    assert_eq!(bench.get(id).state, JobState::Cancelled);
    bench.advance(Duration::from_secs(61));
    bench.until_idle().await;
    assert!(bench.told().is_empty());
    assert!(matches!(
        bench.jobs.cancel(id).await,
        Err(JobsError::NotCancellable(JobState::Cancelled))
    ));

    bench.jobs.retry(id).await.expect("queued again");
    bench.until_state(id, JobState::Done).await;
    assert!(matches!(
        bench.jobs.retry(id).await,
        Err(JobsError::NotRetryable(JobState::Done))
    ));
    let unknown = geoml_hub::base::JobId::new(&bench.clock);
    assert!(matches!(bench.jobs.cancel(unknown).await, Err(JobsError::NoJob(_))));
    bench.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn jobs_are_listed_newest_first_by_state_and_name() {
    let gate = Arc::new(Semaphore::new(9));
    let bench = Bench::start(1, |jobs, told| {
        know_say(jobs, told);
        jobs.register::<Renew>((Arc::clone(told), gate));
    });
    for word in ["a", "b", "c"] {
        bench.enqueue(&say(word), EnqueueOptions::default()).await;
        bench.clock.advance(Duration::from_secs(1));
    }
    bench.until_idle().await;
    bench.enqueue(&Renew(1), at(&bench, 60)).await;

    let list = |state, name: Option<&str>, offset, limit| {
        let filter = JobFilter {
            state,
            name: name.map(str::to_owned),
        };
        let (jobs, total) = bench.jobs.list(&filter, offset, limit).expect("listed");
        (jobs.into_iter().map(|job| job.payload).collect::<Vec<_>>(), total)
    };
    let texts = |texts: &[&str]| texts.iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(list(None, None, 0, 2), (texts(&["1", "\"c\""]), 4));
    assert_eq!(list(None, Some("say"), 1, 9), (texts(&["\"b\"", "\"a\""]), 3));
    assert_eq!(list(Some(JobState::Waiting), None, 0, 9), (texts(&["1"]), 1));
    assert_eq!(list(Some(JobState::Done), Some("renew"), 0, 9), (texts(&[]), 0));
    bench.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn finished_jobs_are_forgotten_after_their_time_and_waiting_ones_never() {
    let bench = Bench::start(1, know_say);
    let done = bench.enqueue(&say("old"), EnqueueOptions::default()).await;
    let waiting = bench.enqueue(&say("waiting"), at(&bench, 90 * 86_400)).await;
    bench.until_idle().await;
    assert_eq!(bench.jobs.forget_finished().await.expect("works"), 0);
    bench.clock.advance(Duration::from_hours(8 * 24));
    assert_eq!(bench.jobs.forget_finished().await.expect("works"), 1);
    assert!(matches!(bench.jobs.get(done), Err(JobsError::NoJob(_))));
    assert_eq!(bench.get(waiting).state, JobState::Waiting);
    bench.end().await;
}
