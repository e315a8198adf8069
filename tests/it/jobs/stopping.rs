use std::sync::Arc;
use std::time::Duration;

use geoml_hub::jobs::{EnqueueOptions, Job, JobContext, JobError, JobResult, JobState, Jobs, JobsOptions};
use geoml_hub::store::Store;
use serde::{Deserialize, Serialize};
use tokio::sync::Semaphore;

use super::{Bench, Told, clock, schema, tell};

/// Ends when it gets a permit, or fails when it is told to end.
#[derive(Clone, Serialize, Deserialize)]
struct Patient(u32);

impl Job for Patient {
    type Needs = (Told, Arc<Semaphore>);
    const NAME: &'static str = "patient";
    const ATTEMPTS: u32 = 2;
    const DEDUPLICATED: bool = true;

    async fn run(self, needs: Arc<Self::Needs>, context: JobContext) -> JobResult {
        context.log("begun");
        tokio::select! {
            permit = needs.1.acquire() => permit?.forget(),
            () = context.cancelled() => return Err(JobError::new("told to end")),
        }
        tell(&needs.0, format!("ended {}", self.0));
        Ok(())
    }
}

fn knowing(gate: &Arc<Semaphore>) -> impl FnOnce(&Jobs, &Told) {
    let gate = Arc::clone(gate);
    move |jobs: &Jobs, told: &Told| jobs.register::<Patient>((Arc::clone(told), gate))
}

/// A store with one job in the state that a crash leaves: claimed, and nobody works on it.
async fn crashed(store: &Store) -> geoml_hub::base::JobId {
    let gate = Arc::new(Semaphore::new(0));
    let bench = Bench::over(store.clone(), clock(), 1, knowing(&gate));
    let id = bench.enqueue(&Patient(1), EnqueueOptions::default()).await;
    bench.until_state(id, JobState::Running).await;
    bench.worker.abort();
    id
}

#[tokio::test(flavor = "multi_thread")]
async fn a_running_job_may_end_within_the_deadline_and_nothing_new_is_started() {
    let gate = Arc::new(Semaphore::new(0));
    let bench = Bench::start(1, knowing(&gate));
    let running = bench.enqueue(&Patient(1), EnqueueOptions::default()).await;
    bench.until_state(running, JobState::Running).await;
    let waiting = bench.enqueue(&Patient(2), EnqueueOptions::default()).await;
    let jobs = bench.jobs.clone();
    bench.stop.cancel();
    gate.add_permits(5);
    bench.end().await;
    assert_eq!(jobs.get(running).expect("known").state, JobState::Done);
    assert_eq!(jobs.get(waiting).expect("known").state, JobState::Waiting);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_interrupted_by_the_stop_waits_and_its_run_does_not_count() {
    let gate = Arc::new(Semaphore::new(0));
    let bench = Bench::start(1, knowing(&gate));
    let id = bench.enqueue(&Patient(1), EnqueueOptions::default()).await;
    bench.until_state(id, JobState::Running).await;
    let jobs = bench.jobs.clone();
    bench.end().await;
    let job = jobs.get(id).expect("known");
    assert_eq!((job.state, job.attempts, job.last_error), (JobState::Waiting, 0, None));
    assert_eq!(job.log[0].text, "begun");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_ran_during_a_crash_runs_again() {
    let store = Store::in_memory(&schema()).expect("a store");
    let id = crashed(&store).await;
    let gate = Arc::new(Semaphore::new(1));
    let bench = Bench::over(store, clock(), 1, knowing(&gate));
    let job = bench.until_state(id, JobState::Done).await;
    assert_eq!(job.attempts, 2);
    assert_eq!(bench.told(), ["ended 1"]);
    bench.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_takes_the_hub_down_each_time_is_given_up() {
    let store = Store::in_memory(&schema()).expect("a store");
    crashed(&store).await;
    let bench = Bench::over(store.clone(), clock(), 1, knowing(&Arc::new(Semaphore::new(0))));
    let (jobs, _) = bench
        .jobs
        .list(&geoml_hub::jobs::JobFilter::default(), 0, 1)
        .expect("listed");
    let id = jobs[0].id;
    while bench.get(id).attempts < 2 {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    bench.worker.abort();
    let bench = Bench::over(store, clock(), 1, knowing(&Arc::new(Semaphore::new(9))));
    let job = bench.until_state(id, JobState::Dead).await;
    assert!(
        job.last_error
            .expect("a reason")
            .contains("The hub stopped while the job ran")
    );
    assert!(bench.told().is_empty());
    bench.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_equal_job_queued_before_the_crash_does_the_work_of_the_one_that_ran() {
    let store = Store::in_memory(&schema()).expect("a store");
    let ran = crashed(&store).await;
    let queue = Jobs::new(store.clone(), clock(), JobsOptions::default());
    let waiting = store
        .write(move |tx| queue.enqueue(tx, &Patient(1), EnqueueOptions::default()))
        .await
        .expect("queued");
    let bench = Bench::over(store, clock(), 1, knowing(&Arc::new(Semaphore::new(9))));
    bench.until_state(waiting, JobState::Done).await;
    assert_eq!(bench.get(ran).state, JobState::Cancelled);
    assert_eq!(bench.told(), ["ended 1"]);
    bench.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_running_job_can_be_cancelled() {
    let bench = Bench::start(1, knowing(&Arc::new(Semaphore::new(0))));
    let id = bench.enqueue(&Patient(1), EnqueueOptions::default()).await;
    bench.until_state(id, JobState::Running).await;
    bench.jobs.cancel(id).await.expect("asked to end");
    let job = bench.until_state(id, JobState::Cancelled).await;
    assert!(job.cancel_requested && job.finished_at.is_some());
    bench.end().await;
}
