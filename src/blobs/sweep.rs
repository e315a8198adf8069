use std::collections::HashSet;
use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use futures_util::TryStreamExt;

use super::key::Collection;
use super::local::Found;
use super::{Backend, BlobError, Blobs, Staging, recipe_rows};
use crate::base::{Sha256, Timestamp, UploadId, blocking};
use crate::store::StoreError;

/// How many blobs the caller is asked about at once.
const BATCH: usize = 1_000;

/// What a sweep did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SweepReport {
    /// Blobs in the store.
    pub looked_at: u64,
    /// Blobs that nothing names but that are younger than the grace, or in use.
    pub spared: u64,
    /// Blobs removed.
    pub removed: u64,
    /// Their bytes.
    pub removed_bytes: u64,
}

pub(in crate::blobs) type Named = Arc<dyn Fn(&[Sha256]) -> Result<HashSet<Sha256>, BlobError> + Send + Sync>;

impl Blobs {
    /// Removes blobs that nobody names and that nobody has put or adopted for `grace`.
    ///
    /// `named` gives those of the blobs it is asked about that a row names; it may block. It is asked in batches, and
    /// again for each candidate alone while the blob's lock is held: whoever wants to name the blob must adopt it under
    /// the same lock, and finds it either renewed and safe, or gone. An error of `named` ends the sweep.
    pub async fn sweep<E>(
        &self,
        named: impl Fn(&[Sha256]) -> Result<HashSet<Sha256>, E> + Send + Sync + 'static,
        grace: Duration,
    ) -> Result<SweepReport, BlobError>
    where
        E: Into<Box<dyn Error + Send + Sync>>,
    {
        let named: Named =
            Arc::new(move |batch| named(batch).map_err(|error| BlobError::Names { source: error.into() }));
        let before = self.now().minus(grace);
        let mut report = self.sweep_kept(Collection::Blobs, &named, before).await?;
        self.sweep_recipes(&named, before, &mut report).await?;
        self.sweep_xorbs(before, &mut report).await?;
        self.forget_adoptions(before);
        Ok(report)
    }

    /// Removes the whole form of blobs that are named, and that a recipe has given as well for `grace`. Nobody has put such a
    /// blob again meanwhile. `named` is as in [`Blobs::sweep`].
    pub async fn drop_whole_forms<E>(
        &self,
        named: impl Fn(&[Sha256]) -> Result<HashSet<Sha256>, E> + Send + Sync + 'static,
        grace: Duration,
    ) -> Result<SweepReport, BlobError>
    where
        E: Into<Box<dyn Error + Send + Sync>>,
    {
        let (store, before) = (self.0.store.clone(), self.now().minus(grace));
        // What is not named is the sweeper's, by its own rules.
        let needed: Named = Arc::new(move |batch| {
            let named = named(batch).map_err(|error| BlobError::Names { source: error.into() })?;
            let needed = store.read(|tx| {
                let mut needed = HashSet::new();
                for sha256 in batch {
                    if !named.contains(sha256) || !recipe_rows::has_old_recipe(tx, *sha256, before)? {
                        needed.insert(*sha256);
                    }
                }
                Ok::<_, StoreError>(needed)
            });
            Ok(needed?)
        });
        self.sweep_kept(Collection::Blobs, &needed, before).await
    }

    /// Removes pieces of a collection that are not named and have been so since before a time.
    pub(in crate::blobs) async fn sweep_kept(
        &self,
        of: Collection,
        named: &Named,
        before: Timestamp,
    ) -> Result<SweepReport, BlobError> {
        let mut report = SweepReport::default();
        match self.backend(of) {
            Backend::Local(disk) => {
                for first in 0..=u8::MAX {
                    let disk = Arc::clone(disk);
                    let shelf = blocking(move || disk.shelf(first)).await?;
                    for batch in shelf.chunks(BATCH) {
                        self.sweep_batch(of, batch.to_vec(), named, before, &mut report).await?;
                    }
                }
            }
            Backend::S3(bucket) => {
                let mut listing = bucket.list();
                let mut batch = Vec::with_capacity(BATCH);
                while let Some(found) = listing.try_next().await? {
                    batch.push(found);
                    if batch.len() == BATCH {
                        self.sweep_batch(of, std::mem::take(&mut batch), named, before, &mut report)
                            .await?;
                    }
                }
                self.sweep_batch(of, batch, named, before, &mut report).await?;
            }
        }
        Ok(report)
    }

    async fn sweep_batch(
        &self,
        of: Collection,
        batch: Vec<Found>,
        named: &Named,
        before: Timestamp,
        report: &mut SweepReport,
    ) -> Result<(), BlobError> {
        report.looked_at += batch.len() as u64;
        let names: Vec<Sha256> = batch.iter().map(|found| found.sha256).collect();
        let ask = Arc::clone(named);
        let kept = blocking(move || {
            if names.is_empty() {
                Ok(HashSet::new())
            } else {
                ask(&names)
            }
        })
        .await?;
        for found in batch.into_iter().filter(|found| !kept.contains(&found.sha256)) {
            if found.modified < before && self.remove_unnamed(of, found.sha256, named, before).await? {
                report.removed += 1;
                report.removed_bytes += found.size;
            } else {
                report.spared += 1;
            }
        }
        Ok(())
    }

    async fn remove_unnamed(
        &self,
        of: Collection,
        sha256: Sha256,
        named: &Named,
        before: Timestamp,
    ) -> Result<bool, BlobError> {
        let Some(lock) = self.locks(of).try_lock(sha256) else {
            return Ok(false);
        };
        let named = Arc::clone(named);
        match self.backend(of) {
            Backend::Local(disk) => {
                let disk = Arc::clone(disk);
                blocking(move || {
                    let _lock = lock;
                    let old = disk.look_at(&sha256)?.is_some_and(|found| found.modified < before);
                    let unnamed = old && !named(&[sha256])?.contains(&sha256);
                    if unnamed {
                        disk.remove(&sha256)?;
                    }
                    Ok(unnamed)
                })
                .await
            }
            Backend::S3(bucket) => {
                if self.adopted_since(sha256, before) {
                    return Ok(false);
                }
                let unnamed = blocking(move || Ok::<_, BlobError>(!named(&[sha256])?.contains(&sha256))).await?;
                if unnamed {
                    bucket.remove(&sha256).await?;
                }
                drop(lock);
                Ok(unnamed)
            }
        }
    }
}

impl Staging {
    /// Discards uploads that `named` does not know and that nobody has written to for `grace`; gives their number.
    pub async fn sweep(&self, named: impl Fn(&UploadId) -> bool, grace: Duration) -> Result<u64, BlobError> {
        let before = self.now().minus(grace);
        let mut discarded = 0;
        for staged in self.list().await? {
            if staged.modified < before && !named(&staged.upload) {
                self.discard(staged.upload).await?;
                discarded += 1;
            }
        }
        Ok(discarded)
    }
}
