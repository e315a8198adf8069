//! Bringing the git folders into order: references in one file, objects in one pack with deltas, what nothing leads to away
//! after a time of grace, and the account charged for what is left.

use super::{Repos, ReposError, pending_links, store};
use crate::base::{RepositoryId, Sha256, blocking};
use crate::git::{GitError, ObjectId, Pruned, RepackOptions, RepositoryGuard};
use std::collections::BTreeSet;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// References that are files of their own from which on they are packed.
const REFERENCES_DUE: usize = 64;

/// How the repositories are collected.
#[derive(Debug, Clone)]
pub struct CollectOptions {
    /// How long what nothing leads to is kept.
    pub grace: Duration,
    /// Every repository, and not only those where it is worth its while.
    pub all: bool,
    /// Cancelled when there is no more time.
    pub stop: CancellationToken,
}

/// What was done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Collected {
    /// Repositories in which anything was done.
    pub repositories: usize,
    /// References that were packed.
    pub references: usize,
    /// Objects that nothing led to and that are gone.
    pub pruned: usize,
    /// Bytes by which the folders have shrunk.
    pub freed: u64,
}

impl Repos {
    /// Brings the folders of repositories into order, one after the other. Reads, commits and pushes go on meanwhile.
    pub async fn collect_all(&self, options: CollectOptions) -> Result<Collected, ReposError> {
        let mut total = Collected::default();
        for (id, _, _) in self.store.read(store::known_tips)? {
            if options.stop.is_cancelled() {
                break;
            }
            match self.collect(id, &options).await {
                Ok(done) => {
                    total.repositories += usize::from(done != Collected::default());
                    total.references += done.references;
                    total.pruned += done.pruned;
                    total.freed += done.freed;
                }
                Err(ReposError::Git(GitError::Stopped)) => break,
                // The others have a right to be looked at.
                Err(ReposError::Git(error)) => {
                    self.tell_unreadable(id, "a repository could not be collected", &error)?;
                }
                // Purged meanwhile.
                Err(_) if self.get(id)?.is_none() => {}
                Err(error) => return Err(error),
            }
        }
        Ok(total)
    }

    async fn collect(&self, id: RepositoryId, options: &CollectOptions) -> Result<Collected, ReposError> {
        let _turn = self.maintenance.lock().await;
        let (git, all, stop) = (self.git.clone(), options.all, options.stop.clone());
        let (grace, now, roots) = (options.grace, self.clock.now(), self.roots(id)?);
        let lends = self.has_borrowers(id)?;
        let (mut done, repacked) = blocking(move || {
            let references = git.pack_references(id, if all { 1 } else { REFERENCES_DUE })?;
            let stop = || stop.is_cancelled();
            let how = RepackOptions {
                roots,
                grace: Some(grace).filter(|_| !lends),
                now,
                stop: &stop,
            };
            let mut done = Collected {
                references,
                ..Collected::default()
            };
            if !all && !git.is_repack_due(id, &how)? {
                return Ok((done, None));
            }
            let repacked = git.repack(id, &how)?;
            done.freed = repacked.bytes.0.saturating_sub(repacked.bytes.1);
            Ok::<_, GitError>((done, Some(repacked)))
        })
        .await?;
        let Some(repacked) =
            repacked.filter(|repacked| repacked.objects + repacked.aside > 0 || repacked.pruning.is_some())
        else {
            return Ok(done);
        };
        let guard = self.git.lock(id).await;
        // A fork is made under this lock too; one that was made just now needs everything.
        let (lends, roots) = (self.has_borrowers(id)?, self.roots(id)?);
        let (guard, pruned) = blocking(move || {
            let pruned = match repacked.pruning {
                Some(pruning) if !lends => pruning.finish(&guard, &roots)?,
                _ => Pruned::default(),
            };
            Ok::<_, GitError>((guard, pruned))
        })
        .await?;
        done.pruned = pruned.objects;
        self.recount(&guard, pruned.unnamed).await?;
        Ok(done)
    }

    /// What commits and pushes in the making need beside what references lead to.
    fn roots(&self, id: RepositoryId) -> Result<Vec<ObjectId>, ReposError> {
        Ok(self.store.read(|tx| store::announced(tx, id))?)
    }

    /// Ends the links to large content that no object names any more, and charges the owner for what is left: the packs as
    /// they lie and the large files. What is borrowed is left to be charged as it was when the fork was made.
    async fn recount(&self, guard: &RepositoryGuard, unnamed: BTreeSet<Sha256>) -> Result<(), ReposError> {
        let (git, id) = (self.git.clone(), guard.repository_id());
        let Some(in_git) = blocking(move || git.own_bytes(id)).await? else {
            return Ok(());
        };
        self.store
            .write(move |tx| {
                let Some(mut repository) = store::repository(tx, id)? else {
                    return Ok(());
                };
                for sha256 in unnamed {
                    if !pending_links::is_pending(tx, id, sha256)? {
                        store::unlink_blob(tx, id, sha256)?;
                    }
                }
                repository.stored_bytes = in_git.saturating_add(store::linked_bytes(tx, id)?);
                Ok(store::put(tx, &repository)?)
            })
            .await
    }
}
