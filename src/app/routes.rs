use super::hub::Hub;
use crate::base::RepositoryKind;
use crate::http::KnownRoutes;
use crate::repos::RepositoryAddress;
use crate::users::api::RepositoryResolver;
use crate::{admin, cards, editor, files, hf, hooks, repos, search, social, taxonomy, transport, users, web};
use actix_web::web::Data;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{ComponentsBuilder, InfoBuilder, OpenApi, OpenApiBuilder};
use utoipa_actix_web::AppExt;
use utoipa_actix_web::service_config::ServiceConfig;

/// Registers every route. Addresses with fixed beginnings come before `/api/{username}/{repo_name}`, which would
/// take them; names that begin such addresses are reserved.
pub(super) fn routes(config: &mut ServiceConfig<'_>) {
    config
        .configure(files::api::hot_routes)
        .configure(hf::api::routes)
        .configure(web::api::routes)
        .configure(admin::api::routes)
        .configure(users::api::routes)
        .configure(repos::api::routes)
        .configure(taxonomy::api::routes)
        .configure(cards::api::routes)
        .configure(social::api::routes)
        .configure(hooks::api::routes)
        .configure(search::api::routes)
        .configure(files::api::routes)
        .configure(editor::api::routes)
        .configure(transport::api::routes)
        .configure(web::api::repository_routes)
        .configure(files::api::repository_routes)
        .configure(editor::api::repository_routes)
        .configure(repos::api::repository_routes)
        .configure(taxonomy::api::repository_routes)
        .configure(cards::api::repository_routes)
        .configure(social::api::repository_routes);
}

/// Hands the parts of the hub to the handlers.
pub(super) fn data(hub: &Hub) -> impl Fn(&mut actix_web::web::ServiceConfig) + Clone + Send + 'static {
    let config = Data::new(hub.config.clone());
    let description = openapi();
    let document = Data::new(web::api::ApiDocument::new(&description));
    let known = Data::new(KnownRoutes::new(&description));
    let ui = Data::new(web::ui::WebUi::embedded());
    let store = Data::new(hub.store.clone());
    let blobs = Data::new(hub.blobs.clone());
    let storage_health = Data::new(web::api::StorageHealth::default());
    let jobs = Data::new(hub.jobs.clone());
    let events = Data::new(hub.events.clone());
    let users = Data::new(hub.users.clone());
    let repos = Data::new(hub.repos.clone());
    let taxonomy = Data::new(hub.taxonomy.clone());
    let cards = Data::new(hub.cards.clone());
    let tasks = Data::new(hub.tasks.clone());
    let resolver = Data::new(token_repositories(hub));
    let traffic = Data::new(hub.traffic.clone());
    let social = Data::new(hub.social.clone());
    let hooks = Data::new(hub.hooks.clone());
    let search = Data::new(hub.search.clone());
    let parts = Data::new(web::api::RepositoryParts {
        repos: hub.repos.clone(),
        taxonomy: hub.taxonomy.clone(),
        cards: hub.cards.clone(),
        social: hub.social.clone(),
    });
    let hf_parts = Data::new(hf_parts(hub));
    let files = Data::new(hub.files.clone());
    let editor = Data::new(hub.editor.clone());
    let transfers = Data::new(transport::Transfers::new(hub.config.current().git.pushes_at_once));
    move |service| {
        service
            .app_data(parts.clone())
            .app_data(hf_parts.clone())
            .app_data(config.clone())
            .app_data(document.clone())
            .app_data(known.clone())
            .app_data(ui.clone())
            .app_data(store.clone())
            .app_data(blobs.clone())
            .app_data(storage_health.clone())
            .app_data(jobs.clone())
            .app_data(events.clone())
            .app_data(users.clone())
            .app_data(repos.clone())
            .app_data(taxonomy.clone())
            .app_data(cards.clone())
            .app_data(tasks.clone())
            .app_data(resolver.clone())
            .app_data(traffic.clone())
            .app_data(social.clone())
            .app_data(hooks.clone())
            .app_data(search.clone())
            .app_data(files.clone())
            .app_data(editor.clone())
            .app_data(transfers.clone());
    }
}

fn hf_parts(hub: &Hub) -> hf::HfParts {
    hf::HfParts {
        repos: hub.repos.clone(),
        cards: hub.cards.clone(),
        models: hub.models.clone(),
        files: hub.files.clone(),
        editor: hub.editor.clone(),
        pulls: hub.pulls.clone(),
        users: hub.users.clone(),
        hooks: hub.hooks.clone(),
        social: hub.social.clone(),
        search: hub.search.clone(),
    }
}

/// Finds the repositories that a new access token is to be limited to: what its owner may read, by id, by `owner/name`
/// or with the family before it.
fn token_repositories(hub: &Hub) -> RepositoryResolver {
    let repos = hub.repos.clone();
    RepositoryResolver::new(move |caller, text| {
        if let Ok(id) = text.parse() {
            return Ok(repos.readable_by_id(caller, id)?.id());
        }
        let (kind, rest) = match text.split_once('/') {
            Some(("models", rest)) => (Some(RepositoryKind::Model), rest),
            Some(("datasets", rest)) => (Some(RepositoryKind::Dataset), rest),
            Some(("spaces", rest)) => (Some(RepositoryKind::Space), rest),
            _ => (None, text),
        };
        let (owner, name) = rest.split_once('/').unwrap_or((rest, ""));
        Ok(repos.readable(caller, &RepositoryAddress::new(owner, name, kind))?.id())
    })
}

/// The description of the API, collected by the very calls that register the routes.
pub fn openapi() -> OpenApi {
    let info = InfoBuilder::new()
        .title("GeoML-Hub")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(
            "The hub that a research group runs itself for its geoscience machine-learning work.",
        ))
        .build();
    let bearer = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .description(Some("An access token of a login, or a personal access token."))
        .build();
    let components = ComponentsBuilder::new()
        .security_scheme("bearer", SecurityScheme::Http(bearer))
        .build();
    let document = OpenApiBuilder::new().info(info).components(Some(components)).build();
    let (_, document) = actix_web::App::new()
        .into_utoipa_app()
        .openapi(document)
        .configure(routes)
        .split_for_parts();
    document
}
