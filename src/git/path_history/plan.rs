//! What has to change in the path history when a branch moved, found by walking git; nothing is written here.

use super::Repository;
use super::read::{Indexed, indexed, sequence_of};
use super::store::COMMITS;
use crate::base::RepositoryId;
use crate::git::{ChangeKind, FileChange, GitError, ObjectId};
use crate::store::{Scan, Store, StoreError};
use std::collections::{BTreeSet, HashMap};
use std::vec;

/// Changed paths that one update carries, unless a single commit has more, so that no transaction holds up the others
/// for long.
const CHANGES_PER_UPDATE: usize = 2_000;
/// Commits of the old line that are undone one by one; when more are gone, the index is built anew.
const UNDONE_MAX: u64 = 1_000;

/// A path that a commit changed, folders included.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PathChange {
    /// Path from the root.
    pub path: String,
    /// What happened to it.
    pub kind: ChangeKind,
    /// Whether it is a folder, or was one when it is deleted.
    pub folder: bool,
    /// What stands there now.
    pub object: Option<ObjectId>,
}

/// A commit against its first parent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommitChanges {
    /// The commit.
    pub id: ObjectId,
    /// The paths that it changed, by path; the root folder is left out.
    pub changes: Vec<PathChange>,
}

/// A step of the path history of one branch, for one transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HistoryUpdate {
    /// The repository.
    pub repository: RepositoryId,
    /// The branch.
    pub branch: String,
    pub(super) base: Option<Indexed>,
    pub(super) clear: bool,
    pub(super) keep: u64,
    pub(super) undone: Vec<String>,
    /// The commits that are added, oldest first.
    pub commits: Vec<CommitChanges>,
    pub(super) tip: ObjectId,
}

/// The steps that bring the path history of a branch to a commit.
#[derive(Debug)]
pub struct HistoryPlan {
    next: HistoryUpdate,
    undo: Vec<ObjectId>,
    commits: vec::IntoIter<ObjectId>,
    finished: bool,
}

impl Repository {
    /// Compares the path history of a branch with a commit that the branch stands at. Reads rows, writes none.
    pub fn plan_history(&self, store: &Store, branch: &str, tip: ObjectId) -> Result<HistoryPlan, HistoryError> {
        let id = self.id();
        let base = store.read(|tx| indexed(tx, id, branch))?;
        let (mut commits, mut keep, mut next) = (Vec::new(), 0, Some(tip));
        while let Some(commit) = next {
            if base.is_some() {
                let known = store.read(|tx| sequence_of(tx, id, branch, commit))?;
                if let Some(sequence) = known {
                    keep = sequence;
                    break;
                }
            }
            commits.push(commit);
            next = self.first_parent(commit)?;
        }
        commits.reverse();
        // Another caller may have added commits since the base was read: then the plan is finished, or found outdated.
        let gone = base.map_or(0, |base| base.length).saturating_sub(keep);
        let mut undo = Vec::new();
        let mut clear =
            gone > UNDONE_MAX || (base.is_some() && keep == 0) || self.leftover_rows(store, branch, base)?;
        for sequence in (keep + 1..=keep + gone).filter(|_| !clear) {
            let key = (id, branch.to_owned(), sequence);
            undo.extend(store.read(|tx| COMMITS.get(tx, &key))?);
        }
        if !clear && undo.iter().any(|commit| !self.has(*commit)) {
            clear = true;
        }
        if clear {
            undo.clear();
            if keep > 0 {
                commits = self.line(tip)?;
                keep = 0;
            }
        }
        let finished = commits.is_empty() && gone == 0;
        let next = HistoryUpdate {
            repository: id,
            branch: branch.to_owned(),
            base,
            clear,
            keep,
            undone: Vec::new(),
            commits: Vec::new(),
            tip,
        };
        Ok(HistoryPlan {
            next,
            undo,
            commits: commits.into_iter(),
            finished,
        })
    }

    /// Whether a clearing was broken off: there are rows and nothing that declares them. Commits are cleared last.
    fn leftover_rows(&self, store: &Store, branch: &str, base: Option<Indexed>) -> Result<bool, StoreError> {
        if base.is_some() {
            return Ok(false);
        }
        let any = Scan::prefix(&(self.id(), branch.to_owned())).limit(1);
        store.read(|tx| Ok(!COMMITS.keys(tx, &any)?.is_empty()))
    }

    /// The first-parent line up to a commit, oldest first.
    pub(super) fn line(&self, tip: ObjectId) -> Result<Vec<ObjectId>, GitError> {
        let (mut line, mut next) = (Vec::new(), Some(tip));
        while let Some(commit) = next {
            line.push(commit);
            next = self.first_parent(commit)?;
        }
        line.reverse();
        Ok(line)
    }

    fn has(&self, id: ObjectId) -> bool {
        self.header(id).is_ok()
    }

    /// The paths that a commit changed against its first parent, folders included.
    fn path_changes(&self, commit: ObjectId) -> Result<Vec<PathChange>, GitError> {
        let parent = self.first_parent(commit)?;
        let old = parent.map_or(Ok(ObjectId::EMPTY_TREE), |parent| self.tree_of(parent))?;
        let changes = self.tree_changes(old, self.tree_of(commit)?, &HashMap::new(), true)?;
        Ok(changes.into_iter().map(PathChange::from).collect())
    }
}

impl From<FileChange> for PathChange {
    fn from(change: FileChange) -> Self {
        let side = change.new.or(change.old);
        Self {
            path: change.path,
            kind: change.kind,
            folder: side.is_some_and(|(kind, _)| kind.is_folder()),
            object: change.new.map(|(_, id)| id),
        }
    }
}

impl HistoryPlan {
    /// Whether nothing has to be done.
    pub fn is_finished(&self) -> bool {
        self.finished
    }

    /// Whether everything fits into one transaction of a few milliseconds: the ordinary case of one commit.
    pub fn is_small(&self) -> bool {
        self.finished || (!self.next.clear && self.undo.len() + self.commits.len() <= 8)
    }

    /// Walks the next step; `None` when all are done. Each update is applied before the next one is asked for, or at
    /// least in order.
    pub fn next_update(&mut self, repository: &Repository) -> Result<Option<HistoryUpdate>, GitError> {
        if self.finished {
            return Ok(None);
        }
        let mut update = self.next.clone();
        let mut undone = BTreeSet::new();
        for commit in self.undo.drain(..) {
            undone.extend(repository.path_changes(commit)?.into_iter().map(|change| change.path));
        }
        update.undone = undone.into_iter().collect();
        let mut size = 0;
        while size < CHANGES_PER_UPDATE
            && let Some(id) = self.commits.next()
        {
            let changes = repository.path_changes(id)?;
            // A commit without changes costs rows too.
            size += changes.len() + 1;
            update.commits.push(CommitChanges { id, changes });
        }
        self.finished = self.commits.len() == 0;
        if let (false, Some(last)) = (self.finished, update.commits.last()) {
            update.tip = last.id;
        }
        let length = update.keep + update.commits.len() as u64;
        let tip = update.tip;
        self.next.base = Some(Indexed { tip, length });
        self.next.clear = false;
        self.next.keep = length;
        Ok(Some(update))
    }
}

/// Why the path history cannot be planned or refreshed.
#[derive(Debug, thiserror::Error)]
pub enum HistoryError {
    /// The repository cannot be read.
    #[error(transparent)]
    Git(#[from] GitError),
    /// The rows cannot be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl crate::http::Problem for HistoryError {
    fn code(&self) -> crate::http::Code {
        match self {
            Self::Git(error) => error.code(),
            Self::Store(error) => error.code(),
        }
    }
}
