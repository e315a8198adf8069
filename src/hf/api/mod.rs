//! Routes of the Hugging Face Hub API.

/// Who asks, about which repository.
mod asked;
/// Cards before they are sent.
mod cards;
/// Collections of repositories.
mod collections;
/// Commits, and what is asked before them.
mod commit;
/// Logins of programs without a browser.
mod device;
/// Discussions and pull requests.
mod discussions;
/// Access to the content of gated repositories.
mod gating;
/// Branches, tags and commits.
mod history;
/// Who one is.
mod identity;
/// Repositories described.
mod info;
/// Large content listed, deleted and given to other repositories.
mod large_files;
/// Likes, which are stars.
mod likes;
/// Repositories listed.
mod listing;
/// Organizations.
mod organizations;
/// Accounts, and who follows whom.
mod people;
/// Branches and tags made, deleted and squashed.
mod references;
/// Errors as the clients read them.
mod refusal;
/// Making, moving, deleting repositories and changing their settings.
mod repositories;
/// Content of files.
mod resolve;
/// What repositories store.
mod storage;
/// What cards say, as words to filter by.
mod tags;
/// Folders and files of a revision.
mod tree;
/// Webhooks.
mod webhooks;
/// Headers of weights.
mod weights;
/// Large files as the Xet protocol sends and reads them.
mod xet;

pub use refusal::HfError;

use utoipa_actix_web::service_config::ServiceConfig;

/// The routes. They stand before those that begin with an owner and a name.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(identity::hf_whoami)
        .configure(device::routes)
        .service(cards::hf_validate_yaml)
        .service(tags::hf_list_model_tags)
        .service(tags::hf_list_dataset_tags)
        .configure(repositories::routes)
        .service(listing::hf_list)
        .service(info::hf_info)
        .service(info::hf_info_at)
        .service(weights::hf_show_safetensors_header)
        .service(tree::hf_list_root)
        .service(tree::hf_list_folder)
        .service(tree::hf_show_paths)
        .service(history::hf_list_references)
        .service(history::hf_list_commits)
        .service(commit::hf_preupload)
        .service(commit::hf_commit)
        .service(references::hf_create_branch)
        .service(references::hf_delete_branch)
        .service(references::hf_super_squash)
        .service(references::hf_create_tag)
        .service(references::hf_delete_tag)
        .configure(large_files::routes)
        .configure(gating::routes)
        .configure(likes::routes)
        .configure(people::routes)
        .configure(organizations::routes)
        .configure(storage::routes)
        .configure(collections::routes)
        .configure(webhooks::routes)
        .configure(xet::routes)
        .configure(discussions::routes)
        .configure(resolve::routes)
        .configure(asked::nameless_routes);
}
