//! Branches, tags and HEAD: moving them, durably and one at a time.
//!
//! References are written here and not by gix, whose transactions neither sync files nor notice that `a` and `a/b`
//! exclude each other when one of them is packed.

use super::durable::{create_folders, sync_folder};
use super::error::GitError;
use super::lock_file::LockFile;
use super::model::ObjectId;
use super::references::{branch_reference, tag_reference};
use super::repository::Repository;
use gix::refs::FullName;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// The answer of a compare-and-swap.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Swap {
    Done,
    /// The reference held something else, which is given.
    Refused(Option<ObjectId>),
}

impl Repository {
    /// Makes a branch at a commit.
    pub fn create_branch(&self, name: &str, commit: ObjectId) -> Result<(), GitError> {
        self.create_reference(&branch_reference(name)?, name, commit)
    }

    /// Makes a lightweight tag at a commit.
    pub fn create_tag(&self, name: &str, commit: ObjectId) -> Result<(), GitError> {
        self.create_reference(&tag_reference(name)?, name, commit)
    }

    pub(super) fn create_reference(&self, full: &FullName, name: &str, commit: ObjectId) -> Result<(), GitError> {
        if self.peel_to_commit(commit)? != Some(commit) {
            return Err(GitError::RevisionNotFound(commit.to_string()));
        }
        match self.swap_reference(full, None, Some(commit))? {
            Swap::Done => Ok(()),
            Swap::Refused(_) => Err(GitError::ReferenceExists(name.to_owned())),
        }
    }

    /// Deletes a branch; when `expected` is given, only if it stands there. The default branch stays.
    pub fn delete_branch(&self, name: &str, expected: Option<ObjectId>) -> Result<(), GitError> {
        if self.default_branch()? == name {
            return Err(GitError::DefaultBranch(name.to_owned()));
        }
        self.delete_reference(&branch_reference(name)?, name, expected)
    }

    /// Deletes a tag; when `expected` is given, only if the tag holds it (an annotated tag holds its tag object).
    pub fn delete_tag(&self, name: &str, expected: Option<ObjectId>) -> Result<(), GitError> {
        self.delete_reference(&tag_reference(name)?, name, expected)
    }

    fn delete_reference(&self, full: &FullName, name: &str, expected: Option<ObjectId>) -> Result<(), GitError> {
        let Some(current) = self.reference_target(full)? else {
            return Err(GitError::ReferenceNotFound(name.to_owned()));
        };
        match self.swap_reference(full, Some(expected.unwrap_or(current)), None)? {
            Swap::Done => Ok(()),
            Swap::Refused(current) => Err(GitError::Stale { current }),
        }
    }

    /// Moves a branch from one commit to another, or creates it when `expected` is `None`. The new commit must exist.
    pub fn move_branch(&self, name: &str, expected: Option<ObjectId>, commit: ObjectId) -> Result<(), GitError> {
        if self.peel_to_commit(commit)? != Some(commit) {
            return Err(GitError::RevisionNotFound(commit.to_string()));
        }
        match self.swap_reference(&branch_reference(name)?, expected, Some(commit))? {
            Swap::Done => Ok(()),
            Swap::Refused(current) => Err(GitError::Stale { current }),
        }
    }

    /// Makes HEAD name another branch, which need not have a commit yet.
    pub fn set_default_branch(&self, name: &str) -> Result<(), GitError> {
        let full = branch_reference(name)?;
        self.git.locks().with_references(self.id, || {
            let content = format!("ref: {full}\n");
            LockFile::take(&self.folder().join("HEAD"))?.commit(content.as_bytes())
        })
    }

    /// Moves, creates (`expected` is `None`) or deletes (`new` is `None`) a reference if it holds `expected`.
    pub(super) fn swap_reference(
        &self,
        name: &FullName,
        expected: Option<ObjectId>,
        new: Option<ObjectId>,
    ) -> Result<Swap, GitError> {
        self.git.locks().with_references(self.id, || {
            let current = self.reference_target(name)?;
            if current != expected {
                return Ok(Swap::Refused(current));
            }
            match new {
                Some(_) if current == new => {}
                Some(id) => {
                    if current.is_none() {
                        self.refuse_clash(name)?;
                    }
                    self.write_loose(name, id)?;
                }
                None => {
                    self.remove_packed(&[name])?;
                    self.remove_loose(name)?;
                }
            }
            Ok(Swap::Done)
        })
    }

    /// git keeps references as files in folders: `a` and `a/b` exclude each other, in packed references too.
    fn refuse_clash(&self, name: &FullName) -> Result<(), GitError> {
        let name = name.to_string();
        for (existing, _) in self.all_references()? {
            let below =
                |parent: &str, child: &str| child.strip_prefix(parent).is_some_and(|rest| rest.starts_with('/'));
            if below(&existing, &name) || below(&name, &existing) {
                return Err(GitError::ReferenceClash(short(&name), short(&existing)));
            }
        }
        Ok(())
    }

    pub(super) fn loose_path(&self, name: &FullName) -> PathBuf {
        self.folder().join(name.to_string())
    }

    pub(super) fn write_loose(&self, name: &FullName, id: ObjectId) -> Result<(), GitError> {
        let path = self.loose_path(name);
        if let Some(parent) = path.parent().filter(|parent| !parent.is_dir()) {
            create_folders(self.folder(), parent)?;
        }
        remove_empty_folders(&path);
        LockFile::take(&path)?.commit(format!("{id}\n").as_bytes())
    }

    pub(super) fn remove_loose(&self, name: &FullName) -> Result<(), GitError> {
        let path = self.loose_path(name);
        let Some(parent) = path.parent() else { return Ok(()) };
        match fs::remove_file(&path) {
            // Packing may have removed it just now; that has to be on the disk before somebody hears that it is gone.
            Err(error) if error.kind() == ErrorKind::NotFound && parent.is_dir() => return Ok(sync_folder(parent)?),
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
            other => other?,
        }
        sync_folder(parent)?;
        self.remove_empty_parents(&path);
        Ok(())
    }

    /// Removes the folders above a reference that became empty. Only while no other reference can move.
    pub(super) fn remove_empty_parents(&self, path: &Path) {
        let Some(parent) = path.parent() else { return };
        // Folders that became empty would stand in the way of nothing, but they pile up. `refs/heads` and the like stay.
        let kept = self.folder().join("refs");
        let mut folder = parent;
        while folder.parent().is_some_and(|above| above != kept) && fs::remove_dir(folder).is_ok() {
            let Some(above) = folder.parent() else { break };
            folder = above;
        }
    }
}

fn short(name: &str) -> String {
    let name = name.strip_prefix("refs/").unwrap_or(name);
    let name = name
        .strip_prefix("heads/")
        .or_else(|| name.strip_prefix("tags/"))
        .unwrap_or(name);
    name.to_owned()
}

/// An empty folder left by a deleted branch `a/b` must not prevent a branch `a`.
fn remove_empty_folders(path: &Path) {
    let Ok(entries) = fs::read_dir(path) else { return };
    for entry in entries.flatten() {
        remove_empty_folders(&entry.path());
    }
    // Succeeds only on empty folders, and never on files.
    let _ = fs::remove_dir(path);
}
