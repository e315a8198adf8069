//! Who may write to a repository: one queue per repository for whole commits, one mutex for its references.

use super::repository::Git;
use crate::base::RepositoryId;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The locks of the repositories that are being written to right now; idle ones take no memory.
#[derive(Default)]
pub(super) struct Locks(Mutex<HashMap<RepositoryId, Arc<Lock>>>);

#[derive(Default)]
struct Lock {
    writers: Arc<tokio::sync::Mutex<()>>,
    references: Mutex<()>,
}

impl Locks {
    fn map(&self) -> MutexGuard<'_, HashMap<RepositoryId, Arc<Lock>>> {
        // The map is never left half-changed, so a panic elsewhere does not spoil it.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn get(&self, id: RepositoryId) -> Arc<Lock> {
        Arc::clone(self.map().entry(id).or_default())
    }

    /// Forgets the lock when nobody else holds or awaits it. `lock` is the caller's own handle.
    fn release(&self, id: RepositoryId, lock: Arc<Lock>) {
        let mut map = self.map();
        drop(lock);
        if map.get(&id).is_some_and(|lock| Arc::strong_count(lock) == 1) {
            map.remove(&id);
        }
    }

    /// Runs `work` while no other reference of the repository can move.
    pub(super) fn with_references<T>(&self, id: RepositoryId, work: impl FnOnce() -> T) -> T {
        let lock = self.get(id);
        let guard = lock.references.lock().unwrap_or_else(PoisonError::into_inner);
        let answer = work();
        drop(guard);
        self.release(id, lock);
        answer
    }
}

/// The right to commit to a repository: as long as it lives, other callers of [`Git::lock`] wait.
///
/// References stay safe without it; it only saves writers from preparing commits that turn out stale.
pub struct RepositoryGuard {
    git: Git,
    id: RepositoryId,
    lock: Option<Arc<Lock>>,
    writers: Option<tokio::sync::OwnedMutexGuard<()>>,
}

impl RepositoryGuard {
    /// The repository that is held.
    pub fn repository_id(&self) -> RepositoryId {
        self.id
    }
}

impl Drop for RepositoryGuard {
    fn drop(&mut self) {
        drop(self.writers.take());
        if let Some(lock) = self.lock.take() {
            self.git.locks().release(self.id, lock);
        }
    }
}

impl Git {
    /// Waits, first come first served, until no other writer holds the repository.
    pub async fn lock(&self, id: RepositoryId) -> RepositoryGuard {
        let lock = self.locks().get(id);
        let writers = Arc::clone(&lock.writers);
        let mut guard = RepositoryGuard {
            git: self.clone(),
            id,
            lock: Some(lock),
            writers: None,
        };
        // The guard exists before the wait, so that a caller who gives up also cleans up.
        guard.writers = Some(writers.lock_owned().await);
        guard
    }

    /// The number of repositories whose lock is held or awaited.
    pub fn locked_count(&self) -> usize {
        self.locks().map().len()
    }
}
