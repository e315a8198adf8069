//! Composition root: opens the data folder, builds every part in order, registers routes and background work, serves,
//! and shuts everything down in the opposite order.

/// Consumers of events and periodic tasks, on one screen.
mod background;
/// Comparing everything with everything.
mod check;
/// Bringing git folders into order.
mod collect;
/// The data folder and its lock.
mod data_folder;
/// Why the hub cannot start.
mod error;
/// Every part of the hub, built in import order.
mod hub;
/// Making anew what is derived.
mod reindex;
/// Every route, registered once.
mod routes;
/// Every table of the store.
mod schema;
/// The HTTP server from bind to shutdown.
mod serve;

pub use data_folder::DataFolder;
pub use error::AppError;
pub use hub::Hub;
pub use routes::openapi;
pub use schema::schema;
pub use serve::{Server, block_on};
