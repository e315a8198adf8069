use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{Mutex as AsyncMutex, OwnedMutexGuard};

use crate::base::Sha256;

type Waiting = Arc<Mutex<HashMap<Sha256, Arc<AsyncMutex<()>>>>>;

/// One lock per blob, so that placing, adopting and removing the same content never overlap.
#[derive(Clone, Default)]
pub(in crate::blobs) struct BlobLocks(Waiting);

/// Holds the lock of one blob; may move into blocking work, which then keeps it when its caller goes away.
pub(in crate::blobs) struct BlobLock {
    sha256: Sha256,
    guard: Option<OwnedMutexGuard<()>>,
    locks: Waiting,
}

impl BlobLocks {
    /// Waits for the lock.
    pub(in crate::blobs) async fn lock(&self, sha256: Sha256) -> BlobLock {
        let guard = self.entry(sha256).lock_owned().await;
        self.held(sha256, guard)
    }

    /// Takes the lock if nobody has it: content that somebody works with is in use.
    pub(in crate::blobs) fn try_lock(&self, sha256: Sha256) -> Option<BlobLock> {
        let guard = self.entry(sha256).try_lock_owned().ok()?;
        Some(self.held(sha256, guard))
    }

    fn entry(&self, sha256: Sha256) -> Arc<AsyncMutex<()>> {
        Arc::clone(entries(&self.0).entry(sha256).or_default())
    }

    fn held(&self, sha256: Sha256, guard: OwnedMutexGuard<()>) -> BlobLock {
        BlobLock {
            sha256,
            guard: Some(guard),
            locks: Arc::clone(&self.0),
        }
    }
}

impl Drop for BlobLock {
    fn drop(&mut self) {
        let mut entries = entries(&self.locks);
        self.guard = None;
        // Whoever waits holds a second reference, taken under the same mutex.
        if entries
            .get(&self.sha256)
            .is_some_and(|entry| Arc::strong_count(entry) == 1)
        {
            entries.remove(&self.sha256);
        }
    }
}

fn entries(locks: &Waiting) -> MutexGuard<'_, HashMap<Sha256, Arc<AsyncMutex<()>>>> {
    locks.lock().unwrap_or_else(PoisonError::into_inner)
}
