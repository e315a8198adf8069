//! Whether a client may have what it asks for: only what a reference that it sees leads to.

use super::advertisement::Advertisement;
use super::id_set::IdSet;
use crate::base::RepositoryId;
use crate::git::{GitError, ObjectId, Repository};
use gix::objs::{Kind, TreeRefIter};
use std::collections::BinaryHeap;
use std::sync::{Mutex, PoisonError};

impl Repository {
    /// Refuses objects to which no branch or tag leads: they may be the rest of something, or somebody else's.
    pub fn require_reachable(&self, ids: &[ObjectId]) -> Result<(), GitError> {
        self.assert_reachable(ids, &self.advertisement()?, &mut |_| Ok(()))
    }

    /// Those of some commits to which a branch or tag leads. Questions that follow each other go on with one walk until
    /// a reference moves, so that all together read the history once.
    pub(in crate::git) fn reachable_among(&self, mut commits: Vec<ObjectId>) -> Result<Vec<ObjectId>, GitError> {
        let advertisement = self.advertisement()?;
        let tips: Vec<ObjectId> = advertisement.references.iter().map(|reference| reference.id).collect();
        let mut search = Search::new(self, commits.iter().copied().collect());
        if let Some(walked) = self.git.reached().take(self.id, &tips) {
            search.missing.retain(|id| !walked.seen.contains(id));
            (search.seen, search.queue) = (walked.seen, walked.queue);
        } else {
            search.start(&advertisement)?;
        }
        search.commits(false, &mut |_| Ok(()))?;
        commits.retain(|id| !search.missing.contains(id));
        let (seen, queue) = (search.seen, search.queue);
        self.git.reached().keep(self.id, Walked { tips, seen, queue });
        Ok(commits)
    }

    /// Refuses objects of a borrower to which neither its own branches and tags nor those of these repositories lead.
    pub(in crate::git) fn require_lent(&self, ids: &[ObjectId], lenders: &[Self]) -> Result<(), GitError> {
        let mut advertisement = self.advertisement()?;
        for lender in lenders {
            advertisement.references.extend(lender.advertisement()?.references);
        }
        self.assert_reachable(ids, &advertisement, &mut |_| Ok(()))
    }

    /// Refuses a fetch unless every wanted object is one that a reference names or leads to. Costs nothing for a clone; a
    /// partial clone that asks for files is answered by a walk from the newest commits, which ends when all are found.
    pub(super) fn assert_reachable(
        &self,
        wants: &[ObjectId],
        advertisement: &Advertisement,
        tick: &mut dyn FnMut(usize) -> Result<(), GitError>,
    ) -> Result<(), GitError> {
        let mut missing: IdSet = wants.iter().copied().collect();
        for reference in &advertisement.references {
            missing.remove(&reference.id);
            reference.peeled.inspect(|peeled| {
                missing.remove(peeled);
            });
        }
        if missing.is_empty() {
            return Ok(());
        }
        let mut commits = false;
        let mut others = false;
        for id in &missing {
            match self.find_header(*id)?.map(|header| header.kind()) {
                Some(Kind::Commit) => commits = true,
                Some(_) => others = true,
                None => return Err(GitError::NotReachable(*id)),
            }
        }
        let mut search = Search::new(self, missing);
        search.start(advertisement)?;
        if commits && !others {
            search.commits(false, tick)?;
        } else {
            search.commits(true, tick)?;
        }
        search.finish()
    }

    /// Those of the commits that some reference leads to.
    pub(super) fn reachable_of(
        &self,
        commits: &IdSet,
        advertisement: &Advertisement,
    ) -> Result<Vec<ObjectId>, GitError> {
        let mut search = Search::new(self, commits.clone());
        search.start(advertisement)?;
        search.commits(false, &mut |_| Ok(()))?;
        let found = commits.iter().filter(|commit| !search.missing.contains(commit));
        Ok(found.copied().collect())
    }
}

/// Walks that are kept, and the most commits of one: together some 20 MiB.
const KEPT_MAX: usize = 4;
const KEPT_COMMITS_MAX: usize = 100_000;

/// Where walks from all references of a repository stopped; the last used come last.
#[derive(Default)]
pub(in crate::git) struct ReachCache(Mutex<Vec<(RepositoryId, Walked)>>);

/// What a walk has come to.
struct Walked {
    /// What the references held.
    tips: Vec<ObjectId>,
    seen: IdSet,
    queue: BinaryHeap<Waiting>,
}

impl ReachCache {
    /// Takes the walk of a repository, if its references still hold the same.
    fn take(&self, id: RepositoryId, tips: &[ObjectId]) -> Option<Walked> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let place = kept.iter().position(|(other, _)| *other == id)?;
        let (_, walked) = kept.remove(place);
        (walked.tips == tips).then_some(walked)
    }

    fn keep(&self, id: RepositoryId, walked: Walked) {
        if walked.seen.len() > KEPT_COMMITS_MAX {
            return;
        }
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // Another question may have been answered meanwhile.
        kept.retain(|(other, _)| *other != id);
        if kept.len() == KEPT_MAX {
            kept.remove(0);
        }
        kept.push((id, walked));
    }
}

/// A commit to be visited: its time, its id, its root folder and its parents.
type Waiting = (i64, ObjectId, ObjectId, Vec<ObjectId>);

/// A walk that ends when everything is found.
struct Search<'a> {
    repository: &'a Repository,
    missing: IdSet,
    seen: IdSet,
    /// By time, the newest first.
    queue: BinaryHeap<Waiting>,
    visited: usize,
}

impl<'a> Search<'a> {
    fn new(repository: &'a Repository, missing: IdSet) -> Self {
        Self {
            repository,
            missing,
            seen: IdSet::default(),
            queue: BinaryHeap::new(),
            visited: 0,
        }
    }

    fn start(&mut self, advertisement: &Advertisement) -> Result<(), GitError> {
        for reference in &advertisement.references {
            let mut id = reference.id;
            loop {
                self.missing.remove(&id);
                let Some(header) = self.repository.find_header(id)? else {
                    break;
                };
                match header.kind() {
                    Kind::Tag => id = self.repository.tag_target(id)?,
                    Kind::Commit => {
                        self.push(id)?;
                        break;
                    }
                    Kind::Tree => {
                        self.tree(id, &mut |_| Ok(()))?;
                        break;
                    }
                    Kind::Blob => break,
                }
            }
        }
        Ok(())
    }

    fn push(&mut self, id: ObjectId) -> Result<(), GitError> {
        if self.seen.insert(id) {
            self.missing.remove(&id);
            let commit = self.repository.known_commit(id)?;
            self.queue.push((commit.time, id, commit.tree, commit.parents));
        }
        Ok(())
    }

    fn commits(
        &mut self,
        with_trees: bool,
        tick: &mut dyn FnMut(usize) -> Result<(), GitError>,
    ) -> Result<(), GitError> {
        while !self.missing.is_empty() {
            let Some((_, _, tree, parents)) = self.queue.pop() else {
                break;
            };
            self.count(tick)?;
            if with_trees {
                self.tree(tree, tick)?;
            }
            for parent in parents {
                self.push(parent)?;
            }
        }
        Ok(())
    }

    fn tree(&mut self, root: ObjectId, tick: &mut dyn FnMut(usize) -> Result<(), GitError>) -> Result<(), GitError> {
        let mut waiting = vec![root];
        while let Some(id) = waiting.pop() {
            if self.missing.is_empty() {
                break;
            }
            if !self.seen.insert(id) {
                continue;
            }
            self.missing.remove(&id);
            self.count(tick)?;
            let tree = self.repository.object(id)?;
            for entry in TreeRefIter::from_bytes(&tree.data, gix::hash::Kind::Sha1) {
                let entry = entry?;
                if entry.mode.is_tree() {
                    waiting.push(entry.oid.into());
                } else if !entry.mode.is_commit() {
                    self.missing.remove(&ObjectId::from(entry.oid));
                }
            }
        }
        Ok(())
    }

    fn count(&mut self, tick: &mut dyn FnMut(usize) -> Result<(), GitError>) -> Result<(), GitError> {
        self.visited += 1;
        if self.visited.is_multiple_of(1_024) {
            tick(self.visited)?;
        }
        Ok(())
    }

    fn finish(self) -> Result<(), GitError> {
        self.missing
            .into_iter()
            .next()
            .map_or(Ok(()), |id| Err(GitError::NotReachable(id)))
    }
}
