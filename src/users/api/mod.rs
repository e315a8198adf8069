/// Accounts: listing, making, changing.
mod accounts;
/// Avatars.
mod avatars;
/// The extractor that turns a request into a caller.
mod caller;
/// Programs that want to log in.
mod devices;
/// Organizations and their members.
mod organizations;
/// Registering, logging in and out.
mod session;
/// Personal access tokens.
mod tokens;
/// Accounts as the API shows them.
mod view;

pub use tokens::RepositoryResolver;
pub use view::UserView;

use utoipa_actix_web::service_config::ServiceConfig;

/// The routes of this slice. Before any other below `/api/users/{username}`.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(session::register_account)
        .service(session::log_in)
        .service(session::refresh_login)
        .service(session::log_out)
        .service(session::show_me)
        .service(session::verify_token)
        .service(session::show_auth_health)
        .service(devices::show_device_login)
        .service(devices::decide_device_login)
        .service(tokens::create_token)
        .service(tokens::list_tokens)
        .service(tokens::delete_token)
        .service(accounts::list_users)
        .service(accounts::create_user)
        .service(accounts::show_user)
        .service(accounts::update_user)
        .service(accounts::change_password)
        .service(avatars::upload_avatar)
        .service(avatars::show_avatar)
        .configure(organizations::routes);
}
