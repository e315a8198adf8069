//! Everything that runs without a request, on one screen.

use super::error::AppError;
use super::hub::Hub;
use crate::jobs::{JobError, PeriodicTask};
use crate::repos::PathHistory;
use std::collections::HashSet;
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

const MINUTE: Duration = Duration::from_mins(1);
const HOUR: Duration = Duration::from_hours(1);
const DAY: Duration = Duration::from_hours(24);

/// Blobs that nothing names are kept so long, for uploads and commits in progress and for a restored backup.
const BLOB_GRACE: Duration = DAY;

/// Registers every consumer of events and every task.
pub(super) fn register(hub: &Hub) -> Result<(), AppError> {
    hub.events.register(PathHistory::new(hub.repos.clone()));
    for task in tasks(hub).into_iter().chain(hub.users.tasks()) {
        hub.tasks.register(task)?;
    }
    Ok(())
}

fn tasks(hub: &Hub) -> Vec<PeriodicTask> {
    vec![
        task(
            hub,
            "check",
            "Compares metadata, git and large content with each other.",
            None,
            |hub| async move {
                let problems = hub.check(false).await?;
                match problems.len() {
                    0 => Ok("Everything agrees.".to_owned()),
                    count => Err(JobError::permanent(format!(
                        "{count} problems: {}",
                        problems.join("; ")
                    ))),
                }
            },
        ),
        task(
            hub,
            "sweep",
            "Removes large content and folders that nothing names.",
            Some(HOUR),
            |hub| async move {
                let folders = hub.repos.remove_orphans().await?;
                let repos = hub.repos.clone();
                let named = move |batch: &[_]| {
                    let mut named = HashSet::new();
                    for sha256 in batch {
                        if repos.names_blob(*sha256)? {
                            named.insert(*sha256);
                        }
                    }
                    Ok::<_, crate::store::StoreError>(named)
                };
                let report = hub.blobs.sweep(named, BLOB_GRACE).await?;
                Ok(format!(
                    "Removed {} of {} pieces of large content ({}) and {folders} folders.",
                    report.removed,
                    report.looked_at,
                    crate::base::size::human(report.removed_bytes)
                ))
            },
        ),
        task(
            hub,
            "pack",
            "Packs repositories that have grown many small packs.",
            Some(10 * MINUTE),
            |hub| async move { Ok(format!("Packed {} repositories.", hub.repos.pack_all().await?)) },
        ),
        task(
            hub,
            "forget-jobs",
            "Forgets finished jobs that are old.",
            Some(HOUR),
            |hub| async move { Ok(format!("Forgot {} jobs.", hub.jobs.forget_finished().await?)) },
        ),
    ]
}

fn task<F, Fut>(hub: &Hub, name: &'static str, about: &'static str, period: Option<Duration>, run: F) -> PeriodicTask
where
    F: Fn(Hub) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<String, JobError>> + Send + 'static,
{
    let hub = hub.clone();
    PeriodicTask::new(name, about, period, move |_stop| run(hub.clone()))
}

/// Starts everything; all of it stops when `stop` is cancelled.
pub(super) fn start(hub: &Hub, stop: &CancellationToken) -> TaskTracker {
    let running = TaskTracker::new();
    let patience = hub.config.current().server.shutdown_timeout;
    let (jobs, tasks, events) = (hub.jobs.clone(), hub.tasks.clone(), hub.events.clone());
    let (for_jobs, for_tasks, for_events) = (stop.clone(), stop.clone(), stop.clone());
    running.spawn(async move {
        if let Err(error) = jobs.run(for_jobs.clone(), patience).await {
            tracing::error!(%error, "the job queue stopped, so the hub stops");
            for_jobs.cancel();
        }
    });
    running.spawn(async move { tasks.run(for_tasks, patience).await });
    running.spawn(async move { events.run(for_events, patience).await });
    running.close();
    running
}
