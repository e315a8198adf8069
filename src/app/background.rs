//! Everything that runs without a request, on one screen.

use super::error::AppError;
use super::hub::Hub;
use crate::base::Sha256;
use crate::base::size::human;
use crate::cards::CardFollower;
use crate::files::SpaceConsumer;
use crate::hooks::{Delivery, HookFollower};
use crate::jobs::{JobError, PeriodicTask};
use crate::models::ModelFollower;
use crate::pulls;
use crate::repos::PathHistory;
use crate::search::SearchConsumer;
use crate::social::{Forgetting, Moving};
use crate::taxonomy::ClassificationCounts;
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

const MINUTE: Duration = Duration::from_mins(1);
const HOUR: Duration = Duration::from_hours(1);

/// Registers every consumer of events, every kind of job and every task.
pub(super) fn register(hub: &Hub) -> Result<(), AppError> {
    hub.events.register(PathHistory::new(hub.repos.clone()));
    hub.events.register(ClassificationCounts::new(hub.taxonomy.clone()));
    hub.events.register(CardFollower::new(hub.cards.clone()));
    hub.events.register(ModelFollower::new(hub.models.clone()));
    hub.events.register(SpaceConsumer::new(hub.files.clone()));
    hub.events.register(pulls::Forgetting::new(hub.pulls.clone()));
    hub.events.register(HookFollower::new(hub.hooks.clone()));
    hub.jobs.register::<Delivery>(hub.hooks.clone());
    hub.events.register(Forgetting::new(hub.social.clone()));
    hub.events.register(Moving::new(hub.social.clone()));
    hub.events.register(SearchConsumer::new(hub.search.clone()));
    for task in tasks(hub).into_iter().chain(long_tasks(hub)).chain(hub.users.tasks()) {
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
            check,
        ),
        task(
            hub,
            "reindex",
            "Makes anew what is derived from git and metadata: path history, cards, facts of models, search indexes.",
            None,
            reindex,
        ),
        task(
            hub,
            "sweep",
            "Removes large content and folders that nothing names.",
            Some(HOUR),
            sweep,
        ),
        task(
            hub,
            "pack",
            "Packs repositories that have grown many small packs.",
            Some(10 * MINUTE),
            pack,
        ),
        task(
            hub,
            "expire-uploads",
            "Forgets uploads whose time is over, unfinished or named by no commit, and frees their space.",
            Some(10 * MINUTE),
            expire_uploads,
        ),
        task(
            hub,
            "trending",
            "Renews the windows of days and what trends.",
            Some(HOUR),
            renew_windows,
        ),
        task(
            hub,
            "forget-jobs",
            "Forgets finished jobs that are old.",
            Some(HOUR),
            forget_jobs,
        ),
    ]
}

/// Tasks that end soon when the hub stops.
fn long_tasks(hub: &Hub) -> [PeriodicTask; 2] {
    [
        PeriodicTask::new(
            "chunk-whole-files",
            "Cuts large files that came whole into chunks, where `storage.chunk_whole_files` says so.",
            Some(10 * MINUTE),
            {
                let hub = hub.clone();
                move |stop| chunk_whole_files(hub.clone(), stop)
            },
        ),
        PeriodicTask::new(
            "gc",
            "Packs repositories anew and removes what no branch or tag has led to for long enough.",
            Some(HOUR),
            {
                let hub = hub.clone();
                move |stop| collect(hub.clone(), stop)
            },
        ),
    ]
}

async fn check(hub: Hub) -> Result<String, JobError> {
    let problems = hub.check(false).await?;
    match problems.len() {
        0 => Ok("Everything agrees.".to_owned()),
        count => Err(JobError::permanent(format!(
            "{count} problems: {}",
            problems.join("; ")
        ))),
    }
}

async fn reindex(hub: Hub) -> Result<String, JobError> {
    Ok(hub.reindex().await?)
}

async fn sweep(hub: Hub) -> Result<String, JobError> {
    let folders = hub.repos.remove_orphans().await?;
    let repos = hub.repos.clone();
    let named = move |batch: &[Sha256]| repos.named_among(batch);
    let config = hub.config.current();
    let grace = config.storage.unnamed_grace;
    let mut report = hub.blobs.sweep(named.clone(), grace).await?;
    if config.storage.chunk_whole_files {
        let whole = hub.blobs.drop_whole_forms(named, grace).await?;
        report.removed += whole.removed;
        report.removed_bytes += whole.removed_bytes;
    }
    let (removed, looked_at, size) = (report.removed, report.looked_at, human(report.removed_bytes));
    Ok(format!(
        "Removed {removed} of {looked_at} pieces of large content ({size}) and {folders} folders."
    ))
}

async fn pack(hub: Hub) -> Result<String, JobError> {
    Ok(format!("Packed {} repositories.", hub.repos.pack_all().await?))
}

async fn collect(hub: Hub, stop: CancellationToken) -> Result<String, JobError> {
    Ok(hub.collect(false, stop).await?)
}

async fn chunk_whole_files(hub: Hub, stop: CancellationToken) -> Result<String, JobError> {
    let chunked = hub.files.chunk_whole_files(&stop).await?;
    let (files, size, failed) = (chunked.files, human(chunked.bytes), chunked.failed);
    Ok(format!(
        "Cut {files} files ({size}) into chunks; {failed} could not be cut."
    ))
}

async fn expire_uploads(hub: Hub) -> Result<String, JobError> {
    let grace = hub.config.current().storage.uncommitted_grace;
    let (mut sessions, links) = (hub.files.expire_sessions().await?, hub.repos.end_pending(grace).await?);
    // Last, because it needs the object store, which may not answer.
    sessions += hub.files.expire_direct().await?;
    Ok(format!(
        "Forgot {sessions} unfinished uploads and {links} that no commit named."
    ))
}

async fn renew_windows(hub: Hub) -> Result<String, JobError> {
    Ok(format!(
        "Renewed the windows of {} repositories.",
        hub.social.renew_windows().await?
    ))
}

async fn forget_jobs(hub: Hub) -> Result<String, JobError> {
    Ok(format!("Forgot {} jobs.", hub.jobs.forget_finished().await?))
}

fn task<F, Fut>(hub: &Hub, name: &'static str, about: &'static str, period: Option<Duration>, run: F) -> PeriodicTask
where
    F: Fn(Hub) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<String, JobError>> + Send + 'static,
{
    let hub = hub.clone();
    PeriodicTask::new(name, about, period, move |_stop| run(hub.clone()))
}

/// Starts everything; all of it ends when `stop` is cancelled, within `server.shutdown_timeout` and the seconds of grace
/// that interrupted jobs have.
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
    let (search, for_search) = (hub.search.clone(), stop.clone());
    running.spawn(async move { search.keep(for_search).await });
    let (social, period, for_social) = (
        hub.social.clone(),
        hub.config.current().statistics.flush_period,
        stop.clone(),
    );
    running.spawn(async move { social.count(period, for_social).await });
    running.close();
    running
}
