//! Folders and flat lists of a revision, page by page.

use super::error::FilesError;
use super::{Files, Revision};
use crate::base::{RepositoryId, blocking};
use crate::git::{CommitInfo, EntryKind, LfsPointer, ObjectId, Repository, TreeEntry, path_history};
use crate::http::PageRange;
use crate::repos::{LastCommit, ReadRepo, blob_is_linked};
use crate::store::StoreError;
use std::collections::BTreeMap;

/// Which entries of a list to answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// Entries before the first one.
    pub offset: usize,
    /// Most entries.
    pub limit: usize,
}

impl From<PageRange> for Window {
    fn from(range: PageRange) -> Self {
        Self {
            offset: range.offset(),
            limit: range.limit,
        }
    }
}

/// A page of entries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listing {
    /// The entries of the page.
    pub entries: Vec<ListedEntry>,
    /// Entries in the whole list.
    pub total: u64,
}

/// An entry as lists show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedEntry {
    /// Path from the root.
    pub path: String,
    /// File, folder, link or submodule.
    pub kind: EntryKind,
    /// Its object in git.
    pub object: ObjectId,
    /// Size of the content in bytes, of a large file its own; `None` for folders and submodules.
    pub size: Option<u64>,
    /// Where the content of a large file is.
    pub large: Option<LfsPointer>,
    /// The newest commit that changed it.
    pub last_commit: Option<LastCommit>,
}

impl Files {
    /// One level of a folder: folders first, then files, both by name, each with its last commit.
    pub async fn list_folder(
        &self,
        proof: &ReadRepo,
        revision: &Revision,
        folder: &str,
        window: Window,
    ) -> Result<Listing, FilesError> {
        let (files, id, branch) = (self.clone(), proof.id(), proof.repository().default_branch.clone());
        let (commit, folder) = (revision.commit, folder.to_owned());
        let indexed = revision.is_default;
        blocking(move || {
            let repository = files.0.repos.git().repository(id)?;
            let mut all = repository.list(commit, &folder)?;
            all.sort_by(|a, b| {
                b.kind
                    .is_folder()
                    .cmp(&a.kind.is_folder())
                    .then_with(|| a.path.cmp(&b.path))
            });
            let total = all.len() as u64;
            let page = all.into_iter().skip(window.offset).take(window.limit).collect();
            let mut entries = files.sized(&repository, page)?;
            files.add_commits(&repository, indexed.then_some(&*branch), commit, &mut entries)?;
            Ok(Listing { entries, total })
        })
        .await
    }

    /// Every file below a folder, in the order of git, without commits.
    pub async fn list_files(
        &self,
        proof: &ReadRepo,
        revision: &Revision,
        folder: &str,
        window: Window,
    ) -> Result<Listing, FilesError> {
        let (files, id) = (self.clone(), proof.id());
        let (commit, folder) = (revision.commit, folder.to_owned());
        let counted = (revision.is_default && folder.is_empty()).then_some(proof.repository().file_count);
        blocking(move || {
            let repository = files.0.repos.git().repository(id)?;
            let wanted = if counted.is_some() {
                window.offset.saturating_add(window.limit)
            } else {
                usize::MAX
            };
            let mut found = repository.list_files(commit, &folder, None, wanted)?;
            found.retain(|entry| entry.kind.is_blob());
            let total = counted.unwrap_or(found.len() as u64);
            let page = found.into_iter().skip(window.offset).take(window.limit).collect();
            Ok(Listing {
                entries: files.sized(&repository, page)?,
                total,
            })
        })
        .await
    }

    /// The newest commit that changed a file.
    pub async fn last_commit_of(
        &self,
        proof: &ReadRepo,
        revision: &Revision,
        path: &str,
    ) -> Result<Option<CommitInfo>, FilesError> {
        let (files, id, branch) = (self.clone(), proof.id(), proof.repository().default_branch.clone());
        let (commit, path, indexed) = (revision.commit, path.to_owned(), revision.is_default);
        blocking(move || {
            let repository = files.0.repos.git().repository(id)?;
            let row = files.indexed_commit(id, indexed.then_some(&*branch), commit, &path)?;
            let found = match row {
                Some(found) => Some(found),
                None => repository
                    .walk_versions(commit, &path)?
                    .first()
                    .map(|version| version.commit),
            };
            Ok(found.map(|found| repository.commit(found)).transpose()?)
        })
        .await
    }

    fn indexed_commit(
        &self,
        id: RepositoryId,
        branch: Option<&str>,
        tip: ObjectId,
        path: &str,
    ) -> Result<Option<ObjectId>, StoreError> {
        let Some(branch) = branch else { return Ok(None) };
        self.0.store.read(|tx| {
            let state = path_history::indexed(tx, id, branch)?;
            if state.is_none_or(|state| state.tip != tip) {
                return Ok(None);
            }
            Ok(path_history::last_commit(tx, id, branch, path)?.map(|last| last.commit))
        })
    }

    /// From the rows of the path history when they describe this very commit, by point reads of the page's entries; else
    /// by a walk, whose answer is kept.
    pub(super) fn last_commits(
        &self,
        repository: &Repository,
        branch: Option<&str>,
        tip: ObjectId,
        folder: &str,
        entries: &[ListedEntry],
    ) -> Result<BTreeMap<String, ObjectId>, FilesError> {
        let id = repository.id();
        let mut found = BTreeMap::new();
        if let Some(branch) = branch {
            self.0.store.read(|tx| {
                let state = path_history::indexed(tx, id, branch)?;
                for entry in entries.iter().filter(|_| state.is_some_and(|state| state.tip == tip)) {
                    let last = path_history::last_commit(tx, id, branch, &entry.path)?;
                    found.extend(last.map(|last| (entry.path.clone(), last.commit)));
                }
                Ok::<_, StoreError>(())
            })?;
        }
        if found.is_empty() && !entries.is_empty() {
            let prefix = if folder.is_empty() {
                String::new()
            } else {
                format!("{folder}/")
            };
            let walked = repository.walk_last_commits(tip, folder)?;
            found.extend(
                walked
                    .into_iter()
                    .map(|(name, commit)| (format!("{prefix}{name}"), commit)),
            );
        }
        Ok(found)
    }

    /// Replaces the size of pointers by that of their content; only blobs as small as a pointer are read.
    pub(super) fn sized(&self, repository: &Repository, page: Vec<TreeEntry>) -> Result<Vec<ListedEntry>, FilesError> {
        let mut entries = Vec::with_capacity(page.len());
        for entry in page {
            let plain = matches!(entry.kind, EntryKind::File | EntryKind::Executable);
            let pointer = if plain { repository.pointer(entry.id)? } else { None };
            entries.push(ListedEntry {
                path: entry.path,
                kind: entry.kind,
                object: entry.id,
                size: entry.size,
                large: pointer,
                last_commit: None,
            });
        }
        let id = repository.id();
        self.0.store.read(|tx| {
            for entry in &mut entries {
                if let Some(pointer) = entry.large {
                    let linked = blob_is_linked(tx, id, pointer.sha256)?;
                    entry.large = linked.then_some(pointer);
                    entry.size = entry.large.map_or(entry.size, |pointer| Some(pointer.size));
                }
            }
            Ok::<_, StoreError>(())
        })?;
        Ok(entries)
    }
}
