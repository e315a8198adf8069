use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::JobContext;
use crate::base::Timestamp;

/// How a run ends.
pub type JobResult = Result<(), JobError>;

/// A kind of background work. The value is what is queued: it must say all that a later run has to know.
///
/// A run may be cut short at any moment, by a crash too, and then runs again: it must be idempotent.
pub trait Job: Serialize + DeserializeOwned + Send + 'static {
    /// Handles a run works with. They are given once, when the kind is registered.
    type Needs: Send + Sync + 'static;

    /// Name under which it is stored. It must not change once jobs of it may be queued somewhere.
    const NAME: &'static str;

    /// Whether an equal job that still waits makes another one unnecessary.
    const DEDUPLICATED: bool = false;

    /// Runs before a failing job is given up.
    const ATTEMPTS: u32 = 10;

    /// Longest time of one run.
    const TIME_LIMIT: Duration = Duration::from_hours(1);

    /// Does the work. When the context says that the run is cancelled, it should return soon.
    fn run(self, needs: Arc<Self::Needs>, context: JobContext) -> impl Future<Output = JobResult> + Send;
}

/// Which of several due jobs is started first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Priority {
    /// Somebody waits for it.
    High,
    /// The usual one.
    #[default]
    Normal,
    /// Whenever there is nothing else to do.
    Low,
}

impl Priority {
    /// All, the most urgent first.
    pub const ALL: [Self; 3] = [Self::High, Self::Normal, Self::Low];

    /// Its place in keys of the index; never to be changed.
    pub(super) const fn rank(self) -> u8 {
        match self {
            Self::High => 10,
            Self::Normal => 20,
            Self::Low => 30,
        }
    }
}

/// When and how urgently a job runs.
#[derive(Clone, Copy, Debug, Default)]
pub struct EnqueueOptions {
    /// Which of several due jobs is started first.
    pub priority: Priority,
    /// Not before this time; none means at once.
    pub run_at: Option<Timestamp>,
}

/// Why a run failed, with the whole chain of causes as text.
///
/// Any error turns into one that is worth another attempt; [`JobError::permanent`] says that no attempt will succeed.
pub struct JobError {
    text: String,
    permanent: bool,
}

impl JobError {
    /// A failure that may go away.
    pub fn new(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            permanent: false,
        }
    }

    /// A failure that stays: the job is given up at once.
    pub fn permanent(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            permanent: true,
        }
    }

    /// Whether another attempt is useless.
    pub fn is_permanent(&self) -> bool {
        self.permanent
    }
}

impl fmt::Display for JobError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}

impl fmt::Debug for JobError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

impl<E: std::error::Error> From<E> for JobError {
    fn from(error: E) -> Self {
        let mut text = error.to_string();
        let mut cause = error.source();
        while let Some(inner) = cause {
            text = format!("{text}: {inner}");
            cause = inner.source();
        }
        Self::new(text)
    }
}
