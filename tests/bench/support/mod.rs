//! What the programs of this folder share: starting the hub and its peers, a plain client, medians, and the lines they print.

mod cards;
mod client;
mod form;
mod git_server;
mod history;
mod hub;
mod machine;
mod nginx;
mod numbers;
mod peer;
mod postgres;
mod random;

pub use cards::{Card, Words};
pub use client::{Answer, Client, Download, download_once};
pub use form::{Form, multipart};
pub use git_server::GitServer;
pub use history::{HISTORIES, History, kept_histories};
pub use hub::{Hub, HubAccount};
pub use machine::{print_machine, renew_pages};
pub use nginx::Nginx;
pub use numbers::{median, percentile, print_ratio, print_ratio_of_times};
pub use peer::{PeakMemory, cpu_seconds, memory_kib, run};
pub use postgres::Postgres;
pub use random::Random;

use anyhow::Context;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

/// Rounds of every comparison; hub and peer take turns, and the median counts.
pub const ROUNDS: usize = 5;

/// A folder that goes away at the end and that the peers' own users may enter; hub and peers keep their data on this one
/// disk. `TMPDIR` chooses it.
pub fn work_folder() -> anyhow::Result<tempfile::TempDir> {
    let permissions = std::fs::Permissions::from_mode(0o755);
    tempfile::Builder::new()
        .prefix("geoml-hub-bench-")
        .permissions(permissions)
        .tempdir()
        .context("no folder for temporary files can be made")
}

/// A free TCP port of the loopback interface.
pub fn free_port() -> anyhow::Result<u16> {
    Ok(std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

/// A program that is part of this build, which lies beside the one that runs.
pub fn built_program(name: &str) -> anyhow::Result<PathBuf> {
    let path = std::env::current_exe()?.with_file_name(name);
    anyhow::ensure!(
        path.exists(),
        "{} is missing: run `cargo build --release` first",
        path.display()
    );
    Ok(path)
}
