use crate::store::StoreError;
use std::io;
use std::path::PathBuf;

/// Why the hub cannot start, in sentences that say what to do.
#[derive(Debug, thiserror::Error)]
pub enum AppError {
    /// Another process works with the folder.
    #[error("The data folder {} is in use by another geoml-hub: stop that one first.", .0.display())]
    InUse(PathBuf),
    /// The folder or a file in it cannot be made, read or written.
    #[error("The data folder {} cannot be used: {source}. Check that it exists, belongs to this user and is writable.", path.display())]
    Folder {
        /// The folder or file.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// The store cannot be opened.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The address is taken or not ours.
    #[error("The address {address} cannot be listened on: {source}. Choose another with --listen.")]
    Listen {
        /// The address from the configuration.
        address: std::net::SocketAddr,
        /// What the operating system said.
        source: io::Error,
    },
    /// Some other part failed to start.
    #[error("The hub cannot start: {0:#}")]
    Other(#[from] anyhow::Error),
}
