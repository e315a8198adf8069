//! Routes of this front door.

/// The description of the API and its page.
mod document;
/// Whether the hub and its parts work.
mod health;
/// A repository as a page shows it.
mod repositories;

pub use document::ApiDocument;
pub use health::StorageHealth;
pub use repositories::{RepositoryParts, repository_routes};

use utoipa_actix_web::service_config::ServiceConfig;

/// The routes of this front door.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config
        .configure(health::routes)
        .configure(document::routes)
        .configure(repositories::routes);
}
