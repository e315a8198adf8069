//! Discussions and pull requests (§6 of the contract).

/// Opening and looking.
mod open;
/// Saying and changing.
mod talk;
/// Unified text of a comparison.
mod unified;
/// What is told.
mod view;

use utoipa_actix_web::service_config::ServiceConfig;

/// The routes of discussions.
pub(super) fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(open::hf_list_discussions)
        .service(open::hf_open_discussion)
        .service(open::hf_show_discussion)
        .service(talk::hf_comment)
        .service(talk::hf_merge_pull_request)
        .service(talk::hf_change_status)
        .service(talk::hf_rename_discussion)
        .service(talk::hf_edit_comment)
        .service(talk::hf_hide_comment);
}
