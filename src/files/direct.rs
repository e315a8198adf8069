//! Large content that its sender puts into the object store itself, in parts, before the commit that names it.
//!
//! The hub signs an address for each part. When all are there, it puts them together, fetches what they are, and hashes
//! it on its way into its place: until then nobody can read it, and what is not what was announced is removed.

use super::error::FilesError;
use super::sessions::open_bytes;
use super::{Files, store};
use crate::base::{RepositoryId, Sha256, Timestamp, UploadId, UserId};
use crate::blobs::BlobError;
use crate::repos::{ReposError, WriteRepo};
use futures_util::TryStreamExt;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Bytes of a part, unless that makes more than [`MOST_PARTS`].
const PART: u64 = 64 * 1024 * 1024;
/// S3 takes at most 10,000.
const MOST_PARTS: u64 = 9_000;
const BATCH: usize = 200;

/// How content is cut into parts; all but the last have the same size.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PartsPlan {
    /// Bytes of a part.
    pub part: u64,
    /// How many there are; none of empty content.
    pub count: u32,
}

impl PartsPlan {
    /// For content of so many bytes.
    pub fn of(size: u64) -> Self {
        let part = PART.max(size.div_ceil(MOST_PARTS));
        let count = u32::try_from(size.div_ceil(part)).unwrap_or(u32::MAX);
        Self { part, count }
    }
}

/// An upload that has begun.
#[derive(Debug)]
pub struct DirectUpload {
    /// Its id.
    pub id: UploadId,
    /// How the content is cut.
    pub plan: PartsPlan,
    /// The address of each part.
    pub addresses: Vec<String>,
}

/// The row of such an upload.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct DirectRow {
    /// The account whose quota has room reserved for it; rows of earlier versions reserve none.
    #[serde(default)]
    pub(super) owner: Option<UserId>,
    /// The repository.
    pub(super) repository: RepositoryId,
    /// The announced digest.
    pub(super) sha256: Sha256,
    /// The announced size in bytes.
    pub(super) size: u64,
    /// The store's own name for it.
    pub(super) token: String,
    /// When it is forgotten.
    pub(super) expires_at: Timestamp,
}

impl Files {
    /// For how long an upload may take, from the first byte to the last word about it.
    pub fn upload_lifetime(&self) -> Duration {
        let lifetime = self.0.config.current().uploads.session_lifetime;
        lifetime.max(self.0.users.link_lifetime())
    }

    /// Whether senders may put content into the object store themselves.
    pub fn takes_parts(&self) -> bool {
        self.0.blobs.takes_parts()
    }

    /// Begins an upload of content that is not empty, and reserves room in the owner's quota until it ends. Limits are
    /// [`Files::send_advice`]'s to check before, and are looked at again when the parts are put together.
    pub async fn begin_direct(&self, proof: &WriteRepo, sha256: Sha256, size: u64) -> Result<DirectUpload, FilesError> {
        let (id, plan) = (UploadId::new(&self.0.clock), PartsPlan::of(size));
        let lifetime = self.upload_lifetime();
        let parts = self.0.blobs.begin_parts(id, plan.count, lifetime).await?;
        let owner = proof.as_read().owner();
        let row = DirectRow {
            owner: Some(owner.id),
            repository: proof.repository().id,
            sha256,
            size,
            token: parts.token,
            expires_at: self.0.clock.now().plus(lifetime),
        };
        let quota = self.0.users.quota_bytes(owner);
        let used = self.0.repos.usage(owner.id)?.saturating_add(self.arriving(owner.id));
        let (token, account, judge) = (row.token.clone(), owner.id, proof.clone());
        let written = self.0.store.write(move |tx| {
            let this = |repository, other| (repository, other) == (row.repository, sha256);
            let open = open_bytes(tx, account, this)?;
            let needed = used.saturating_add(open).saturating_add(size);
            if needed > quota {
                return Err(judge.hiding_quota(ReposError::QuotaExceeded { needed, quota }).into());
            }
            Ok(store::put_direct(tx, id, &row)?)
        });
        if let Err(error) = written.await {
            self.0.blobs.discard_parts(id, &token).await?;
            return Err(error);
        }
        Ok(DirectUpload {
            id,
            plan,
            addresses: parts.addresses,
        })
    }

    /// Takes what the parts make up, by the tags that the object store gave to them, in order. Answers when it is verified,
    /// durable and linked to the repository; when it breaks off, it may be repeated.
    pub async fn finish_direct(
        &self,
        proof: WriteRepo,
        id: UploadId,
        sha256: Sha256,
        tags: Vec<String>,
    ) -> Result<(), FilesError> {
        let _alone = self.alone(id)?;
        let row = self.0.store.read(|tx| store::direct(tx, id))?;
        let Some(row) = row.filter(|row| row.repository == proof.repository().id && row.sha256 == sha256) else {
            // The answer to an earlier request may not have arrived.
            let arrived = self.large_size(proof.as_read(), sha256)?;
            return arrived.map(drop).ok_or(FilesError::UnknownSession);
        };
        let count = PartsPlan::of(row.size).count;
        if tags.len() != count as usize {
            let message = format!("This upload has {count} parts; {} were named.", tags.len());
            return Err(FilesError::invalid("parts", message));
        }
        let taken = self.take_parts(proof, id, &row, tags).await;
        let is_final = match &taken {
            Ok(()) => true,
            Err(FilesError::Blob(error)) => !error.is_retryable(),
            Err(_) => false,
        };
        if is_final {
            self.end_direct(id, &row.token).await?;
        }
        taken
    }

    async fn take_parts(
        &self,
        proof: WriteRepo,
        id: UploadId,
        row: &DirectRow,
        tags: Vec<String>,
    ) -> Result<(), FilesError> {
        let mut joined = self.0.blobs.join_parts(id, &row.token, tags).await?;
        if joined.size != row.size {
            let (expected, actual) = (row.size, joined.size);
            return Err(BlobError::SizeMismatch { expected, actual }.into());
        }
        // The upload itself keeps the room for it.
        let mut intake = self.large_intake(proof, row.sha256, row.size, None);
        while let Some(bytes) = joined.content.try_next().await? {
            intake.write(bytes).await?;
        }
        intake.finish().await
    }

    /// The row goes last: as long as it is there, what is in the object store is found again.
    async fn end_direct(&self, id: UploadId, token: &str) -> Result<(), FilesError> {
        self.0.blobs.discard_parts(id, token).await?;
        self.0.store.write(move |tx| store::delete_direct(tx, id)).await?;
        Ok(())
    }

    /// Removes uploads whose time is over. Answers how many.
    pub async fn expire_direct(&self) -> Result<usize, FilesError> {
        let mut ended = 0;
        loop {
            let now = self.0.clock.now();
            let expired = self.0.store.read(|tx| store::expired_direct(tx, now, BATCH))?;
            let before = ended;
            for (id, row) in expired {
                let Ok(_alone) = self.alone(id) else { continue };
                self.end_direct(id, &row.token).await?;
                ended += 1;
            }
            if ended == before {
                return Ok(ended);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_of_any_size_has_parts_that_an_object_store_takes() {
        assert_eq!(PartsPlan::of(0).count, 0);
        assert_eq!(PartsPlan::of(1), PartsPlan { part: PART, count: 1 });
        assert_eq!(PartsPlan::of(PART + 1).count, 2);
        let large = PartsPlan::of(5 << 40);
        assert!(
            u64::from(large.count) <= MOST_PARTS && large.part < 5 << 30,
            "{large:?}"
        );
        assert!(large.part * u64::from(large.count) >= 5 << 40);
    }
}
