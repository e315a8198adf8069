//! Lock files as git makes them (`path.lock`), so that a git process started by hand on the same folder and we respect
//! each other.

use super::durable::sync_folder;
use super::error::GitError;
use std::fs::{self, File};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How long a lock file of another program is respected. Our own writers are ordered by a mutex, so one that stays
/// was left by a crash.
const FOREIGN_LOCK_WAIT: Duration = Duration::from_secs(2);
const LOCK_RETRY: Duration = Duration::from_millis(20);
/// What the time of a file is set forward by when it is replaced: more than any file system rounds away.
const TIME_STEP: Duration = Duration::from_millis(2);

/// The right to replace a file. Dropped before, it changes nothing.
pub(super) struct LockFile {
    target: PathBuf,
    lock: PathBuf,
    file: File,
    replaced: bool,
}

impl LockFile {
    /// Waits until nobody else replaces the file.
    pub(super) fn take(target: &Path) -> Result<Self, GitError> {
        let mut waited = Duration::ZERO;
        loop {
            match Self::try_take(target)? {
                Some(lock) => return Ok(lock),
                None if waited < FOREIGN_LOCK_WAIT => {
                    std::thread::sleep(LOCK_RETRY);
                    waited += LOCK_RETRY;
                }
                None => match fs::remove_file(lock_path(target)) {
                    Err(error) if error.kind() != ErrorKind::NotFound => return Err(error.into()),
                    _ => {}
                },
            }
        }
    }

    /// Takes the lock if nobody has it.
    pub(super) fn try_take(target: &Path) -> Result<Option<Self>, GitError> {
        let lock = lock_path(target);
        match File::create_new(&lock) {
            Ok(file) => Ok(Some(Self {
                target: target.to_owned(),
                lock,
                file,
                replaced: false,
            })),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Replaces the file; durable when it returns.
    pub(super) fn commit(mut self, content: &[u8]) -> Result<(), GitError> {
        self.file.write_all(content)?;
        self.replace()
    }

    /// The same for a file that readers keep until its time of modification has risen: it rises for certain, however
    /// soon one replacement follows the other.
    pub(super) fn commit_later(mut self, content: &[u8]) -> Result<(), GitError> {
        let before = fs::metadata(&self.target).and_then(|metadata| metadata.modified());
        self.file.write_all(content)?;
        let now = self.file.metadata()?.modified()?;
        let time = before.map_or(now, |before| now.max(before + TIME_STEP));
        self.file.set_modified(time)?;
        self.replace()
    }

    fn replace(&mut self) -> Result<(), GitError> {
        self.file.sync_all()?;
        fs::rename(&self.lock, &self.target)?;
        self.replaced = true;
        Ok(self.target.parent().map_or(Ok(()), sync_folder)?)
    }
}

impl Drop for LockFile {
    fn drop(&mut self) {
        // After a replacement the name may be somebody else's lock.
        if !self.replaced {
            let _ = fs::remove_file(&self.lock);
        }
    }
}

fn lock_path(target: &Path) -> PathBuf {
    let mut lock = target.as_os_str().to_owned();
    lock.push(".lock");
    PathBuf::from(lock)
}
