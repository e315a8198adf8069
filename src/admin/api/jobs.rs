use crate::admin::{event, record};
use crate::base::{JobId, Timestamp, blocking};
use crate::events::Events;
use crate::http::{ApiResult, Json, Page, PageQuery, Path, Query, RequestInfo};
use crate::jobs::{JobFilter, JobRecord, JobState, Jobs};
use crate::store::Store;
use crate::users::Caller;
use actix_web::web::Data;
use actix_web::{get, post};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// Which jobs to list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct ListJobs {
    /// Only those in this state: `waiting`, `running`, `done`, `dead` or `cancelled`.
    #[param(value_type = Option<String>)]
    state: Option<JobState>,
    /// Only those of this kind.
    name: Option<String>,
    /// The page, counted from 1.
    page: Option<usize>,
    /// Items per page, 1 to 100; 20 when absent.
    limit: Option<usize>,
}

/// A line of a job's log.
#[derive(Debug, Serialize, ToSchema)]
struct JobLogLine {
    /// When it was written.
    #[schema(value_type = String, format = DateTime)]
    time: Timestamp,
    /// The line.
    text: String,
}

/// How far a job's run is.
#[derive(Debug, Serialize, ToSchema)]
struct JobProgress {
    /// Units done.
    current: u64,
    /// Units in all, when known.
    total: Option<u64>,
    /// What is being done.
    text: String,
}

/// A piece of background work.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Job {
    /// Its identifier.
    #[schema(value_type = String)]
    id: JobId,
    /// Which kind of work.
    name: String,
    /// What to do.
    payload: serde_json::Value,
    /// `waiting`, `running`, `done`, `dead` (given up) or `cancelled`.
    #[schema(value_type = String)]
    state: JobState,
    /// Runs so far, the present one included.
    attempts: u32,
    /// Runs before it is given up.
    attempt_limit: u32,
    /// When it was queued.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// When it is due, again after a failure.
    #[schema(value_type = String, format = DateTime)]
    run_at: Timestamp,
    /// When its last run began.
    #[schema(value_type = Option<String>, format = DateTime)]
    started_at: Option<Timestamp>,
    /// When it came to its final state.
    #[schema(value_type = Option<String>, format = DateTime)]
    finished_at: Option<Timestamp>,
    /// Somebody asked to cancel it.
    cancel_requested: bool,
    /// Why the last attempt failed.
    last_error: Option<String>,
    /// How far the last run came.
    progress: JobProgress,
    /// What its runs told, the newest lines.
    log: Vec<JobLogLine>,
}

impl From<JobRecord> for Job {
    fn from(job: JobRecord) -> Self {
        let line = |line: crate::jobs::LogLine| JobLogLine {
            time: line.time,
            text: line.text,
        };
        Self {
            id: job.id,
            name: job.name,
            payload: serde_json::from_str(&job.payload).unwrap_or_default(),
            state: job.state,
            attempts: job.attempts,
            attempt_limit: job.attempt_limit,
            created_at: job.created_at,
            run_at: job.run_at,
            started_at: job.started_at,
            finished_at: job.finished_at,
            cancel_requested: job.cancel_requested,
            last_error: job.last_error,
            progress: JobProgress {
                current: job.progress.current,
                total: job.progress.total,
                text: job.progress.text,
            },
            log: job.log.into_iter().map(line).collect(),
        }
    }
}

/// Lists background jobs, the newest first.
#[utoipa::path(tag = "administration", security(("bearer" = [])), params(ListJobs),
    responses((status = 200, body = Page<Job>), (status = 400), (status = 401), (status = 403)))]
#[get("/api/admin/jobs")]
pub(super) async fn list_jobs(caller: Caller, query: Query<ListJobs>, jobs: Data<Jobs>) -> ApiResult<Json<Page<Job>>> {
    caller.require_admin()?;
    let (page, limit) = (query.0.page, query.0.limit);
    let range = PageQuery { page, limit }.range()?;
    let filter = JobFilter {
        state: query.0.state,
        name: query.0.name,
    };
    let (found, total) = blocking(move || jobs.list(&filter, range.offset(), range.limit)).await?;
    let items = found.into_iter().map(Job::from).collect();
    Ok(Json(Page::new(items, total as u64, range)))
}

/// Shows a background job with its progress and log.
#[utoipa::path(tag = "administration", security(("bearer" = [])), params(("job_id" = String, Path, description = "The job.")),
    responses((status = 200, body = Job), (status = 401), (status = 403), (status = 404)))]
#[get("/api/admin/jobs/{job_id}")]
pub(super) async fn get_job(caller: Caller, path: Path<JobId>, jobs: Data<Jobs>) -> ApiResult<Json<Job>> {
    caller.require_admin()?;
    Ok(Json(jobs.get(path.0)?.into()))
}

/// Cancels a waiting job; asks a running one to end.
#[utoipa::path(tag = "administration", security(("bearer" = [])), params(("job_id" = String, Path, description = "The job.")),
    responses((status = 200, body = Job), (status = 401), (status = 403), (status = 404), (status = 409)))]
#[post("/api/admin/jobs/{job_id}/cancel")]
pub(super) async fn cancel_job(
    caller: Caller,
    info: RequestInfo,
    path: Path<JobId>,
    jobs: Data<Jobs>,
    (store, events): (Data<Store>, Data<Events>),
) -> ApiResult<Json<Job>> {
    caller.require_admin()?;
    jobs.cancel(path.0).await?;
    let subject = format!("job:{}", path.0);
    record((&store, &events), event::JOB_CANCELLED, subject, caller.origin(&info)).await?;
    Ok(Json(jobs.get(path.0)?.into()))
}

/// Queues a dead or cancelled job again, with all its attempts.
#[utoipa::path(tag = "administration", security(("bearer" = [])), params(("job_id" = String, Path, description = "The job.")),
    responses((status = 200, body = Job), (status = 401), (status = 403), (status = 404), (status = 409)))]
#[post("/api/admin/jobs/{job_id}/retry")]
pub(super) async fn retry_job(
    caller: Caller,
    info: RequestInfo,
    path: Path<JobId>,
    jobs: Data<Jobs>,
    (store, events): (Data<Store>, Data<Events>),
) -> ApiResult<Json<Job>> {
    caller.require_admin()?;
    jobs.retry(path.0).await?;
    let subject = format!("job:{}", path.0);
    record((&store, &events), event::JOB_RETRIED, subject, caller.origin(&info)).await?;
    Ok(Json(jobs.get(path.0)?.into()))
}
