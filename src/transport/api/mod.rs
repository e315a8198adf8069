/// Which repository an address means, and the access to it.
mod address;
/// Who asks.
mod caller;
/// What a repository has, before a fetch or a push.
mod discovery;
/// git LFS.
mod lfs;
/// Pushes.
mod receive_pack;
/// Errors as git clients read them.
mod refusal;
/// What bounds fetches and pushes.
mod settings;
/// Fetches.
mod upload_pack;

pub use address::GitAddress;
pub use caller::GitCaller;
pub use refusal::Refusal;

use actix_web::{Route, web};
use utoipa_actix_web::service_config::ServiceConfig;

/// What stands before `/{owner}/{repo}` in the addresses that people clone. The same handlers answer at
/// `/api/v1/git/{owner}/{repo}`, where the description of the API names them.
const PREFIXES: [&str; 3] = ["", "/datasets", "/spaces"];

/// The routes. They stand before those that begin with an owner and a name.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(discovery::git_references)
        .service(receive_pack::git_receive_pack)
        .service(upload_pack::git_upload_pack)
        .configure(lfs::routes);
    everywhere(config, "/info/refs", || web::get().to(discovery::references));
    everywhere(config, "/git-receive-pack", || {
        web::post().to(receive_pack::receive_pack)
    });
    everywhere(config, "/git-upload-pack", || web::post().to(upload_pack::upload_pack));
}

/// Registers a handler at `…/{owner}/{repo}` and what follows, under every prefix. The names of the parameters are the
/// same as under `/api/v1`, so one handler serves all; [`GitAddress`] tells the repository.
fn everywhere(config: &mut ServiceConfig<'_>, rest: &str, route: impl Fn() -> Route) {
    for prefix in PREFIXES {
        config.route(&format!("{prefix}/{{owner}}/{{repo}}{rest}"), route());
    }
}
