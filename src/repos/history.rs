use super::{Repos, event};
use crate::events::{Consumer, Event, Subject};
use crate::git::path_history::{self, HistoryError};
use crate::jobs::JobResult;
use std::collections::BTreeSet;

/// Brings the path history of default branches up to date after a push, and after a crash: a commit of the web does it itself.
pub struct PathHistory(Repos);

impl PathHistory {
    /// Follows the commits of these repositories.
    pub fn new(repos: Repos) -> Self {
        Self(repos)
    }
}

impl Consumer for PathHistory {
    const NAME: &'static str = "path-history";
    /// A change tells that the default branch is another one, or gone.
    const KINDS: &'static [&'static str] = &[event::COMMITTED, event::CHANGED];

    async fn handle(&self, events: &[Event]) -> JobResult {
        // A push of a thousand branches is a thousand events of one repository.
        let subjects = events.iter().filter_map(|event| match event.subject {
            Some(Subject::Repository(id)) => Some(id),
            _ => None,
        });
        for id in subjects.collect::<BTreeSet<_>>() {
            let Some(repository) = self.0.get(id)? else { continue };
            let refreshed = path_history::refresh(&self.0.git, &self.0.store, id, &repository.default_branch).await;
            match refreshed {
                Ok(()) => {}
                Err(HistoryError::Store(error)) => return Err(error.into()),
                // One that is damaged must not keep the others from theirs.
                Err(error) => {
                    let what = "the path history of a repository could not be followed";
                    self.0.tell_unreadable(id, what, &error)?;
                }
            }
        }
        Ok(())
    }
}
