use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::task::{JoinError, JoinSet};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;
use tracing::Instrument;

use super::model::{JobRecord, JobState};
use super::{JobContext, JobError, JobResult, Jobs, store};
use crate::base::{JobId, Timestamp};
use crate::store::StoreError;

/// Time a run has to end after it was told to, before it is cut off.
const GRACE: Duration = Duration::from_secs(5);
/// Time between two looks at the queue when nothing is known to come; also bounds the effect of a clock set back.
const LONGEST_REST: Duration = Duration::from_mins(1);
/// Pause after the store failed.
const TROUBLE_PAUSE: Duration = Duration::from_secs(5);
/// Time between two stored reports of a run.
const REPORT_PERIOD: Duration = Duration::from_secs(3);

impl Jobs {
    /// Works until told to stop. Then it starts nothing more, lets runs end within the deadline, asks the others to
    /// end, and cuts off what does not; those run again at the next start.
    pub async fn run(&self, stop: CancellationToken, deadline: Duration) -> Result<(), StoreError> {
        self.reclaim().await?;
        let slots = Arc::new(Semaphore::new(self.shared.options.workers));
        let mut runs = JoinSet::new();
        while let Some(slot) = free_slot(&slots, &stop).await {
            match self.claim().await {
                Ok(Some((job, context))) => {
                    let jobs = self.clone();
                    runs.spawn(async move {
                        jobs.work(job, context).await;
                        drop(slot);
                    });
                }
                Ok(None) => {
                    drop(slot);
                    let rest = self.rest().unwrap_or(TROUBLE_PAUSE);
                    tokio::select! {
                        () = stop.cancelled() => {}
                        () = self.shared.wake.notified() => {}
                        () = sleep(rest) => {}
                    }
                }
                Err(error) => {
                    tracing::error!(%error, "no job can be started");
                    tokio::select! { () = stop.cancelled() => {}, () = sleep(TROUBLE_PAUSE) => {} }
                }
            }
            while runs.try_join_next().is_some() {}
        }
        self.wind_down(runs, deadline).await;
        Ok(())
    }

    async fn wind_down(&self, mut runs: JoinSet<()>, deadline: Duration) {
        if timeout(deadline, wait_for_all(&mut runs)).await.is_ok() {
            return;
        }
        self.shared.interrupting.store(true, Ordering::SeqCst);
        for (id, context) in self.shared.running().iter() {
            tracing::warn!(job = %id, "a job did not end in time and is interrupted; it runs again at the next start");
            context.token().cancel();
        }
        if timeout(GRACE + REPORT_PERIOD, wait_for_all(&mut runs)).await.is_err() {
            runs.shutdown().await;
        }
    }

    /// Jobs that ran when the hub went down wait again. The lost run counts, so that a job that takes the hub down
    /// with it is given up some time.
    async fn reclaim(&self) -> Result<(), StoreError> {
        let now = self.shared.clock.now();
        let write = move |tx: &crate::store::WriteTx<'_>| {
            for id in store::in_state(tx, JobState::Running)? {
                store::change(tx, id, |job| reclaim_row(job, now))?;
            }
            Ok::<_, StoreError>(())
        };
        self.shared.store.write(write).await
    }

    /// Takes the next due job, if any. The claim is in memory first, so that whoever cancels meanwhile finds it.
    async fn claim(&self) -> Result<Option<(JobRecord, JobContext)>, StoreError> {
        loop {
            let now = self.shared.clock.now();
            let Some(id) = self.shared.store.read(|tx| store::next_due(tx, now))? else {
                return Ok(None);
            };
            let attempt = self
                .shared
                .store
                .read(|tx| store::JOBS.get(tx, &id))?
                .map_or(1, |job| job.attempts + 1);
            let context = JobContext::new(id, attempt, self.shared.clock.clone());
            self.shared.running().insert(id, context.clone());
            let started = self.shared.store.write(move |tx| start_row(tx, id, now)).await;
            match started {
                Ok(Some(job)) => return Ok(Some((job, context))),
                // Somebody cancelled it after the look.
                Ok(None) => self.unclaim(id),
                Err(error) => {
                    self.unclaim(id);
                    return Err(error);
                }
            }
        }
    }

    fn unclaim(&self, id: JobId) {
        self.shared.running().remove(&id);
        self.shared.ended.fetch_add(1, Ordering::SeqCst);
    }

    /// How long nothing is due.
    fn rest(&self) -> Result<Duration, StoreError> {
        let next = self.shared.store.read(store::next_time)?;
        let now = self.shared.clock.now();
        Ok(next.map_or(LONGEST_REST, |next| next.since(now).min(LONGEST_REST)))
    }

    async fn work(&self, job: JobRecord, context: JobContext) {
        let span = tracing::error_span!("job", id = %job.id, name = job.name);
        let outcome = self.attempt(&job, &context).instrument(span.clone()).await;
        self.write_down(job.id, &context, &outcome).instrument(span).await;
        self.unclaim(job.id);
        // One that failed is due again sooner than the dispatcher thought when it went to rest.
        self.shared.wake.notify_one();
    }

    /// Runs the job's code in a task of its own, so that a panic is a failure like any other.
    async fn attempt(&self, job: &JobRecord, context: &JobContext) -> JobResult {
        let Some(kind) = self.shared.registry.get(&job.name) else {
            return Err(JobError::permanent(
                "This version of the hub knows no job of this name.",
            ));
        };
        let run = kind.start(&job.payload, context.clone())?;
        let mut run = AbortOnDropHandle::new(tokio::spawn(run.instrument(tracing::Span::current())));
        let mut reports = tokio::time::interval(REPORT_PERIOD);
        let late = sleep(kind.time_limit);
        tokio::pin!(late);
        loop {
            tokio::select! {
                result = &mut run => return ended(result),
                () = context.cancelled() => return end_soon(run, "The job was told to end and did not.").await,
                () = &mut late => {
                    context.token().cancel();
                    let text = format!("The job took longer than {}.", humantime::format_duration(kind.time_limit));
                    return end_soon(run, &text).await;
                }
                _ = reports.tick() => self.store_report(job.id, context).await,
            }
        }
    }

    async fn store_report(&self, id: JobId, context: &JobContext) {
        let told = context.take_told();
        if told.is_empty() {
            return;
        }
        let stored = self
            .shared
            .store
            .write(move |tx| store::change(tx, id, |job| job.take_report(told)))
            .await;
        if let Err(error) = stored {
            tracing::warn!(%error, "the progress of a job is not stored");
        }
    }

    /// Stores how a run ended, however long the store needs to recover; else the work would be done again and again.
    async fn write_down(&self, id: JobId, context: &JobContext, outcome: &JobResult) {
        let failure = outcome
            .as_ref()
            .err()
            .map(|error| (error.to_string(), error.is_permanent()));
        if let Some((error, permanent)) = &failure {
            tracing::warn!(error, permanent, attempt = context.attempt(), "a job failed");
        }
        let told = context.take_told();
        let interrupted = self.shared.interrupting.load(Ordering::SeqCst);
        let now = self.shared.clock.now();
        loop {
            let (failure, told) = (failure.clone(), told.clone());
            let end = move |job: &mut JobRecord| {
                job.take_report(told);
                end_row(job, failure, interrupted, now);
            };
            match self.shared.store.write(move |tx| store::change(tx, id, end)).await {
                Ok(_) | Err(StoreError::Closed) => return,
                Err(error) => tracing::error!(%error, "the end of a job is not stored yet"),
            }
            sleep(TROUBLE_PAUSE).await;
        }
    }
}

async fn free_slot(slots: &Arc<Semaphore>, stop: &CancellationToken) -> Option<tokio::sync::OwnedSemaphorePermit> {
    tokio::select! {
        biased;
        () = stop.cancelled() => None,
        slot = Arc::clone(slots).acquire_owned() => slot.ok(),
    }
}

async fn wait_for_all(runs: &mut JoinSet<()>) {
    while runs.join_next().await.is_some() {}
}

fn reclaim_row(job: &mut JobRecord, now: Timestamp) {
    if job.cancel_requested {
        job.finish(JobState::Cancelled, now);
    } else if job.attempts >= job.attempt_limit {
        job.fail("The hub stopped while the job ran, each time it was tried.", true, now);
    } else {
        job.state = JobState::Waiting;
    }
}

fn start_row(tx: &crate::store::WriteTx<'_>, id: JobId, now: Timestamp) -> Result<Option<JobRecord>, StoreError> {
    let Some(mut job) = store::JOBS.get(tx, &id)?.filter(|job| job.state == JobState::Waiting) else {
        return Ok(None);
    };
    job.state = JobState::Running;
    job.attempts += 1;
    job.started_at = Some(now);
    store::put(tx, job.clone())?;
    Ok(Some(job))
}

fn end_row(job: &mut JobRecord, failure: Option<(String, bool)>, interrupted: bool, now: Timestamp) {
    match failure {
        None => {
            job.last_error = None;
            job.finish(JobState::Done, now);
        }
        Some(_) if job.cancel_requested => job.finish(JobState::Cancelled, now),
        Some(_) if interrupted => {
            // The run was not at fault, so it does not count.
            job.attempts = job.attempts.saturating_sub(1);
            job.state = JobState::Waiting;
        }
        Some((error, permanent)) => job.fail(&error, permanent, now),
    }
}

/// Gives a run that was told to end a moment to do so, then cuts it off.
async fn end_soon(mut run: AbortOnDropHandle<JobResult>, otherwise: &str) -> JobResult {
    match timeout(GRACE, &mut run).await {
        Ok(result) => ended(result),
        Err(_) => Err(JobError::new(otherwise)),
    }
}

fn ended(result: Result<JobResult, JoinError>) -> JobResult {
    result.unwrap_or_else(|error| Err(JobError::new(panic_text(error))))
}

/// What a task that ended abnormally said.
pub(super) fn panic_text(error: JoinError) -> String {
    match error.try_into_panic() {
        Ok(panic) => {
            let text = panic.downcast_ref::<&str>().map(ToString::to_string);
            let text = text.or_else(|| panic.downcast_ref::<String>().cloned());
            format!(
                "It ended with a panic: {}",
                text.unwrap_or_else(|| "no message".to_owned())
            )
        }
        Err(_) => "It was cut off.".to_owned(),
    }
}
