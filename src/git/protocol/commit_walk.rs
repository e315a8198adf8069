//! From commits to their parents.

use super::id_set::{IdMap, IdSet};
use crate::git::{GitError, ObjectId, Repository};
use gix::objs::{CommitRefIter, Kind};
use std::collections::BinaryHeap;

/// What a walk needs of a commit.
pub(in crate::git) struct Commit {
    pub tree: ObjectId,
    pub parents: Vec<ObjectId>,
    /// When it was recorded, in seconds.
    pub time: i64,
}

impl Repository {
    /// Reads a commit; `None` when the object is absent or something else.
    pub(in crate::git) fn commit_node(&self, id: ObjectId) -> Result<Option<Commit>, GitError> {
        let Some(object) = self.find_object(id)? else {
            return Ok(None);
        };
        if object.kind != Kind::Commit {
            return Ok(None);
        }
        let fields = || CommitRefIter::from_bytes(&object.data, gix::hash::Kind::Sha1);
        // A commit made elsewhere may carry a time that cannot be read; git takes it for 1970.
        let time = fields()
            .committer()
            .ok()
            .and_then(|committer| committer.time().ok())
            .map_or(0, |time| time.seconds);
        Ok(Some(Commit {
            tree: fields().tree_id()?.into(),
            parents: fields().parent_ids().map(ObjectId::from).collect(),
            time,
        }))
    }

    /// The same for a commit that has to be there.
    pub(in crate::git) fn known_commit(&self, id: ObjectId) -> Result<Commit, GitError> {
        self.commit_node(id)?
            .ok_or_else(|| GitError::Damaged(format!("commit {id} is missing")))
    }
}

/// A history to be walked, the newest commits first.
pub(super) struct History<'a> {
    pub repository: &'a Repository,
    /// Commits that count as having no parents.
    pub cut: &'a IdSet,
    /// Commits before this second count as excluded.
    pub since: Option<i64>,
}

/// What lies between wanted and excluded commits.
pub(super) struct Between {
    /// Commits that the wanted ones lead to and the excluded ones do not, the newest first, with their root folders.
    pub commits: Vec<(ObjectId, ObjectId)>,
    /// Their parents that are excluded.
    pub edges: Vec<ObjectId>,
}

/// Excluded commits that are visited when nothing else is left: where clocks went wrong, an excluded commit may lead to one
/// that was taken for wanted. As many as git visits.
const PATIENCE: u32 = 5;

const WANTED: u8 = 1;
const EXCLUDED: u8 = 2;

impl History<'_> {
    /// Walks from both sides until only excluded commits are left, and a little further. Marks are carried on to commits that were visited
    /// before, as commits of the same second come in any order. `tick` is called now and then and may end the walk.
    pub(super) fn between(
        &self,
        wanted: &[ObjectId],
        excluded: &[ObjectId],
        tick: &mut dyn FnMut(usize) -> Result<(), GitError>,
    ) -> Result<Between, GitError> {
        let mut marks: IdMap<u8> = IdMap::default();
        let mut queue = Queue::default();
        let mut order = Vec::new();
        let mut edges = Vec::new();
        for (ids, mark) in [(wanted, WANTED), (excluded, EXCLUDED)] {
            for id in ids {
                self.mark(*id, mark, &mut marks, &mut queue)?;
            }
        }
        let (mut patience, mut last, mut visited) = (PATIENCE, i64::MAX, 0_usize);
        while let Some((id, commit)) = queue.next(&marks) {
            let mut mark = marks.get(&id).copied().unwrap_or_default();
            if self.since.is_some_and(|since| commit.time < since) {
                mark |= EXCLUDED;
                marks.insert(id, mark);
            }
            if mark & EXCLUDED == 0 {
                last = commit.time;
                order.push((id, commit.tree));
            }
            visited += 1;
            if visited.is_multiple_of(1_024) {
                tick(order.len())?;
            }
            let parents = if self.cut.contains(&id) {
                Vec::new()
            } else {
                commit.parents
            };
            for parent in parents {
                self.mark(parent, mark, &mut marks, &mut queue)?;
            }
            if mark & EXCLUDED != 0 {
                let is_open = queue.wanted > 0 || queue.newest().is_some_and(|newest| newest >= last);
                patience = if is_open { PATIENCE } else { patience - 1 };
                if patience == 0 {
                    break;
                }
            }
        }
        order.retain(|(id, _)| marks.get(id).is_some_and(|mark| mark & EXCLUDED == 0));
        let mut seen = IdSet::default();
        if !excluded.is_empty() || self.since.is_some() {
            for (id, _) in order.iter().filter(|(id, _)| !self.cut.contains(id)) {
                let parents = self.repository.known_commit(*id)?.parents;
                let is_edge = |id: &ObjectId| marks.get(id).is_some_and(|mark| mark & EXCLUDED != 0);
                edges.extend(parents.into_iter().filter(|id| is_edge(id) && seen.insert(*id)));
            }
        }
        // Marked twice, a commit is visited twice.
        seen.clear();
        order.retain(|(id, _)| seen.insert(*id));
        Ok(Between { commits: order, edges })
    }

    fn mark(&self, id: ObjectId, mark: u8, marks: &mut IdMap<u8>, queue: &mut Queue) -> Result<(), GitError> {
        let before = marks.get(&id).copied().unwrap_or_default();
        if before | mark == before {
            return Ok(());
        }
        // What a client says to have may be missing here, and so may parents behind it.
        let commit = match self.repository.commit_node(id)? {
            Some(commit) => commit,
            None if mark & EXCLUDED != 0 => return Ok(()),
            None => return Err(GitError::Damaged(format!("commit {id} is missing"))),
        };
        marks.insert(id, before | mark);
        queue.push(id, commit, before | mark);
        Ok(())
    }
}

/// Commits to be visited.
#[derive(Default)]
struct Queue {
    commits: BinaryHeap<Waiting>,
    /// Those among them that were not excluded when they came.
    wanted: usize,
    /// How many came.
    came: usize,
}

struct Waiting {
    id: ObjectId,
    commit: Commit,
    is_wanted: bool,
    /// Of commits of one second, the first one that came goes first.
    place: usize,
}

impl Queue {
    fn push(&mut self, id: ObjectId, commit: Commit, mark: u8) {
        let is_wanted = mark & EXCLUDED == 0;
        self.wanted += usize::from(is_wanted);
        self.came += 1;
        let place = self.came;
        self.commits.push(Waiting {
            id,
            commit,
            is_wanted,
            place,
        });
    }

    /// The time of the newest commit that waits.
    fn newest(&self) -> Option<i64> {
        self.commits.peek().map(|waiting| waiting.commit.time)
    }

    /// The newest.
    fn next(&mut self, marks: &IdMap<u8>) -> Option<(ObjectId, Commit)> {
        while let Some(waiting) = self.commits.pop() {
            self.wanted -= usize::from(waiting.is_wanted);
            let now_excluded = marks.get(&waiting.id).is_some_and(|mark| mark & EXCLUDED != 0);
            // It waits a second time under its new mark.
            if waiting.is_wanted && now_excluded {
                continue;
            }
            return Some((waiting.id, waiting.commit));
        }
        None
    }
}

impl Ord for Waiting {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        let time = self.commit.time.cmp(&other.commit.time);
        time.then_with(|| other.place.cmp(&self.place))
    }
}

impl PartialOrd for Waiting {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Waiting {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Waiting {}
