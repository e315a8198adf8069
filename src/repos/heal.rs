//! Finishing what a commit began: the rows that follow the move of a branch. The ordinary end of every commit, and what
//! a start after a crash does for those that were cut off; so there is one way, and it is used all the time.

use super::model::{Intent, LastCommit, Repository};
use super::{Repos, ReposError, event, store};
use crate::base::{RepositoryId, blocking};
use crate::events::{NewEvent, Origin, Subject};
use crate::git::{ObjectId, RepositoryGuard, path_history};
use crate::git::{Repository as GitRepository, Statistics};
use serde_json::json;

impl Repos {
    /// Finishes every move of a branch that a crash cut off. Called once at start, before anybody else writes.
    pub async fn heal(&self) -> Result<usize, ReposError> {
        let intents = self.store.read(store::intents)?;
        for (id, branch) in &intents {
            let guard = self.git.lock(*id).await;
            self.heal_branch(&guard, branch).await?;
        }
        Ok(intents.len())
    }

    /// Finishes the move that was announced for a branch, if any: writes the rows when it took place, and forgets it
    /// when it did not.
    pub(super) async fn heal_branch(&self, guard: &RepositoryGuard, branch: &str) -> Result<(), ReposError> {
        let id = guard.repository_id();
        let Some(intent) = self.store.read(|tx| store::intent(tx, id, branch))? else {
            return Ok(());
        };
        let (git, name) = (self.git.clone(), branch.to_owned());
        let (old, new) = (intent.old, intent.new);
        let found = self.store.read(|tx| store::repository(tx, id))?;
        let known = found.as_ref().and_then(known_statistics);
        let moved = blocking(move || {
            let repository = git.repository(id)?;
            if repository.branch(&name)? != Some(new) {
                return Ok::<_, ReposError>(None);
            }
            Facts::of(&repository, old, new, known).map(Some)
        })
        .await?;
        self.settle(id, branch, intent, moved).await?;
        self.follow_history(id, branch, found.as_ref()).await
    }

    async fn settle(
        &self,
        id: RepositoryId,
        branch: &str,
        intent: Intent,
        moved: Option<Facts>,
    ) -> Result<(), ReposError> {
        let (events, now, branch) = (self.events.clone(), self.clock.now(), branch.to_owned());
        let request_id = crate::http::RequestId::current();
        self.store
            .write(move |tx| {
                store::delete_intent(tx, id, &branch)?;
                let (Some(facts), Some(mut repository)) = (moved, store::repository(tx, id)?) else {
                    return Ok(());
                };
                if repository.default_branch == branch {
                    repository.last_commit = Some(facts.last_commit);
                    repository.file_count = facts.statistics.files;
                    repository.size_bytes = facts.statistics.bytes;
                }
                repository.updated_at = now.max(repository.updated_at);
                store::put(tx, &repository)?;
                let origin = Origin {
                    actor: intent.actor,
                    address: intent.address,
                    request_id,
                };
                let details = json!({ "branch": branch, "old": intent.old, "new": intent.new });
                events.record(
                    tx,
                    NewEvent::new(event::COMMITTED, &origin, Subject::Repository(id)).with(details),
                )?;
                Ok(())
            })
            .await
    }

    /// Counts anew what a change of the default branch makes the counted branch.
    pub(super) async fn recount(&self, id: RepositoryId) -> Result<(), ReposError> {
        let Some(repository) = self.get(id)? else { return Ok(()) };
        let (git, branch) = (self.git.clone(), repository.default_branch.clone());
        let facts = blocking(move || {
            let opened = git.repository(id)?;
            let Some(tip) = opened.branch(&branch)? else {
                return Ok::<_, ReposError>(None);
            };
            Facts::of(&opened, None, tip, None).map(Some)
        })
        .await?;
        self.store
            .write(move |tx| {
                if let (Some(facts), Some(mut repository)) = (facts, store::repository(tx, id)?) {
                    repository.last_commit = Some(facts.last_commit);
                    repository.file_count = facts.statistics.files;
                    repository.size_bytes = facts.statistics.bytes;
                    store::put(tx, &repository)?;
                }
                Ok::<_, ReposError>(())
            })
            .await?;
        self.follow_history(id, &repository.default_branch, Some(&repository))
            .await
    }

    /// Brings the path history of the default branch up to date; a consumer does it again after a crash.
    async fn follow_history(
        &self,
        id: RepositoryId,
        branch: &str,
        repository: Option<&Repository>,
    ) -> Result<(), ReposError> {
        if repository.is_some_and(|repository| repository.default_branch == branch) {
            path_history::refresh(&self.git, &self.store, id, branch).await?;
        }
        Ok(())
    }
}

/// What the rows say of the tip that a branch had, to count from there instead of from nothing.
fn known_statistics(repository: &Repository) -> Option<(ObjectId, Statistics)> {
    let commit = repository.last_commit.as_ref()?;
    Some((
        commit.id,
        Statistics {
            files: repository.file_count,
            bytes: repository.size_bytes,
        },
    ))
}

/// What is read from git for the rows.
struct Facts {
    last_commit: LastCommit,
    statistics: Statistics,
}

impl Facts {
    fn of(
        repository: &GitRepository,
        old: Option<ObjectId>,
        new: ObjectId,
        known: Option<(ObjectId, Statistics)>,
    ) -> Result<Self, ReposError> {
        let last_commit = LastCommit::from(&repository.commit(new)?);
        let statistics = match known {
            Some((tip, statistics)) if Some(tip) == old => {
                repository.statistics_after(statistics, &repository.changes(Some(tip), new)?)?
            }
            _ => repository.statistics(new)?,
        };
        Ok(Self {
            last_commit,
            statistics,
        })
    }
}
