//! Routes of the classification tree and of what repositories belong to.

/// The tree.
mod nodes;
/// What a repository belongs to.
mod repositories;

pub use repositories::RepositoryClassificationView;

use utoipa_actix_web::service_config::ServiceConfig;

/// The routes with fixed beginnings.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(nodes::show_classification_tree)
        .service(nodes::list_classifications)
        .service(nodes::create_classification)
        .service(nodes::list_classification_children)
        .service(nodes::show_classification_path)
        .service(nodes::show_classification)
        .service(nodes::change_classification)
        .service(nodes::delete_classification);
}

/// The routes that begin with an owner and a name; registered behind all others.
pub fn repository_routes(config: &mut ServiceConfig<'_>) {
    config
        .service(repositories::list_repository_classifications)
        .service(repositories::add_repository_classification)
        .service(repositories::remove_repository_classifications);
}
