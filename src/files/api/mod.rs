//! Routes of files, and what they take and answer.

mod address;
mod blob_link;
mod download;
mod file;
mod form;
mod listing;
mod sessions;
mod show;
mod sign;
mod storage;
mod upload;
mod views;

pub use address::RevisionQuery;
pub use download::send_file;
pub use views::{CommitView, FileChangesView};

use utoipa_actix_web::service_config::ServiceConfig;

/// Archives.
mod archive;
/// The routes that are asked far more often than all others. They are registered first, because the router tries one
/// pattern after the other; no address with a fixed beginning matches them.
pub fn hot_routes(config: &mut ServiceConfig<'_>) {
    config.service(download::download_file);
}

/// The routes with fixed beginnings.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(listing::list_all_files)
        .service(file::show_file)
        .service(file::change_file)
        .service(file::delete_file)
        .service(file::move_file)
        .service(file::copy_file)
        .service(download::download_by_id)
        .service(archive::download_archive)
        .service(blob_link::download_blob)
        .service(storage::show_storage)
        .service(storage::list_repository_storage);
}

/// The routes that begin with an owner and a name; registered behind all others.
pub fn repository_routes(config: &mut ServiceConfig<'_>) {
    config
        .service(show::show_blob)
        .service(sign::sign_file)
        .service(listing::list_files)
        .service(listing::list_root)
        .service(listing::list_folder)
        .service(upload::upload_file)
        .service(upload::upload_batch)
        .service(sessions::list_uploads)
        .service(sessions::start_upload)
        .service(sessions::send_chunk)
        .service(sessions::complete_upload)
        .service(sessions::cancel_upload)
        .service(sessions::show_upload);
}
