//! Reading the path history. Every function is a point read or one short range.

use super::store::{BRANCHES, COMMITS, LATEST, LatestRow, SEQUENCES, VERSIONS, VersionRow};
use crate::base::RepositoryId;
use crate::git::{ChangeKind, ObjectId};
use crate::store::{Descending, ReadRows, Scan, StoreError};
use serde::{Deserialize, Serialize};
use std::ops::ControlFlow;

/// How far a branch is indexed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Indexed {
    /// The newest commit that is indexed. Answers describe the branch as of this commit.
    pub tip: ObjectId,
    /// The number of commits on the first-parent line up to it.
    pub length: u64,
    /// The next commit, if it is being indexed part by part.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) begun: Option<Begun>,
}

/// How much of a commit that changed very many paths is indexed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Begun {
    /// The commit.
    pub(super) commit: ObjectId,
    /// So many of its changes, in their order.
    pub(super) changes: usize,
}

/// A commit that changed a path.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PathVersion {
    /// The commit.
    pub commit: ObjectId,
    /// Counts the versions of the path from 1, the oldest.
    pub number: u64,
    /// What the commit did to the path.
    pub kind: ChangeKind,
    /// Whether the path is (or was, when it is deleted) a folder.
    pub folder: bool,
    /// The blob or tree that the commit left at the path; `None` when it deleted it.
    pub object: Option<ObjectId>,
    /// Place of the commit on the first-parent line, from 1.
    pub sequence: u64,
}

/// The newest version of an entry that exists at the tip.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastCommit {
    /// The commit.
    pub commit: ObjectId,
    /// The number of versions that the entry has.
    pub versions: u64,
    /// Whether the entry is a folder.
    pub folder: bool,
    /// Place of the commit on the first-parent line, from 1.
    pub sequence: u64,
}

/// How far a branch is indexed; `None` when it is not, or when rows of a commit are there whose others are to come.
pub fn indexed(tx: &impl ReadRows, repository: RepositoryId, branch: &str) -> Result<Option<Indexed>, StoreError> {
    Ok(state(tx, repository, branch)?.filter(|state| state.begun.is_none()))
}

/// How far a branch is indexed, half a commit included.
pub(super) fn state(tx: &impl ReadRows, repository: RepositoryId, branch: &str) -> Result<Option<Indexed>, StoreError> {
    BRANCHES.get(tx, &(repository, branch.to_owned()))
}

/// Place of a commit on the first-parent line, from 1; `None` when it is not on it.
pub fn sequence_of(
    tx: &impl ReadRows,
    repository: RepositoryId,
    branch: &str,
    commit: ObjectId,
) -> Result<Option<u64>, StoreError> {
    SEQUENCES.get(tx, &(repository, branch.to_owned(), *commit.as_bytes()))
}

/// Commits on the first-parent line, newest first.
pub fn commits(
    tx: &impl ReadRows,
    repository: RepositoryId,
    branch: &str,
    skip: u64,
    limit: usize,
) -> Result<Vec<ObjectId>, StoreError> {
    let Some(state) = indexed(tx, repository, branch)? else {
        return Ok(Vec::new());
    };
    let first = state.length.saturating_sub(skip) + 1;
    let branch = branch.to_owned();
    let scan = Scan::prefix(&(repository, branch.clone()))
        .reverse()
        .below(&(repository, branch, first))
        .limit(limit);
    Ok(COMMITS.list(tx, &scan)?.into_iter().map(|(_, commit)| commit).collect())
}

/// Versions of a path, newest first. Those that are skipped are visited.
pub fn versions(
    tx: &impl ReadRows,
    repository: RepositoryId,
    branch: &str,
    path: &str,
    skip: usize,
    limit: usize,
) -> Result<Vec<PathVersion>, StoreError> {
    let scan = Scan::prefix(&(repository, branch.to_owned(), path.to_owned())).limit(skip.saturating_add(limit));
    let rows = VERSIONS.list(tx, &scan)?.into_iter().skip(skip);
    Ok(rows
        .map(|((_, _, _, Descending(sequence)), row)| row.at(sequence))
        .collect())
}

/// The version of a path with a number; the newest one when `number` is `None`, whose number is the count of versions.
pub fn version(
    tx: &impl ReadRows,
    repository: RepositoryId,
    branch: &str,
    path: &str,
    number: Option<u64>,
) -> Result<Option<PathVersion>, StoreError> {
    let mut found = None;
    let scan = Scan::prefix(&(repository, branch.to_owned(), path.to_owned()));
    VERSIONS.scan(tx, &scan, |(_, _, _, Descending(sequence)), row| {
        let older = number.is_some_and(|number| row.number < number);
        if number.is_none_or(|number| row.number == number) {
            found = Some(row.at(sequence));
        }
        Ok::<_, StoreError>(if found.is_some() || older {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        })
    })?;
    Ok(found)
}

/// The version of a path that a commit on the first-parent line made; `None` when it did not change the path.
pub fn version_of_commit(
    tx: &impl ReadRows,
    repository: RepositoryId,
    branch: &str,
    path: &str,
    commit: ObjectId,
) -> Result<Option<PathVersion>, StoreError> {
    let Some(sequence) = sequence_of(tx, repository, branch, commit)? else {
        return Ok(None);
    };
    let key = (repository, branch.to_owned(), path.to_owned(), Descending(sequence));
    Ok(VERSIONS.get(tx, &key)?.map(|row| row.at(sequence)))
}

/// The last commit of every entry of a folder at the tip, by name. The empty path is the root folder.
pub fn last_commits(
    tx: &impl ReadRows,
    repository: RepositoryId,
    branch: &str,
    folder: &str,
) -> Result<Vec<(String, LastCommit)>, StoreError> {
    let scan = Scan::prefix(&(repository, branch.to_owned(), folder.to_owned()));
    let rows = LATEST.list(tx, &scan)?.into_iter();
    Ok(rows.map(|((_, _, _, name), row)| (name, row.into())).collect())
}

/// The last commit of one entry at the tip.
pub fn last_commit(
    tx: &impl ReadRows,
    repository: RepositoryId,
    branch: &str,
    path: &str,
) -> Result<Option<LastCommit>, StoreError> {
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
    let key = (repository, branch.to_owned(), folder.to_owned(), name.to_owned());
    Ok(LATEST.get(tx, &key)?.map(LastCommit::from))
}

impl VersionRow {
    pub(super) fn at(self, sequence: u64) -> PathVersion {
        PathVersion {
            commit: self.commit,
            number: self.number,
            kind: self.kind,
            folder: self.folder,
            object: self.object,
            sequence,
        }
    }
}

impl From<LatestRow> for LastCommit {
    fn from(row: LatestRow) -> Self {
        Self {
            commit: row.commit,
            versions: row.number,
            folder: row.folder,
            sequence: row.sequence,
        }
    }
}
