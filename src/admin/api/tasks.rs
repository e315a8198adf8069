use crate::admin::{event, record};
use crate::base::Timestamp;
use crate::events::Events;
use crate::http::{ApiResult, Json, Path, RequestInfo};
use crate::jobs::{TaskStatus, Tasks};
use crate::store::Store;
use crate::users::Caller;
use actix_web::web::Data;
use actix_web::{HttpResponse, get, post};
use serde::Serialize;
use utoipa::ToSchema;

/// The last run of a task.
#[derive(Debug, Serialize, ToSchema)]
struct TaskRun {
    /// When it began.
    #[schema(value_type = String, format = DateTime)]
    started_at: Timestamp,
    /// How long it took, in milliseconds.
    duration_ms: u64,
    /// Whether it did what it should.
    succeeded: bool,
    /// What it did, or why it failed.
    result: String,
}

/// A task that runs by itself, or when an administrator asks.
#[derive(Debug, Serialize, ToSchema)]
struct Task {
    /// The name by which it is asked to run.
    name: &'static str,
    /// What it does.
    description: &'static str,
    /// Seconds from one start to the next; none when it runs only when asked to.
    period_seconds: Option<u64>,
    /// When the present run began.
    #[schema(value_type = Option<String>, format = DateTime)]
    running_since: Option<Timestamp>,
    /// When it runs next by itself.
    #[schema(value_type = Option<String>, format = DateTime)]
    due_at: Option<Timestamp>,
    /// Its last run.
    last: Option<TaskRun>,
}

impl From<TaskStatus> for Task {
    fn from(status: TaskStatus) -> Self {
        Self {
            name: status.name,
            description: status.description,
            period_seconds: status.period.map(|period| period.as_secs()),
            running_since: status.running_since,
            due_at: status.due_at,
            last: status.last.map(|last| TaskRun {
                started_at: last.started_at,
                duration_ms: last.duration_ms,
                succeeded: last.succeeded,
                result: last.result,
            }),
        }
    }
}

/// Every periodic and maintenance task.
#[derive(Debug, Serialize, ToSchema)]
struct TaskList {
    /// The tasks, by name.
    items: Vec<Task>,
}

/// Lists every periodic and maintenance task with its last result.
#[utoipa::path(tag = "administration", security(("bearer" = [])),
    responses((status = 200, body = TaskList), (status = 401), (status = 403)))]
#[get("/api/admin/tasks")]
pub(super) async fn list_tasks(caller: Caller, tasks: Data<Tasks>) -> ApiResult<Json<TaskList>> {
    caller.require_admin()?;
    Ok(Json(TaskList {
        items: tasks.list().into_iter().map(Task::from).collect(),
    }))
}

/// Starts a task now; its result appears in the list.
#[utoipa::path(tag = "administration", security(("bearer" = [])),
    responses((status = 202, body = Task), (status = 401), (status = 403), (status = 404), (status = 409)))]
#[post("/api/admin/tasks/{name}/run")]
pub(super) async fn run_task(
    caller: Caller,
    info: RequestInfo,
    path: Path<String>,
    tasks: Data<Tasks>,
    (store, events): (Data<Store>, Data<Events>),
) -> ApiResult<HttpResponse> {
    caller.require_admin()?;
    tasks.run_now(&path.0)?;
    let subject = format!("task:{}", path.0);
    record((&store, &events), event::TASK_STARTED, subject, caller.origin(&info)).await?;
    Ok(HttpResponse::Accepted().json(Task::from(tasks.get(&path.0)?)))
}
