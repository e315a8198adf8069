use std::sync::{Arc, Mutex, PoisonError};

use tokio_util::sync::CancellationToken;

use super::model::{LOG_LINES, LogLine, Progress, shortened};
use crate::base::{Clock, JobId};

/// What a running job reports and learns.
///
/// Progress and log lines are kept in memory and seen at once by whoever looks; they are stored every few seconds and
/// when the run ends.
#[derive(Clone)]
pub struct JobContext {
    id: JobId,
    attempt: u32,
    clock: Clock,
    cancelled: CancellationToken,
    report: Arc<Mutex<Report>>,
}

/// What a run has told and is not stored yet.
#[derive(Clone, Default)]
pub(super) struct Report {
    /// The latest progress, if any was told.
    pub(super) progress: Option<Progress>,
    /// Lines that are not stored.
    pub(super) lines: Vec<LogLine>,
}

impl JobContext {
    pub(super) fn new(id: JobId, attempt: u32, clock: Clock) -> Self {
        Self {
            id,
            attempt,
            clock,
            cancelled: CancellationToken::new(),
            report: Arc::default(),
        }
    }

    /// The job.
    pub fn id(&self) -> JobId {
        self.id
    }

    /// Which run it is, from 1.
    pub fn attempt(&self) -> u32 {
        self.attempt
    }

    /// Tells how far the run is.
    pub fn progress(&self, current: u64, total: Option<u64>, text: impl Into<String>) {
        let progress = Progress {
            current,
            total,
            text: shortened(&text.into()),
        };
        self.report(|report| report.progress = Some(progress));
    }

    /// Adds a line to the job's log.
    pub fn log(&self, text: impl Into<String>) {
        let line = LogLine {
            time: self.clock.now(),
            text: shortened(&text.into()),
        };
        self.report(|report| {
            // Only the newest lines are stored, so there is no use in keeping more.
            if report.lines.len() >= LOG_LINES {
                report.lines.remove(0);
            }
            report.lines.push(line);
        });
    }

    /// Whether the run should end: it was cancelled, took too long, or the hub stops.
    pub fn is_cancelled(&self) -> bool {
        self.cancelled.is_cancelled()
    }

    /// Waits until the run should end.
    pub async fn cancelled(&self) {
        self.cancelled.cancelled().await;
    }

    /// A token for whatever the run starts.
    pub fn token(&self) -> CancellationToken {
        self.cancelled.clone()
    }

    /// Looks at what was told and is not stored.
    pub(super) fn told(&self) -> Report {
        self.report(|report| report.clone())
    }

    /// Takes what was told and is not stored.
    pub(super) fn take_told(&self) -> Report {
        self.report(std::mem::take)
    }

    fn report<T>(&self, look: impl FnOnce(&mut Report) -> T) -> T {
        // A run that panicked while holding the lock left nothing half done: both fields are set in one step.
        look(&mut self.report.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Report {
    /// Whether there is nothing to store.
    pub(super) fn is_empty(&self) -> bool {
        self.progress.is_none() && self.lines.is_empty()
    }
}
