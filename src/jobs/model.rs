use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::Priority;
use super::context::Report;
use crate::base::{JobId, Timestamp};

/// First pause after a failure; each further failure doubles it.
const FIRST_PAUSE: Duration = Duration::from_secs(2);
/// Longest pause between two attempts.
const LONGEST_PAUSE: Duration = Duration::from_mins(15);
/// Lines that a job's log keeps, the newest.
pub(super) const LOG_LINES: usize = 100;
/// Longest line of a job's log, in characters; an error is cut to it too.
const LINE_LENGTH: usize = 2_000;

/// Where a job stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JobState {
    /// For its time, or for a free worker.
    Waiting,
    /// Somebody works on it.
    Running,
    /// It succeeded.
    Done,
    /// Its attempts are used up, or it can never succeed.
    Dead,
    /// Somebody cancelled it.
    Cancelled,
}

impl JobState {
    /// All states.
    pub const ALL: [Self; 5] = [Self::Waiting, Self::Running, Self::Done, Self::Dead, Self::Cancelled];

    /// The word in keys and answers; never to be changed.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Running => "running",
            Self::Done => "done",
            Self::Dead => "dead",
            Self::Cancelled => "cancelled",
        }
    }

    /// Nothing more happens by itself.
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Done | Self::Dead | Self::Cancelled)
    }
}

/// How far a run is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// Units done.
    pub current: u64,
    /// Units in all, when known.
    pub total: Option<u64>,
    /// What is being done.
    pub text: String,
}

/// A line of a job's log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogLine {
    /// When it was written.
    pub time: Timestamp,
    /// The line.
    pub text: String,
}

/// A job as it is stored.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct JobRecord {
    /// Its identifier, which sorts by time of creation.
    pub id: JobId,
    /// Which kind of work.
    pub name: String,
    /// What to do, as JSON.
    pub payload: String,
    /// Whether an equal one that waits makes this one unnecessary.
    pub deduplicated: bool,
    /// Which of several due jobs is started first.
    pub priority: Priority,
    /// Where it stands.
    pub state: JobState,
    /// Runs so far, the present one included.
    pub attempts: u32,
    /// Runs before it is given up.
    pub attempt_limit: u32,
    /// When it was queued.
    pub created_at: Timestamp,
    /// When it is due, again after a failure.
    pub run_at: Timestamp,
    /// When its last run began.
    pub started_at: Option<Timestamp>,
    /// When it came to its final state.
    pub finished_at: Option<Timestamp>,
    /// Somebody asked to cancel it.
    pub cancel_requested: bool,
    /// Why the last attempt failed.
    pub last_error: Option<String>,
    /// How far the last run came.
    pub progress: Progress,
    /// What its runs told, the newest lines.
    pub log: Vec<LogLine>,
}

impl JobRecord {
    /// Takes over what a run has told.
    pub(super) fn take_report(&mut self, told: Report) {
        self.progress = told.progress.unwrap_or(std::mem::take(&mut self.progress));
        self.extend_log(told.lines);
    }

    /// Adds lines to the log and drops the oldest beyond the limit.
    fn extend_log(&mut self, lines: Vec<LogLine>) {
        self.log.extend(lines);
        let surplus = self.log.len().saturating_sub(LOG_LINES);
        self.log.drain(..surplus);
    }

    /// Puts the job into a final state.
    pub(super) fn finish(&mut self, state: JobState, now: Timestamp) {
        self.state = state;
        self.finished_at = Some(now);
    }

    /// Notes a failure: another attempt after a pause, or the end.
    pub(super) fn fail(&mut self, error: &str, permanent: bool, now: Timestamp) {
        self.last_error = Some(shortened(error));
        if permanent || self.attempts >= self.attempt_limit {
            self.finish(JobState::Dead, now);
        } else {
            self.state = JobState::Waiting;
            self.run_at = now.plus(pause_after(self.attempts));
        }
    }
}

/// Pause after so many failed attempts.
pub(super) fn pause_after(attempts: u32) -> Duration {
    let doublings = attempts.saturating_sub(1).min(16);
    FIRST_PAUSE.saturating_mul(1 << doublings).min(LONGEST_PAUSE)
}

/// Text that fits into a row.
pub(super) fn shortened(text: &str) -> String {
    text.chars().take(LINE_LENGTH).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pause_doubles_up_to_its_limit() {
        assert_eq!(pause_after(1), Duration::from_secs(2));
        assert_eq!(pause_after(2), Duration::from_secs(4));
        assert_eq!(pause_after(9), Duration::from_secs(512));
        assert_eq!(pause_after(10), LONGEST_PAUSE);
        assert_eq!(pause_after(u32::MAX), LONGEST_PAUSE);
    }
}
