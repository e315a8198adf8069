//! Routes of stars, follows and counters.

/// Follows and figures of accounts.
mod accounts;
/// Stars, views and figures of repositories.
mod repositories;

pub use repositories::CountersView;

use utoipa_actix_web::service_config::ServiceConfig;

/// The routes with fixed beginnings.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config.configure(accounts::routes);
}

/// The routes that begin with an owner and a name; registered behind all others.
pub fn repository_routes(config: &mut ServiceConfig<'_>) {
    config.configure(repositories::routes);
}
