//! Large content: immutable, stored once, named by its SHA-256; on the local disk or in an S3-compatible store.
//!
//! A blob has one of two forms, or both: whole, or a recipe of terms over xorbs ([`xet`]). Readers, [`Blobs::adopt`],
//! [`Blobs::sweep`] and [`Blobs::check`] know both; callers never see which.
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
//! - A recipe counts only after every byte that it gives was rebuilt and hashed.
//! - [`Blobs::chunking`] gives what came whole a recipe; [`Blobs::drop_whole_forms`] removes the whole form afterwards.
//!
//! The rows of recipes and xorbs are this engine's, since a recipe is content and no word about it. They name holders,
//! which are repositories, because a holder may name only what it sent itself. Absent on purpose: who owns what, quotas,
//! which chunks of an upload have arrived.

mod bucket;
mod check;
mod chunk_rows;
mod chunk_search;
mod chunking;
mod cursor;
mod direct;
mod error;
mod fetch_plan;
mod key;
mod link;
mod local;
mod locks;
mod migration;
mod placing;
mod probe;
mod pump;
mod reader;
mod rebuild;
mod recipe;
mod recipe_rows;
mod running_hash;
mod sender;
mod sharing;
mod spool;
mod staging;
mod stream;
mod sweep;
mod write_behind;
mod writer;
/// Formats of the Xet protocol, without any storage.
pub mod xet;
mod xorb_index;
mod xorb_rows;
mod xorb_sweep;
mod xorbs;

use std::collections::HashMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;

use crate::base::{Clock, RepositoryId, Sha256, Timestamp, blocking};
use crate::config::{BlobBackend, BlobsConfig};
use crate::keys::Keys;
use crate::store::{ReadRows, Store, StoreError};

use bucket::Bucket;
use key::{Collection, StorageKey};
use local::LocalDisk;
use locks::BlobLocks;
use xorb_index::EndsCache;

pub use check::{BlobProblem, CheckReport};
pub use chunk_rows::TABLES as CHUNK_TABLES;
pub use chunking::Chunking;
pub use cursor::BlobCursor;
pub use direct::{DirectParts, JoinedParts};
pub use error::BlobError;
pub use fetch_plan::{FetchPlan, XorbRange};
pub use link::{Presentation, SignedBlob};
pub use migration::COUNT_CHUNKED_SPACE;
pub use probe::ProbeReport;
pub use reader::BlobReader;
pub use recipe::{AnnouncedRecipe, Recipe, RecipeTerm};
pub use recipe_rows::TABLES as RECIPE_TABLES;
pub use sender::{Contributor, XorbSender};
pub use sharing::share_recipes;
pub use spool::{Spool, Spooled};
pub use staging::{ChunkWriter, StagedUpload, Staging};
pub use stream::BlobStream;
pub use sweep::SweepReport;
pub use writer::{BlobWriter, Expected};
pub use xorb_rows::{ChunkedSpace, TABLES as XORB_TABLES, chunked_space, forget_holder, take_over};
pub use xorbs::{LARGEST_XORB, XorbWriter};

/// Contradictions within the rows of recipes and xorbs, as sentences.
pub fn check_rows(tx: &impl ReadRows) -> Result<Vec<String>, StoreError> {
    Ok([xorb_rows::check(tx)?, chunk_rows::check(tx)?, recipe_rows::check(tx)?].concat())
}

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
    xorbs: Backend,
    store: Store,
    data: PathBuf,
    keys: Keys,
    clock: Clock,
    locks: BlobLocks,
    xorb_locks: BlobLocks,
    xorb_ends: EndsCache,
    /// When somebody last counted on content whose age cannot be renewed: recipes, and objects in S3.
    adopted: Mutex<HashMap<Sha256, Timestamp>>,
    /// Bytes of xorbs that are packed here for a holder, while no recipe names them.
    packing: Mutex<Option<(RepositoryId, u64)>>,
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
    pub fn open(data: &Path, config: &BlobsConfig, keys: Keys, clock: Clock, store: Store) -> Result<Self, BlobError> {
        let incoming = StorageKey::AllIncoming.under(data);
        let cleared = match fs::remove_dir_all(&incoming) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(BlobError::at(&incoming)(error)),
            _ => Ok(()),
        };
        cleared?;
        local::make_folder(&StorageKey::Uploads.under(data))?;
        local::make_folder(&incoming)?;
        let local = |of| LocalDisk::open(data, of).map(|disk| Backend::Local(Arc::new(disk)));
        let (backend, xorbs) = match config.backend {
            BlobBackend::Local => (local(Collection::Blobs)?, local(Collection::Xorbs)?),
            BlobBackend::S3 => {
                let bucket = Bucket::open(config)?;
                let xorbs = bucket.for_collection(Collection::Xorbs);
                (Backend::S3(Arc::new(bucket)), Backend::S3(Arc::new(xorbs)))
            }
        };
        Ok(Self(Arc::new(Inner {
            backend,
            xorbs,
            store,
            data: data.to_owned(),
            keys,
            clock,
            locks: BlobLocks::default(),
            xorb_locks: BlobLocks::default(),
            xorb_ends: EndsCache::default(),
            adopted: Mutex::default(),
            packing: Mutex::default(),
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
        let recipe = self.adopt_recipe(sha256)?;
        let size = match &self.0.backend {
            // One form is enough to read it by.
            _ if recipe.is_some() => recipe,
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

    fn adopted_since(&self, name: Sha256, time: Timestamp) -> bool {
        let adopted = self.0.adopted.lock().unwrap_or_else(PoisonError::into_inner);
        adopted.get(&name).is_some_and(|when| *when >= time)
    }

    fn forget_adoptions(&self, before: Timestamp) {
        let mut adopted = self.0.adopted.lock().unwrap_or_else(PoisonError::into_inner);
        adopted.retain(|_, when| *when >= before);
    }

    fn note_adoption(&self, sha256: Sha256) {
        let now = self.0.clock.now();
        self.0
            .adopted
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(sha256, now);
    }
}
