//! A tree being edited: folders are loaded when they are touched, and only those are written again.
//!
//! It enforces what git itself does not: no names that differ only by case, no `.git` in any disguise, no file where a
//! folder is needed.

use super::error::GitError;
use super::model::{EntryKind, ObjectId};
use gix::bstr::ByteSlice;
use gix::objs::TreeRefIter;
use gix::objs::tree::{EntryMode, name_order};
use std::collections::{BTreeMap, HashMap};
use unicode_normalization::UnicodeNormalization;

/// Reads the bytes of a tree object.
pub(super) type ReadTree<'a> = &'a dyn Fn(ObjectId) -> Result<Vec<u8>, GitError>;

/// A revision's files, changed in memory.
pub(super) struct TreeEdit<'a> {
    read: ReadTree<'a>,
    root: Folder,
}

#[derive(Clone, Default)]
struct Folder {
    entries: BTreeMap<Vec<u8>, Node>,
}

/// What stands at a path. Opaque: it can be taken from one place and put at another.
#[derive(Clone)]
pub(super) struct Node {
    kind: NodeKind,
    /// Whether this edit put it under its name, which is one that can clash then.
    added: bool,
}

#[derive(Clone)]
enum NodeKind {
    Leaf(EntryMode, ObjectId),
    Unread(ObjectId),
    Folder(Box<Folder>),
}

impl Node {
    /// A file or link.
    pub(super) fn leaf(mode: EntryMode, id: ObjectId) -> Self {
        Self::found(NodeKind::Leaf(mode, id))
    }

    fn found(kind: NodeKind) -> Self {
        Self { kind, added: false }
    }

    /// Whether it is a folder.
    pub(super) fn is_folder(&self) -> bool {
        !matches!(self.kind, NodeKind::Leaf(..))
    }

    /// What kind of file it is; `None` for folders.
    pub(super) fn file_kind(&self) -> Option<EntryKind> {
        match self.kind {
            NodeKind::Leaf(mode, _) => Some(EntryKind::of(mode)),
            _ => None,
        }
    }

    /// The object of a file or link; `None` for folders.
    pub(super) fn object(&self) -> Option<ObjectId> {
        match self.kind {
            NodeKind::Leaf(_, id) => Some(id),
            _ => None,
        }
    }

    fn open(&mut self, read: ReadTree<'_>) -> Result<Option<&mut Folder>, GitError> {
        if let NodeKind::Unread(id) = self.kind {
            self.kind = NodeKind::Folder(Box::new(Folder::read(id, read)?));
        }
        match &mut self.kind {
            NodeKind::Folder(folder) => Ok(Some(folder)),
            _ => Ok(None),
        }
    }
}

impl Folder {
    fn read(id: ObjectId, read: ReadTree<'_>) -> Result<Self, GitError> {
        let data = read(id)?;
        let mut entries = BTreeMap::new();
        for entry in TreeRefIter::from_bytes(&data, gix::hash::Kind::Sha1) {
            let entry = entry?;
            let node = if entry.mode.is_tree() {
                NodeKind::Unread(entry.oid.into())
            } else {
                NodeKind::Leaf(entry.mode, entry.oid.into())
            };
            entries.insert(entry.filename.to_vec(), Node::found(node));
        }
        Ok(Self { entries })
    }

    /// Takes out what stands at `path`; a folder that becomes empty goes with it.
    fn take(&mut self, path: &[u8], read: ReadTree<'_>) -> Result<Option<Node>, GitError> {
        let Some((first, rest)) = path.split_once_str("/") else {
            return Ok(self.entries.remove(path));
        };
        let Some(node) = self.entries.get_mut(first) else {
            return Ok(None);
        };
        let Some(below) = node.open(read)? else { return Ok(None) };
        let taken = below.take(rest, read)?;
        if below.entries.is_empty() {
            self.entries.remove(first);
        }
        Ok(taken)
    }
}

impl<'a> TreeEdit<'a> {
    /// Begins with an existing tree.
    pub(super) fn new(root: ObjectId, read: ReadTree<'a>) -> Result<Self, GitError> {
        let root = Folder::read(root, read)?;
        Ok(Self { read, root })
    }

    /// What stands at a path.
    pub(super) fn get(&mut self, path: &str) -> Result<Option<&Node>, GitError> {
        let (folder, name) = match path.rsplit_once('/') {
            None => (&mut self.root, path),
            Some((parent, name)) => {
                let mut folder = &mut self.root;
                for part in parent.split('/') {
                    let Some(node) = folder.entries.get_mut(part.as_bytes()) else {
                        return Ok(None);
                    };
                    let Some(below) = node.open(self.read)? else {
                        return Ok(None);
                    };
                    folder = below;
                }
                (folder, name)
            }
        };
        Ok(folder.entries.get(name.as_bytes()))
    }

    /// Takes out what stands at a path; folders that become empty go with it, as git keeps none.
    pub(super) fn take(&mut self, path: &str) -> Result<Option<Node>, GitError> {
        self.root.take(path.as_bytes(), self.read)
    }

    /// Puts a node at a path, with the folders above it. A file replaces a file; nothing else is replaced.
    pub(super) fn put(&mut self, path: &str, mut node: Node) -> Result<(), GitError> {
        let mut folder = &mut self.root;
        let mut parts = path.split('/').peekable();
        let mut depth = 0;
        while let Some(part) = parts.next() {
            check_name(path, part)?;
            let name = part.as_bytes();
            depth += part.len() + 1;
            if parts.peek().is_none() {
                let before = folder.entries.get(name);
                if before.is_some_and(Node::is_folder) {
                    return Err(GitError::IsFolder(path.to_owned()));
                }
                node.added = before.is_none_or(|before| before.added);
                folder.entries.insert(name.to_vec(), node);
                return Ok(());
            }
            let below = folder.entries.entry(name.to_vec()).or_insert_with(|| Node {
                kind: NodeKind::Folder(Box::default()),
                added: true,
            });
            folder = below
                .open(self.read)?
                .ok_or_else(|| GitError::IsFile(path[..depth - 1].to_owned()))?;
        }
        Ok(())
    }

    /// Length in bytes of the longest path below a node, without the node's own name; 0 for files.
    pub(super) fn longest_path(&self, node: &Node) -> Result<usize, GitError> {
        let mut longest = 0;
        let mut waiting = vec![(node.clone(), 0)];
        while let Some((mut node, length)) = waiting.pop() {
            longest = longest.max(length);
            if let Some(folder) = node.open(self.read)? {
                let entries = std::mem::take(&mut folder.entries);
                waiting.extend(entries.into_iter().map(|(name, node)| (node, length + 1 + name.len())));
            }
        }
        Ok(longest)
    }

    /// Checks the names that were added, then hands every changed folder to `store`, the deepest first, and answers the
    /// root. `store` answers the id of the tree whose bytes it gets.
    pub(super) fn write(
        self,
        store: &mut dyn FnMut(Vec<u8>) -> Result<ObjectId, GitError>,
    ) -> Result<ObjectId, GitError> {
        write_folder(self.root, "", store)
    }
}

fn write_folder(
    folder: Folder,
    path: &str,
    store: &mut dyn FnMut(Vec<u8>) -> Result<ObjectId, GitError>,
) -> Result<ObjectId, GitError> {
    refuse_case_clash(&folder, path)?;
    let mut entries = Vec::with_capacity(folder.entries.len());
    let mut size = 0;
    for (name, node) in folder.entries {
        let (mode, id) = match node.kind {
            NodeKind::Leaf(mode, id) => (mode, id),
            NodeKind::Unread(id) => (gix::objs::tree::EntryKind::Tree.into(), id),
            NodeKind::Folder(below) => {
                let path = super::tree::join(path, name.as_bstr());
                let id = write_folder(*below, &path, store)?;
                (gix::objs::tree::EntryKind::Tree.into(), id)
            }
        };
        size += name.len() + 28;
        entries.push((name, mode, id));
    }
    entries.sort_unstable_by(|(a, a_mode, _), (b, b_mode, _)| name_order(a, a_mode.is_tree(), b, b_mode.is_tree()));
    let mut data = Vec::with_capacity(size);
    for (name, mode, id) in entries {
        let mut digits = [0; 6];
        data.extend_from_slice(mode.as_bytes(&mut digits));
        data.push(b' ');
        data.extend_from_slice(&name);
        data.push(0);
        data.extend_from_slice(id.as_bytes());
    }
    store(data)
}

/// Only names that this edit added are held against the others: a clash that a push brought must not block every
/// later commit to the folder.
fn refuse_case_clash(folder: &Folder, path: &str) -> Result<(), GitError> {
    let names = |added: bool| {
        let entries = folder.entries.iter().filter(move |(_, node)| node.added == added);
        entries.map(|(name, _)| name)
    };
    if names(true).next().is_none() {
        return Ok(());
    }
    let mut by_folded: HashMap<String, &Vec<u8>> = HashMap::with_capacity(folder.entries.len());
    for name in names(false) {
        by_folded.insert(fold(name), name);
    }
    for name in names(true) {
        if let Some(other) = by_folded.insert(fold(name), name) {
            let show = |name: &Vec<u8>| super::tree::join(path, name.as_bstr());
            return Err(GitError::CaseClash(show(other), show(name)));
        }
    }
    Ok(())
}

/// The form under which macOS and Windows find a name: without capitals, composed.
fn fold(name: &[u8]) -> String {
    let text = String::from_utf8_lossy(name);
    if text.is_ascii() {
        text.to_ascii_lowercase()
    } else {
        text.nfc().flat_map(char::to_lowercase).collect()
    }
}

fn check_name(path: &str, name: &str) -> Result<(), GitError> {
    // Characters and device names that only Windows refuses (`2020-01-01T00:00.nc`, `aux.c`) are common in science.
    let rules = gix::validate::path::component::Options {
        protect_windows: false,
        protect_hfs: true,
        protect_ntfs: true,
    };
    match gix::validate::path::component(name.into(), None, rules) {
        Ok(_) => Ok(()),
        Err(error) => Err(GitError::BadPath {
            path: path.to_owned(),
            reason: error.to_string(),
        }),
    }
}
