use super::error::AppError;
use rustix::fs::{FlockOperation, flock};
use std::fs::{DirBuilder, File};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

/// The folder that is the whole hub, locked while it is open so that two processes never work with it at once.
pub struct DataFolder {
    path: PathBuf,
    /// Holds the lock until it is dropped; the operating system frees it when the process dies.
    _lock: File,
}

impl DataFolder {
    /// Creates the folder when it is missing, for its owner's eyes only, and locks it.
    pub fn open(path: &Path) -> Result<Self, AppError> {
        let refuse = |source: io::Error| AppError::Folder {
            path: path.to_owned(),
            source,
        };
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(path)
            .map_err(refuse)?;
        let path = path.canonicalize().map_err(refuse)?;
        let lock = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(path.join("hub.lock"))
            .map_err(refuse)?;
        match flock(&lock, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => Ok(Self { path, _lock: lock }),
            Err(rustix::io::Errno::WOULDBLOCK) => Err(AppError::InUse(path)),
            Err(error) => Err(refuse(error.into())),
        }
    }

    /// The folder itself.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The metadata.
    pub fn database(&self) -> PathBuf {
        self.path.join("hub.redb")
    }
}
