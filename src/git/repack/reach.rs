//! Everything that references lead to.

use super::Stop;
use crate::git::protocol::id_set::IdSet;
use crate::git::{GitError, ObjectId, Repository};
use gix::objs::{Kind, TreeRefIter};
use std::collections::BinaryHeap;

/// Objects that references lead to, in the order in which a pack holds them best: commits from the newest on, then what
/// they name, as they name it first. About 70 bytes of memory for each.
#[derive(Default)]
pub(super) struct Reach {
    pub objects: Vec<Reached>,
    met: IdSet,
}

/// An object that was met.
#[derive(Clone, Copy)]
pub(super) struct Reached {
    pub id: ObjectId,
    pub kind: Kind,
    /// A digest of its path in which similar paths are neighbours.
    pub name: u32,
}

/// Commits that wait, the newest first, with their folders and parents.
type Queue = BinaryHeap<(i64, ObjectId, ObjectId, Vec<ObjectId>)>;

impl Reach {
    /// Whether an object was met.
    pub(super) fn contains(&self, id: ObjectId) -> bool {
        self.met.contains(&id)
    }

    /// Walks from further objects until what was met before. Fails when anything is missing.
    pub(super) fn extend(
        &mut self,
        repository: &Repository,
        tips: &[ObjectId],
        stop: Stop<'_>,
    ) -> Result<(), GitError> {
        let mut queue = Queue::new();
        let mut seen = IdSet::default();
        let (mut trees, mut blobs) = (Vec::new(), Vec::new());
        for tip in tips {
            let mut id = *tip;
            while !self.contains(id) && !seen.contains(&id) {
                match repository.header(id)?.kind() {
                    Kind::Commit => self.push(repository, id, &mut queue, &mut seen)?,
                    Kind::Tree => trees.push(id),
                    Kind::Blob => blobs.push(id),
                    Kind::Tag => {
                        self.add(id, Kind::Tag, 0);
                        id = repository.tag_target(id)?;
                        continue;
                    }
                }
                break;
            }
        }
        while let Some((_, id, tree, parents)) = queue.pop() {
            stop.check()?;
            self.add(id, Kind::Commit, 0);
            trees.push(tree);
            for parent in parents {
                self.push(repository, parent, &mut queue, &mut seen)?;
            }
        }
        drop(seen);
        for tree in trees {
            self.walk(repository, tree, stop)?;
        }
        for blob in blobs {
            self.add(blob, Kind::Blob, 0);
        }
        Ok(())
    }

    fn push(&self, repository: &Repository, id: ObjectId, queue: &mut Queue, seen: &mut IdSet) -> Result<(), GitError> {
        if !self.contains(id) && seen.insert(id) {
            let commit = repository.known_commit(id)?;
            queue.push((commit.time, id, commit.tree, commit.parents));
        }
        Ok(())
    }

    fn add(&mut self, id: ObjectId, kind: Kind, name: u32) -> bool {
        let is_new = self.met.insert(id);
        if is_new {
            self.objects.push(Reached { id, kind, name });
        }
        is_new
    }

    fn walk(&mut self, repository: &Repository, root: ObjectId, stop: Stop<'_>) -> Result<(), GitError> {
        let mut waiting = vec![(root, 0)];
        while let Some((id, name)) = waiting.pop() {
            if !self.add(id, Kind::Tree, name) {
                continue;
            }
            stop.check()?;
            let tree = repository.object(id)?;
            if tree.kind != Kind::Tree {
                return Err(GitError::Damaged(format!("object {id} is no folder")));
            }
            let below = name_digest(name, b"/");
            for entry in TreeRefIter::from_bytes(&tree.data, gix::hash::Kind::Sha1) {
                let entry = entry?;
                let name = name_digest(below, entry.filename);
                if entry.mode.is_tree() {
                    waiting.push((entry.oid.into(), name));
                } else if !entry.mode.is_commit() {
                    self.add(entry.oid.into(), Kind::Blob, name);
                }
            }
        }
        Ok(())
    }
}

/// Goes on with the digest of a path, in which its last sixteen letters count, the last ones most.
fn name_digest(before: u32, name: &[u8]) -> u32 {
    let letters = name.iter().filter(|letter| !letter.is_ascii_whitespace());
    letters.fold(before, |digest, letter| {
        (digest >> 2).wrapping_add(u32::from(*letter) << 24)
    })
}
