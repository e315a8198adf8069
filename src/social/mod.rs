//! Stars, follows, collections, views, downloads and what trends.
//!
//! Owns the rows of stars, follows and collections, which are exact and durable, and the counters of views and downloads, which are
//! gathered in memory: a power cut loses what came since the last flush, a clean stop nothing. Guarantees: visitors are
//! told apart within a day by a hash whose key is thrown away with the day; no address is stored.
//! Absent on purpose: what a repository is (repos), what is found (search).

/// Routes.
pub mod api;
/// Collections of repositories.
mod collections;
/// Counting views and downloads.
mod counting;
/// What can go wrong.
mod error;
/// Figures of accounts.
mod figures;
/// Purged repositories and moved files.
mod follow;
/// Follows.
mod follows;
/// What is counted.
mod model;
/// Stars.
mod stars;
/// Rows.
mod store;
/// Windows of days and what trends.
mod windows;

pub use collections::{
    Collection, CollectionChange, CollectionFilter, CollectionItem, ItemChange, NewCollection, OwnCollection,
};
pub use error::SocialError;
pub use figures::AccountFigures;
pub use follow::{Forgetting, Moving};
pub use model::{Counters, DayCounters, FileCounters, MethodCounters};
pub use store::TABLES;

use crate::base::{Clock, RepositoryId, Timestamp};
use crate::events::Events;
use crate::files::Traffic;
use crate::repos::{ReadRepo, Repos};
use crate::store::{ReadRows, Store, StoreError};
use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::Notify;

/// Kinds of events that this slice records.
pub mod event {
    /// An account starred the repository that is the subject.
    pub const STARRED: &str = "repository.starred";
    /// An account took its star back.
    pub const UNSTARRED: &str = "repository.unstarred";
    /// An account follows the account that is the subject.
    pub const FOLLOWED: &str = "account.followed";
    /// An account made a collection of repositories; the subject is its owner.
    pub const COLLECTED: &str = "collection.created";
    /// A collection or something in it was changed.
    pub const RECOLLECTED: &str = "collection.changed";
    /// A collection was deleted.
    pub const SCATTERED: &str = "collection.deleted";
    /// An account no longer follows it.
    pub const UNFOLLOWED: &str = "account.unfollowed";
}

/// The handle of this slice; cheap to clone.
#[derive(Clone)]
pub struct Social {
    store: Store,
    events: Events,
    repos: Repos,
    traffic: Traffic,
    clock: Clock,
    changed: Arc<Changed>,
}

/// Repositories whose counters changed since somebody looked; search refreshes its columns from it.
#[derive(Default)]
struct Changed {
    ids: Mutex<HashSet<RepositoryId>>,
    news: Notify,
}

impl Social {
    /// Puts the slice over its engines. `traffic` is the queue into which those who answer requests record.
    pub fn new(store: Store, events: Events, repos: Repos, traffic: Traffic, clock: Clock) -> Self {
        Self {
            store,
            events,
            repos,
            traffic,
            clock,
            changed: Arc::default(),
        }
    }

    /// The counters of a repository; zeros when nothing was ever counted.
    pub fn counters(&self, id: RepositoryId) -> Result<Counters, StoreError> {
        self.store.read(|tx| store::counters(tx, id))
    }

    /// The counters of several repositories, in their order.
    pub fn counters_of(&self, ids: &[RepositoryId]) -> Result<Vec<Counters>, StoreError> {
        self.store
            .read(|tx| ids.iter().map(|id| store::counters(tx, *id)).collect())
    }

    /// The counters of a file.
    pub fn file_counters(&self, id: RepositoryId, path: &str) -> Result<FileCounters, StoreError> {
        self.store.read(|tx| store::file_counters(tx, id, path))
    }

    /// The files of a repository with the most downloads, then views, the most used first.
    pub fn top_files(&self, proof: &ReadRepo, count: usize) -> Result<Vec<(String, FileCounters)>, StoreError> {
        self.store.read(|tx| store::top_files(tx, proof.id(), count))
    }

    /// Waits for changed counters and answers whose they are.
    pub async fn changed(&self) -> HashSet<RepositoryId> {
        loop {
            let ids = std::mem::take(&mut *self.changed.ids.lock().unwrap_or_else(PoisonError::into_inner));
            if !ids.is_empty() {
                return ids;
            }
            self.changed.news.notified().await;
        }
    }

    /// The present moment on the clock of this slice.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    fn tell_changed(&self, ids: impl IntoIterator<Item = RepositoryId>) {
        self.changed
            .ids
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .extend(ids);
        self.changed.news.notify_one();
    }

    /// Contradictions within the rows of this slice, as sentences.
    pub fn check(&self, tx: &impl ReadRows) -> Result<Vec<String>, StoreError> {
        store::check(tx)
    }
}
