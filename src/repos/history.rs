use super::{Repos, event};
use crate::events::{Consumer, Event, Subject};
use crate::git::path_history::{self, HistoryError};
use crate::jobs::JobResult;

/// Brings the path history of default branches up to date after a crash: the commit itself does it in the ordinary case.
pub struct PathHistory(Repos);

impl PathHistory {
    /// Follows the commits of these repositories.
    pub fn new(repos: Repos) -> Self {
        Self(repos)
    }
}

impl Consumer for PathHistory {
    const NAME: &'static str = "path-history";
    const KINDS: &'static [&'static str] = &[event::COMMITTED];

    async fn handle(&self, events: &[Event]) -> JobResult {
        for event in events {
            let Some(Subject::Repository(id)) = event.subject else {
                continue;
            };
            let Some(repository) = self.0.get(id)? else { continue };
            let refreshed = path_history::refresh(&self.0.git, &self.0.store, id, &repository.default_branch).await;
            match refreshed {
                Ok(()) => {}
                Err(HistoryError::Store(error)) => return Err(error.into()),
                // A repository that is purged meanwhile has no history to follow any more; one that is damaged must not
                // keep the others from theirs.
                Err(error) => {
                    if self.0.get(id)?.is_some() {
                        tracing::error!(%id, %error, "the path history of a repository could not be followed");
                    }
                }
            }
        }
        Ok(())
    }
}
