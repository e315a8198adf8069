use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;

use super::model::{JobRecord, JobState, Progress};
use super::registry::Registry;
use super::{EnqueueOptions, Job, JobContext, JobsError, store};
use crate::base::{Clock, JobId};
use crate::store::{ReadRows, Store, StoreError, WriteTx};

/// Dead jobs are forgotten after so many times the life of finished ones.
const DEAD_LIVES: u32 = 10;

/// Bounds of the queue.
#[derive(Clone, Debug)]
pub struct JobsOptions {
    /// Jobs at the same time.
    pub workers: usize,
    /// Time that a finished job stays visible; a dead one stays ten times as long.
    pub keep_finished: Duration,
    /// Most finished jobs that stay visible.
    pub keep_finished_count: usize,
}

impl Default for JobsOptions {
    fn default() -> Self {
        Self {
            workers: 2,
            keep_finished: Duration::from_hours(7 * 24),
            keep_finished_count: 1_000,
        }
    }
}

/// Which jobs to list.
#[derive(Clone, Debug, Default)]
pub struct JobFilter {
    /// Only those in this state.
    pub state: Option<JobState>,
    /// Only those of this name.
    pub name: Option<String>,
}

/// The queue. Cheap to clone.
#[derive(Clone)]
pub struct Jobs {
    pub(super) shared: Arc<Shared>,
}

pub(super) struct Shared {
    pub(super) store: Store,
    pub(super) clock: Clock,
    pub(super) options: JobsOptions,
    pub(super) registry: Registry,
    /// Wakes the dispatcher: something was queued, retried, or time has passed.
    pub(super) wake: Notify,
    /// Claimed jobs and what their runs have told.
    pub(super) running: Mutex<HashMap<JobId, JobContext>>,
    /// Runs that have ended, to notice one that ended while somebody looked.
    pub(super) ended: AtomicU64,
    /// The hub stops and waits no longer: a run that ends now without success was interrupted, not at fault.
    pub(super) interrupting: AtomicBool,
}

impl Jobs {
    /// The queue of this store. Nothing runs before [`run`](Self::run).
    pub fn new(store: Store, clock: Clock, options: JobsOptions) -> Self {
        let shared = Shared {
            store,
            clock,
            options,
            registry: Registry::default(),
            wake: Notify::new(),
            running: Mutex::default(),
            ended: AtomicU64::new(0),
            interrupting: AtomicBool::new(false),
        };
        Self {
            shared: Arc::new(shared),
        }
    }

    /// Makes a kind of job known, with what its runs need. Jobs of an unknown name are given up when they are due.
    pub fn register<J: Job>(&self, needs: J::Needs) {
        self.shared.registry.register::<J>(needs);
    }

    /// Queues a job in the caller's transaction. Answers its id, or that of an equal one that waits already.
    pub fn enqueue<J: Job>(&self, tx: &WriteTx<'_>, job: &J, options: EnqueueOptions) -> Result<JobId, StoreError> {
        let payload = serde_json::to_string(job).map_err(|error| StoreError::Row {
            table: "jobs",
            reason: error.to_string(),
        })?;
        if J::DEDUPLICATED
            && let Some(waiting) = store::waiting_equal(tx, J::NAME, &payload)?
        {
            return self.hasten(tx, waiting, options).map(|()| waiting);
        }
        let now = self.shared.clock.now();
        let id = JobId::new(&self.shared.clock);
        let record = JobRecord {
            id,
            name: J::NAME.to_owned(),
            payload,
            deduplicated: J::DEDUPLICATED,
            priority: options.priority,
            state: JobState::Waiting,
            attempts: 0,
            attempt_limit: J::ATTEMPTS,
            created_at: now,
            run_at: options.run_at.unwrap_or(now),
            started_at: None,
            finished_at: None,
            cancel_requested: false,
            last_error: None,
            progress: Progress::default(),
            log: Vec::new(),
        };
        store::put(tx, record)?;
        self.wake_after_commit(tx);
        Ok(id)
    }

    /// The waiting job that stands for an equal one must be as early and as urgent as either.
    fn hasten(&self, tx: &WriteTx<'_>, id: JobId, options: EnqueueOptions) -> Result<(), StoreError> {
        let wanted = options.run_at.unwrap_or(self.shared.clock.now());
        let Some(mut job) = store::JOBS.get(tx, &id)? else {
            return Ok(());
        };
        let hastened = (job.run_at.min(wanted), job.priority.min(options.priority));
        if hastened != (job.run_at, job.priority) {
            (job.run_at, job.priority) = hastened;
            store::put(tx, job)?;
            self.wake_after_commit(tx);
        }
        Ok(())
    }

    /// One job, with what its run has told so far.
    pub fn get(&self, id: JobId) -> Result<JobRecord, JobsError> {
        let job = self.shared.store.read(|tx| store::JOBS.get(tx, &id))?;
        job.map(|job| self.with_report(job)).ok_or(JobsError::NoJob(id))
    }

    /// A page of jobs, the newest first, and how many there are in all. Blocking work when there are many.
    pub fn list(&self, filter: &JobFilter, offset: usize, limit: usize) -> Result<(Vec<JobRecord>, usize), JobsError> {
        self.shared.store.read(|tx| {
            let ids = store::matching(tx, filter)?;
            let mut page = Vec::new();
            for id in ids.iter().skip(offset).take(limit) {
                page.extend(store::JOBS.get(tx, id)?.map(|job| self.with_report(job)));
            }
            Ok((page, ids.len()))
        })
    }

    /// Cancels a job that waits; asks one that runs to end.
    pub async fn cancel(&self, id: JobId) -> Result<(), JobsError> {
        let now = self.shared.clock.now();
        self.shared.store.write(move |tx| Self::cancel_row(tx, id, now)).await?;
        if let Some(context) = self.shared.running().get(&id) {
            context.token().cancel();
        }
        Ok(())
    }

    fn cancel_row(tx: &WriteTx<'_>, id: JobId, now: crate::base::Timestamp) -> Result<(), JobsError> {
        let changed = store::change(tx, id, |job| {
            match job.state {
                JobState::Waiting => job.finish(JobState::Cancelled, now),
                JobState::Running => {}
                state => return Err(JobsError::NotCancellable(state)),
            }
            job.cancel_requested = true;
            Ok(())
        })?;
        changed.ok_or(JobsError::NoJob(id))?
    }

    /// Queues a dead or cancelled job again, with all its attempts.
    pub async fn retry(&self, id: JobId) -> Result<(), JobsError> {
        let jobs = self.clone();
        self.shared.store.write(move |tx| jobs.retry_row(tx, id)).await
    }

    fn retry_row(&self, tx: &WriteTx<'_>, id: JobId) -> Result<(), JobsError> {
        let mut job = store::JOBS.get(tx, &id)?.ok_or(JobsError::NoJob(id))?;
        if !matches!(job.state, JobState::Dead | JobState::Cancelled) {
            return Err(JobsError::NotRetryable(job.state));
        }
        if job.deduplicated && store::waiting_equal(tx, &job.name, &job.payload)?.is_some() {
            return Err(JobsError::Duplicate);
        }
        job.state = JobState::Waiting;
        job.attempts = 0;
        job.run_at = self.shared.clock.now();
        job.finished_at = None;
        job.cancel_requested = false;
        store::put(tx, job)?;
        self.wake_after_commit(tx);
        Ok(())
    }

    /// Forgets jobs that ended long ago, or that are too many. Answers how many.
    pub async fn forget_finished(&self) -> Result<usize, StoreError> {
        let jobs = self.clone();
        let expired = crate::base::blocking(move || jobs.shared.store.read(|tx| jobs.expired(tx))).await?;
        let count = expired.len();
        // Small transactions, so that other writers never wait for long.
        for part in expired.chunks(200) {
            let part = part.to_vec();
            let forget = move |tx: &WriteTx<'_>| part.iter().try_for_each(|id| store::JOBS.delete(tx, id).map(drop));
            self.shared.store.write(forget).await?;
        }
        Ok(count)
    }

    fn expired(&self, tx: &impl ReadRows) -> Result<Vec<JobId>, StoreError> {
        let now = self.shared.clock.now();
        let options = &self.shared.options;
        let mut expired = Vec::new();
        for (state, lives) in [
            (JobState::Done, 1),
            (JobState::Cancelled, 1),
            (JobState::Dead, DEAD_LIVES),
        ] {
            let keep = options.keep_finished.saturating_mul(lives);
            let ids = store::in_state(tx, state)?;
            let surplus = ids
                .len()
                .saturating_sub(options.keep_finished_count.saturating_mul(lives as usize));
            for (place, id) in ids.into_iter().enumerate() {
                let finished = store::JOBS.get(tx, &id)?.and_then(|job| job.finished_at);
                if place < surplus || finished.is_none_or(|finished| now.since(finished) > keep) {
                    expired.push(id);
                }
            }
        }
        Ok(expired)
    }

    /// Whether nothing runs and nothing is due. Jobs that are due later do not count.
    pub fn is_idle(&self) -> Result<bool, StoreError> {
        let ended = self.shared.ended.load(Ordering::SeqCst);
        let now = self.shared.clock.now();
        let due = self.shared.store.read(|tx| store::next_due(tx, now))?;
        // A run that ended in between may have queued another job after the look at the store.
        let quiet = self.shared.running().is_empty() && self.shared.ended.load(Ordering::SeqCst) == ended;
        Ok(due.is_none() && quiet)
    }

    /// Looks for due jobs now; for a clock that has been moved.
    pub fn wake(&self) {
        self.shared.wake.notify_one();
    }

    fn wake_after_commit(&self, tx: &WriteTx<'_>) {
        let shared = Arc::clone(&self.shared);
        tx.after_commit(move || shared.wake.notify_one());
    }

    fn with_report(&self, mut job: JobRecord) -> JobRecord {
        let told = self.shared.running().get(&job.id).map(JobContext::told);
        if let Some(told) = told {
            job.take_report(told);
        }
        job
    }
}

impl Shared {
    pub(super) fn running(&self) -> std::sync::MutexGuard<'_, HashMap<JobId, JobContext>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
