//! What is learned of the objects of a pack while they pass: enough to judge the whole without reading it again.

use super::ReceiveError;
use super::folder_links::FolderLinks;
use super::object_check;
use crate::git::special_files::is_special;
use crate::git::tree_layout::{KeptLayout, Layout};
use crate::git::{LfsPointer, ObjectId};
use foldhash::HashMap;
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

/// What is known of an object: its kind if it is in the pack, and the kinds that others say it has.
#[derive(Debug, Clone, Copy, Default)]
struct Mentioned {
    kind: Option<Kind>,
    needed_as: u8,
    /// The number of a folder that has folders, counted from one.
    folder: u32,
}

impl Mentioned {
    const KINDS: [Kind; 4] = [Kind::Commit, Kind::Tree, Kind::Blob, Kind::Tag];

    fn need(&mut self, kind: Kind) {
        self.needed_as |= 1 << kind as u8;
    }

    fn needed(self) -> impl Iterator<Item = Kind> {
        let kinds = Self::KINDS.into_iter();
        kinds.filter(move |kind| self.needed_as & 1 << *kind as u8 != 0)
    }
}

/// Everything that was learned. A push looks up millions of names, which are sums and spread evenly: a hash of them needs a
/// secret and little more.
#[derive(Default)]
pub(super) struct Found {
    /// The objects of the pack, and those that they name.
    objects: HashMap<ObjectId, Mentioned>,
    pub commits: HashMap<ObjectId, FoundCommit>,
    folders: FolderLinks,
    /// What each annotated tag names.
    pub tags: HashMap<ObjectId, (ObjectId, Kind)>,
    pub pointers: HashMap<ObjectId, LfsPointer>,
    /// Files whose content git obeys, with a name that makes it do so.
    pub special: HashMap<ObjectId, String>,
}

impl Found {
    /// Checks an object and notes what it tells. Content is absent for files that are larger than a pointer.
    pub(super) fn note(&mut self, id: ObjectId, kind: Kind, content: Option<&[u8]>) -> Result<(), ReceiveError> {
        self.note_kind(id, kind)?;
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
                self.note_folders(id, None, &folders)?;
            }
            Kind::Commit => {
                let (tree, parents) = object_check::commit(content).map_err(bad)?;
                self.need(tree, Kind::Tree);
                for parent in &parents {
                    self.need(*parent, Kind::Commit);
                }
                let parents = parents.into_boxed_slice();
                self.commits.insert(id, FoundCommit { tree, parents });
            }
            Kind::Tag => {
                let (target, kind) = object_check::tag(content).map_err(bad)?;
                self.need(target, kind);
                self.tags.insert(id, (target, kind));
            }
        }
        Ok(())
    }

    /// Makes room for so many objects at once.
    pub(super) fn expect(&mut self, count: usize) {
        self.objects.reserve(count.saturating_sub(self.objects.len()));
    }

    /// The kind of an object of the pack, as far as it is worked out.
    pub(super) fn kind(&self, id: ObjectId) -> Option<Kind> {
        self.objects.get(&id)?.kind
    }

    /// What objects name: of which kind it has to be, and of which kind it is if it is in the pack.
    pub(super) fn needed(&self) -> impl Iterator<Item = (ObjectId, Kind, Option<Kind>)> {
        let objects = self.objects.iter();
        objects.flat_map(|(id, object)| object.needed().map(|kind| (*id, kind, object.kind)))
    }

    fn need(&mut self, id: ObjectId, kind: Kind) {
        self.objects.entry(id).or_default().need(kind);
    }

    fn note_kind(&mut self, id: ObjectId, kind: Kind) -> Result<(), ReceiveError> {
        match self.objects.entry(id).or_default().kind.replace(kind) {
            Some(_) => Err(ReceiveError::pack(format!("it holds object {id} twice"))),
            None => Ok(()),
        }
    }

    /// As [`Self::note`] for an object made from another one, which was noted.
    pub(super) fn note_beside(
        &mut self,
        (id, kind): (ObjectId, Kind),
        (kept, content): (&KeptLayout, &[u8]),
        (old_id, kept_old, old): (ObjectId, &KeptLayout, &[u8]),
    ) -> Result<(), ReceiveError> {
        if kind == Kind::Tree
            && let Some(layout) = kept_old.of(old)
            && self.note_folder_beside(id, (old_id, &layout, old), content)?
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
        (old_id, layout, old): (ObjectId, &Layout, &[u8]),
        new: &[u8],
    ) -> Result<bool, ReceiveError> {
        let mut folders = Vec::new();
        let noted = object_check::changed(layout, old, new, &mut |name, kind, target| {
            if kind == Kind::Tree {
                folders.push(target);
            }
            self.note_entry(name, kind, target);
        });
        let noted = noted.map_err(|reason| ReceiveError::BadObject {
            id: id.to_string(),
            reason,
        })?;
        if noted {
            self.note_kind(id, Kind::Tree)?;
            if layout.has_folders() {
                self.note_folders(id, Some(old_id), &folders)?;
            }
        }
        Ok(noted)
    }

    fn note_entry(&mut self, name: &BStr, kind: Kind, target: ObjectId) {
        self.need(target, kind);
        if kind != Kind::Tree
            && let Ok(name) = name.to_str()
            && is_special(name)
        {
            self.special.insert(target, name.to_owned());
        }
    }

    fn note_folders(&mut self, id: ObjectId, beside: Option<ObjectId>, below: &[ObjectId]) -> Result<(), ReceiveError> {
        if beside.is_none() && below.is_empty() {
            return Ok(());
        }
        let number = self
            .folders
            .note(beside, below)
            .and_then(|number| number.checked_add(1));
        let number = number.ok_or_else(|| ReceiveError::TooManyObjects("it has too many folders".to_owned()))?;
        self.objects.entry(id).or_default().folder = number;
        Ok(())
    }

    /// Whether folders stand in each other deeper than any program can follow.
    pub(super) fn deepest_folder_is_within(&self, limit: u16) -> bool {
        let number_of = |id| self.objects.get(&id)?.folder.checked_sub(1);
        self.folders.deepest_is_within(limit, &number_of)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: [u8; 20] = [7; 20];

    /// A folder with a file and with folders of these ids, whose names have one length.
    fn folder(below: &[ObjectId]) -> Vec<u8> {
        let mut content = [b"100644 a\0", &FILE[..]].concat();
        for (number, id) in below.iter().enumerate() {
            content.extend_from_slice(format!("40000 folder{number}\0").as_bytes());
            content.extend_from_slice(id.as_bytes());
        }
        content
    }

    fn name(number: u8) -> ObjectId {
        ObjectId::from_bytes([number; 20])
    }

    #[test]
    fn how_deep_folders_stand_is_known_of_versions_beside_others_too() {
        let mut found = Found::default();
        let flat = folder(&[]);
        found.note(name(1), Kind::Tree, Some(&flat)).unwrap();
        let old = folder(&[name(1), name(1)]);
        found.note(name(2), Kind::Tree, Some(&old)).unwrap();
        assert!(found.deepest_folder_is_within(2) && !found.deepest_folder_is_within(1));
        // The next version has a deeper folder at the second place; the one after it has no more than at first.
        let deeper = folder(&[name(1), name(2)]);
        let again = folder(&[name(1), name(1)]);
        let (kept, kept_deeper) = (KeptLayout::default(), KeptLayout::default());
        let mut beside = |id: u8, (kept, content): (&KeptLayout, &[u8]), (old_id, kept_old, old)| {
            let old = (name(old_id), kept_old, old);
            found.note_beside((name(id), Kind::Tree), (kept, content), old).unwrap();
        };
        beside(3, (&kept_deeper, &deeper), (2, &kept, &old));
        beside(4, (&KeptLayout::default(), &again), (3, &kept_deeper, &deeper));
        assert!(found.deepest_folder_is_within(3) && !found.deepest_folder_is_within(2));
    }
}
