//! Finishing what a commit began: the rows that follow the move of a branch. The ordinary end of every commit, and what
//! a start after a crash does for those that were cut off; so there is one way, and it is used all the time.

use super::model::{Intent, LastCommit, PullStep, Repository};
use super::{Repos, ReposError, event, store};
use crate::base::{RepositoryId, Timestamp, blocking};
use crate::events::{NewEvent, Origin, Subject};
use crate::git::{ObjectId, RepositoryGuard, path_history, pull_number};
use crate::git::{Repository as GitRepository, Statistics};
use serde_json::json;

impl Repos {
    /// Finishes every commit and every push that a crash cut off. Called once at start, before anybody else writes.
    pub async fn heal(&self) -> Result<usize, ReposError> {
        let (intents, journals) = self.store.read(|tx| {
            let both = (store::intents(tx)?, store::journals(tx)?);
            Ok::<_, ReposError>(both)
        })?;
        let mut healed = 0;
        for (id, branch) in &intents {
            let guard = self.git.lock(*id).await;
            match self.heal_branch(&guard, branch).await {
                Ok(()) => healed += 1,
                // One damaged repository does not keep the hub from starting; the intent waits until it can be read.
                Err(ReposError::Git(error)) => {
                    tracing::error!(%id, branch, %error, "a commit that was cut off cannot be finished");
                }
                Err(error) => return Err(error),
            }
        }
        for id in &journals {
            let guard = self.git.lock(*id).await;
            match self.heal_push(&guard).await {
                Ok(_) => healed += 1,
                Err(ReposError::Git(error)) => {
                    tracing::error!(%id, %error, "a push that was cut off cannot be finished");
                }
                Err(error) => return Err(error),
            }
        }
        Ok(healed)
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
        let counted = found
            .as_ref()
            .is_some_and(|repository| repository.default_branch == branch);
        let moved = blocking(move || {
            let repository = git.repository(id)?;
            if repository.standing(&name)? != Some(new) {
                return Ok::<_, ReposError>(None);
            }
            if pull_number(&name).is_some() {
                let subject = repository.commit(new)?.title().to_owned();
                Ok(Some(Moved::Pull(subject)))
            } else if counted {
                Facts::of(&repository, old, new, known).map(Moved::Counted).map(Some)
            } else {
                Ok(Some(Moved::Aside))
            }
        })
        .await?;
        self.settle(id, branch, intent, moved).await?;
        if let Err(error) = self.follow_history(id, branch, found.as_ref()).await {
            // The commit stands; the consumer of its event does this again.
            tracing::error!(%id, branch, %error, "the path history could not follow a commit");
        }
        Ok(())
    }

    async fn settle(
        &self,
        id: RepositoryId,
        branch: &str,
        intent: Intent,
        moved: Option<Moved>,
    ) -> Result<(), ReposError> {
        let follow_move = self.follow_move.get().copied();
        let follow_pull = self.follow_pull.get().copied();
        let (events, now, branch) = (self.events.clone(), self.clock.now(), branch.to_owned());
        let request_id = crate::http::RequestId::current();
        self.store
            .write(move |tx| {
                store::delete_intent(tx, id, &branch)?;
                let (Some(moved), Some(mut repository)) = (moved, store::repository(tx, id)?) else {
                    return Ok(());
                };
                let origin = Origin {
                    actor: intent.actor,
                    address: intent.address,
                    request_id,
                };
                let step = pull_step(id, &branch, &intent, &moved, now);
                if let (Some(step), Some(follow)) = (&step, follow_pull) {
                    follow(tx, step)?;
                }
                match moved {
                    Moved::Pull(_) => {
                        let details = json!({ "number": pull_number(&branch), "old": intent.old, "new": intent.new });
                        let event = NewEvent::new(event::CONTRIBUTED, &origin, Subject::Repository(id));
                        events.record(tx, event.with(details))?;
                        return Ok(());
                    }
                    Moved::Counted(facts) if repository.default_branch == branch => facts.write(&mut repository),
                    Moved::Counted(_) | Moved::Aside => {}
                }
                repository.updated_at = now.max(repository.updated_at);
                store::put(tx, &repository)?;
                let details = json!({ "branch": branch, "old": intent.old, "new": intent.new });
                events.record(
                    tx,
                    NewEvent::new(event::COMMITTED, &origin, Subject::Repository(id)).with(details),
                )?;
                if let Some(moved) = intent.moved {
                    if let Some(follow) = follow_move {
                        follow(tx, id, &moved)?;
                    }
                    let event = NewEvent::new(event::FILE_MOVED, &origin, Subject::Repository(id));
                    events.record(tx, event.with(json!(moved)))?;
                }
                Ok(())
            })
            .await
    }

    /// What rows say of a branch that becomes the default one. Blocking.
    pub(super) fn counted(&self, id: RepositoryId, branch: &str) -> Result<Option<Facts>, ReposError> {
        let repository = self.git.repository(id)?;
        let tip = repository.branch(branch)?;
        tip.map(|tip| Facts::of(&repository, None, tip, None)).transpose()
    }

    /// Brings the path history of the default branch up to date; a consumer does it again after a crash.
    pub(super) async fn follow_history(
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

/// A branch that has moved.
enum Moved {
    /// The default branch, whose files are counted.
    Counted(Facts),
    /// Another one.
    Aside,
    /// A pull request, by a commit whose message begins with this line.
    Pull(String),
}

/// What the slice that keeps pull requests has to know of a move, if it concerns one.
fn pull_step(id: RepositoryId, branch: &str, intent: &Intent, moved: &Moved, now: Timestamp) -> Option<PullStep> {
    let subject = match moved {
        Moved::Pull(subject) => subject.clone(),
        Moved::Counted(_) | Moved::Aside => String::new(),
    };
    Some(PullStep {
        repository: id,
        number: pull_number(branch).or(intent.merges)?,
        old: intent.old,
        commit: intent.new,
        subject,
        actor: intent.actor,
        at: now,
        merged: intent.merges.is_some(),
    })
}

/// What the rows say of the tip that a branch had, to count from there instead of from nothing.
pub(super) fn known_statistics(repository: &Repository) -> Option<(ObjectId, Statistics)> {
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
pub(super) struct Facts {
    last_commit: LastCommit,
    statistics: Statistics,
}

impl Facts {
    /// Writes it to the row of a repository.
    pub(super) fn write(self, repository: &mut Repository) {
        repository.last_commit = Some(self.last_commit);
        repository.file_count = self.statistics.files;
        repository.size_bytes = self.statistics.bytes;
    }

    pub(super) fn of(
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
