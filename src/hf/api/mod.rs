//! Routes of the Hugging Face Hub API.

/// Who asks, about which repository.
mod asked;
/// Cards before they are sent.
mod cards;
/// Who one is.
mod identity;
/// Errors as the clients read them.
mod refusal;
/// Making, moving, deleting repositories and changing their settings.
mod repositories;

pub use refusal::HfError;

use utoipa_actix_web::service_config::ServiceConfig;

/// The routes. They stand before those that begin with an owner and a name.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(identity::hf_whoami)
        .service(cards::hf_validate_yaml)
        .configure(repositories::routes)
        .configure(asked::nameless_routes);
}
