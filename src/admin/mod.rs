//! Maintenance as an administrator sees it: every periodic and maintenance task, what it last did, and a way to run it.
//!
//! Owns nothing: the tasks are the engine's, and what they do is the slices'.

/// Routes.
pub mod api;

use crate::events::{Events, NewEvent, Origin, Subject};
use crate::store::{Store, StoreError};

/// Kinds of events that this slice records.
pub mod event {
    /// An administrator started the task that is the subject.
    pub const TASK_STARTED: &str = "task.started";
    /// An administrator cancelled the job that is the subject.
    pub const JOB_CANCELLED: &str = "job.cancelled";
    /// An administrator queued the job that is the subject again.
    pub const JOB_RETRIED: &str = "job.retried";
}

/// Records what an administrator did with the part of the engine that `subject` names, such as `task:check`.
async fn record(
    (store, events): (&Store, &Events),
    kind: &'static str,
    subject: String,
    origin: Origin,
) -> Result<(), StoreError> {
    let events = events.clone();
    let event = NewEvent::new(kind, &origin, Subject::Other(subject));
    store.write(move |tx| events.record(tx, event).map(|_| ())).await
}
