//! What is learned of the objects of a pack while they pass: enough to judge the whole without reading it again.

use super::ReceiveError;
use super::object_check::{self, TreeFacts};
use crate::git::special_files::is_special;
use crate::git::{LfsPointer, ObjectId};
use gix::objs::Kind;
use std::collections::{HashMap, HashSet};

/// A new file that stands for a large one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FoundPointer {
    /// The file.
    pub blob: ObjectId,
    /// What it stands for.
    pub pointer: LfsPointer,
}

/// A commit of the pack.
pub(super) struct FoundCommit {
    pub tree: ObjectId,
    pub parents: Box<[ObjectId]>,
}

/// Everything that was learned.
#[derive(Default)]
pub(super) struct Found {
    pub kinds: HashMap<ObjectId, Kind>,
    pub commits: HashMap<ObjectId, FoundCommit>,
    /// The folders in each folder that has any.
    pub folders: HashMap<ObjectId, Box<[ObjectId]>>,
    /// What each annotated tag names.
    pub tags: HashMap<ObjectId, (ObjectId, Kind)>,
    /// What objects name, and of which kind it has to be.
    pub needed: HashSet<(ObjectId, Kind)>,
    pub pointers: HashMap<ObjectId, LfsPointer>,
    /// Files whose content git obeys, with a name that makes it do so.
    pub special: HashMap<ObjectId, String>,
}

impl Found {
    /// Checks an object and notes what it tells. Content is absent for files that are larger than a pointer.
    pub(super) fn note(&mut self, id: ObjectId, kind: Kind, content: Option<&[u8]>) -> Result<(), ReceiveError> {
        if self.kinds.insert(id, kind).is_some() {
            return Err(ReceiveError::pack(format!("it holds object {id} twice")));
        }
        let Some(content) = content else { return Ok(()) };
        let bad = |reason: String| ReceiveError::BadObject {
            id: id.to_string(),
            reason,
        };
        match kind {
            Kind::Blob => {
                if let Some(pointer) = LfsPointer::parse(content) {
                    self.pointers.insert(id, pointer);
                }
            }
            Kind::Tree => {
                let facts = object_check::tree(content).map_err(bad)?;
                self.note_tree(id, facts);
            }
            Kind::Commit => {
                let (tree, parents) = object_check::commit(content).map_err(bad)?;
                self.needed.insert((tree, Kind::Tree));
                self.needed.extend(parents.iter().map(|parent| (*parent, Kind::Commit)));
                let parents = parents.into_boxed_slice();
                self.commits.insert(id, FoundCommit { tree, parents });
            }
            Kind::Tag => {
                let (target, kind) = object_check::tag(content).map_err(bad)?;
                self.needed.insert((target, kind));
                self.tags.insert(id, (target, kind));
            }
        }
        Ok(())
    }

    fn note_tree(&mut self, id: ObjectId, facts: TreeFacts) {
        let mut folders = Vec::new();
        for (name, kind, target) in facts.entries {
            self.needed.insert((target, kind));
            match kind {
                Kind::Tree => folders.push(target),
                _ if is_special(&name) => {
                    self.special.insert(target, name);
                }
                _ => {}
            }
        }
        if !folders.is_empty() {
            self.folders.insert(id, folders.into_boxed_slice());
        }
    }

    /// Whether folders stand in each other deeper than any program can follow.
    pub(super) fn deepest_folder_is_within(&self, limit: usize) -> bool {
        // Height of each folder over its deepest one; the work list stands for the call stack.
        let mut heights: HashMap<ObjectId, usize> = HashMap::new();
        for root in self.folders.keys() {
            let mut waiting = vec![*root];
            while let Some(id) = waiting.last().copied() {
                if waiting.len() > limit {
                    return false;
                }
                let below = self.folders.get(&id).map_or(&[][..], |below| &below[..]);
                if let Some(child) = below.iter().find(|child| !heights.contains_key(child)) {
                    waiting.push(*child);
                    continue;
                }
                let height = 1 + below.iter().map(|child| heights[child]).max().unwrap_or(0);
                if height > limit {
                    return false;
                }
                heights.insert(id, height);
                waiting.pop();
            }
        }
        true
    }
}
