//! How many files a revision has and how large they are, large files counted by their real size.

use super::error::GitError;
use super::lfs_pointer::{LfsPointer, POINTER_MAX_BYTES};
use super::model::{EntryKind, FileChange, ObjectId};
use super::repository::Repository;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Files of a revision.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Statistics {
    /// Number of files and links.
    pub files: u64,
    /// Their size in bytes, where an LFS pointer counts as the large file.
    pub bytes: u64,
}

impl Repository {
    /// Counts all files of a commit: one header per file, and the content of those small enough to be a pointer.
    pub fn statistics(&self, commit: ObjectId) -> Result<Statistics, GitError> {
        let mut statistics = Statistics::default();
        let mut blobs = Vec::new();
        self.walk_files(self.tree_of(commit)?, "", None, &mut |_, entry| {
            blobs.push((EntryKind::of(entry.mode), ObjectId::from(entry.oid)));
            Ok(true)
        })?;
        for (kind, id) in blobs {
            let size = self.logical_size(kind, id)?;
            statistics.files += u64::from(size.is_some());
            statistics.bytes = statistics.bytes.saturating_add(size.unwrap_or(0));
        }
        Ok(statistics)
    }

    /// The statistics after a commit, from those before it and the files that it changed.
    pub fn statistics_after(&self, before: Statistics, changes: &[FileChange]) -> Result<Statistics, GitError> {
        let mut after = before;
        for change in changes {
            if let Some((kind, id)) = change.new
                && let Some(size) = self.logical_size(kind, id)?
            {
                after.files += 1;
                after.bytes = after.bytes.saturating_add(size);
            }
            if let Some((kind, id)) = change.old
                && let Some(size) = self.logical_size(kind, id)?
            {
                after.files = after.files.saturating_sub(1);
                after.bytes = after.bytes.saturating_sub(size);
            }
        }
        Ok(after)
    }

    /// Size of the content that a file stands for; `None` for folders and submodules.
    pub fn logical_size(&self, kind: EntryKind, id: ObjectId) -> Result<Option<u64>, GitError> {
        if !kind.is_blob() {
            return Ok(None);
        }
        let size = self.blob_size(id)?;
        let pointer = if kind == EntryKind::Symlink {
            None
        } else {
            self.pointer_of_size(id, size)?
        };
        Ok(Some(pointer.map_or(size, |pointer| pointer.size)))
    }

    /// The LFS pointer that a blob is; `None` when it is an ordinary file.
    pub fn pointer(&self, blob: ObjectId) -> Result<Option<LfsPointer>, GitError> {
        let size = self.blob_size(blob)?;
        self.pointer_of_size(blob, size)
    }

    fn pointer_of_size(&self, blob: ObjectId, size: u64) -> Result<Option<LfsPointer>, GitError> {
        // The shortest pointer has 120 bytes or so; the version line alone has 43.
        if !(43..=POINTER_MAX_BYTES).contains(&size) {
            return Ok(None);
        }
        Ok(LfsPointer::parse(&self.blob(blob, POINTER_MAX_BYTES)?))
    }

    /// The LFS pointers among the files that changed, old and new sides apart: what a commit stops and begins to need.
    pub fn changed_pointers(
        &self,
        changes: &[FileChange],
    ) -> Result<(BTreeSet<LfsPointer>, BTreeSet<LfsPointer>), GitError> {
        let (mut old, mut new) = (BTreeSet::new(), BTreeSet::new());
        for change in changes {
            for (side, pointers) in [(change.old, &mut old), (change.new, &mut new)] {
                if let Some((EntryKind::File | EntryKind::Executable, id)) = side {
                    pointers.extend(self.pointer(id)?);
                }
            }
        }
        Ok((old, new))
    }
}
