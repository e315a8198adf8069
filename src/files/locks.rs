//! Locks on paths: whoever edits a file that cannot be merged tells the others. A lock holds for the path on every
//! branch. It refuses nobody's commit: git-lfs asks for the locks before a push and warns its user.

use super::error::FilesError;
use super::{Files, event, store};
use crate::base::{LockId, RepoPath, RepositoryId, Timestamp, UserId};
use crate::events::{NewEvent, Origin, Subject};
use crate::repos::{AdminRepo, ReadRepo, WriteRepo};
use crate::store::StoreError;
use serde::{Deserialize, Serialize};
use serde_json::json;

/// The most locks of one repository.
const MOST: usize = 10_000;

/// A lock on a path.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PathLock {
    /// Its id.
    pub id: LockId,
    /// The repository.
    pub repository: RepositoryId,
    /// The path; a file need not be there.
    pub path: String,
    /// Whose it is.
    pub account: UserId,
    /// When it was made.
    pub locked_at: Timestamp,
}

/// Which locks of a repository to list; what is absent does not matter.
#[derive(Debug, Clone, Default)]
pub struct LockFilter {
    /// The lock on this path.
    pub path: Option<String>,
    /// The lock with this id.
    pub id: Option<LockId>,
    /// Locks from this path on.
    pub from: Option<String>,
}

impl Files {
    /// Locks a path for the one who asks; [`FilesError::PathLocked`] with the lock that is there already.
    pub async fn lock(&self, proof: &WriteRepo, path: &RepoPath, origin: Origin) -> Result<PathLock, FilesError> {
        let lock = PathLock {
            id: LockId::new(&self.0.clock),
            repository: proof.repository().id,
            path: path.to_string(),
            account: proof.actor().id,
            locked_at: self.0.clock.now(),
        };
        let events = self.0.events.clone();
        let written = self.0.store.write(move |tx| {
            if let Some(there) = store::lock_on(tx, lock.repository, &lock.path)? {
                return Err(FilesError::PathLocked(Box::new(there)));
            }
            if store::locks(tx, lock.repository, None, MOST)?.len() == MOST {
                return Err(FilesError::TooManyLocks(MOST));
            }
            store::put_lock(tx, &lock)?;
            let locked = NewEvent::new(event::LOCKED, &origin, Subject::Repository(lock.repository));
            events.record(tx, locked.with(json!({ "path": lock.path, "lock": lock.id })))?;
            Ok(lock)
        });
        written.await
    }

    /// Up to `limit` locks in the order of their paths, and the path of the next one when there are more.
    pub fn locks(
        &self,
        proof: &ReadRepo,
        filter: &LockFilter,
        limit: usize,
    ) -> Result<(Vec<PathLock>, Option<String>), FilesError> {
        let id = proof.id();
        let mut locks = self.0.store.read(|tx| {
            if let Some(lock) = filter.id {
                let found = store::lock(tx, lock)?.filter(|lock| lock.repository == id);
                return Ok::<_, StoreError>(Vec::from_iter(found));
            }
            if let Some(path) = &filter.path {
                return Ok(Vec::from_iter(store::lock_on(tx, id, path)?));
            }
            store::locks(tx, id, filter.from.as_deref(), limit + 1)
        })?;
        let matches = |lock: &PathLock| filter.path.as_ref().is_none_or(|path| lock.path == *path);
        locks.retain(matches);
        let next = locks.get(limit).map(|lock| lock.path.clone());
        locks.truncate(limit);
        Ok((locks, next))
    }

    /// Removes a lock: the own one, or anybody's by force, which takes the proof that the caller administers the
    /// repository.
    pub async fn unlock(
        &self,
        proof: &WriteRepo,
        id: LockId,
        force: Option<&AdminRepo>,
        origin: Origin,
    ) -> Result<PathLock, FilesError> {
        let (repository, account) = (proof.repository().id, proof.actor().id);
        let forced = force.is_some_and(|proof| proof.repository().id == repository);
        let events = self.0.events.clone();
        let written = self.0.store.write(move |tx| {
            let found = store::lock(tx, id)?.filter(|lock| lock.repository == repository);
            let lock = found.ok_or(FilesError::UnknownLock)?;
            if lock.account != account && !forced {
                return Err(FilesError::LockOfAnother(lock.path));
            }
            store::delete_lock(tx, id)?;
            let unlocked = NewEvent::new(event::UNLOCKED, &origin, Subject::Repository(repository));
            let details = json!({ "path": lock.path, "lock": id, "forced": lock.account != account });
            events.record(tx, unlocked.with(details))?;
            Ok(lock)
        });
        written.await
    }
}
