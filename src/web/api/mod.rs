//! Routes of this front door.

/// The description of the API and its page.
mod document;
/// Whether the hub and its parts work.
mod health;

pub use document::ApiDocument;

use utoipa_actix_web::service_config::ServiceConfig;

/// The routes of this front door.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config.configure(health::routes).configure(document::routes);
}
