//! Finding a file: revision → commit → entry → where its content is.

use super::error::FilesError;
use super::formats::{FileKind, file_name};
use super::{FileId, Files};
use crate::base::{RepoPath, RepositoryId, blocking};
use crate::git::{EntryKind, GitError, LfsPointer, ObjectId, POINTER_MAX_BYTES};
use crate::repos::{ReadContent, ReadRepo, blob_is_linked};
use bytes::Bytes;
use std::sync::Arc;

/// Plain files up to this size are kept in memory with their entry.
const KEPT_CONTENT_BYTES: u64 = 64 * 1024;

/// A commit that somebody asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revision {
    /// The commit.
    pub commit: ObjectId,
    /// As the caller named it; the default branch when nothing was named.
    pub name: String,
    /// Whether this is the tip of the default branch, of which rows know more.
    pub is_default: bool,
}

/// A file at a commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileEntry {
    /// The repository.
    pub repository: RepositoryId,
    /// The path as it stands in git.
    pub path: String,
    /// Regular file, executable or link.
    pub kind: EntryKind,
    /// The blob in git: the content, or the pointer of a large file.
    pub object: ObjectId,
    /// Size of the content in bytes, of a large file its own.
    pub size: u64,
    /// Where the content of a large file is. A pointer whose blob this repository does not name is a text like any other.
    pub large: Option<LfsPointer>,
    /// The content of a small plain file.
    content: Option<Bytes>,
}

impl FileEntry {
    /// The id of the file.
    pub fn id(&self) -> FileId {
        FileId::new(self.repository, self.path.clone())
    }

    /// The last part of the path.
    pub fn name(&self) -> &str {
        file_name(&self.path)
    }

    /// What it is for, by its name.
    pub fn file_kind(&self) -> FileKind {
        FileKind::of(&self.path)
    }

    pub(super) fn content(&self) -> Option<&Bytes> {
        self.content.as_ref()
    }

    pub(super) fn kept_bytes(&self) -> usize {
        self.content.as_ref().map_or(0, Bytes::len)
    }
}

impl Files {
    /// The commit of a branch, a tag or a commit id; of the default branch when nothing is named, which costs nothing.
    pub async fn revision(&self, proof: &ReadRepo, name: Option<&str>) -> Result<Revision, FilesError> {
        let repository = proof.repository();
        let name = name
            .filter(|name| !name.is_empty())
            .unwrap_or(&repository.default_branch)
            .to_owned();
        if name == repository.default_branch
            && let Some(tip) = &repository.last_commit
        {
            return Ok(Revision {
                commit: tip.id,
                name,
                is_default: true,
            });
        }
        let (git, id) = (self.0.repos.git().clone(), repository.id);
        let wanted = name.clone();
        let commit = blocking(move || git.repository(id)?.resolve(&wanted)).await?;
        let is_default = repository.last_commit.as_ref().is_some_and(|tip| tip.id == commit);
        Ok(Revision {
            commit,
            name,
            is_default,
        })
    }

    /// The file at a path. A path whose accents are written in another way than git has them finds the same file.
    pub async fn entry(
        &self,
        proof: &ReadContent,
        revision: &Revision,
        path: &str,
    ) -> Result<Arc<FileEntry>, FilesError> {
        let (id, commit) = (proof.id(), revision.commit);
        if let Some(entry) = self.0.cache.get(id, commit, path)
            && self.still_has(&entry)?
        {
            return Ok(entry);
        }
        let (files, wanted) = (self.clone(), path.to_owned());
        let (entry, may_keep) = blocking(move || files.read_entry(id, commit, &wanted)).await?;
        let entry = Arc::new(entry);
        if may_keep {
            self.0.cache.put(id, commit, path, &entry);
        }
        Ok(entry)
    }

    /// Whether the repository has the content of a file that was found before: large content can be taken away.
    fn still_has(&self, entry: &FileEntry) -> Result<bool, FilesError> {
        let Some(pointer) = entry.large else { return Ok(true) };
        Ok(self
            .0
            .store
            .read(|tx| blob_is_linked(tx, entry.repository, pointer.sha256))?)
    }

    /// The entry, and whether it may be kept: a pointer may be linked to its blob later.
    fn read_entry(&self, id: RepositoryId, commit: ObjectId, path: &str) -> Result<(FileEntry, bool), FilesError> {
        let repository = self.0.repos.git().repository(id)?;
        let found = match repository.file(commit, path) {
            Err(GitError::PathNotFound(_)) => {
                let normal = path.parse::<RepoPath>().ok().filter(|normal| normal.as_str() != path);
                let normal = normal.ok_or_else(|| GitError::PathNotFound(path.chars().take(200).collect()))?;
                repository.file(commit, normal.as_str())?
            }
            found => found?,
        };
        let plain_size = found.size.unwrap_or(0);
        let mut entry = FileEntry {
            repository: id,
            path: found.path,
            kind: found.kind,
            object: found.id,
            size: plain_size,
            large: None,
            content: None,
        };
        if plain_size > KEPT_CONTENT_BYTES {
            return Ok((entry, true));
        }
        let content = repository.blob(found.id, KEPT_CONTENT_BYTES)?;
        let may_point = plain_size <= POINTER_MAX_BYTES && entry.kind != EntryKind::Symlink;
        if let Some(pointer) = LfsPointer::parse(&content).filter(|_| may_point) {
            let linked = self.0.store.read(|tx| blob_is_linked(tx, id, pointer.sha256))?;
            if linked {
                (entry.large, entry.size) = (Some(pointer), pointer.size);
                return Ok((entry, true));
            }
            entry.content = Some(content.into());
            return Ok((entry, false));
        }
        entry.content = Some(content.into());
        Ok((entry, true))
    }
}
