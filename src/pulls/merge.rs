//! Merging pull requests, and comparing them with their branch.

use super::{Participant, Pull, Pulls, PullsError};
use crate::base::blocking;
use crate::events::Origin;
use crate::git::{Diff, DiffLimits, GitError, pull_reference};
use crate::http::to_the_end;
use crate::repos::{MergeOutcome, NewMerge, ReadContent, ReadRepo};

/// What is compared of a pull request: it is answered as a whole.
const LIMITS: DiffLimits = DiffLimits {
    files: 200,
    file_bytes: 1 << 20,
    file_lines: 3_000,
    total_lines: 10_000,
    context: 3,
};

/// A pull request beside its branch.
#[derive(Debug, Clone, PartialEq)]
pub struct Comparison {
    /// Files that keep it from being merged.
    pub conflicts: Vec<String>,
    /// What it changes, when asked for.
    pub diff: Option<Diff>,
}

impl Pulls {
    /// Merges an open pull request into its branch, saying something about it.
    pub async fn merge(
        &self,
        who: &Participant,
        number: u64,
        comment: Option<&str>,
        origin: Origin,
    ) -> Result<(), PullsError> {
        let (slice, who) = (self.clone(), who.clone());
        let comment = comment.map(str::to_owned);
        to_the_end(Box::pin(async move {
            slice.merge_now(&who, number, comment.as_deref(), origin).await
        }))
        .await
    }

    async fn merge_now(
        &self,
        who: &Participant,
        number: u64,
        comment: Option<&str>,
        origin: Origin,
    ) -> Result<(), PullsError> {
        let pull = self.get(who.as_read(), number)?;
        let request = pull.require_request()?;
        let write = who.require_write()?;
        require_mergeable(&pull)?;
        let new = NewMerge {
            number,
            base: request.base.clone(),
            message: format!("{} (#{number})", pull.title),
            origin: origin.clone(),
        };
        match self.repos.merge(write, new).await? {
            MergeOutcome::Merged(_) => {}
            MergeOutcome::Contained(tip) => {
                // Another request may have merged it while this one waited for its turn.
                require_mergeable(&self.get(who.as_read(), number)?)?;
                self.note_contained(who, number, tip, origin.clone()).await?;
            }
            MergeOutcome::Conflicts(files) => return Err(PullsError::Conflicts { number, files }),
        }
        // Behind the merge, so that one that fails and is tried again says it once.
        match comment.filter(|text| !text.trim().is_empty()) {
            Some(text) => self.comment(who, number, text, origin).await.map(drop),
            None => Ok(()),
        }
    }

    /// Compares a pull request with the branch that it is for, or with what that was when it was merged. The diff needs the right
    /// to read content.
    pub async fn compare(
        &self,
        proof: &ReadRepo,
        pull: &Pull,
        diff: Option<&ReadContent>,
    ) -> Result<Comparison, PullsError> {
        let (git, id) = (self.repos.git().clone(), proof.id());
        let (request, reference) = (pull.require_request()?.clone(), pull_reference(pull.number));
        let merges = pull.status.is_open();
        let with_diff = diff.is_some_and(|content| content.id() == id);
        let compared = blocking(move || {
            let repository = git.repository(id)?;
            let missing = || GitError::ReferenceNotFound(reference.clone());
            let theirs = repository.held(&reference)?.ok_or_else(missing)?;
            let base = match request.merged_onto {
                Some(before) => Some(before),
                None => repository.branch(&request.base)?,
            };
            // A branch that is gone has nothing that could stand in the way.
            let conflicts = match base {
                Some(base) if merges => repository.merge_conflicts(base, theirs)?,
                _ => Vec::new(),
            };
            let parted = base
                .map(|base| repository.merge_base(base, theirs))
                .transpose()?
                .flatten();
            let diff = with_diff.then(|| repository.diff(parted, theirs, LIMITS)).transpose()?;
            Ok::<_, GitError>(Comparison { conflicts, diff })
        });
        Ok(compared.await?)
    }
}

fn require_mergeable(pull: &Pull) -> Result<(), PullsError> {
    use super::PullStatus::{Draft, Open};
    match pull.status {
        Open => Ok(()),
        Draft => Err(PullsError::Draft(pull.number)),
        status => Err(PullsError::Finished {
            number: pull.number,
            status: status.as_str(),
        }),
    }
}
