//! Folders and the entries in them.

use super::error::GitError;
use super::model::{EntryKind, ObjectId, TreeEntry};
use super::repository::Repository;
use gix::bstr::BStr;
use gix::objs::tree::EntryRef;
use gix::objs::{Kind, TreeRefIter};

impl Repository {
    /// What stands at a path of a commit; `None` when nothing does. The empty path is the root folder.
    ///
    /// Measured with an optimised build on a repository of 2,000 files in 20 folders, on a busy machine: 41 µs, and 49 µs
    /// from opening the repository to the content of the file.
    pub fn entry(&self, commit: ObjectId, path: &str) -> Result<Option<TreeEntry>, GitError> {
        let root = self.tree_of(commit)?;
        self.entry_below(root, path)
    }

    fn entry_below(&self, root: ObjectId, path: &str) -> Result<Option<TreeEntry>, GitError> {
        let (mut kind, mut id) = (EntryKind::Folder, root);
        for name in path.split('/').filter(|_| !path.is_empty()) {
            if !kind.is_folder() {
                return Ok(None);
            }
            let tree = self.tree_data(id)?;
            let entries = TreeRefIter::from_bytes(&tree, gix::hash::Kind::Sha1);
            let mut found = None;
            for entry in entries {
                let entry = entry?;
                if entry.filename == name {
                    found = Some((EntryKind::of(entry.mode), entry.oid.into()));
                    break;
                }
            }
            match found {
                Some(next) => (kind, id) = next,
                None => return Ok(None),
            }
        }
        self.with_size(path.to_owned(), kind, id).map(Some)
    }

    /// The file at a path of a commit.
    pub fn file(&self, commit: ObjectId, path: &str) -> Result<TreeEntry, GitError> {
        match self.entry(commit, path)? {
            Some(entry) if entry.kind.is_blob() => Ok(entry),
            Some(entry) if entry.kind.is_folder() => Err(GitError::IsFolder(path.to_owned())),
            _ => Err(GitError::PathNotFound(path.to_owned())),
        }
    }

    /// The entries of a folder, folders and files mixed in the order of git. The empty path is the root folder.
    pub fn list(&self, commit: ObjectId, folder: &str) -> Result<Vec<TreeEntry>, GitError> {
        let tree = self.folder_tree(commit, folder)?;
        let data = self.tree_data(tree)?;
        let mut entries = Vec::new();
        for entry in TreeRefIter::from_bytes(&data, gix::hash::Kind::Sha1) {
            let entry = entry?;
            let path = join(folder, entry.filename);
            entries.push(self.with_size(path, EntryKind::of(entry.mode), entry.oid.into())?);
        }
        Ok(entries)
    }

    /// At most `limit` files below a folder, in the order of `git ls-tree -r`, beginning behind the path `after`.
    /// Folders themselves are not listed.
    pub fn list_files(
        &self,
        commit: ObjectId,
        folder: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<TreeEntry>, GitError> {
        let tree = self.folder_tree(commit, folder)?;
        let mut files = Vec::new();
        self.walk_files(tree, folder, after, &mut |path, entry| {
            if files.len() >= limit {
                return Ok(false);
            }
            files.push((path, EntryKind::of(entry.mode), ObjectId::from(entry.oid)));
            Ok(true)
        })?;
        files
            .into_iter()
            .map(|(path, kind, id)| self.with_size(path, kind, id))
            .collect()
    }

    /// Calls `each` for every file below a tree in the order of git until it answers `false`. Folders are kept on an own
    /// stack, as trees made elsewhere can be deeper than a thread's.
    pub(super) fn walk_files(
        &self,
        tree: ObjectId,
        folder: &str,
        after: Option<&str>,
        each: &mut dyn FnMut(String, EntryRef<'_>) -> Result<bool, GitError>,
    ) -> Result<(), GitError> {
        struct Level {
            folder: String,
            data: Vec<u8>,
            position: usize,
        }
        let level = |folder: String, tree: ObjectId| -> Result<Level, GitError> {
            let data = self.tree_data(tree)?;
            Ok(Level {
                folder,
                data,
                position: 0,
            })
        };
        let mut levels = vec![level(folder.to_owned(), tree)?];
        while let Some(current) = levels.last_mut() {
            let rest = &current.data[current.position..];
            let mut entries = TreeRefIter::from_bytes(rest, gix::hash::Kind::Sha1);
            let Some(entry) = entries.next() else {
                levels.pop();
                continue;
            };
            let entry = entry?;
            current.position += entries.offset_to_next_entry(rest);
            let path = join(&current.folder, entry.filename);
            if entry.mode.is_tree() {
                if after.is_none_or(|after| reaches_behind(&path, after)) {
                    let below = level(path, entry.oid.into())?;
                    levels.push(below);
                }
            } else if after.is_none_or(|after| path.as_str() > after) && !each(path, entry)? {
                return Ok(());
            }
        }
        Ok(())
    }

    pub(super) fn folder_tree(&self, commit: ObjectId, folder: &str) -> Result<ObjectId, GitError> {
        match self.entry(commit, folder)? {
            Some(entry) if entry.kind.is_folder() => Ok(entry.id),
            Some(_) => Err(GitError::IsFile(folder.to_owned())),
            None => Err(GitError::PathNotFound(folder.to_owned())),
        }
    }

    pub(super) fn tree_data(&self, id: ObjectId) -> Result<Vec<u8>, GitError> {
        if id == ObjectId::EMPTY_TREE {
            return Ok(Vec::new());
        }
        let object = self.object(id)?;
        if object.kind != Kind::Tree {
            return Err(GitError::Damaged(format!("object {id} should be a folder")));
        }
        Ok(object.detach().data)
    }

    fn with_size(&self, path: String, kind: EntryKind, id: ObjectId) -> Result<TreeEntry, GitError> {
        let size = if kind.is_blob() {
            Some(self.blob_size(id)?)
        } else {
            None
        };
        Ok(TreeEntry { path, kind, id, size })
    }
}

/// Whether a folder can hold files that sort behind `after`.
pub(super) fn reaches_behind(folder: &str, after: &str) -> bool {
    let inside = after.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'));
    inside || format!("{folder}/").as_str() > after
}

pub(super) fn join(folder: &str, name: &BStr) -> String {
    let name = String::from_utf8_lossy(name);
    if folder.is_empty() {
        name.into_owned()
    } else {
        format!("{folder}/{name}")
    }
}
