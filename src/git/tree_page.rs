//! Folders and everything in them, page by page.

use super::error::GitError;
use super::model::{EntryKind, ObjectId, TreeEntry};
use super::repository::Repository;
use super::tree::{join, reaches_behind};
use gix::objs::TreeRefIter;

impl TreeEntry {
    /// Where it stands in the order of git, in which a folder is called with a slash at its end.
    pub fn place(&self) -> String {
        place(&self.path, self.kind.is_folder())
    }
}

fn place(path: &str, is_folder: bool) -> String {
    let slash = if is_folder { "/" } else { "" };
    format!("{path}{slash}")
}

impl Repository {
    /// At most `limit` entries of a folder in the order of git, with the entries of its folders behind each of them when
    /// `recursive`, beginning behind the place `after`. Their sizes are not looked up.
    pub fn list_page(
        &self,
        commit: ObjectId,
        folder: &str,
        recursive: bool,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<TreeEntry>, GitError> {
        struct Level {
            folder: String,
            data: Vec<u8>,
            position: usize,
        }
        let level = |folder: String, tree: ObjectId| -> Result<Level, GitError> {
            let (data, position) = (self.tree_data(tree)?, 0);
            Ok(Level { folder, data, position })
        };
        let tree = self.folder_tree(commit, folder)?;
        // On a stack of its own, as trees made elsewhere can be deeper than a thread's.
        let mut levels = vec![level(folder.to_owned(), tree)?];
        let mut page = Vec::new();
        while let Some(current) = levels.last_mut() {
            let rest = &current.data[current.position..];
            let mut entries = TreeRefIter::from_bytes(rest, gix::hash::Kind::Sha1);
            let Some(entry) = entries.next() else {
                levels.pop();
                continue;
            };
            let entry = entry?;
            current.position += entries.offset_to_next_entry(rest);
            let (path, kind) = (join(&current.folder, entry.filename), EntryKind::of(entry.mode));
            let id = ObjectId::from(entry.oid);
            if after.is_none_or(|after| place(&path, kind.is_folder()).as_str() > after) {
                if page.len() >= limit {
                    break;
                }
                let path = path.clone();
                page.push(TreeEntry {
                    path,
                    kind,
                    id,
                    size: None,
                });
            }
            if recursive && kind.is_folder() && after.is_none_or(|after| reaches_behind(&path, after)) {
                let below = level(path, id)?;
                levels.push(below);
            }
        }
        Ok(page)
    }
}
