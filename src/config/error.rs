use std::path::PathBuf;

/// Why a configuration cannot be used. The text is complete sentences for the person who wrote it.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file given with `--config` cannot be read.
    #[error("The configuration file {} cannot be read: {reason}.", path.display())]
    Unreadable {
        /// The file as it was given.
        path: PathBuf,
        /// What the operating system said.
        reason: String,
    },
    /// One sentence per value that cannot be used, one a line.
    #[error("{}", .0.join("\n"))]
    Refused(Vec<String>),
    /// The operating system does not let the file be watched.
    #[error("Changes of the configuration file {} cannot be watched: {reason}. A change needs a restart.", path.display())]
    Unwatchable {
        /// The file as it was given.
        path: PathBuf,
        /// What the operating system said.
        reason: String,
    },
}
