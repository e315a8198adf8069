//! How far histories have grown apart.

use super::error::GitError;
use super::model::{CommitInfo, ObjectId};
use super::protocol::id_set::IdMap;
use super::repository::Repository;
use std::collections::BinaryHeap;

/// A number of commits.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Count {
    /// The number; never more than what was asked to be counted.
    pub commits: usize,
    /// Whether counting stopped before the end.
    pub more: bool,
}

/// What one history has beyond another: the commits of `git log base..head`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Beyond {
    /// The newest of them.
    pub commits: Vec<CommitInfo>,
    /// How many there are.
    pub count: Count,
}

/// How far a history is from another one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Divergence {
    /// Commits that only it has.
    pub ahead: Count,
    /// Commits that only the other one has.
    pub behind: Count,
}

impl Repository {
    /// The commits that can be reached from `head` and not from `base`, newest first: at most `shown` of them, and their
    /// number up to `counted`. All of them when there is no base.
    pub fn beyond(
        &self,
        base: Option<ObjectId>,
        head: ObjectId,
        shown: usize,
        counted: usize,
    ) -> Result<Beyond, GitError> {
        let order =
            gix::revision::walk::Sorting::ByCommitTime(gix::traverse::commit::simple::CommitTimeOrder::NewestFirst);
        let walk = self
            .gix
            .rev_walk([head.gix()])
            .sorting(order)
            .with_hidden(base.map(ObjectId::gix))
            .all()?;
        let mut beyond = Beyond {
            commits: Vec::new(),
            count: Count::default(),
        };
        for found in walk {
            let id = found?.id;
            if beyond.count.commits == counted {
                beyond.count.more = true;
                break;
            }
            beyond.count.commits += 1;
            if beyond.commits.len() < shown {
                beyond.commits.push(self.commit(id.into())?);
            }
        }
        Ok(beyond)
    }

    /// How far each head is from the base, in one walk over all their histories that reads at most so many commits. What it
    /// has not come to then is not counted.
    pub fn divergences(
        &self,
        base: ObjectId,
        heads: &[ObjectId],
        most_commits: usize,
    ) -> Result<Vec<Divergence>, GitError> {
        let mut all = Vec::with_capacity(heads.len());
        for some in heads.chunks(HEADS_OF_A_WALK) {
            let mut walk = Walk::new(self, some.len());
            walk.mark(base, BASE)?;
            for (number, head) in some.iter().enumerate() {
                walk.mark(*head, mark_of(number))?;
            }
            walk.run(most_commits)?;
            all.extend((0..some.len()).map(|number| walk.divergence(mark_of(number))));
        }
        Ok(all)
    }
}

/// Each commit carries one bit for every history that it is part of.
type Marks = u128;

const BASE: Marks = 1;
const HEADS_OF_A_WALK: usize = Marks::BITS as usize - 1;
/// Commits of all histories that are visited when nothing else is left: where clocks went wrong, one of them may lead to a
/// commit that was taken for one of some. As many as git visits.
const PATIENCE: u32 = 5;

fn mark_of(head: usize) -> Marks {
    BASE << (head + 1)
}

struct Seen {
    marks: Marks,
    time: i64,
    parents: Vec<ObjectId>,
    is_waiting: bool,
}

/// A walk from several commits at once, the newest first, until what is left belongs to all of them.
struct Walk<'a> {
    repository: &'a Repository,
    /// The marks of a commit that all histories have.
    all: Marks,
    seen: IdMap<Seen>,
    queue: BinaryHeap<(i64, ObjectId)>,
    /// Commits that wait and that not all histories have, as far as is known.
    open: usize,
}

impl<'a> Walk<'a> {
    fn new(repository: &'a Repository, heads: usize) -> Self {
        Self {
            repository,
            all: Marks::MAX >> (HEADS_OF_A_WALK - heads),
            seen: IdMap::default(),
            queue: BinaryHeap::new(),
            open: 0,
        }
    }

    /// Carries marks on, to commits that were visited before too, as commits of the same second come in any order.
    fn mark(&mut self, id: ObjectId, marks: Marks) -> Result<(), GitError> {
        if !self.seen.contains_key(&id) {
            let commit = self.repository.known_commit(id)?;
            let seen = Seen {
                marks: 0,
                time: commit.time,
                parents: commit.parents,
                is_waiting: false,
            };
            self.seen.insert(id, seen);
        }
        let Some(seen) = self.seen.get_mut(&id).filter(|seen| seen.marks | marks != seen.marks) else {
            return Ok(());
        };
        let was_open = seen.is_waiting && seen.marks != self.all;
        seen.marks |= marks;
        let is_open = seen.marks != self.all;
        if !seen.is_waiting {
            seen.is_waiting = true;
            self.queue.push((seen.time, id));
        }
        self.open = self.open + usize::from(is_open) - usize::from(was_open);
        Ok(())
    }

    fn run(&mut self, most_commits: usize) -> Result<(), GitError> {
        let (mut patience, mut oldest) = (PATIENCE, i64::MAX);
        while self.seen.len() < most_commits && patience > 0 {
            let Some((time, id)) = self.queue.pop() else { break };
            let Some(seen) = self.seen.get_mut(&id) else { break };
            seen.is_waiting = false;
            let (marks, parents) = (seen.marks, seen.parents.clone());
            if marks != self.all {
                self.open -= 1;
                oldest = oldest.min(time);
            }
            for parent in parents {
                self.mark(parent, marks)?;
            }
            let newest = self.queue.peek().map(|(time, _)| *time);
            let is_open = self.open > 0 || newest.is_some_and(|newest| newest >= oldest);
            patience = if is_open { PATIENCE } else { patience - 1 };
        }
        Ok(())
    }

    fn divergence(&self, head: Marks) -> Divergence {
        let mut found = Divergence::default();
        for seen in self.seen.values() {
            let count = match (seen.marks & head != 0, seen.marks & BASE != 0) {
                (true, false) => &mut found.ahead,
                (false, true) => &mut found.behind,
                _ => continue,
            };
            // One that waits may turn out to be part of the other history.
            count.commits += usize::from(!seen.is_waiting);
            count.more |= seen.is_waiting;
        }
        found
    }
}
