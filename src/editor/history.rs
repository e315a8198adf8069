use super::{Editor, EditorError};
use crate::base::blocking;
use crate::files::{Revision, Window};
use crate::git::{CommitInfo, Diff, DiffLimits, GitError, ObjectId, Repository, path_history};
use crate::repos::{ReadContent, ReadRepo};
use crate::store::StoreError;
use std::sync::PoisonError;

/// Commits whose tips are remembered; each is some 60 bytes.
const LENGTHS_MAX: usize = 10_000;
/// Short commit ids begin at four digits, as in git.
const ID_DIGITS: std::ops::RangeInclusive<usize> = 4..=40;

/// A page of a history, newest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct History {
    /// The commits of the page.
    pub commits: Vec<CommitInfo>,
    /// Commits in the whole history.
    pub total: u64,
}

/// A commit and what it changed against its first parent.
#[derive(Debug, Clone, PartialEq)]
pub struct CommitDetail {
    /// The commit.
    pub commit: CommitInfo,
    /// The changes.
    pub diff: Diff,
}

impl Editor {
    /// The commits that a revision is made of, as `git log` lists them.
    pub async fn history(&self, proof: &ReadRepo, revision: &Revision, window: Window) -> Result<History, EditorError> {
        let (editor, id, tip) = (self.clone(), proof.id(), revision.commit);
        blocking(move || {
            let repository = editor.0.files.repos().git().repository(id)?;
            let page = repository.log(tip, window.offset, window.limit)?;
            let total = editor.length(&repository, tip)?;
            Ok(History {
                commits: page.commits,
                total,
            })
        })
        .await
    }

    /// The commits on the first-parent line that changed a path, as `git log --first-parent -- path` lists them.
    pub async fn path_history(
        &self,
        proof: &ReadRepo,
        revision: &Revision,
        path: &str,
        window: Window,
    ) -> Result<History, EditorError> {
        let (editor, id, tip) = (self.clone(), proof.id(), revision.commit);
        let branch = revision.is_default.then(|| proof.repository().default_branch.clone());
        let path = path.to_owned();
        blocking(move || {
            let repository = editor.0.files.repos().git().repository(id)?;
            let rows = editor.indexed(&repository, branch.as_deref(), tip, &path, window)?;
            let (ids, total) = if let Some(found) = rows {
                found
            } else {
                let walked = repository.walk_versions(tip, &path)?;
                let page = walked.iter().skip(window.offset).take(window.limit);
                (page.map(|version| version.commit).collect(), walked.len() as u64)
            };
            if total == 0 {
                return Err(GitError::PathNotFound(path).into());
            }
            let commits = ids
                .into_iter()
                .map(|id| repository.commit(id))
                .collect::<Result<_, _>>()?;
            Ok(History { commits, total })
        })
        .await
    }

    /// From the rows of the path history, when they describe this very commit.
    fn indexed(
        &self,
        repository: &Repository,
        branch: Option<&str>,
        tip: ObjectId,
        path: &str,
        window: Window,
    ) -> Result<Option<(Vec<ObjectId>, u64)>, StoreError> {
        let (Some(branch), id) = (branch, repository.id()) else {
            return Ok(None);
        };
        self.0.store.read(|tx| {
            let state = path_history::indexed(tx, id, branch)?;
            if state.is_none_or(|state| state.tip != tip) {
                return Ok(None);
            }
            let newest = path_history::version(tx, id, branch, path, None)?;
            let total = newest.map_or(0, |version| version.number);
            let page = path_history::versions(tx, id, branch, path, window.offset, window.limit)?;
            Ok(Some((page.into_iter().map(|version| version.commit).collect(), total)))
        })
    }

    /// A commit by its full or short id, with its changes.
    pub async fn commit(&self, proof: &ReadContent, id: &str) -> Result<CommitDetail, EditorError> {
        let unknown = || EditorError::UnknownCommit(id.chars().take(64).collect());
        if !ID_DIGITS.contains(&id.len()) || !id.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(unknown());
        }
        let (git, repository, wanted) = (self.0.files.repos().git().clone(), proof.id(), id.to_ascii_lowercase());
        let found = blocking(move || {
            let repository = git.repository(repository)?;
            let commit = repository.commit(repository.resolve(&wanted)?)?;
            let diff = repository.diff(commit.parents.first().copied(), commit.id, DiffLimits::default())?;
            // A branch may be named like a short id.
            Ok::<_, GitError>(
                commit
                    .id
                    .to_string()
                    .starts_with(&wanted)
                    .then_some(CommitDetail { commit, diff }),
            )
        });
        match found.await {
            Ok(Some(detail)) => Ok(detail),
            Ok(None) | Err(GitError::RevisionNotFound(_) | GitError::Empty) => Err(unknown()),
            Err(error) => Err(error.into()),
        }
    }

    /// The number of commits that `git log` lists. On a line without merges only what is new since the last question is
    /// read; a history with merges is read whole once per tip.
    fn length(&self, repository: &Repository, tip: ObjectId) -> Result<u64, GitError> {
        let id = repository.id();
        let known = self
            .0
            .lengths
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&id)
            .copied();
        let (mut commit, mut newer) = (Some(tip), 0_u64);
        let length = loop {
            match (commit, known) {
                (Some(here), Some((known, length))) if here == known => break length + newer,
                (None, _) => break newer,
                (Some(here), _) => {
                    let parents = repository.commit(here)?.parents;
                    if parents.len() > 1 {
                        break whole_length(repository, tip)?;
                    }
                    newer += 1;
                    commit = parents.first().copied();
                }
            }
        };
        let mut lengths = self.0.lengths.lock().unwrap_or_else(PoisonError::into_inner);
        if lengths.len() >= LENGTHS_MAX {
            lengths.clear();
        }
        lengths.insert(id, (tip, length));
        Ok(length)
    }
}

fn whole_length(repository: &Repository, tip: ObjectId) -> Result<u64, GitError> {
    let (mut waiting, mut seen) = (vec![tip], std::collections::HashSet::from([tip]));
    while let Some(commit) = waiting.pop() {
        waiting.extend(
            repository
                .commit(commit)?
                .parents
                .into_iter()
                .filter(|parent| seen.insert(*parent)),
        );
    }
    Ok(seen.len() as u64)
}
