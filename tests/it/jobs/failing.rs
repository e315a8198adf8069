use std::sync::Arc;
use std::time::Duration;

use geoml_hub::jobs::{EnqueueOptions, Job, JobContext, JobError, JobResult, JobState};
use serde::{Deserialize, Serialize};

use super::{Bench, Told, tell};

/// Behaves badly in a way of its choice.
#[derive(Clone, Serialize, Deserialize)]
enum Bad {
    FailTwice,
    Fail,
    FailForGood,
    Panic,
    TooLong,
    Obstinate,
}

impl Job for Bad {
    type Needs = Told;
    const NAME: &'static str = "bad";
    const ATTEMPTS: u32 = 3;
    const TIME_LIMIT: Duration = Duration::from_millis(100);

    async fn run(self, needs: Arc<Told>, context: JobContext) -> JobResult {
        tell(&needs, format!("attempt {}", context.attempt()));
        match self {
            Self::FailTwice if context.attempt() > 2 => Ok(()),
            Self::FailTwice | Self::Fail => Err(JobError::new("the disk is made of cheese")),
            Self::FailForGood => Err(JobError::permanent("there is no such thing")),
            Self::Panic => panic!("oh no"),
            Self::TooLong => {
                context.cancelled().await;
                Err(JobError::new("ended because it was told to"))
            }
            Self::Obstinate => {
                std::future::pending::<()>().await;
                Ok(())
            }
        }
    }
}

async fn bench_with(job: Bad) -> (Bench, geoml_hub::base::JobId) {
    let bench = Bench::start(1, |jobs, told| jobs.register::<Bad>(Arc::clone(told)));
    let id = bench.enqueue(&job, EnqueueOptions::default()).await;
    bench.until_idle().await;
    (bench, id)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_job_is_tried_again_after_a_growing_pause() {
    let (bench, id) = bench_with(Bad::FailTwice).await;
    let job = bench.get(id);
    assert_eq!((job.state, job.attempts), (JobState::Waiting, 1));
    assert_eq!(job.last_error.as_deref(), Some("the disk is made of cheese"));
    assert_eq!(job.run_at, bench.clock.now().plus(Duration::from_secs(2)));

    bench.advance(Duration::from_secs(2));
    bench.until_idle().await;
    assert_eq!(bench.get(id).run_at, bench.clock.now().plus(Duration::from_secs(4)));
    bench.advance(Duration::from_secs(4));
    let job = bench.until_state(id, JobState::Done).await;
    assert_eq!((job.attempts, job.last_error), (3, None));
    bench.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_whose_attempts_are_used_up_is_dead_and_can_be_retried() {
    let (bench, id) = bench_with(Bad::Fail).await;
    for _ in 0..5 {
        bench.advance(Duration::from_mins(20));
        bench.until_idle().await;
    }
    let job = bench.get(id);
    assert_eq!((job.state, job.attempts), (JobState::Dead, 3));
    assert_eq!(job.last_error.as_deref(), Some("the disk is made of cheese"));
    assert_eq!(bench.told().len(), 3);

    bench.jobs.retry(id).await.expect("queued again");
    bench.until_idle().await;
    assert_eq!((bench.get(id).state, bench.get(id).attempts), (JobState::Waiting, 1));
    bench.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_can_never_succeed_is_dead_at_once() {
    let (bench, id) = bench_with(Bad::FailForGood).await;
    let job = bench.get(id);
    assert_eq!((job.state, job.attempts), (JobState::Dead, 1));
    bench.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_panic_is_a_failure_with_its_text_and_the_queue_goes_on() {
    let (bench, id) = bench_with(Bad::Panic).await;
    let job = bench.get(id);
    assert_eq!(job.state, JobState::Waiting);
    assert_eq!(job.last_error.as_deref(), Some("It ended with a panic: oh no"));
    let other = bench.enqueue(&Bad::FailForGood, EnqueueOptions::default()).await;
    bench.until_state(other, JobState::Dead).await;
    bench.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_beyond_its_time_limit_is_told_to_end() {
    let (bench, id) = bench_with(Bad::TooLong).await;
    assert_eq!(
        bench.get(id).last_error.as_deref(),
        Some("ended because it was told to")
    );
    bench.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_ignores_its_time_limit_is_cut_off() {
    let (bench, id) = bench_with(Bad::Obstinate).await;
    assert_eq!(
        bench.get(id).last_error.as_deref(),
        Some("The job took longer than 100ms.")
    );
    bench.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_nobody_knows_is_dead_with_a_reason() {
    let bench = Bench::start(1, |_, _| {});
    let id = bench.enqueue(&Bad::Fail, EnqueueOptions::default()).await;
    let job = bench.until_state(id, JobState::Dead).await;
    assert!(job.last_error.expect("a reason").contains("knows no job of this name"));
    bench.end().await;
}
