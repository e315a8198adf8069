//! Files of commits that were read lately. Commits never change, so nothing here can become wrong; only whether the repository
//! still has large content is asked anew.

use super::entry::FileEntry;
use crate::base::RepositoryId;
use crate::git::ObjectId;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Bytes of both generations together.
const BYTES_MAX: usize = 24 * 1024 * 1024;
/// What an entry takes beside its path and its content.
const ENTRY_BYTES: usize = 320;

type Key = (RepositoryId, ObjectId, String);

/// Two generations: when the young one is full, it becomes the old one, and what nobody asked for in the old one goes.
#[derive(Default)]
pub(super) struct EntryCache(Mutex<Generations>);

#[derive(Default)]
struct Generations {
    young: HashMap<Key, Arc<FileEntry>>,
    old: HashMap<Key, Arc<FileEntry>>,
    young_bytes: usize,
}

impl EntryCache {
    /// The file at a path of a commit, if it is known.
    pub(super) fn get(&self, repository: RepositoryId, commit: ObjectId, path: &str) -> Option<Arc<FileEntry>> {
        let key = (repository, commit, path.to_owned());
        let mut generations = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(entry) = generations.young.get(&key) {
            return Some(Arc::clone(entry));
        }
        let entry = generations.old.remove(&key)?;
        generations.put(key, Arc::clone(&entry));
        Some(entry)
    }

    /// Keeps a file.
    pub(super) fn put(&self, repository: RepositoryId, commit: ObjectId, path: &str, entry: &Arc<FileEntry>) {
        let key = (repository, commit, path.to_owned());
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .put(key, Arc::clone(entry));
    }
}

impl Generations {
    fn put(&mut self, key: Key, entry: Arc<FileEntry>) {
        self.young_bytes += ENTRY_BYTES + 2 * key.2.len() + entry.kept_bytes();
        self.young.insert(key, entry);
        if self.young_bytes > BYTES_MAX / 2 {
            self.old = std::mem::take(&mut self.young);
            self.young_bytes = 0;
        }
    }
}
