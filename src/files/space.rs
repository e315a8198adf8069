//! How much the files of each kind take: aggregates per repository that follow its commits, so that nobody walks trees
//! to answer a request.

use super::error::FilesError;
use super::{FileKind, Files, store};
use crate::base::{RepositoryId, blocking};
use crate::blobs;
use crate::events::{Consumer, Event, Subject};
use crate::git::{self, EntryKind, GitError, ObjectId};
use crate::jobs::JobResult;
use crate::repos::{Repository, event};
use crate::store::{ReadRows, StoreError};
use crate::users::{Caller, SelfOrAdmin};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Files and their bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Space {
    /// Number of files.
    pub files: u64,
    /// Bytes, large files at their own size.
    pub bytes: u64,
}

/// What the default branch of a repository held at a commit.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct SpaceRow {
    commit: Option<ObjectId>,
    kinds: BTreeMap<FileKind, Space>,
}

/// The space of an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountSpace {
    /// Bytes that it may store.
    pub quota: u64,
    /// Bytes of every version of every file.
    pub used: u64,
    /// Bytes that are not stored, since equal chunks of a repository's files are kept once and compressed.
    pub saved: u64,
    /// Bytes that unfinished uploads will take.
    pub reserved: u64,
    /// Repositories, deleted ones left out.
    pub repositories: u64,
    /// What the default branches hold, by kind; every kind is there.
    pub kinds: BTreeMap<FileKind, Space>,
}

/// What a repository takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RepositorySpace {
    /// The repository, whose `stored_bytes` count against the quota: every version of every file.
    pub repository: Repository,
    /// Bytes of them that are not stored, since equal chunks are kept once and compressed.
    pub saved: u64,
}

/// Counts at the most what the repository counts: content that its history no longer names is still there for a while.
fn saved_bytes(tx: &impl ReadRows, repository: &Repository) -> Result<u64, StoreError> {
    let space = blobs::chunked_space(tx, repository.id)?;
    let saved = space.content_bytes.saturating_sub(space.stored_bytes);
    Ok(saved.min(repository.stored_bytes))
}

impl Files {
    /// The space of an account: one row per repository.
    pub fn account_space(&self, caller: &Caller, proof: &SelfOrAdmin) -> Result<AccountSpace, FilesError> {
        let account = proof.target();
        let mut kinds: BTreeMap<FileKind, Space> = FileKind::ALL.iter().map(|kind| (*kind, Space::default())).collect();
        let repositories = self.0.repos.owned_by(caller, account.id)?;
        let mut saved = 0;
        self.0.store.read(|tx| {
            for repository in &repositories {
                saved += saved_bytes(tx, repository)?;
                for (kind, space) in store::space(tx, repository.id)?.unwrap_or_default().kinds {
                    let sum = kinds.entry(kind).or_default();
                    sum.files += space.files;
                    sum.bytes += space.bytes;
                }
            }
            Ok::<_, StoreError>(())
        })?;
        let repositories = repositories.len() as u64;
        Ok(AccountSpace {
            quota: self.0.users.quota_bytes(account),
            used: self.0.repos.usage(account.id)?,
            saved,
            reserved: self.reserved(account.id)?,
            repositories,
            kinds,
        })
    }

    /// The repositories of an account that the caller sees, and what each takes; the one that counts most comes first.
    pub fn repository_spaces(&self, caller: &Caller, proof: &SelfOrAdmin) -> Result<Vec<RepositorySpace>, FilesError> {
        let repositories = self.0.repos.owned_by(caller, proof.target().id)?;
        let mut spaces = self.0.store.read(|tx| {
            let space = |repository: Repository| {
                let saved = saved_bytes(tx, &repository)?;
                Ok::<_, StoreError>(RepositorySpace { repository, saved })
            };
            repositories.into_iter().map(space).collect::<Result<Vec<_>, _>>()
        })?;
        spaces.sort_by_key(|space| std::cmp::Reverse(space.repository.stored_bytes));
        Ok(spaces)
    }

    /// Brings the row of a repository to its present state; does nothing when it is there.
    pub async fn refresh_space(&self, id: RepositoryId) -> Result<(), FilesError> {
        let Some(repository) = self.0.repos.get(id)? else {
            return Ok(self.0.store.write(move |tx| store::forget_repository(tx, id)).await?);
        };
        let Some(tip) = repository.last_commit.map(|commit| commit.id) else {
            return Ok(());
        };
        let before = self.0.store.read(|tx| store::space(tx, id))?.unwrap_or_default();
        if before.commit == Some(tip) {
            return Ok(());
        }
        let git = self.0.repos.git().clone();
        let row = blocking(move || {
            let repository = git.repository(id)?;
            match before.commit {
                Some(old) => counted(&repository, before, Some(old), tip),
                None => counted(&repository, SpaceRow::default(), None, tip),
            }
            // The old commit may be gone after a forced change of history.
            .or_else(|_| counted(&repository, SpaceRow::default(), None, tip))
        });
        let row = row.await?;
        Ok(self.0.store.write(move |tx| store::put_space(tx, id, &row)).await?)
    }
}

/// Adds what a commit added and takes off what it removed.
fn counted(
    repository: &git::Repository,
    mut row: SpaceRow,
    old: Option<ObjectId>,
    new: ObjectId,
) -> Result<SpaceRow, GitError> {
    for change in repository.changes(old, new)? {
        let kind = FileKind::of(&change.path);
        let size = |side: Option<(EntryKind, ObjectId)>| match side {
            Some((kind, id)) => repository.logical_size(kind, id),
            None => Ok(None),
        };
        let (removed, added) = (size(change.old)?, size(change.new)?);
        let space = row.kinds.entry(kind).or_default();
        space.files = (space.files + u64::from(added.is_some())).saturating_sub(u64::from(removed.is_some()));
        space.bytes = (space.bytes.saturating_add(added.unwrap_or(0))).saturating_sub(removed.unwrap_or(0));
    }
    row.commit = Some(new);
    Ok(row)
}

/// Keeps the aggregates; to be registered with the record of events.
pub struct SpaceConsumer(Files);

impl SpaceConsumer {
    /// A consumer for these files.
    pub fn new(files: Files) -> Self {
        Self(files)
    }
}

impl Consumer for SpaceConsumer {
    const NAME: &'static str = "file-space";
    const KINDS: &'static [&'static str] = &[event::COMMITTED, event::CHANGED, event::PURGED];

    async fn handle(&self, events: &[Event]) -> JobResult {
        let subjects = events.iter().filter_map(|event| match &event.subject {
            Some(Subject::Repository(id)) => Some(*id),
            _ => None,
        });
        for id in subjects.collect::<BTreeSet<_>>() {
            match self.0.refresh_space(id).await {
                Ok(()) => {}
                // A damaged repository must not keep the others from being counted.
                Err(FilesError::Git(error)) => {
                    let what = "the files of a repository could not be counted";
                    self.0.0.repos.tell_unreadable(id, what, &error)?;
                }
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }
}
