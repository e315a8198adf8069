//! The indexes follow the record of events.

use crate::base::{RepositoryId, UserId, blocking};
use crate::events::{Consumer, Event, Position, Subject};
use crate::git::ObjectId;
use crate::jobs::{JobError, JobResult};
use crate::repos::event;
use crate::search::upkeep::{BATCH, Search};
use crate::search::users::UserChange;
use std::collections::{BTreeMap, BTreeSet};

/// Events that change nothing that is searched; counters come by themselves.
const SILENT: &[&str] = &[
    crate::social::event::STARRED,
    crate::social::event::UNSTARRED,
    crate::social::event::FOLLOWED,
    crate::social::event::UNFOLLOWED,
    crate::repos::event::FILE_MOVED,
    crate::files::event::LOCKED,
    crate::files::event::UNLOCKED,
    "account.logged_in",
    "account.logged_out",
    "account.password_changed",
    "account.avatar_changed",
];
/// Cursors of indexes that had nothing to write may lag by this many events, which are passed over again after a start.
const LAG: u64 = 1_000;

/// Writes what events changed into the indexes of a [`Search`].
pub struct SearchConsumer(Search);

impl SearchConsumer {
    /// Follows for these indexes.
    pub fn new(search: Search) -> Self {
        Self(search)
    }
}

impl Consumer for SearchConsumer {
    const NAME: &'static str = "search";

    fn position(&self) -> Position {
        Position::Own(self.0.position())
    }

    async fn handle(&self, events: &[Event]) -> JobResult {
        let Some(last) = events.last().map(|event| event.sequence) else {
            return Ok(());
        };
        let search = &self.0;
        let _writing = search.writing.lock().await;
        let changed = Changed::of(events);
        if !changed.users.is_empty() {
            let changes = user_changes(search, changed.users).await?;
            search.users.apply(changes, Some(last)).await?;
        }
        // Who may read comes before what there is: rewriting files can take long, and a repository that was just made
        // private must not be counted meanwhile.
        follow_repositories(search, changed.repositories, changed.classifications, last).await?;
        let files_changed = !changed.files.is_empty();
        for (id, files) in changed.files {
            follow_files(search, id, files).await?;
        }
        if files_changed {
            search.files.apply(Vec::new(), Some(last)).await?;
        }
        advance(search, last).await?;
        let (users, files, repositories) =
            tokio::join!(search.users.flush(), search.files.flush(), search.repositories.flush());
        users.and(files).and(repositories).map_err(JobError::from)
    }
}

/// What a batch of events touches.
#[derive(Default)]
struct Changed {
    repositories: BTreeSet<RepositoryId>,
    users: BTreeSet<UserId>,
    /// Nodes whose names are in what is searched of every repository below them.
    classifications: BTreeSet<String>,
    files: BTreeMap<RepositoryId, Files>,
}

/// What is known of the changed files of a repository.
enum Files {
    /// Commits on branches, in order: branch, old and new tip.
    Commits(Vec<(String, Option<ObjectId>, ObjectId)>),
    /// Anything: all files are written anew.
    All,
}

impl Changed {
    fn of(events: &[Event]) -> Self {
        let mut changed = Self::default();
        for event in events.iter().filter(|event| !SILENT.contains(&event.kind.as_str())) {
            match event.subject {
                Some(Subject::Repository(id)) => changed.note_repository(id, event),
                Some(Subject::Account(id)) => {
                    changed.users.insert(id);
                }
                _ if event.kind == crate::taxonomy::event::CHANGED => {
                    let id = event.details.get("id").and_then(|id| id.as_str());
                    changed.classifications.extend(id.map(str::to_owned));
                }
                _ => {}
            }
        }
        changed
    }

    fn note_repository(&mut self, id: RepositoryId, event: &Event) {
        self.repositories.insert(id);
        match (event.kind.as_str(), commit_of(event)) {
            // Settings say nothing of files, unless another default branch is among them.
            (event::CHANGED, _) if event.details.get("default_branch").is_none() => {}
            (event::COMMITTED, Some(commit)) => {
                let files = self.files.entry(id).or_insert_with(|| Files::Commits(Vec::new()));
                if let Files::Commits(commits) = files {
                    commits.push(commit);
                }
            }
            (
                event::CREATED | event::CHANGED | event::DELETED | event::RESTORED | event::PURGED | event::COMMITTED,
                _,
            ) => {
                self.files.insert(id, Files::All);
            }
            _ => {}
        }
    }
}

fn commit_of(event: &Event) -> Option<(String, Option<ObjectId>, ObjectId)> {
    let text = |name: &str| event.details.get(name).and_then(|value| value.as_str());
    let old = match text("old") {
        Some(old) => Some(old.parse().ok()?),
        None => None,
    };
    Some((text("branch")?.to_owned(), old, text("new")?.parse().ok()?))
}

async fn user_changes(search: &Search, ids: BTreeSet<UserId>) -> Result<Vec<UserChange>, JobError> {
    let sources = search.sources.clone();
    let change = move |id: UserId| -> Result<UserChange, JobError> {
        Ok(sources
            .user(id)?
            .map_or(UserChange::Delete(id), |user| UserChange::Put(Box::new(user))))
    };
    blocking(move || ids.into_iter().map(change).collect()).await
}

async fn follow_repositories(
    search: &Search,
    mut repositories: BTreeSet<RepositoryId>,
    classifications: BTreeSet<String>,
    last: u64,
) -> JobResult {
    for node in classifications {
        let sources = search.sources.clone();
        repositories.extend(blocking(move || sources.classified(&node)).await?);
    }
    if repositories.is_empty() {
        return Ok(());
    }
    let repositories: Vec<RepositoryId> = repositories.into_iter().collect();
    for batch in repositories.chunks(BATCH) {
        let changes = search.repository_changes(batch.to_vec()).await?;
        search.repositories.apply(changes, None).await?;
    }
    search.repositories.apply(Vec::new(), Some(last)).await?;
    Ok(())
}

async fn follow_files(search: &Search, id: RepositoryId, files: Files) -> JobResult {
    if let Files::Commits(commits) = files {
        let (sender, mut receiver) = tokio::sync::mpsc::channel(2);
        let sources = search.sources.clone();
        let reading = blocking(move || {
            let Some(repository) = sources.repos.get(id)?.filter(crate::repos::Repository::is_live) else {
                return Ok(false);
            };
            let of_default = |branch: &String| *branch == repository.default_branch;
            for (_, old, new) in commits.into_iter().filter(|(branch, _, _)| of_default(branch)) {
                // The receiver goes first only when the index fails, which is told there.
                let mut send = |batch| drop(sender.blocking_send(batch));
                if sources.changed_files(id, (old, new), &mut send).is_err() {
                    return Ok(false);
                }
            }
            Ok::<_, JobError>(true)
        });
        let writing = async {
            while let Some(batch) = receiver.recv().await {
                search.files.apply(batch, None).await?;
            }
            Ok::<_, JobError>(())
        };
        let (read, written) = tokio::join!(reading, writing);
        written?;
        if read? {
            return Ok(());
        }
    }
    search.put_files_of(id).await.map(|_| ())
}

/// Writes the cursor of indexes that lag far behind, so that a start does not pass over all those events again.
async fn advance(search: &Search, last: u64) -> JobResult {
    let lags = |cursor: Option<u64>| cursor.is_some_and(|cursor| cursor + LAG < last);
    if lags(search.users.status().cursor) {
        search.users.apply(Vec::new(), Some(last)).await?;
    }
    if lags(search.files.status().cursor) {
        search.files.apply(Vec::new(), Some(last)).await?;
    }
    if lags(search.repositories.status().cursor) {
        search.repositories.apply(Vec::new(), Some(last)).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Timestamp;
    use serde_json::{Value, json};

    #[test]
    fn settings_write_files_anew_only_for_another_default_branch() {
        let id = RepositoryId::from_bytes([1; 16]);
        let files_after = |details: Value| {
            let event = Event {
                sequence: 1,
                time: Timestamp::from_seconds(1),
                actor: None,
                address: None,
                request_id: String::new(),
                kind: event::CHANGED.to_owned(),
                subject: Some(Subject::Repository(id)),
                details,
            };
            let changed = Changed::of(&[event]);
            assert_eq!(changed.repositories, BTreeSet::from([id]));
            changed.files.len()
        };
        assert_eq!(files_after(json!({ "visibility": "private" })), 0);
        assert_eq!(
            files_after(json!({ "visibility": "private", "default_branch": "main" })),
            1
        );
    }
}
