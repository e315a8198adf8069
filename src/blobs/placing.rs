use std::path::PathBuf;
use std::sync::Arc;

use super::key::Collection;
use super::locks::BlobLocks;
use super::writer::{Staged, StagedFile};
use super::{Backend, BlobError, Blobs, StoredBlob};
use crate::base::{Sha256, blocking};

/// Something in the staging area that goes to its place.
pub(in crate::blobs) struct Placing {
    /// Where it goes.
    pub(in crate::blobs) of: Collection,
    /// Its name there.
    pub(in crate::blobs) name: Sha256,
    /// Bytes.
    pub(in crate::blobs) size: u64,
    /// Where it is.
    pub(in crate::blobs) staged: PathBuf,
    /// Keeps the file, since work that outlives its caller still needs it.
    pub(in crate::blobs) guard: Option<StagedFile>,
}

impl Blobs {
    pub(in crate::blobs) async fn place_incoming(&self, staged: Staged) -> Result<StoredBlob, BlobError> {
        let Staged { file, sha256, size } = staged;
        let path = file.path().to_owned();
        self.place_blob(path, sha256, size, Some(file)).await
    }

    /// Puts a hashed file under its name. On disk it is renamed away; where the content exists and with S3, it stays.
    pub(in crate::blobs) async fn place(
        &self,
        staged: PathBuf,
        sha256: Sha256,
        size: u64,
    ) -> Result<StoredBlob, BlobError> {
        self.place_blob(staged, sha256, size, None).await
    }

    async fn place_blob(
        &self,
        staged: PathBuf,
        sha256: Sha256,
        size: u64,
        guard: Option<StagedFile>,
    ) -> Result<StoredBlob, BlobError> {
        let placing = Placing {
            of: Collection::Blobs,
            name: sha256,
            size,
            staged,
            guard,
        };
        Ok(StoredBlob {
            sha256,
            size,
            already_existed: self.put_in_place(placing).await?,
        })
    }

    /// Answers after it is durable; `true` when it was there before.
    pub(in crate::blobs) async fn put_in_place(&self, placing: Placing) -> Result<bool, BlobError> {
        let Placing {
            of,
            name,
            size,
            staged,
            guard,
        } = placing;
        let lock = self.locks(of).lock(name).await;
        match self.backend(of) {
            Backend::Local(disk) => {
                let (disk, now) = (Arc::clone(disk), self.now());
                blocking(move || {
                    let _held = (lock, guard);
                    disk.place(&staged, &name, size, now)
                })
                .await
            }
            Backend::S3(bucket) => {
                let (bucket, blobs) = (Arc::clone(bucket), self.clone());
                // A task of its own, ending with the upload: a caller that goes away must not leave parts behind in the
                // bucket, and the lock must be held until S3 has answered.
                let task = tokio::spawn(async move {
                    let placed = bucket.place(&staged, &name, size).await;
                    if placed.is_ok() {
                        blobs.note_adoption(name);
                    }
                    // Removing a large file takes its time.
                    blocking(move || drop((guard, lock))).await;
                    placed
                });
                match task.await {
                    Ok(result) => result,
                    Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
                    Err(_) => Err(BlobError::Abandoned),
                }
            }
        }
    }

    pub(in crate::blobs) fn backend(&self, of: Collection) -> &Backend {
        match of {
            Collection::Blobs => &self.0.backend,
            Collection::Xorbs => &self.0.xorbs,
        }
    }

    pub(in crate::blobs) fn locks(&self, of: Collection) -> &BlobLocks {
        match of {
            Collection::Blobs => &self.0.locks,
            Collection::Xorbs => &self.0.xorb_locks,
        }
    }
}
