use std::io;
use std::path::PathBuf;

/// Why the hub's keys could not be opened. Shown to whoever starts the hub, never to a client.
#[derive(Debug, thiserror::Error)]
pub enum KeysError {
    /// A file or folder could not be read or written.
    #[error("the hub's keys in {path} could not be read or written ({source}); the folder must belong to the user who runs the hub", path = path.display())]
    Folder {
        /// What was touched.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A file holds something else than a key.
    #[error("{path} is damaged; restore it from a backup, or remove it to get a new key (everybody must sign in again)", path = path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
    },
    /// The system gave no random bytes.
    #[error("the system gave no random bytes for the hub's keys; try again")]
    NoRandomness,
}
