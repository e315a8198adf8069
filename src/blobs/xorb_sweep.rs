//! Removing recipes that nobody names, and xorbs that nothing needs.

use std::collections::HashSet;
use std::sync::Arc;

use super::key::Collection;
use super::sweep::{Named, SweepReport};
use super::xet::hash::XetHash;
use super::{BlobError, Blobs, recipe_rows, xorb_rows};
use crate::base::{RepositoryId, Sha256, Timestamp, blocking};
use crate::store::StoreError;

/// Rows that are looked at in one transaction.
const BATCH: usize = 500;

impl Blobs {
    /// Removes the recipes of blobs that nobody names and nobody has counted on since before a time.
    pub(in crate::blobs) async fn sweep_recipes(
        &self,
        named: &Named,
        before: Timestamp,
        report: &mut SweepReport,
    ) -> Result<(), BlobError> {
        let mut after = None;
        loop {
            let batch = self.0.store.read(|tx| recipe_rows::names(tx, after, BATCH))?;
            let Some(last) = batch.last() else { return Ok(()) };
            after = Some(*last);
            report.looked_at += batch.len() as u64;
            let (ask, names) = (
                Arc::clone(named),
                batch.iter().map(|(sha256, _)| *sha256).collect::<Vec<_>>(),
            );
            let kept = blocking(move || ask(&names)).await?;
            for key in batch.into_iter().filter(|(sha256, _)| !kept.contains(sha256)) {
                match self.remove_recipe(key, named, before).await? {
                    Some(size) => {
                        report.removed += 1;
                        report.removed_bytes += size;
                    }
                    None => report.spared += 1,
                }
            }
        }
    }

    async fn remove_recipe(
        &self,
        key: (Sha256, RepositoryId),
        named: &Named,
        before: Timestamp,
    ) -> Result<Option<u64>, BlobError> {
        // Whoever is going to name the blob adopts it under this lock.
        let Some(_lock) = self.locks(Collection::Blobs).try_lock(key.0) else {
            return Ok(None);
        };
        if self.adopted_since(key.0, before) {
            return Ok(None);
        }
        let named = Arc::clone(named);
        if blocking(move || Ok::<_, BlobError>(named(&[key.0])?.contains(&key.0))).await? {
            return Ok(None);
        }
        let removed = self.0.store.write(move |tx| match recipe_rows::age(tx, key)? {
            Some((size, since)) if since < before => {
                recipe_rows::remove(tx, key.0, key.1)?;
                Ok::<_, StoreError>(Some(size))
            }
            _ => Ok(None),
        });
        Ok(removed.await?)
    }

    /// Ends what holders sent long ago and never named, and removes the xorbs that nobody holds and nothing needs.
    pub(in crate::blobs) async fn sweep_xorbs(
        &self,
        before: Timestamp,
        report: &mut SweepReport,
    ) -> Result<(), BlobError> {
        self.release_unused(before).await?;
        self.remove_abandoned(before).await?;
        let store = self.0.store.clone();
        let named: Named = Arc::new(move |names| {
            let found = store.read(|tx| {
                let mut found = HashSet::new();
                for name in names {
                    if xorb_rows::xorb(tx, XetHash::from_bytes(*name.as_bytes()))?.is_some() {
                        found.insert(*name);
                    }
                }
                Ok::<_, StoreError>(found)
            });
            Ok(found?)
        });
        let xorbs = self.sweep_kept(Collection::Xorbs, &named, before).await?;
        report.looked_at += xorbs.looked_at;
        report.spared += xorbs.spared;
        report.removed += xorbs.removed;
        report.removed_bytes += xorbs.removed_bytes;
        Ok(())
    }

    async fn release_unused(&self, before: Timestamp) -> Result<(), BlobError> {
        let mut after = None;
        loop {
            let batch = self.0.store.read(|tx| xorb_rows::held(tx, after, BATCH))?;
            let Some((holder, xorb, _)) = batch.last() else {
                return Ok(());
            };
            after = Some((*holder, *xorb));
            let old: Vec<_> = batch.into_iter().filter(|(.., since)| *since < before).collect();
            let candidates = self.0.store.read(|tx| {
                let mut unused = Vec::new();
                for (holder, xorb, _) in old {
                    if !recipe_rows::is_used_by(tx, xorb, holder)? {
                        unused.push((holder, xorb));
                    }
                }
                Ok::<_, StoreError>(unused)
            })?;
            if candidates.is_empty() {
                continue;
            }
            let released = self.0.store.write(move |tx| {
                for (holder, xorb) in candidates {
                    xorb_rows::release_unused(tx, holder, xorb, before)?;
                }
                Ok::<_, StoreError>(())
            });
            released.await?;
        }
    }

    async fn remove_abandoned(&self, before: Timestamp) -> Result<(), BlobError> {
        let mut after = None;
        loop {
            let batch = self.0.store.read(|tx| xorb_rows::xorbs(tx, after, BATCH))?;
            let Some((xorb, _)) = batch.last() else { return Ok(()) };
            after = Some(*xorb);
            let abandoned = self.0.store.read(|tx| {
                let mut abandoned = Vec::new();
                for (xorb, row) in &batch {
                    if xorb_rows::is_abandoned(tx, *xorb, row, before)? {
                        abandoned.push(*xorb);
                    }
                }
                Ok::<_, StoreError>(abandoned)
            })?;
            if abandoned.is_empty() {
                continue;
            }
            let removed = self.0.store.write(move |tx| {
                for xorb in abandoned {
                    xorb_rows::remove_abandoned(tx, xorb, before)?;
                }
                Ok::<_, StoreError>(())
            });
            removed.await?;
        }
    }
}
