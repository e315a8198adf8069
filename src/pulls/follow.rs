//! What the rows follow: commits and merges of pull requests, and repositories that are gone.

use super::model::{Happening, PullStatus};
use super::{Pulls, store};
use crate::events::{Consumer, Event, Subject};
use crate::jobs::JobResult;
use crate::repos::PullStep;
use crate::store::{StoreError, WriteTx};

/// Writes what a pull request says of a commit or of its merge. One that is not open yet says it when it is opened.
pub(super) fn follow(tx: &WriteTx<'_>, step: &PullStep) -> Result<(), StoreError> {
    let id = step.repository;
    let Some(mut pull) = store::pull(tx, id, step.number)? else {
        return Ok(());
    };
    let what = if step.merged {
        pull.status = PullStatus::Merged;
        if let Some(request) = &mut pull.request {
            (request.merged_onto, request.merge_commit) = (step.old, Some(step.commit));
        }
        Happening::Status(PullStatus::Merged)
    } else {
        Happening::Commit {
            subject: step.subject.chars().take(250).collect(),
            commit: step.commit,
        }
    };
    store::append(tx, id, &mut pull, (step.actor, step.at), what)?;
    store::put(tx, id, &pull)
}

/// Forgets the discussions of repositories that are purged.
pub struct Forgetting(Pulls);

impl Forgetting {
    /// Follows the record for this slice.
    pub fn new(pulls: Pulls) -> Self {
        Self(pulls)
    }
}

impl Consumer for Forgetting {
    const NAME: &'static str = "pulls-purge";
    const KINDS: &'static [&'static str] = &[crate::repos::event::PURGED];

    async fn handle(&self, events: &[Event]) -> JobResult {
        for event in events {
            if let Some(Subject::Repository(id)) = event.subject {
                self.0.store.write(move |tx| store::forget_repository(tx, id)).await?;
            }
        }
        Ok(())
    }
}
