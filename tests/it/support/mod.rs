//! What tests share: the running server and the people who use it, small disks, oracles.

/// The running hub with its data folder.
mod app;
/// One person's way to talk to the hub.
mod client;
mod disk;
/// The operating-system process behind a running hub.
mod process;
/// What the hub answered.
mod reply;
mod s3;
/// Committed files that have to say what the program says.
mod snapshot;

pub use app::TestApp;
pub use client::Client;
pub use disk::SmallDisk;
pub use process::{Outcome, hub_command};
pub use reply::Reply;
pub use s3::S3Server;
pub use snapshot::assert_snapshot;
