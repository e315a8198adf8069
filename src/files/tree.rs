//! What a revision holds, as programs walk through it: pages that begin behind a place, and single paths.

use super::error::FilesError;
use super::{Files, ListedEntry, Revision};
use crate::base::blocking;
use crate::git::{ObjectId, Repository, TreeEntry};
use crate::repos::{LastCommit, ReadRepo};
use std::collections::{BTreeMap, HashMap};

/// Which entries to answer.
#[derive(Debug, Clone, Default)]
pub struct TreeQuery {
    /// The folder; empty for the root.
    pub folder: String,
    /// Whether folders are followed by what is in them.
    pub recursive: bool,
    /// The place behind which the page begins, as [`TreePage::next`] named it.
    pub after: Option<String>,
    /// The most entries.
    pub limit: usize,
    /// Whether each is told with the commit that changed it last.
    pub with_commits: bool,
}

/// A page of entries, in the order of git.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TreePage {
    /// The entries.
    pub entries: Vec<ListedEntry>,
    /// The place behind which the next page begins, if there is one.
    pub next: Option<String>,
}

impl Files {
    /// A page of a folder, or of everything below it, folders included. Submodules are left out, as nothing of them is
    /// here.
    pub async fn tree(&self, proof: &ReadRepo, revision: &Revision, query: TreeQuery) -> Result<TreePage, FilesError> {
        let (slice, proof, revision) = (self.clone(), proof.clone(), revision.clone());
        blocking(move || {
            let repository = slice.0.repos.git().repository(proof.id())?;
            let TreeQuery { folder, recursive, .. } = &query;
            let limit = query.limit.saturating_add(1);
            let mut page = repository.list_page(revision.commit, folder, *recursive, query.after.as_deref(), limit)?;
            let more = page.len() > query.limit;
            page.truncate(query.limit);
            let next = page.last().filter(|_| more).map(TreeEntry::place);
            let entries = slice.described(&repository, &proof, &revision, page, query.with_commits)?;
            Ok(TreePage { entries, next })
        })
        .await
    }

    /// What stands at these paths; those at which nothing does are left out.
    pub async fn at_paths(
        &self,
        proof: &ReadRepo,
        revision: &Revision,
        paths: Vec<String>,
        with_commits: bool,
    ) -> Result<Vec<ListedEntry>, FilesError> {
        let (slice, proof, revision) = (self.clone(), proof.clone(), revision.clone());
        blocking(move || {
            let repository = slice.0.repos.git().repository(proof.id())?;
            let mut found = Vec::new();
            for path in paths.iter().filter(|path| !path.is_empty()) {
                found.extend(repository.entry(revision.commit, path)?);
            }
            slice.described(&repository, &proof, &revision, found, with_commits)
        })
        .await
    }

    /// The paths of the files of a revision, at most so many.
    pub async fn paths(&self, proof: &ReadRepo, revision: &Revision, limit: usize) -> Result<Vec<String>, FilesError> {
        let (git, id, commit) = (self.0.repos.git().clone(), proof.id(), revision.commit);
        blocking(move || {
            let (mut paths, mut after) = (Vec::new(), None);
            let repository = git.repository(id)?;
            while paths.len() < limit {
                let page = repository.list_page(commit, "", true, after.as_deref(), limit)?;
                after = page.last().filter(|_| page.len() == limit).map(TreeEntry::place);
                let files = page.into_iter().filter(|entry| entry.kind.is_blob());
                paths.extend(files.map(|entry| entry.path));
                if after.is_none() {
                    break;
                }
            }
            paths.truncate(limit);
            Ok(paths)
        })
        .await
    }

    /// Entries with the size of their content, and with their last commits when asked for.
    fn described(
        &self,
        repository: &Repository,
        proof: &ReadRepo,
        revision: &Revision,
        mut entries: Vec<TreeEntry>,
        with_commits: bool,
    ) -> Result<Vec<ListedEntry>, FilesError> {
        entries.retain(|entry| entry.kind.is_blob() || entry.kind.is_folder());
        for entry in entries.iter_mut().filter(|entry| entry.kind.is_blob()) {
            entry.size = Some(repository.blob_size(entry.id)?);
        }
        let mut listed = self.sized(repository, entries)?;
        if with_commits {
            let branch = revision.is_default.then_some(&*proof.repository().default_branch);
            self.add_commits(repository, branch, revision.commit, &mut listed)?;
        }
        Ok(listed)
    }

    /// Adds the last commits, folder by folder, as that is how they are known.
    pub(super) fn add_commits(
        &self,
        repository: &Repository,
        branch: Option<&str>,
        tip: ObjectId,
        listed: &mut [ListedEntry],
    ) -> Result<(), FilesError> {
        let mut folders: BTreeMap<String, Vec<ListedEntry>> = BTreeMap::new();
        for entry in listed.iter() {
            let folder = entry.path.rsplit_once('/').map_or("", |(folder, _)| folder);
            folders.entry(folder.to_owned()).or_default().push(entry.clone());
        }
        let mut last = BTreeMap::new();
        for (folder, entries) in &folders {
            last.append(&mut self.last_commits(repository, branch, tip, folder, entries)?);
        }
        let mut known: HashMap<_, LastCommit> = HashMap::new();
        for entry in listed {
            let Some(id) = last.get(&entry.path) else { continue };
            if !known.contains_key(id) {
                known.insert(*id, LastCommit::from(&repository.commit(*id)?));
            }
            entry.last_commit = known.get(id).cloned();
        }
        Ok(())
    }
}
