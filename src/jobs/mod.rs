//! Background work: a durable queue of jobs, and periodic tasks.
//!
//! A job is a row written in the transaction that causes it, so it exists exactly when its cause does. Claims live in
//! memory: after a crash a job that was running simply runs again, so a job must be idempotent. A failed job is tried
//! again after a growing pause; when its attempts are used up it stays visible as dead, with its last error, until
//! somebody retries it.
//!
//! A periodic task has a name, a description and mostly a period; what it last did is durable and visible, it never
//! overlaps itself, and it runs at start when it is overdue.
//!
//! Absent on purpose: knowledge of any job. Whoever owns one registers it with what it needs, in `app`.

/// What a running job reports and learns.
mod context;
/// What can go wrong when jobs and tasks are managed.
mod error;
/// What a job is: the trait, its failures, how it is queued.
mod job;
/// Rows and pure rules.
mod model;
/// Tasks that recur, or run when an administrator asks.
mod periodic;
/// The queue itself: queueing, looking, cancelling, retrying.
mod queue;
/// Finding the code of a job by its name.
mod registry;
/// Table and indexes of the queue.
mod store;
/// Starts jobs that are due and writes down how they end.
mod worker;

pub use context::JobContext;
pub use error::JobsError;
pub use job::{EnqueueOptions, Job, JobError, JobResult, Priority};
pub use model::{JobRecord, JobState, LogLine, Progress};
pub use periodic::{PeriodicTask, TaskStatus, Tasks};
pub use queue::{JobFilter, Jobs, JobsOptions};

use crate::store::{ReadRows, StoreError, TableSpec};

/// Tables of this module.
pub const TABLES: &[TableSpec] = &[
    TableSpec {
        name: "jobs",
        about: "job id -> what to do, its state, attempts, last error and log",
    },
    TableSpec {
        name: "jobs_waiting",
        about: "priority, time it is due, job id; jobs that wait",
    },
    TableSpec {
        name: "jobs_by_state",
        about: "state, job id",
    },
    TableSpec {
        name: "jobs_by_name",
        about: "name, job id",
    },
    TableSpec {
        name: "jobs_unique",
        about: "name, payload -> job id; deduplicated jobs that wait",
    },
    TableSpec {
        name: "tasks",
        about: "name of a periodic task -> its last run",
    },
];

/// Compares jobs and their indexes; a sentence for each difference.
pub fn check(tx: &impl ReadRows) -> Result<Vec<String>, StoreError> {
    store::JOBS.check(tx)
}
