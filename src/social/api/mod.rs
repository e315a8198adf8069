//! Routes of stars, follows and counters.

/// Follows and figures of accounts.
mod accounts;
/// How repositories and files are used.
mod analytics;
/// Stars, views and figures of repositories.
mod repositories;

pub use repositories::CountersView;

use utoipa_actix_web::service_config::ServiceConfig;

/// The routes with fixed beginnings.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config
        .configure(accounts::routes)
        .service(analytics::show_file_statistics);
}

/// The routes that begin with an owner and a name; registered behind all others.
pub fn repository_routes(config: &mut ServiceConfig<'_>) {
    config
        .configure(repositories::routes)
        .service(analytics::show_analytics);
}
