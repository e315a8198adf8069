//! The queue and the periodic tasks, over a real store with a clock that the test moves.

mod failing;
mod periodic;
mod queue;
mod stopping;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::support::PATIENCE;
use geoml_hub::base::{Clock, JobId, Timestamp};
use geoml_hub::jobs::{self, EnqueueOptions, Job, JobRecord, JobState, Jobs, JobsOptions};
use geoml_hub::store::{Schema, Store, StoreError};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// What runs tell the test.
type Told = Arc<Mutex<Vec<String>>>;

/// A queue that works.
struct Bench {
    store: Store,
    clock: Clock,
    jobs: Jobs,
    told: Told,
    stop: CancellationToken,
    worker: JoinHandle<Result<(), StoreError>>,
}

fn schema() -> Schema {
    Schema {
        tables: jobs::TABLES.to_vec(),
        migrations: &[],
    }
}

fn clock() -> Clock {
    Clock::manual(Timestamp::from_seconds(1_800_000_000))
}

impl Bench {
    /// Starts a queue that knows whatever `register` makes known.
    fn start(workers: usize, register: impl FnOnce(&Jobs, &Told)) -> Self {
        Self::over(
            Store::in_memory(&schema()).expect("a store"),
            clock(),
            workers,
            register,
        )
    }

    fn over(store: Store, clock: Clock, workers: usize, register: impl FnOnce(&Jobs, &Told)) -> Self {
        let options = JobsOptions {
            workers,
            ..JobsOptions::default()
        };
        let jobs = Jobs::new(store.clone(), clock.clone(), options);
        let told = Told::default();
        register(&jobs, &told);
        let stop = CancellationToken::new();
        let (worker, token) = (jobs.clone(), stop.clone());
        let worker = tokio::spawn(async move { worker.run(token, Duration::from_millis(200)).await });
        Self {
            store,
            clock,
            jobs,
            told,
            stop,
            worker,
        }
    }

    async fn enqueue<J: Job + Clone + Sync>(&self, job: &J, options: EnqueueOptions) -> JobId {
        let (jobs, job) = (self.jobs.clone(), job.clone());
        self.store
            .write(move |tx| jobs.enqueue(tx, &job, options))
            .await
            .expect("queued")
    }

    fn advance(&self, duration: Duration) {
        self.clock.advance(duration);
        self.jobs.wake();
    }

    async fn until_idle(&self) {
        let idle = async {
            while !self.jobs.is_idle().expect("readable") {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        };
        tokio::time::timeout(PATIENCE, idle)
            .await
            .expect("the queue comes to rest");
    }

    async fn until_state(&self, id: JobId, state: JobState) -> JobRecord {
        let wait = async {
            while self.get(id).state != state {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        };
        tokio::time::timeout(PATIENCE, wait)
            .await
            .expect("the job comes to that state");
        self.get(id)
    }

    fn get(&self, id: JobId) -> JobRecord {
        self.jobs.get(id).expect("the job is known")
    }

    fn told(&self) -> Vec<String> {
        self.told.lock().expect("not poisoned").clone()
    }

    /// Stops the queue and checks its table.
    async fn end(self) {
        self.stop.cancel();
        self.worker.await.expect("no panic").expect("no failure");
        assert_eq!(self.store.read(jobs::check).expect("readable"), Vec::<String>::new());
    }
}

fn tell(told: &Told, text: impl Into<String>) {
    told.lock().expect("not poisoned").push(text.into());
}
