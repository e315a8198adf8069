//! Routes of administrators. Everybody else gets 401 or 403 from each of them.

/// What follows the record of events.
mod consumers;
/// The durable queue.
mod jobs;
/// Periodic and maintenance tasks.
mod tasks;

use utoipa_actix_web::service_config::ServiceConfig;

/// The routes of this slice.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(tasks::list_tasks)
        .service(tasks::run_task)
        .service(jobs::list_jobs)
        .service(jobs::get_job)
        .service(jobs::cancel_job)
        .service(jobs::retry_job)
        .service(consumers::list_consumers);
}
