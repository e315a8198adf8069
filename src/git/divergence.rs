//! How far two histories have grown apart.

use super::error::GitError;
use super::model::{CommitInfo, ObjectId};
use super::repository::Repository;

/// What one history has beyond another: the commits of `git log base..head`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Beyond {
    /// The newest of them.
    pub commits: Vec<CommitInfo>,
    /// How many there are; never more than what was asked to be counted.
    pub count: usize,
    /// Whether counting stopped before the end.
    pub truncated: bool,
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
            count: 0,
            truncated: false,
        };
        for found in walk {
            let id = found?.id;
            if beyond.count == counted {
                beyond.truncated = true;
                break;
            }
            beyond.count += 1;
            if beyond.commits.len() < shown {
                beyond.commits.push(self.commit(id.into())?);
            }
        }
        Ok(beyond)
    }
}
