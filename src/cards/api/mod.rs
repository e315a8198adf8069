//! Routes of cards: those of one repository, and those about metadata as such.

/// Where links of a text lead.
mod links;
/// Schema, validation, search and statistics.
mod metadata;
/// Text that nobody has stored yet.
mod preview;
/// The card of a repository.
mod repositories;
/// Card templates.
mod templates;
/// What is sent.
mod views;

pub use links::link_base;
pub use views::{CardView, ProblemView};

use utoipa_actix_web::service_config::ServiceConfig;

/// The routes with fixed beginnings.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(metadata::show_metadata_schema)
        .service(metadata::validate_metadata)
        .service(preview::preview_markdown)
        .service(metadata::search_metadata)
        .service(metadata::show_metadata_statistics)
        .service(templates::list_card_templates)
        .service(templates::create_card_template)
        .service(templates::delete_card_template);
}

/// The routes that begin with an owner and a name; registered behind all others.
pub fn repository_routes(config: &mut ServiceConfig<'_>) {
    config
        .service(repositories::show_repository_metadata)
        .service(repositories::change_repository_metadata)
        .service(repositories::parse_readme)
        .service(repositories::show_model_card);
}
