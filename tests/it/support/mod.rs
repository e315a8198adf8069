//! What tests share: the running server and the people who use it, small disks, oracles.

/// The running hub with its data folder.
mod app;
/// One person's way to talk to the hub.
mod client;
mod disk;
/// The git program's opinion of the data folder.
mod git_oracle;
/// The operating-system process behind a running hub.
mod process;
/// Randomness that can be repeated.
mod random;
/// What the hub answered.
mod reply;
/// What people do with repositories most.
mod repository;
mod s3;
/// Committed files that have to say what the program says.
mod snapshot;
/// The periodic tasks of a running hub.
mod tasks;
/// Waiting for what happens by itself.
mod waiting;

pub use app::TestApp;
pub use client::{Call, Client, PASSWORD};
pub use disk::SmallDisk;
pub use git_oracle::{all_items, assert_git_agrees};
pub use process::{Outcome, hub_command};
pub use random::Random;
pub use reply::Reply;
pub use s3::S3Server;
pub use snapshot::assert_snapshot;
pub use tasks::{run_task, start_task};
pub use waiting::{PATIENCE, eventually, until_answered};
