//! Links to blobs that came before the commit that names them, as git LFS sends them: they count against the quota and
//! give the right to read like any other link, and end when no commit has named the blob for a while.

use super::model::Repository;
use super::{ReadRepo, Repos, ReposError, WriteRepo, store};
use crate::base::{RepositoryId, Sha256, Timestamp, blocking};
use crate::blobs::StoredBlob;
use crate::git::LfsPointer;
use crate::store::{Index, ReadRows, Records, Scan, StoreError, WriteTx};
use crate::users::Caller;
use std::time::Duration;

/// Repositories of a blob that are looked at to find one that a caller may read.
const LOOKED_AT: usize = 200;
/// Links that are looked at in one transaction.
const BATCH: usize = 500;

type LinkKey = (RepositoryId, Sha256);

const BY_TIME: Index<Timestamp, LinkKey> = Index::new("pending_links_by_time");
const PENDING: Records<LinkKey, Timestamp> = Records::new(
    "pending_links",
    |key, since| vec![BY_TIME.entry(since, key)],
    &["pending_links_by_time"],
);

impl Repos {
    /// The size of a blob that the repository names, or will when the commit comes: the right to read it there.
    pub fn linked_size(&self, proof: &ReadRepo, sha256: Sha256) -> Result<Option<u64>, StoreError> {
        self.store.read(|tx| store::linked_size(tx, proof.id(), sha256))
    }

    /// The size of a blob that the caller may read in whatever repository.
    pub fn readable_blob(&self, caller: &Caller, sha256: Sha256) -> Result<Option<u64>, ReposError> {
        let linked = self.store.read(|tx| store::repositories_of(tx, sha256, LOOKED_AT))?;
        for id in linked {
            let read = self.readable_by_id(caller, id);
            match read.and_then(|read| self.content_readable(caller, read)) {
                Ok(proof) => return Ok(self.linked_size(&proof, sha256)?),
                Err(ReposError::NotFound(_) | ReposError::Gated { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(None)
    }

    /// Links a blob before a commit names it, if the owner's quota allows it. Only for blobs whose bytes came from this
    /// caller, or that the caller may read elsewhere. Doing it again starts the time of grace anew.
    pub async fn link_ahead(&self, proof: &WriteRepo, blob: StoredBlob) -> Result<(), ReposError> {
        self.link_all_ahead(proof, vec![blob]).await
    }

    /// The same for several: all of them are linked or none.
    pub async fn link_all_ahead(&self, proof: &WriteRepo, blobs: Vec<StoredBlob>) -> Result<(), ReposError> {
        let (id, owner) = (proof.repository().id, proof.as_read().owner().clone());
        let (slice, now, proof) = (self.clone(), self.clock.now(), proof.clone());
        self.store
            .write(move |tx| {
                let found = store::repository(tx, id)?.filter(Repository::is_live);
                let mut repository = found.ok_or_else(|| ReposError::NotFound(id.to_string()))?;
                let mut added = 0_u64;
                for blob in blobs {
                    let key = (id, blob.sha256);
                    if store::blob_is_linked(tx, id, blob.sha256)? {
                        if PENDING.contains(tx, &key)? {
                            PENDING.put(tx, &key, &now)?;
                        }
                        continue;
                    }
                    if !repository.lfs_enabled {
                        return Err(ReposError::LargeFilesOff);
                    }
                    store::link_blob(tx, id, blob.sha256, blob.size)?;
                    slice.note_contributed(tx, &proof, (blob.sha256, blob.size))?;
                    PENDING.put(tx, &key, &now)?;
                    added = added.saturating_add(blob.size);
                }
                if added == 0 {
                    return Ok(());
                }
                let usage = store::usage(tx, repository.owner)?;
                let fits = slice.within_quota(&owner, usage.saturating_add(added));
                fits.map_err(|error| proof.hiding_quota(error))?;
                repository.stored_bytes += added;
                Ok(store::put(tx, &repository)?)
            })
            .await
    }

    /// Starts the time of grace of these blobs anew, as far as they still wait for a commit.
    pub async fn keep_pending(&self, proof: &WriteRepo, blobs: Vec<Sha256>) -> Result<(), StoreError> {
        let (id, now) = (proof.repository().id, self.clock.now());
        let mut waiting = Vec::new();
        self.store.read(|tx| {
            for sha256 in blobs {
                if PENDING.contains(tx, &(id, sha256))? {
                    waiting.push(sha256);
                }
            }
            Ok::<_, StoreError>(())
        })?;
        if waiting.is_empty() {
            return Ok(());
        }
        let written = self.store.write(move |tx| {
            for sha256 in waiting {
                if PENDING.contains(tx, &(id, sha256))? {
                    PENDING.put(tx, &(id, sha256), &now)?;
                }
            }
            Ok(())
        });
        written.await
    }

    /// Ends links that no commit has needed for this time, and gives their bytes back to the quota; answers of how many.
    /// The sweeper removes content that nothing names then. A pointer that came by whatever way keeps its link.
    pub async fn end_pending(&self, grace: Duration) -> Result<usize, ReposError> {
        let before = self.clock.now().minus(grace);
        let mut ended = 0;
        loop {
            let old = self.store.read(|tx| old_links(tx, before))?;
            if old.is_empty() {
                return Ok(ended);
            }
            let slice = self.clone();
            let judge = move |link| Ok((link, slice.is_named(link)?));
            let judged = blocking(move || old.into_iter().map(judge).collect::<Result<_, StoreError>>()).await?;
            ended += self.store.write(move |tx| end(tx, judged, before)).await?;
        }
    }

    /// Whether git has a pointer to the blob. A repository that cannot be read keeps what it has.
    fn is_named(&self, ((id, sha256), size): (LinkKey, u64)) -> Result<bool, StoreError> {
        let pointer = LfsPointer { sha256, size };
        let repository = self.git.repository(id);
        match repository.and_then(|repository| repository.has_pointer(pointer)) {
            Ok(named) => Ok(named),
            Err(error) => {
                let what = "a repository could not be asked for a pointer; the content stays";
                self.tell_unreadable(id, what, &error)?;
                Ok(true)
            }
        }
    }
}

/// Links that have waited since before a time, and the sizes of their blobs.
fn old_links(tx: &impl ReadRows, before: Timestamp) -> Result<Vec<(LinkKey, u64)>, StoreError> {
    let mut links = Vec::new();
    for (id, sha256) in BY_TIME.ids(tx, &Scan::all().below(&(before,)).limit(BATCH))? {
        let size = store::linked_size(tx, id, sha256)?.unwrap_or(0);
        links.push(((id, sha256), size));
    }
    Ok(links)
}

fn end(tx: &WriteTx<'_>, judged: Vec<((LinkKey, u64), bool)>, before: Timestamp) -> Result<usize, StoreError> {
    let mut ended = 0;
    for (((id, sha256), size), is_named) in judged {
        let key = (id, sha256);
        // Somebody may have asked for it meanwhile.
        if PENDING.get(tx, &key)?.is_none_or(|since| since >= before) {
            continue;
        }
        PENDING.delete(tx, &key)?;
        if is_named {
            continue;
        }
        store::unlink_blob(tx, id, sha256)?;
        if let Some(mut repository) = store::repository(tx, id)? {
            repository.stored_bytes = repository.stored_bytes.saturating_sub(size);
            store::put(tx, &repository)?;
        }
        ended += 1;
    }
    Ok(ended)
}

/// Whether a link waits for a commit.
pub(super) fn is_pending(tx: &impl ReadRows, id: RepositoryId, sha256: Sha256) -> Result<bool, StoreError> {
    PENDING.contains(tx, &(id, sha256))
}

/// A commit names the blob now.
pub(super) fn settle(tx: &WriteTx<'_>, id: RepositoryId, sha256: Sha256) -> Result<(), StoreError> {
    PENDING.delete(tx, &(id, sha256))?;
    Ok(())
}

/// Removes the rows of a repository that is gone.
pub(super) fn forget_repository(tx: &WriteTx<'_>, id: RepositoryId) -> Result<(), StoreError> {
    for (key, _) in PENDING.list(tx, &Scan::prefix(&(id,)))? {
        PENDING.delete(tx, &key)?;
    }
    Ok(())
}

/// Rows that agree neither with each other nor with the links.
pub(super) fn check(tx: &impl ReadRows) -> Result<Vec<String>, StoreError> {
    let mut problems = PENDING.check(tx)?;
    for ((id, sha256), _) in PENDING.list(tx, &Scan::all())? {
        if !store::blob_is_linked(tx, id, sha256)? {
            problems.push(format!(
                "blob {sha256} waits for a commit of repository {id} and has no link"
            ));
        }
    }
    Ok(problems)
}
