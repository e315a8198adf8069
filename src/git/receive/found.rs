//! What is learned of the objects of a pack while they pass: enough to judge the whole without reading it again.

use super::ReceiveError;
use super::object_check;
use crate::git::special_files::is_special;
use crate::git::tree_layout::{KeptLayout, Layout};
use crate::git::{LfsPointer, ObjectId};
use foldhash::{HashMap, HashSet};
use gix::bstr::{BStr, ByteSlice};
use gix::objs::Kind;

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

/// Everything that was learned. A push looks up millions of names, which are sums and spread evenly: a hash of them needs a
/// secret and little more.
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
                let mut folders = Vec::new();
                object_check::tree(content, &mut |name, kind, target| {
                    if kind == Kind::Tree {
                        folders.push(target);
                    }
                    self.note_entry(name, kind, target);
                })
                .map_err(bad)?;
                self.note_folders(id, folders);
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

    /// As [`Self::note`] for an object made from another one, which was noted.
    pub(super) fn note_beside(
        &mut self,
        (id, kind): (ObjectId, Kind),
        (kept, content): (&KeptLayout, &[u8]),
        (kept_old, old): (&KeptLayout, &[u8]),
    ) -> Result<(), ReceiveError> {
        if kind == Kind::Tree
            && let Some(layout) = kept_old.of(old)
            && self.note_folder_beside(id, (&layout, old), content)?
        {
            // The next version is likely to be compared with this one.
            kept.share(layout);
            return Ok(());
        }
        self.note(id, kind, Some(content))
    }

    /// Notes a folder that follows one that was noted, which costs what they differ; false, and nothing noted, when they
    /// differ in more than what their entries hold.
    fn note_folder_beside(
        &mut self,
        id: ObjectId,
        (layout, old): (&Layout, &[u8]),
        new: &[u8],
    ) -> Result<bool, ReceiveError> {
        let noted = object_check::changed(layout, old, new, &mut |name, kind, target| {
            self.note_entry(name, kind, target);
        });
        let noted = noted.map_err(|reason| ReceiveError::BadObject {
            id: id.to_string(),
            reason,
        })?;
        if noted {
            if self.kinds.insert(id, Kind::Tree).is_some() {
                return Err(ReceiveError::pack(format!("it holds object {id} twice")));
            }
            self.note_folders(id, layout.folders(new));
        }
        Ok(noted)
    }

    fn note_entry(&mut self, name: &BStr, kind: Kind, target: ObjectId) {
        self.needed.insert((target, kind));
        if kind != Kind::Tree
            && let Ok(name) = name.to_str()
            && is_special(name)
        {
            self.special.insert(target, name.to_owned());
        }
    }

    fn note_folders(&mut self, id: ObjectId, folders: Vec<ObjectId>) {
        if !folders.is_empty() {
            self.folders.insert(id, folders.into_boxed_slice());
        }
    }

    /// Whether folders stand in each other deeper than any program can follow.
    pub(super) fn deepest_folder_is_within(&self, limit: usize) -> bool {
        // Height of each folder over its deepest one; the work list stands for the call stack.
        let mut heights: HashMap<ObjectId, usize> = HashMap::default();
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
