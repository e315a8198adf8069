//! The tables of the path history and their only writer.

use super::plan::{CommitChanges, HistoryUpdate};
use super::read::Indexed;
use crate::base::RepositoryId;
use crate::git::{ChangeKind, ObjectId};
use crate::store::{Descending, EncodeKey, Key, Scan, StoreError, Table, TableSpec, WriteTx};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

/// Rows that one transaction removes at most; the writer's thread serves everybody.
const ROWS_PER_CLEARING: usize = 20_000;

pub(super) type BranchKey = (RepositoryId, String);
pub(super) type CommitKey = (RepositoryId, String, u64);
pub(super) type SequenceKey = (RepositoryId, String, [u8; 20]);
pub(super) type VersionKey = (RepositoryId, String, String, Descending<u64>);
pub(super) type LatestKey = (RepositoryId, String, String, String);

pub(super) const BRANCHES: Table<BranchKey, Indexed> = Table::new("path_history_branches");
pub(super) const COMMITS: Table<CommitKey, ObjectId> = Table::new("path_history_commits");
pub(super) const SEQUENCES: Table<SequenceKey, u64> = Table::new("path_history_sequences");
pub(super) const VERSIONS: Table<VersionKey, VersionRow> = Table::new("path_history_versions");
pub(super) const LATEST: Table<LatestKey, LatestRow> = Table::new("path_history_latest");

/// The tables of the path history.
pub const TABLES: &[TableSpec] = &[
    TableSpec {
        name: BRANCHES.name(),
        about: "(repository, branch) -> commit up to which the branch is indexed, and their number",
    },
    TableSpec {
        name: COMMITS.name(),
        about: "(repository, branch, sequence number from 1) -> commit on the first-parent line",
    },
    TableSpec {
        name: SEQUENCES.name(),
        about: "(repository, branch, commit) -> its sequence number",
    },
    TableSpec {
        name: VERSIONS.name(),
        about: "(repository, branch, path, sequence number, newest first) -> what the commit did to the path",
    },
    TableSpec {
        name: LATEST.name(),
        about: "(repository, branch, folder, name) -> last commit that changed the entry; entries that exist at the tip",
    },
];

/// A version of a path.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct VersionRow {
    pub(super) commit: ObjectId,
    pub(super) number: u64,
    pub(super) kind: ChangeKind,
    pub(super) folder: bool,
    pub(super) object: Option<ObjectId>,
}

/// The newest version of an entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct LatestRow {
    pub(super) commit: ObjectId,
    pub(super) sequence: u64,
    pub(super) number: u64,
    pub(super) folder: bool,
}

/// How far [`apply`] came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// The update is written.
    Done,
    /// A part of the old rows is gone; apply the same update again.
    Again,
    /// The index moved since the update was planned; plan anew.
    Outdated,
}

/// Writes an update in the caller's transaction.
///
/// Cost per changed path: one read and two writes. Commits of very many files are better left to
/// [`refresh`](super::refresh()), outside the transaction that somebody waits for.
pub fn apply(tx: &WriteTx<'_>, update: &HistoryUpdate) -> Result<Progress, StoreError> {
    let branch = (update.repository, update.branch.clone());
    if update.clear {
        let cleared = clear(tx, &branch)?;
        if !cleared {
            return Ok(Progress::Again);
        }
    } else if BRANCHES.get(tx, &branch)? != update.base {
        return Ok(Progress::Outdated);
    }
    let base_length = update.base.filter(|_| !update.clear).map_or(0, |base| base.length);
    for path in &update.undone {
        undo(tx, &branch, path, update.keep)?;
    }
    for sequence in update.keep + 1..=base_length {
        let key = (branch.0, branch.1.clone(), sequence);
        if let Some(commit) = COMMITS.get(tx, &key)? {
            SEQUENCES.delete(tx, &(branch.0, branch.1.clone(), *commit.as_bytes()))?;
        }
        COMMITS.delete(tx, &key)?;
    }
    let (state, mut numbers) = (update.state(), HashMap::new());
    for (commit, sequence) in update.commits.iter().zip(update.keep + 1..) {
        // What is not whole is not among the commits.
        if sequence <= state.length {
            COMMITS.put(tx, &(branch.0, branch.1.clone(), sequence), &commit.id)?;
            SEQUENCES.put(tx, &(branch.0, branch.1.clone(), *commit.id.as_bytes()), &sequence)?;
        }
        append(tx, &branch, sequence, commit, &mut numbers)?;
    }
    BRANCHES.put(tx, &branch, &state)?;
    Ok(Progress::Done)
}

fn append<'a>(
    tx: &WriteTx<'_>,
    branch: &BranchKey,
    sequence: u64,
    commit: &'a CommitChanges,
    numbers: &mut HashMap<&'a str, u64>,
) -> Result<(), StoreError> {
    let (repository, name) = branch;
    for change in &commit.changes {
        let number = match numbers.get(change.path.as_str()) {
            Some(number) => number + 1,
            None => newest(tx, branch, &change.path)?.map_or(0, |(_, row)| row.number) + 1,
        };
        numbers.insert(&change.path, number);
        let row = VersionRow {
            commit: commit.id,
            number,
            kind: change.kind,
            folder: change.folder,
            object: change.object,
        };
        let key = (*repository, name.clone(), change.path.clone(), Descending(sequence));
        VERSIONS.put(tx, &key, &row)?;
        set_latest(tx, branch, &change.path, Some((sequence, row)))?;
    }
    Ok(())
}

/// Removes the versions of a path behind the commit that is kept.
fn undo(tx: &WriteTx<'_>, branch: &BranchKey, path: &str, keep: u64) -> Result<(), StoreError> {
    let (repository, name) = branch;
    let kept = (*repository, name.clone(), path.to_owned(), Descending(keep));
    let later = Scan::prefix(&(*repository, name.clone(), path.to_owned())).below(&kept);
    VERSIONS.delete_range(tx, &later)?;
    set_latest(tx, branch, path, newest(tx, branch, path)?)
}

fn newest(tx: &WriteTx<'_>, branch: &BranchKey, path: &str) -> Result<Option<(u64, VersionRow)>, StoreError> {
    let scan = Scan::prefix(&(branch.0, branch.1.clone(), path.to_owned())).limit(1);
    let mut rows = VERSIONS.list(tx, &scan)?;
    Ok(rows.pop().map(|((_, _, _, Descending(sequence)), row)| (sequence, row)))
}

fn set_latest(
    tx: &WriteTx<'_>,
    branch: &BranchKey,
    path: &str,
    newest: Option<(u64, VersionRow)>,
) -> Result<(), StoreError> {
    let (folder, entry) = path.rsplit_once('/').unwrap_or(("", path));
    let key = (branch.0, branch.1.clone(), folder.to_owned(), entry.to_owned());
    match newest.filter(|(_, row)| row.kind != ChangeKind::Deleted) {
        Some((sequence, row)) => {
            let latest = LatestRow {
                commit: row.commit,
                sequence,
                number: row.number,
                folder: row.folder,
            };
            LATEST.put(tx, &key, &latest)
        }
        None => LATEST.delete(tx, &key).map(drop),
    }
}

/// Removes the rows of a branch; answers whether all are gone. The row that declares the index goes first.
fn clear(tx: &WriteTx<'_>, branch: &BranchKey) -> Result<bool, StoreError> {
    BRANCHES.delete(tx, branch)?;
    clear_rows(tx, branch)
}

/// Forgets a branch that was deleted; answers whether all its rows are gone, else call it again.
pub fn forget_branch(tx: &WriteTx<'_>, repository: RepositoryId, branch: &str) -> Result<bool, StoreError> {
    clear(tx, &(repository, branch.to_owned()))
}

/// Forgets a repository; answers whether all its rows are gone, else call it again.
pub fn forget_repository(tx: &WriteTx<'_>, repository: RepositoryId) -> Result<bool, StoreError> {
    BRANCHES.delete_range(tx, &Scan::prefix(&repository))?;
    clear_rows(tx, &repository)
}

fn clear_rows(tx: &WriteTx<'_>, prefix: &impl EncodeKey) -> Result<bool, StoreError> {
    let mut left = ROWS_PER_CLEARING;
    remove(tx, &LATEST, prefix, &mut left)?;
    remove(tx, &VERSIONS, prefix, &mut left)?;
    remove(tx, &SEQUENCES, prefix, &mut left)?;
    remove(tx, &COMMITS, prefix, &mut left)?;
    Ok(left > 0)
}

fn remove<K: Key, V: Serialize + DeserializeOwned>(
    tx: &WriteTx<'_>,
    table: &Table<K, V>,
    prefix: &impl EncodeKey,
    left: &mut usize,
) -> Result<(), StoreError> {
    if *left > 0 {
        *left -= table.delete_range(tx, &Scan::prefix(prefix).limit(*left))?;
    }
    Ok(())
}
