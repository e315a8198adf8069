//! Keeping the indexes equal to the store: rebuilding, following, refreshing counters.
//!
//! The consumer and a rebuild take turns, repository by repository, and both read the present state of what they write
//! within their turn, so whatever order events come in and however often, the indexes end at the newest state. A
//! repository that is made private is hidden soon, however long a rebuild takes.

use crate::base::{RepositoryId, blocking};
use crate::events::Events;
use crate::jobs::JobError;
use crate::repos::Repos;
use crate::search::document::RepositoryDocument;
use crate::search::engine::IndexStatus;
use crate::search::error::SearchError;
use crate::search::files::{FileChange, FileIndex};
use crate::search::live::Counters;
use crate::search::repositories::{RepositoryChange, RepositoryIndex};
use crate::search::sources::Sources;
use crate::search::users::{UserChange, UserIndex};
use crate::social::Social;
use crate::store::Store;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;

/// Things handed to an index at once while rebuilding; bounds the memory that takes.
pub(crate) const BATCH: usize = 100;
/// Pause after a rebuild that failed.
const RETRY: Duration = Duration::from_secs(10);

/// The handle of this slice; cheap to clone.
#[derive(Clone)]
pub struct Search {
    pub(crate) repositories: RepositoryIndex,
    pub(crate) users: UserIndex,
    pub(crate) files: FileIndex,
    pub(crate) sources: Sources,
    events: Events,
    /// The last event when the indexes were opened: what happened before is in none that had to be rebuilt.
    opened_at: u64,
    /// Held by whoever writes, while reading what is written too.
    pub(crate) writing: Arc<Mutex<()>>,
    /// Held for a whole rebuild.
    rebuilding: Arc<Mutex<()>>,
}

impl Search {
    /// Opens the indexes below a folder. Those that cannot be used begin empty; [`Self::keep`] fills them. Blocking.
    pub fn open(
        folder: &Path,
        store: Store,
        events: Events,
        repos: Repos,
        social: Social,
    ) -> Result<Self, SearchError> {
        let opened_at = events.last_sequence();
        let repositories = RepositoryIndex::open(folder)?;
        Ok(Self {
            users: UserIndex::open(folder)?,
            files: FileIndex::open(folder, repositories.clone())?,
            repositories,
            sources: Sources { store, repos, social },
            events,
            opened_at,
            writing: Arc::default(),
            rebuilding: Arc::default(),
        })
    }

    /// The index of repositories.
    pub fn repositories(&self) -> &RepositoryIndex {
        &self.repositories
    }

    /// The index of accounts.
    pub fn users(&self) -> &UserIndex {
        &self.users
    }

    /// The index of file names.
    pub fn files(&self) -> &FileIndex {
        &self.files
    }

    /// Whether some index is not filled yet, so that answers may lack something.
    pub fn is_rebuilding(&self) -> bool {
        self.statuses().iter().any(|status| status.needs_rebuild.is_some())
    }

    /// The event behind which the consumer begins: what any index may lack comes after it.
    pub(crate) fn position(&self) -> u64 {
        let lacks = |status: &IndexStatus| match (status.needs_rebuild, status.cursor) {
            (None, Some(cursor)) => cursor,
            _ => self.opened_at,
        };
        self.statuses().iter().map(lacks).min().unwrap_or(self.opened_at)
    }

    fn statuses(&self) -> [IndexStatus; 3] {
        [self.repositories.status(), self.users.status(), self.files.status()]
    }

    /// Rebuilds every index that asks for it, and refreshes counters, until told to stop.
    pub async fn keep(&self, stop: CancellationToken) {
        let work = async {
            tokio::join!(self.rebuild_when_needed(), self.refresh_counters());
        };
        stop.run_until_cancelled(work).await;
    }

    async fn rebuild_when_needed(&self) {
        let mut watches = (self.repositories.watch(), self.users.watch(), self.files.watch());
        loop {
            if self.is_rebuilding()
                && let Err(error) = self.rebuild(false).await
            {
                tracing::error!(%error, "rebuilding a search index failed and will be tried again");
                tokio::time::sleep(RETRY).await;
                continue;
            }
            // Whoever sees a change looks at all indexes again; a closed channel means that the hub is stopping.
            tokio::select! {
                _ = watches.0.changed() => {}
                _ = watches.1.changed() => {}
                _ = watches.2.changed() => {}
            }
        }
    }

    async fn refresh_counters(&self) {
        if let Err(error) = self.refresh_all_counters().await {
            tracing::warn!(%error, "counters could not be read for the search index");
        }
        loop {
            let changed = self.sources.social.changed().await;
            if let Err(error) = self.set_counters(changed.into_iter().collect()).await {
                tracing::warn!(%error, "counters could not be read for the search index");
            }
        }
    }

    /// The columns of the index are as old as the last change of each repository.
    async fn refresh_all_counters(&self) -> Result<(), JobError> {
        let sources = self.sources.clone();
        let ids = blocking(move || sources.repository_ids()).await?;
        self.set_counters(ids).await
    }

    async fn set_counters(&self, ids: Vec<RepositoryId>) -> Result<(), JobError> {
        let sources = self.sources.clone();
        let counters = blocking(move || {
            let counters = ids.into_iter().map(|id| Ok((id, sources.counters(id)?)));
            counters.collect::<Result<Vec<(RepositoryId, Counters)>, JobError>>()
        });
        self.repositories.set_counters(counters.await?);
        Ok(())
    }

    /// Fills the indexes from the store, all or those that ask for it. Searches meanwhile see what is there already.
    pub async fn rebuild(&self, all: bool) -> Result<Rebuilt, JobError> {
        let _one_at_a_time = self.rebuilding.lock().await;
        let cursor = self.events.last_sequence();
        let mut rebuilt = Rebuilt::default();
        let [repositories, users, files] = self.statuses().map(|status| all || status.needs_rebuild.is_some());
        if repositories {
            self.repositories.begin_rebuild().await?;
            rebuilt.repositories = self.put_all_repositories().await?;
            self.repositories.finish_rebuild(cursor).await?;
        }
        if users {
            self.users.begin_rebuild().await?;
            rebuilt.users = self.put_all_users().await?;
            self.users.finish_rebuild(cursor).await?;
        }
        if files {
            self.files.begin_rebuild().await?;
            rebuilt.files = self.put_all_files().await?;
            self.files.finish_rebuild(cursor).await?;
        }
        tracing::info!(
            rebuilt.repositories,
            rebuilt.users,
            rebuilt.files,
            "filled the search indexes"
        );
        Ok(rebuilt)
    }

    async fn put_all_repositories(&self) -> Result<usize, JobError> {
        let sources = self.sources.clone();
        let ids = blocking(move || sources.repository_ids()).await?;
        for batch in ids.chunks(BATCH) {
            let _writing = self.writing.lock().await;
            let changes = self.repository_changes(batch.to_vec()).await?;
            self.repositories.apply(changes, None).await?;
        }
        Ok(ids.len())
    }

    async fn put_all_users(&self) -> Result<usize, JobError> {
        let sources = self.sources.clone();
        let ids = blocking(move || sources.user_ids()).await?;
        for batch in ids.chunks(BATCH) {
            let _writing = self.writing.lock().await;
            let (sources, batch) = (self.sources.clone(), batch.to_vec());
            let documents = blocking(move || {
                batch
                    .into_iter()
                    .map(|id| sources.user(id))
                    .collect::<Result<Vec<_>, _>>()
            });
            let changes = documents
                .await?
                .into_iter()
                .flatten()
                .map(|user| UserChange::Put(Box::new(user)));
            self.users.apply(changes.collect(), None).await?;
        }
        Ok(ids.len())
    }

    async fn put_all_files(&self) -> Result<usize, JobError> {
        let sources = self.sources.clone();
        let ids = blocking(move || sources.repository_ids()).await?;
        let mut count = 0;
        for id in ids {
            let _writing = self.writing.lock().await;
            count += self.put_files_of(id).await?;
        }
        Ok(count)
    }

    /// Replaces all files of a repository. One that cannot be read has none. The caller holds [`Self::writing`].
    pub(crate) async fn put_files_of(&self, id: RepositoryId) -> Result<usize, JobError> {
        let (sender, mut receiver) = tokio::sync::mpsc::channel::<Vec<FileChange>>(2);
        let sources = self.sources.clone();
        let reading = blocking(move || {
            let outcome = sources.all_files(id, &mut |batch| {
                // The receiver goes first only when the index fails, which is told there.
                let _ = sender.blocking_send(batch);
            });
            match outcome {
                Err(error) => sources.tell_unreadable(id, &error),
                Ok(()) => Ok(()),
            }
        });
        let writing = async {
            let mut count = 0;
            while let Some(batch) = receiver.recv().await {
                count += batch.len();
                self.files.apply(batch, None).await?;
            }
            Ok::<_, JobError>(count.saturating_sub(1))
        };
        let (read, count) = tokio::join!(reading, writing);
        read?;
        count
    }

    /// What has to be written for repositories to be as they are now.
    pub(crate) async fn repository_changes(&self, ids: Vec<RepositoryId>) -> Result<Vec<RepositoryChange>, JobError> {
        let sources = self.sources.clone();
        let change = move |id: RepositoryId| -> Result<RepositoryChange, JobError> {
            let document: Option<RepositoryDocument> = sources.repository(id)?;
            Ok(document.map_or(RepositoryChange::Delete(id), |document| {
                RepositoryChange::Put(Box::new(document))
            }))
        };
        blocking(move || ids.into_iter().map(change).collect()).await
    }

    /// Commits and closes the indexes. To be called when nothing else uses them any more.
    pub async fn close(&self) {
        tokio::join!(self.repositories.close(), self.users.close(), self.files.close());
    }
}

/// What a rebuild has written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Rebuilt {
    /// Repositories.
    pub repositories: usize,
    /// Accounts.
    pub users: usize,
    /// Files.
    pub files: usize,
}
