//! Large content: immutable, stored once, named by its SHA-256; on the local disk or in an S3-compatible store.
//!
//! What callers may rely on:
//! - [`BlobWriter::finish`] and [`Staging::store`] answer after the content is durable (file and folder synced, or
//!   confirmed by S3) and its hash verified. A blob is never written again. Memory stays bounded whatever the size.
//! - Write content first, then the row or commit that names it, within the sweeper's grace. Content that is named
//!   without being put (a copy, a fork, a skipped upload) must be taken with [`Blobs::adopt`] first. Then
//!   [`Blobs::sweep`] never removes what a row or an upload in progress counts on.
//! - Staging is in the data folder with either backend, but for what senders put into the S3 store themselves; a blob
//!   there is always whole and hashed by the hub.
//! - Knowing a hash is no right to read: access is the caller's to check.
//!
//! Absent on purpose: who owns what, quotas, which chunks of an upload have arrived.

mod bucket;
mod check;
mod cursor;
mod direct;
mod error;
mod key;
mod link;
mod local;
mod locks;
mod probe;
mod pump;
mod reader;
mod running_hash;
mod staging;
mod stream;
mod sweep;
mod writer;
pub mod xet;

use std::collections::HashMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;

use crate::base::{Clock, Sha256, Timestamp, blocking};
use crate::config::{BlobBackend, BlobsConfig};
use crate::keys::Keys;

use bucket::Bucket;
use key::StorageKey;
use local::LocalDisk;
use locks::BlobLocks;
use writer::Staged;

pub use check::{BlobProblem, CheckReport};
pub use cursor::BlobCursor;
pub use direct::{DirectParts, JoinedParts};
pub use error::BlobError;
pub use link::{Presentation, SignedBlob};
pub use probe::ProbeReport;
pub use reader::BlobReader;
pub use staging::{ChunkWriter, StagedUpload, Staging};
pub use stream::BlobStream;
pub use sweep::SweepReport;
pub use writer::{BlobWriter, Expected};

/// Content that is durable in the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StoredBlob {
    /// Its name.
    pub sha256: Sha256,
    /// Bytes.
    pub size: u64,
    /// The same content was there before.
    pub already_existed: bool,
}

/// The blob store; cheap to clone.
#[derive(Clone)]
pub struct Blobs(Arc<Inner>);

struct Inner {
    backend: Backend,
    data: PathBuf,
    keys: Keys,
    clock: Clock,
    locks: BlobLocks,
    /// When somebody last counted on content in S3, where the age of an object cannot be renewed.
    adopted: Mutex<HashMap<Sha256, Timestamp>>,
    uploads: staging::Uploads,
    next_incoming: AtomicU64,
    direct_download: bool,
    direct_upload: bool,
}

#[derive(Clone)]
enum Backend {
    Local(Arc<LocalDisk>),
    S3(Arc<Bucket>),
}

impl Blobs {
    /// Opens the store of a data folder, which exists. Removes what an earlier run left half received; talks to no network.
    ///
    /// Blocking. The caller holds the data folder's lock: one process at a time.
    pub fn open(data: &Path, config: &BlobsConfig, keys: Keys, clock: Clock) -> Result<Self, BlobError> {
        let incoming = StorageKey::AllIncoming.under(data);
        let cleared = match fs::remove_dir_all(&incoming) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(BlobError::at(&incoming)(error)),
            _ => Ok(()),
        };
        cleared?;
        local::make_folder(&StorageKey::Uploads.under(data))?;
        local::make_folder(&incoming)?;
        let backend = match config.backend {
            BlobBackend::Local => Backend::Local(Arc::new(LocalDisk::open(data)?)),
            BlobBackend::S3 => Backend::S3(Arc::new(Bucket::open(config)?)),
        };
        Ok(Self(Arc::new(Inner {
            backend,
            data: data.to_owned(),
            keys,
            clock,
            locks: BlobLocks::default(),
            adopted: Mutex::default(),
            uploads: Mutex::default(),
            next_incoming: AtomicU64::new(1),
            direct_download: config.s3_direct_download,
            direct_upload: config.s3_direct_upload,
        })))
    }

    /// Starts to take content that arrives in one go.
    pub fn writer(&self, expected: Expected) -> BlobWriter {
        let number = self.0.next_incoming.fetch_add(1, Ordering::Relaxed);
        BlobWriter::start(self.clone(), StorageKey::Incoming(number).under(&self.0.data), expected)
    }

    /// Stores content that is already in memory.
    pub async fn put(&self, content: Bytes) -> Result<StoredBlob, BlobError> {
        let mut writer = self.writer(Expected {
            size: Some(content.len() as u64),
            ..Expected::default()
        });
        writer.write(content).await?;
        writer.finish().await
    }

    /// Content that arrives in chunks.
    pub fn staging(&self) -> Staging {
        Staging::new(self.clone())
    }

    /// Counts on a blob that exists: renews its age, so that the sweeper leaves the caller its grace to name it.
    pub async fn adopt(&self, sha256: Sha256) -> Result<StoredBlob, BlobError> {
        let lock = self.0.locks.lock(sha256).await;
        let size = match &self.0.backend {
            Backend::Local(disk) => {
                let (disk, now) = (Arc::clone(disk), self.0.clock.now());
                blocking(move || {
                    let _lock = lock;
                    disk.adopt(&sha256, None, now)
                })
                .await?
            }
            Backend::S3(bucket) => {
                let found = bucket.look_at(&sha256).await?;
                self.note_adoption(sha256);
                drop(lock);
                found.map(|found| found.size)
            }
        };
        let size = size.ok_or(BlobError::NotFound { sha256 })?;
        Ok(StoredBlob {
            sha256,
            size,
            already_existed: true,
        })
    }

    fn data(&self) -> &Path {
        &self.0.data
    }

    fn now(&self) -> Timestamp {
        self.0.clock.now()
    }

    fn uploads(&self) -> &staging::Uploads {
        &self.0.uploads
    }

    fn note_adoption(&self, sha256: Sha256) {
        let now = self.0.clock.now();
        self.0
            .adopted
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(sha256, now);
    }

    async fn place_incoming(&self, staged: Staged) -> Result<StoredBlob, BlobError> {
        let Staged { file, sha256, size } = staged;
        // The file guard goes along: work that outlives its caller still needs the file.
        let path = file.path().to_owned();
        self.place_keeping(path, sha256, size, Some(file)).await
    }

    /// Puts a hashed file under its name. On disk it is renamed away; where the content exists and with S3, it stays.
    async fn place(&self, staged: PathBuf, sha256: Sha256, size: u64) -> Result<StoredBlob, BlobError> {
        self.place_keeping(staged, sha256, size, None).await
    }

    async fn place_keeping(
        &self,
        staged: PathBuf,
        sha256: Sha256,
        size: u64,
        guard: Option<writer::StagedFile>,
    ) -> Result<StoredBlob, BlobError> {
        let lock = self.0.locks.lock(sha256).await;
        let already_existed = match &self.0.backend {
            Backend::Local(disk) => {
                let (disk, now) = (Arc::clone(disk), self.0.clock.now());
                blocking(move || {
                    let _held = (lock, guard);
                    disk.place(&staged, &sha256, size, now)
                })
                .await?
            }
            Backend::S3(bucket) => {
                let (bucket, blobs) = (Arc::clone(bucket), self.clone());
                // A task of its own, ending with the upload: a caller that goes away must not leave parts behind in the
                // bucket, and the lock must be held until S3 has answered.
                let task = tokio::spawn(async move {
                    let placed = bucket.place(&staged, &sha256, size).await;
                    if placed.is_ok() {
                        blobs.note_adoption(sha256);
                    }
                    // Removing a large file takes its time.
                    blocking(move || drop((guard, lock))).await;
                    placed
                });
                match task.await {
                    Ok(result) => result?,
                    Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
                    Err(_) => return Err(BlobError::Abandoned),
                }
            }
        };
        Ok(StoredBlob {
            sha256,
            size,
            already_existed,
        })
    }
}
