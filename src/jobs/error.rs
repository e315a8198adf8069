use super::JobState;
use crate::base::JobId;
use crate::http::{Code, Problem};
use crate::store::StoreError;

/// What can go wrong when jobs and tasks are managed.
#[derive(Debug, thiserror::Error)]
pub enum JobsError {
    /// There is no such job.
    #[error("There is no job {0}; finished jobs are forgotten after some time.")]
    NoJob(JobId),
    /// There is no such task.
    #[error("There is no task '{0}'; the list of tasks names them all.")]
    NoTask(String),
    /// A job that has ended cannot be cancelled.
    #[error("This job is {} already: only a job that waits or runs can be cancelled.", .0.as_str())]
    NotCancellable(JobState),
    /// A job that still waits or runs needs no retry.
    #[error("This job is {}: only a dead or cancelled job can be retried.", .0.as_str())]
    NotRetryable(JobState),
    /// An equal job waits.
    #[error("An equal job waits already.")]
    Duplicate,
    /// The task is at work.
    #[error("The task '{0}' runs already; wait until it has ended.")]
    TaskRuns(String),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Problem for JobsError {
    fn code(&self) -> Code {
        match self {
            Self::NoJob(_) | Self::NoTask(_) => Code::NotFound,
            Self::NotCancellable(_) | Self::NotRetryable(_) | Self::Duplicate | Self::TaskRuns(_) => Code::Conflict,
            Self::Store(error) => error.code(),
        }
    }
}
