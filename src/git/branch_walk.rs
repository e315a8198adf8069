//! Histories of paths without an index, by walking the first-parent line: for branches that are not indexed, and while an
//! index is behind. Only the trees on the way to the path are read; the last answers are kept.

use super::error::GitError;
use super::model::{ChangeKind, ObjectId};
use super::repository::Repository;
use crate::base::RepositoryId;
use gix::objs::TreeRefIter;
use gix::objs::tree::EntryMode;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Answers that are kept. They never become wrong, as they belong to a commit and not to a branch.
const ANSWERS_MAX: usize = 256;
/// Longer answers are not kept.
const ANSWER_MAX_ROWS: usize = 10_000;

type Key = (RepositoryId, ObjectId, String);
type Answers<T> = HashMap<Key, (u64, Arc<Vec<T>>)>;
/// Mode and object of an entry.
type Place = (EntryMode, ObjectId);

/// A commit that changed a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WalkedVersion {
    /// The commit.
    pub commit: ObjectId,
    /// What it did to the path.
    pub kind: ChangeKind,
    /// The blob or tree that it left at the path.
    pub object: Option<ObjectId>,
}

/// The answers that are kept.
#[derive(Default)]
pub(super) struct WalkCache(Mutex<Kept>);

#[derive(Default)]
struct Kept {
    versions: Answers<WalkedVersion>,
    folders: Answers<(String, ObjectId)>,
    uses: u64,
}

fn get<T>(map: &mut Answers<T>, key: &Key, uses: u64) -> Option<Arc<Vec<T>>> {
    let (last_use, answer) = map.get_mut(key)?;
    *last_use = uses;
    Some(Arc::clone(answer))
}

fn keep<T>(map: &mut Answers<T>, key: Key, uses: u64, answer: &Arc<Vec<T>>) {
    if answer.len() > ANSWER_MAX_ROWS {
        return;
    }
    if map.len() >= ANSWERS_MAX {
        let oldest = map.iter().min_by_key(|(_, (last_use, _))| *last_use);
        if let Some(oldest) = oldest.map(|(key, _)| key.clone()) {
            map.remove(&oldest);
        }
    }
    map.insert(key, (uses, Arc::clone(answer)));
}

impl WalkCache {
    fn with<T>(&self, work: impl FnOnce(&mut Kept, u64) -> T) -> T {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.uses += 1;
        let uses = kept.uses;
        work(&mut kept, uses)
    }
}

impl Repository {
    /// The commits on the first-parent line of `tip` that changed a path, newest first: `git log --first-parent -- path`.
    pub fn walk_versions(&self, tip: ObjectId, path: &str) -> Result<Arc<Vec<WalkedVersion>>, GitError> {
        let key = (self.id, tip, path.to_owned());
        let cache = self.git.walks();
        if let Some(answer) = cache.with(|kept, uses| get(&mut kept.versions, &key, uses)) {
            return Ok(answer);
        }
        let mut versions = Vec::new();
        let (mut commit, mut here) = (tip, self.place(self.tree_of(tip)?, path)?);
        loop {
            let parent = self.first_parent(commit)?;
            let before = match parent {
                Some(parent) => self.place(self.tree_of(parent)?, path)?,
                None => None,
            };
            if here != before {
                let kind = match (before, here) {
                    (None, _) => ChangeKind::Added,
                    (Some(_), None) => ChangeKind::Deleted,
                    (Some(_), Some(_)) => ChangeKind::Modified,
                };
                let object = here.map(|(_, id)| id);
                versions.push(WalkedVersion { commit, kind, object });
            }
            match parent {
                Some(parent) => (commit, here) = (parent, before),
                None => break,
            }
        }
        let answer = Arc::new(versions);
        cache.with(|kept, uses| keep(&mut kept.versions, key, uses, &answer));
        Ok(answer)
    }

    /// The last commit of every entry of a folder at `tip`, in the order of git.
    pub fn walk_last_commits(&self, tip: ObjectId, folder: &str) -> Result<Vec<(String, ObjectId)>, GitError> {
        let key = (self.id, tip, folder.to_owned());
        let cache = self.git.walks();
        if let Some(answer) = cache.with(|kept, uses| get(&mut kept.folders, &key, uses)) {
            return Ok(answer.to_vec());
        }
        let answer = Arc::new(self.last_commits_of(tip, folder)?);
        cache.with(|kept, uses| keep(&mut kept.folders, key, uses, &answer));
        Ok(answer.to_vec())
    }

    fn last_commits_of(&self, tip: ObjectId, folder: &str) -> Result<Vec<(String, ObjectId)>, GitError> {
        let mut commit = tip;
        let mut tree = self.place(self.tree_of(tip)?, folder)?;
        let mut open = self.entries_of(tree)?;
        let names: Vec<Vec<u8>> = open.iter().map(|(name, _)| name.clone()).collect();
        let mut found: HashMap<Vec<u8>, ObjectId> = HashMap::with_capacity(names.len());
        while !open.is_empty() {
            let parent = self.first_parent(commit)?;
            let before = match parent {
                Some(parent) => self.place(self.tree_of(parent)?, folder)?,
                None => None,
            };
            if tree != before {
                let old: HashMap<_, _> = self.entries_of(before)?.into_iter().collect();
                open.retain(|(name, here)| {
                    let changed = old.get(name) != Some(here);
                    if changed {
                        found.insert(name.clone(), commit);
                    }
                    !changed
                });
            }
            match parent {
                Some(parent) => (commit, tree) = (parent, before),
                None => break,
            }
        }
        let named = names.into_iter().filter_map(|name| {
            let commit = *found.get(&name)?;
            Some((String::from_utf8_lossy(&name).into_owned(), commit))
        });
        Ok(named.collect())
    }

    /// Mode and object at a path, without sizes. The empty path is the root.
    fn place(&self, root: ObjectId, path: &str) -> Result<Option<Place>, GitError> {
        let mut place = (gix::objs::tree::EntryKind::Tree.into(), root);
        for name in path.split('/').filter(|_| !path.is_empty()) {
            let (mode, id): Place = place;
            if !mode.is_tree() {
                return Ok(None);
            }
            let data = self.tree_data(id)?;
            let mut entries = TreeRefIter::from_bytes(&data, gix::hash::Kind::Sha1);
            let found = entries.find_map(|entry| entry.ok().filter(|entry| entry.filename == name));
            match found {
                Some(entry) => place = (entry.mode, entry.oid.into()),
                None => return Ok(None),
            }
        }
        Ok(Some(place))
    }

    fn entries_of(&self, folder: Option<Place>) -> Result<Vec<(Vec<u8>, Place)>, GitError> {
        let Some((mode, id)) = folder else {
            return Ok(Vec::new());
        };
        if !mode.is_tree() {
            return Ok(Vec::new());
        }
        let data = self.tree_data(id)?;
        let mut entries = Vec::new();
        for entry in TreeRefIter::from_bytes(&data, gix::hash::Kind::Sha1) {
            let entry = entry?;
            entries.push((entry.filename.to_vec(), (entry.mode, entry.oid.into())));
        }
        Ok(entries)
    }
}
