//! Merging pull requests: the commit of a merge goes the way of every commit, from its intent to its rows.

use super::commit::Announced;
use super::create::author;
use super::protection::require_push;
use super::{Repos, ReposError, WriteRepo};
use crate::base::blocking;
use crate::events::Origin;
use crate::git::{GitError, Merge, MergeRequest, ObjectId, pull_reference};
use crate::http::to_the_end;
use std::collections::{HashMap, HashSet};

/// A pull request to be merged.
#[derive(Debug, Clone)]
pub struct NewMerge {
    /// Its number.
    pub number: u64,
    /// The branch that takes it.
    pub base: String,
    /// What the commit says.
    pub message: String,
    /// From where the request came.
    pub origin: Origin,
}

/// What became of a merge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MergeOutcome {
    /// The branch stands at this commit, and whoever keeps pull requests was told.
    Merged(ObjectId),
    /// The branch stands at this commit and had everything already; nobody was told.
    Contained(ObjectId),
    /// These files exclude each other; nothing was changed.
    Conflicts(Vec<String>),
}

impl Repos {
    /// Merges a pull request into a branch, and answers when everything about it is durable.
    pub async fn merge(&self, proof: &WriteRepo, new: NewMerge) -> Result<MergeOutcome, ReposError> {
        let (slice, proof) = (self.clone(), proof.clone());
        to_the_end(Box::pin(async move { slice.merge_now(&proof, new).await })).await
    }

    async fn merge_now(&self, proof: &WriteRepo, new: NewMerge) -> Result<MergeOutcome, ReposError> {
        let id = proof.repository().id;
        let guard = self.git.lock(id).await;
        self.heal_push(&guard).await?;
        self.heal_branch(&guard, &new.base).await?;
        let row = self.live(proof)?;
        require_push(proof, &row, &new.base)?;
        let (git, base, reference) = (self.git.clone(), new.base, pull_reference(new.number));
        let (author, message) = (author(proof.actor(), self.clock.now()), new.message);
        let merge = blocking(move || {
            let repository = git.repository(id)?;
            let missing = || GitError::ReferenceNotFound(reference.clone());
            repository.prepare_merge(MergeRequest {
                theirs: repository.held(&reference)?.ok_or_else(missing)?,
                branch: base,
                author,
                message,
            })
        });
        let prepared = match merge.await? {
            Merge::Prepared(prepared) => prepared,
            Merge::Contained(tip) => return Ok(MergeOutcome::Contained(tip)),
            Merge::Conflicts(files) => return Ok(MergeOutcome::Conflicts(files)),
        };
        let (git, changes) = (self.git.clone(), prepared.changes.clone());
        let merged = blocking(move || {
            let (_, new) = git.repository(id)?.changed_pointers(&changes)?;
            Ok::<_, GitError>(new.into_iter().map(|pointer| pointer.sha256).collect())
        });
        let announced = Announced {
            merged: merged.await?,
            links: HashMap::new(),
            known: HashSet::new(),
            plain_bytes: 0,
            origin: new.origin,
            moved: None,
            merges: Some(new.number),
        };
        let (commit, _) = self.publish(&guard, proof, prepared, announced).await?;
        Ok(MergeOutcome::Merged(commit))
    }
}
