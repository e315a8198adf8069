//! Whether a push is complete: everything that its objects name is among them, or in the repository together with
//! everything that it needs in turn.
//!
//! An object that merely lies in the repository proves nothing, as it may be the rest of something that was pruned. What
//! references reach is complete; anything else is walked.

use super::ReceiveError;
use super::found::Found;
use crate::git::{GitError, ObjectId, Repository};
use foldhash::HashSet;
use gix::objs::{CommitRefIter, Find, Kind, TagRef, TreeRefIter};
use std::collections::HashMap;

/// One look at a push.
pub(super) struct Connectivity<'a> {
    found: &'a Found,
    incoming: &'a gix::odb::Handle,
    repository: &'a Repository,
    /// Those from which it borrows and that whoever pushes may read.
    lenders: &'a [Repository],
    /// Objects of the repository that are known to be complete.
    complete: HashSet<ObjectId>,
}

impl<'a> Connectivity<'a> {
    pub(super) fn new(
        found: &'a Found,
        incoming: &'a gix::odb::Handle,
        repository: &'a Repository,
        lenders: &'a [Repository],
    ) -> Self {
        Self {
            lenders,
            found,
            incoming,
            repository,
            complete: HashSet::from_iter([ObjectId::EMPTY_TREE]),
        }
    }

    /// Checks what the objects of the push and these tips need; a tip that is marked has to be a commit.
    pub(super) fn check(mut self, tips: &[(ObjectId, bool)]) -> Result<(), ReceiveError> {
        let mut outside = Vec::new();
        for (id, kind, found) in self.found.needed() {
            if !is_new(id, kind, found)? {
                outside.push((id, kind));
            }
        }
        for (tip, is_branch) in tips {
            let found = self.found.kind(*tip);
            let kind = match found {
                Some(kind) => kind,
                None => self.kind_in_repository(*tip)?,
            };
            if *is_branch && kind != Kind::Commit {
                return Err(incomplete(format!(
                    "a branch cannot hold the {kind} {tip}, only a commit"
                )));
            }
            if found.is_none() {
                outside.push((*tip, kind));
            }
        }
        for (id, kind) in &outside {
            self.exists(*id, *kind)?;
        }
        self.note_reachable_commits(&outside)?;
        self.note_trees_beside()?;
        if self.repository.borrows() {
            return self.require_lent(outside);
        }
        for (id, kind) in outside {
            self.walk(id, kind)?;
        }
        Ok(())
    }

    /// What a lender has is not for every borrower: it got some of it later, for other eyes.
    fn require_lent(&self, outside: Vec<(ObjectId, Kind)>) -> Result<(), ReceiveError> {
        let doubtful = outside.into_iter().map(|(id, _)| id);
        let doubtful: Vec<ObjectId> = doubtful.filter(|id| !self.complete.contains(id)).collect();
        match self.repository.require_lent(&doubtful, self.lenders) {
            Err(GitError::NotReachable(id)) => Err(incomplete(format!("object {id} is missing"))),
            other => Ok(other?),
        }
    }

    fn kind_in_repository(&self, id: ObjectId) -> Result<Kind, ReceiveError> {
        match self.repository.find_header(id)? {
            Some(header) => Ok(header.kind()),
            None => Err(incomplete(format!("object {id} is missing"))),
        }
    }

    fn exists(&self, id: ObjectId, kind: Kind) -> Result<(), ReceiveError> {
        if id == ObjectId::EMPTY_TREE && kind == Kind::Tree {
            return Ok(());
        }
        match self.kind_in_repository(id)? {
            found if found == kind => Ok(()),
            found => Err(incomplete(format!("object {id} is a {found} where a {kind} belongs"))),
        }
    }

    /// Finds those of the commits that references lead to, newest first, and stops when all are found.
    fn note_reachable_commits(&mut self, outside: &[(ObjectId, Kind)]) -> Result<(), ReceiveError> {
        let commits = outside.iter().filter(|(_, kind)| *kind == Kind::Commit);
        let mut wanted: HashSet<ObjectId> = commits.map(|(id, _)| *id).collect();
        let mut tips = Vec::new();
        for (_, target) in self.repository.all_references()? {
            // An annotated tag is complete as its reference is.
            self.complete.insert(target);
            if let Some(commit) = self.repository.peel_to_commit(target)? {
                self.complete.insert(commit);
                wanted.remove(&commit);
                tips.push(commit.gix());
            }
        }
        wanted.retain(|id| !self.complete.contains(id));
        if wanted.is_empty() {
            return Ok(());
        }
        let sorting = gix::traverse::commit::simple::Sorting::ByCommitTime(
            gix::traverse::commit::simple::CommitTimeOrder::NewestFirst,
        );
        let walk = gix::traverse::commit::Simple::new(tips, self.repository).sorting(sorting);
        for commit in walk.map_err(|error| ReceiveError::Git(error.into()))? {
            let id = ObjectId::from(commit.map_err(|error| ReceiveError::Git(error.into()))?.id);
            self.complete.insert(id);
            wanted.remove(&id);
            if wanted.is_empty() {
                break;
            }
        }
        Ok(())
    }

    /// Folders that a new commit shares with its parent are complete as the parent is. Old and new folders are gone
    /// through side by side where they differ, which is little in an ordinary push.
    fn note_trees_beside(&mut self) -> Result<(), ReceiveError> {
        let mut pairs = Vec::new();
        for commit in self.found.commits.values() {
            for parent in commit.parents.iter().filter(|parent| self.complete.contains(parent)) {
                pairs.push((commit.tree, self.repository.tree_of(*parent)?));
            }
        }
        let mut seen: HashSet<(ObjectId, ObjectId)> = pairs.iter().copied().collect();
        while let Some((new, old)) = pairs.pop() {
            self.complete.insert(old);
            if new == old || self.found.kind(new).is_none() {
                continue;
            }
            let mut beside = HashMap::new();
            for (name, kind, id) in self.children(old, true)? {
                self.complete.insert(id);
                if kind == Kind::Tree {
                    beside.insert(name, id);
                }
            }
            for (name, kind, id) in self.children(new, false)? {
                if let Some(old) = beside.get(&name).filter(|_| kind == Kind::Tree)
                    && seen.insert((id, *old))
                {
                    pairs.push((id, *old));
                }
            }
        }
        Ok(())
    }

    fn children(&self, tree: ObjectId, in_repository: bool) -> Result<Vec<(Vec<u8>, Kind, ObjectId)>, ReceiveError> {
        let data = if in_repository {
            self.repository.tree_data(tree)?
        } else {
            let mut buffer = Vec::new();
            let found = self.incoming.try_find(&tree.gix(), &mut buffer);
            let found = found.map_err(|error| ReceiveError::Git(error.into()))?;
            if found.is_none() {
                return Err(incomplete(format!("object {tree} is missing")));
            }
            buffer
        };
        let mut children = Vec::new();
        for entry in TreeRefIter::from_bytes(&data, gix::hash::Kind::Sha1) {
            let entry = entry.map_err(|error| ReceiveError::Git(error.into()))?;
            let kind = match entry.mode {
                mode if mode.is_tree() => Kind::Tree,
                mode if mode.is_commit() => continue,
                _ => Kind::Blob,
            };
            children.push((entry.filename.to_vec(), kind, entry.oid.into()));
        }
        Ok(children)
    }

    /// Walks everything below an object of the repository until what is known to be complete.
    fn walk(&mut self, id: ObjectId, kind: Kind) -> Result<(), ReceiveError> {
        let mut waiting = vec![(id, kind)];
        while let Some((id, kind)) = waiting.pop() {
            if !self.complete.insert(id) {
                continue;
            }
            self.exists(id, kind)?;
            match kind {
                Kind::Blob => {}
                Kind::Tree => waiting.extend(self.children(id, true)?.into_iter().map(|(_, kind, id)| (id, kind))),
                Kind::Commit => {
                    let object = self.repository.object(id)?;
                    let fields = || CommitRefIter::from_bytes(&object.data, gix::hash::Kind::Sha1);
                    let tree = fields().tree_id().map_err(|error| ReceiveError::Git(error.into()))?;
                    waiting.push((tree.into(), Kind::Tree));
                    waiting.extend(fields().parent_ids().map(|parent| (parent.into(), Kind::Commit)));
                }
                Kind::Tag => {
                    let object = self.repository.object(id)?;
                    let tag = TagRef::from_bytes(&object.data, gix::hash::Kind::Sha1);
                    let tag = tag.map_err(|error| ReceiveError::Git(error.into()))?;
                    waiting.push((tag.target().into(), tag.target_kind));
                }
            }
        }
        Ok(())
    }
}

/// Whether the push brings an object, as what it has to be.
fn is_new(id: ObjectId, kind: Kind, found: Option<Kind>) -> Result<bool, ReceiveError> {
    match found {
        Some(found) if found == kind => Ok(true),
        Some(found) => Err(incomplete(format!("object {id} is a {found} where a {kind} belongs"))),
        None => Ok(false),
    }
}

fn incomplete(reason: String) -> ReceiveError {
    ReceiveError::Incomplete(reason)
}
