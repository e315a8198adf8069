//! Keeps the facts in step with what is committed.

use super::model::ModelFacts;
use super::{Models, ModelsError, event, store};
use crate::base::{Family, RepositoryId, blocking};
use crate::events::{Consumer, Event, NewEvent, Origin, Subject};
use crate::git::GitError;
use crate::jobs::JobResult;
use crate::repos::{self, Repository};
use crate::store::StoreError;
use std::collections::BTreeSet;
use std::ops::ControlFlow;

impl Models {
    /// Reads what the files of a repository's default branch say. Unless `anew`, a commit that was read already is not
    /// read again. Answers whether anything changed.
    pub async fn refresh(&self, id: RepositoryId, anew: bool) -> Result<bool, ModelsError> {
        // One at a time, so that an older reading never overwrites a newer one.
        let _turn = self.refreshing.lock().await;
        let is_model = |repository: &Repository| repository.kind.family() == Family::Models;
        let Some(repository) = self.repos.get(id)?.filter(is_model) else {
            return self.write(id, None).await;
        };
        let (git, branch) = (self.repos.git().clone(), repository.default_branch);
        let tip = blocking(move || match git.repository(id) {
            Ok(repository) => repository.branch(&branch),
            Err(GitError::NoRepository) => Ok(None),
            Err(error) => Err(error),
        });
        let Some(tip) = tip.await? else {
            return self.write(id, None).await;
        };
        let known = self.store.read(|tx| store::facts(tx, id))?;
        if !anew && known.is_some_and(|known| known.commit == Some(tip)) {
            return Ok(false);
        }
        let facts = self.read(id, tip).await?;
        self.write(id, Some(facts)).await
    }

    async fn write(&self, id: RepositoryId, facts: Option<ModelFacts>) -> Result<bool, ModelsError> {
        let events = self.events.clone();
        self.store
            .write(move |tx| {
                let is_there = repos::repository(tx, id)?.is_some();
                let changed = match &facts {
                    Some(facts) if is_there => store::put(tx, id, facts)?,
                    _ => store::remove(tx, id)?,
                };
                if changed && is_there {
                    let told = NewEvent::new(event::CHANGED, &Origin::system(), Subject::Repository(id));
                    events.record(tx, told)?;
                }
                Ok(changed)
            })
            .await
    }

    /// Like [`Self::refresh`]; a repository that git cannot read keeps what it has, and holds up no other.
    async fn refresh_readable(&self, id: RepositoryId, anew: bool) -> Result<bool, ModelsError> {
        match self.refresh(id, anew).await {
            Err(ModelsError::Git(error)) => {
                self.repos
                    .tell_unreadable(id, "the files of a model cannot be read", &error)?;
                Ok(false)
            }
            other => other,
        }
    }

    /// Reads everything again, as after a restored backup or with a program that reads more. Answers how many changed.
    pub async fn refresh_all(&self) -> Result<usize, ModelsError> {
        let slice = self.clone();
        let ids = blocking(move || {
            slice.store.read(|tx| {
                let mut ids = Vec::new();
                repos::all_repositories(tx, |repository| {
                    ids.push(repository.id);
                    Ok::<_, StoreError>(ControlFlow::Continue(()))
                })?;
                Ok::<_, StoreError>(ids)
            })
        })
        .await?;
        let mut changed = 0;
        for id in ids {
            changed += usize::from(self.refresh_readable(id, true).await?);
        }
        Ok(changed)
    }
}

/// Follows the record of events and reads the models that they touch.
pub struct ModelFollower(Models);

impl ModelFollower {
    /// Renews these facts.
    pub fn new(models: Models) -> Self {
        Self(models)
    }
}

impl Consumer for ModelFollower {
    const NAME: &'static str = "model-facts";
    const KINDS: &'static [&'static str] = &[
        repos::event::COMMITTED,
        repos::event::CHANGED,
        repos::event::RESTORED,
        repos::event::PURGED,
    ];

    async fn handle(&self, events: &[Event]) -> JobResult {
        let touched = events.iter().filter_map(|event| match &event.subject {
            Some(Subject::Repository(id)) => Some(*id),
            _ => None,
        });
        for id in touched.collect::<BTreeSet<_>>() {
            self.0.refresh_readable(id, false).await?;
        }
        Ok(())
    }
}
