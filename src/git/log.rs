//! Histories as `git log` tells them.

use super::error::GitError;
use super::model::{CommitInfo, ObjectId};
use super::repository::Repository;
use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashSet};

/// A part of a history, newest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogPage {
    /// The commits of the page.
    pub commits: Vec<CommitInfo>,
    /// Whether older commits follow.
    pub more: bool,
}

impl Repository {
    /// The commits reachable from `tip`, newest first, as `git log --skip --max-count` lists them.
    ///
    /// Commits before the page are read too; deep pages of long histories are the business of the path-history index.
    pub fn log(&self, tip: ObjectId, skip: usize, limit: usize) -> Result<LogPage, GitError> {
        let mut seen = HashSet::from([tip]);
        let mut waiting = BinaryHeap::new();
        let mut number = 0_u64;
        // Commits of the same second come in the order in which they were met, as in git.
        let push = |waiting: &mut BinaryHeap<Waiting>, commit: CommitInfo, number: u64| {
            waiting.push(Waiting {
                order: (commit.committer.time.as_seconds(), Reverse(number)),
                commit,
            });
        };
        push(&mut waiting, self.commit(tip)?, number);
        let (mut skipped, mut commits) = (0, Vec::new());
        while let Some(Waiting { commit, .. }) = waiting.pop() {
            for parent in &commit.parents {
                if seen.insert(*parent) {
                    number += 1;
                    push(&mut waiting, self.commit(*parent)?, number);
                }
            }
            if skipped < skip {
                skipped += 1;
            } else if commits.len() < limit {
                commits.push(commit);
            } else {
                return Ok(LogPage { commits, more: true });
            }
        }
        Ok(LogPage { commits, more: false })
    }

    /// The commits on the line of first parents from `tip`, newest first, as `git log --first-parent` lists them.
    /// The next page begins at the first parent of the last commit.
    pub fn first_parent_log(&self, tip: ObjectId, skip: usize, limit: usize) -> Result<LogPage, GitError> {
        let mut next = Some(tip);
        for _ in 0..skip {
            let Some(id) = next else { break };
            next = self.first_parent(id)?;
        }
        let mut commits = Vec::new();
        while let (Some(id), true) = (next, commits.len() < limit) {
            let commit = self.commit(id)?;
            next = commit.parents.first().copied();
            commits.push(commit);
        }
        let more = next.is_some();
        Ok(LogPage { commits, more })
    }

    /// The first parent of a commit; `None` at the root.
    pub(super) fn first_parent(&self, commit: ObjectId) -> Result<Option<ObjectId>, GitError> {
        let object = self.object(commit)?;
        let mut parents = gix::objs::CommitRefIter::from_bytes(&object.data, gix::hash::Kind::Sha1).parent_ids();
        Ok(parents.next().map(ObjectId::from))
    }

    /// The best common ancestor of two commits; `None` when their histories have nothing in common.
    pub fn merge_base(&self, one: ObjectId, other: ObjectId) -> Result<Option<ObjectId>, GitError> {
        let mut graph = gix::revision::plumbing::Graph::new(self, None);
        let bases = self
            .gix
            .merge_bases_many_with_graph(one.gix(), &[other.gix()], &mut graph)?;
        Ok(bases.first().map(|id| ObjectId::from(id.detach())))
    }

    /// Whether `ancestor` is `descendant` or reachable from it.
    pub fn is_ancestor(&self, ancestor: ObjectId, descendant: ObjectId) -> Result<bool, GitError> {
        Ok(ancestor == descendant || self.merge_base(ancestor, descendant)? == Some(ancestor))
    }
}

struct Waiting {
    order: (i64, Reverse<u64>),
    commit: CommitInfo,
}

impl PartialEq for Waiting {
    fn eq(&self, other: &Self) -> bool {
        self.order == other.order
    }
}

impl Eq for Waiting {}

impl PartialOrd for Waiting {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Waiting {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.order.cmp(&other.order)
    }
}
