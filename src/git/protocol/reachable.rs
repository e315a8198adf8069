//! Whether a client may have what it asks for: only what a reference that it sees leads to.

use super::advertisement::Advertisement;
use super::id_set::IdSet;
use crate::git::{GitError, ObjectId, Repository};
use gix::objs::{Kind, TreeRefIter};
use std::collections::BinaryHeap;

impl Repository {
    /// Refuses objects to which no branch or tag leads: they may be the rest of something, or somebody else's.
    pub fn require_reachable(&self, ids: &[ObjectId]) -> Result<(), GitError> {
        self.assert_reachable(ids, &self.advertisement()?, &mut |_| Ok(()))
    }

    /// Those of some commits to which a branch or tag leads.
    pub(in crate::git) fn reachable_among(&self, mut commits: Vec<ObjectId>) -> Result<Vec<ObjectId>, GitError> {
        let mut search = Search::new(self, commits.iter().copied().collect());
        search.start(&self.advertisement()?)?;
        search.commits(false, &mut |_| Ok(()))?;
        commits.retain(|id| !search.missing.contains(id));
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

/// A walk that ends when everything is found.
struct Search<'a> {
    repository: &'a Repository,
    missing: IdSet,
    seen: IdSet,
    /// By time, the newest first.
    queue: BinaryHeap<(i64, ObjectId, ObjectId, Vec<ObjectId>)>,
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
