use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use geoml_hub::base::Clock;
use geoml_hub::jobs::{JobError, JobsError, PeriodicTask, TaskStatus, Tasks};
use geoml_hub::store::Store;
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::{clock, schema};
use crate::support::PATIENCE;

struct Running {
    tasks: Tasks,
    stop: CancellationToken,
    handle: JoinHandle<()>,
}

fn start(store: &Store, clock: &Clock, task: PeriodicTask) -> Running {
    let tasks = Tasks::new(store.clone(), clock.clone());
    tasks.register(task).expect("readable");
    let stop = CancellationToken::new();
    let (runner, token) = (tasks.clone(), stop.clone());
    let handle = tokio::spawn(async move { runner.run(token, Duration::from_secs(1)).await });
    Running { tasks, stop, handle }
}

impl Running {
    async fn end(self) {
        self.stop.cancel();
        self.handle.await.expect("no panic");
    }

    async fn until(&self, wanted: impl Fn(&TaskStatus) -> bool) -> TaskStatus {
        let wait = async {
            loop {
                let status = self.tasks.get("count").expect("known");
                if wanted(&status) {
                    return status;
                }
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        };
        tokio::time::timeout(PATIENCE, wait)
            .await
            .expect("the task comes to that")
    }

    async fn until_runs(&self, runs: u64) -> TaskStatus {
        self.until(|status| status.last.as_ref().map_or(0, |last| last.runs) >= runs && status.running_since.is_none())
            .await
    }
}

fn counting(period: Option<Duration>) -> (PeriodicTask, Arc<AtomicUsize>) {
    let count = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&count);
    let task = PeriodicTask::new("count", "Counts.", period, move |_| {
        let counted = counter.fetch_add(1, Ordering::SeqCst) + 1;
        async move { Ok(format!("Counted to {counted}.")) }
    });
    (task, count)
}

fn memory() -> Store {
    Store::in_memory(&schema()).expect("a store")
}

const HOUR: Duration = Duration::from_hours(1);

#[tokio::test(flavor = "multi_thread")]
async fn a_task_that_never_ran_runs_at_start_and_then_once_a_period() {
    let (store, clock) = (memory(), clock());
    let (task, count) = counting(Some(HOUR));
    let running = start(&store, &clock, task);
    let status = running.until_runs(1).await;
    assert_eq!(status.last.expect("ran").result, "Counted to 1.");
    assert_eq!(status.due_at, Some(clock.now().plus(HOUR)));

    clock.advance(Duration::from_secs(3599));
    running.tasks.wake();
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert_eq!(count.load(Ordering::SeqCst), 1);
    clock.advance(Duration::from_secs(1));
    running.tasks.wake();
    running.until_runs(2).await;
    running.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_run_outlives_a_restart_and_an_overdue_task_runs_at_start() {
    let (store, clock) = (memory(), clock());
    let (task, _) = counting(Some(HOUR));
    let running = start(&store, &clock, task.clone());
    running.until_runs(1).await;
    running.end().await;

    let running = start(&store, &clock, task.clone());
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert_eq!(
        running.until_runs(1).await.last.expect("stored").runs,
        1,
        "it is not due yet"
    );
    running.end().await;

    clock.advance(3 * HOUR);
    let running = start(&store, &clock, task);
    running.until_runs(2).await;
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert_eq!(
        running.until_runs(2).await.last.expect("ran").runs,
        2,
        "missed periods are not made up for"
    );
    running.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_without_a_period_runs_only_when_asked_to() {
    let (store, clock) = (memory(), clock());
    let (task, count) = counting(None);
    let running = start(&store, &clock, task);
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert_eq!(count.load(Ordering::SeqCst), 0);
    let status = running.tasks.run_to_end("count").await.expect("runs");
    assert_eq!(status.last.expect("ran").result, "Counted to 1.");
    assert_eq!(status.due_at, None);
    assert!(matches!(running.tasks.run_now("nonsense"), Err(JobsError::NoTask(_))));
    running.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_never_overlaps_itself() {
    let (store, clock) = (memory(), clock());
    let gate = Arc::new(Semaphore::new(0));
    let permits = Arc::clone(&gate);
    let task = PeriodicTask::new("count", "Waits.", Some(HOUR), move |_| {
        let gate = Arc::clone(&permits);
        async move {
            gate.acquire().await?.forget();
            Ok("Waited.".to_owned())
        }
    });
    let running = start(&store, &clock, task);
    running.until(|status| status.running_since.is_some()).await;
    clock.advance(2 * HOUR);
    running.tasks.wake();
    assert!(matches!(running.tasks.run_now("count"), Err(JobsError::TaskRuns(_))));
    gate.add_permits(1);
    running.until(|status| status.last.is_some()).await;
    gate.add_permits(1);
    let status = running.until_runs(2).await;
    assert_eq!(status.last.expect("ran").runs, 2);
    running.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn failures_and_panics_are_kept_and_the_task_goes_on() {
    let (store, clock) = (memory(), clock());
    let count = Arc::new(AtomicUsize::new(0));
    let task = PeriodicTask::new("count", "Fails.", Some(HOUR), move |_| {
        let number = count.fetch_add(1, Ordering::SeqCst);
        async move {
            match number {
                0 => Err(JobError::new("no room")),
                1 => panic!("no way"),
                _ => Ok("fine".to_owned()),
            }
        }
    });
    let running = start(&store, &clock, task);
    let last = running.until_runs(1).await.last.expect("ran");
    assert_eq!(
        (last.succeeded, last.result.as_str(), last.failures),
        (false, "no room", 1)
    );
    let last = running
        .tasks
        .run_to_end("count")
        .await
        .expect("runs")
        .last
        .expect("ran");
    assert_eq!(
        (last.succeeded, last.result.as_str(), last.failures),
        (false, "It ended with a panic: no way", 2)
    );
    let last = running
        .tasks
        .run_to_end("count")
        .await
        .expect("runs")
        .last
        .expect("ran");
    assert_eq!((last.succeeded, last.runs, last.failures), (true, 3, 2));
    running.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_running_task_is_told_to_end_when_the_hub_stops() {
    let (store, clock) = (memory(), clock());
    let task = PeriodicTask::new("count", "Waits.", Some(HOUR), |token| async move {
        token.cancelled().await;
        Ok("Ended early.".to_owned())
    });
    let running = start(&store, &clock, task);
    running.until(|status| status.running_since.is_some()).await;
    let tasks = running.tasks.clone();
    running.end().await;
    assert_eq!(
        tasks.get("count").expect("known").last.expect("ended").result,
        "Ended early."
    );
}
