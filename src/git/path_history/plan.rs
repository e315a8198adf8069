//! What has to change in the path history when a branch moved, found by walking git; nothing is written here.

use super::Repository;
use super::read::{Begun, Indexed, sequence_of, state};
use super::store::COMMITS;
use crate::base::RepositoryId;
use crate::git::{ChangeKind, FileChange, GitError, ObjectId};
use crate::store::{Scan, Store, StoreError};
use std::collections::{BTreeSet, HashMap};
use std::vec;

/// Changed paths that one update carries, so that no transaction holds up the others for long, or takes much memory. A
/// commit that has more is written part by part, unless it is the first of its line.
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
    /// What is indexed of the last of the commits when this is not all of it.
    pub(super) begun: Option<Begun>,
}

/// The steps that bring the path history of a branch to a commit.
#[derive(Debug)]
pub struct HistoryPlan {
    next: HistoryUpdate,
    undo: Vec<ObjectId>,
    commits: vec::IntoIter<ObjectId>,
    /// What is left of a commit that was begun.
    rest: Option<Rest>,
    finished: bool,
}

/// Changes of a commit that are still to be written.
#[derive(Debug)]
struct Rest {
    commit: ObjectId,
    /// How many were written.
    done: usize,
    changes: vec::IntoIter<PathChange>,
}

impl Repository {
    /// Compares the path history of a branch with a commit that the branch stands at. Reads rows, writes none.
    pub fn plan_history(&self, store: &Store, branch: &str, tip: ObjectId) -> Result<HistoryPlan, HistoryError> {
        let id = self.id();
        let base = store.read(|tx| state(tx, id, branch))?;
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
        let begun = base.and_then(|base| base.begun);
        let goes_on = gone == 0 && commits.first().copied() == begun.map(|begun| begun.commit);
        // What was begun is on the line no more, and its rows are under no commit.
        clear |= begun.is_some() && !goes_on;
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
            begun: begun.filter(|_| !clear),
        };
        Ok(HistoryPlan {
            next,
            undo,
            commits: commits.into_iter(),
            rest: None,
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

impl HistoryUpdate {
    /// How far the branch is indexed when it is written.
    pub(super) fn state(&self) -> Indexed {
        let whole = self.commits.len() - usize::from(self.begun.is_some());
        Indexed {
            tip: self.tip,
            length: self.keep + whole as u64,
            begun: self.begun,
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
        update.begun = None;
        let mut undone = BTreeSet::new();
        for commit in self.undo.drain(..) {
            undone.extend(repository.path_changes(commit)?.into_iter().map(|change| change.path));
        }
        update.undone = undone.into_iter().collect();
        let mut size = 0;
        while size < CHANGES_PER_UPDATE
            && let Some(mut rest) = self.next_commit(repository)?
        {
            let parent = repository.first_parent(rest.commit)?;
            let splits = parent.is_some() && rest.changes.len() > CHANGES_PER_UPDATE;
            let room = if splits { CHANGES_PER_UPDATE - size } else { usize::MAX };
            let changes: Vec<_> = rest.changes.by_ref().take(room).collect();
            rest.done += changes.len();
            // A commit without changes costs rows too.
            size += changes.len() + 1;
            let id = rest.commit;
            update.commits.push(CommitChanges { id, changes });
            if let Some(parent) = parent.filter(|_| rest.changes.len() > 0) {
                update.tip = parent;
                update.begun = Some(Begun {
                    commit: id,
                    changes: rest.done,
                });
                self.rest = Some(rest);
                break;
            }
        }
        self.finished = self.commits.len() == 0 && self.rest.is_none();
        if let (false, None, Some(last)) = (self.finished, update.begun, update.commits.last()) {
            update.tip = last.id;
        }
        let next = update.state();
        self.next.keep = next.length;
        self.next.base = Some(next);
        self.next.clear = false;
        Ok(Some(update))
    }

    /// The next commit, or what is left of it, and no longer among those to come.
    fn next_commit(&mut self, repository: &Repository) -> Result<Option<Rest>, GitError> {
        if let Some(rest) = self.rest.take() {
            return Ok(Some(rest));
        }
        let Some(commit) = self.commits.next() else {
            return Ok(None);
        };
        let mut changes = repository.path_changes(commit)?.into_iter();
        let begun = self.next.begun.take().filter(|begun| begun.commit == commit);
        let done = begun.map_or(0, |begun| begun.changes);
        changes.by_ref().take(done).for_each(drop);
        Ok(Some(Rest { commit, done, changes }))
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
