use std::collections::HashMap;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::ops::Range;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use sha2::Digest;
use tokio::sync::{OwnedRwLockReadGuard, OwnedRwLockWriteGuard, RwLock};

use super::key::StorageKey;
use super::local::{ignore_missing, make_folder, modified, sync_folder};
use super::pump::{Parcels, Pump};
use super::running_hash::{Claim, RunningHash};
use super::write_behind::WriteBehind;
use super::{BlobError, Blobs, StoredBlob};
use crate::base::{Sha256, Timestamp, UploadId, blocking};

/// Content that arrives in chunks, in any order, over hours and restarts.
///
/// One sparse file per upload; a chunk is written at its offset and synced before its writer answers. Which chunks have
/// arrived is for the caller to record. Completing takes two steps, so that a crash in between loses nothing:
/// [`Staging::hash`] seals the content under its digest (from then on no chunk is taken), the caller records the digest,
/// and [`Staging::store`] moves it into the store. Both may be repeated at will; [`Staging::discard`] ends the upload
/// after the caller has committed a row that names the blob.
#[derive(Clone)]
pub struct Staging(Blobs);

/// An upload that has a folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StagedUpload {
    /// Whose folder it is.
    pub upload: UploadId,
    /// Last time that something was written.
    pub modified: Timestamp,
}

/// What the process knows of uploads; all of it can be lost.
pub(in crate::blobs) type Uploads = Mutex<HashMap<UploadId, Arc<UploadState>>>;

/// Chunks share `gate`, hashing and storing have it alone: sealed content cannot change through a chunk on its way.
#[derive(Default)]
pub(in crate::blobs) struct UploadState {
    gate: Arc<RwLock<()>>,
    hash: Mutex<RunningHash>,
}

/// Takes one chunk as it arrives. Dropping it leaves bytes at its place that a repetition overwrites.
pub struct ChunkWriter {
    pump: Pump<()>,
    length: u64,
    received: u64,
}

impl Staging {
    pub(in crate::blobs) fn new(blobs: Blobs) -> Self {
        Self(blobs)
    }

    /// Makes the file for an upload of `size` bytes; durable when it answers, harmless when repeated. Fails at once with
    /// [`BlobError::DiskFull`] when the disk has less room than that.
    pub async fn create(&self, upload: UploadId, size: u64) -> Result<(), BlobError> {
        let data = self.0.data().to_owned();
        blocking(move || {
            let folder = StorageKey::Upload(upload).under(&data);
            let room = rustix::fs::statvfs(&data)
                .map_err(io::Error::from)
                .map_err(BlobError::at(&data))?;
            if room.f_bavail.saturating_mul(room.f_frsize) < size {
                return Err(BlobError::DiskFull);
            }
            make_folder(&folder)?;
            let path = StorageKey::Open(upload).under(&data);
            let opened = OpenOptions::new()
                .write(true)
                .create(true)
                .truncate(false)
                .mode(0o600)
                .open(&path);
            let file = opened.map_err(BlobError::at(&path))?;
            file.set_len(size)
                .and_then(|()| file.sync_all())
                .map_err(BlobError::at(&path))?;
            sync_folder(&folder)
        })
        .await
    }

    /// Takes `length` bytes that belong at `offset`. Chunks may arrive in parallel; the same chunk may arrive again.
    pub async fn chunk(&self, upload: UploadId, offset: u64, length: u64) -> Result<ChunkWriter, BlobError> {
        let state = self.state(upload);
        let gate = Arc::clone(&state.gate)
            .try_read_owned()
            .map_err(|_| BlobError::BusyUpload { upload })?;
        let path = StorageKey::Open(upload).under(self.0.data());
        let file = blocking(move || open_for_chunk(upload, path, offset, length)).await?;
        let pump = Pump::start(move |parcels| receive(&file, &state, gate, offset, length, parcels));
        Ok(ChunkWriter {
            pump,
            length,
            received: 0,
        })
    }

    /// Hashes the whole content and seals it. Content that arrived in order since the start of the program is not read
    /// again. A digest other than `expected` is an error that seals nothing: chunks can be sent again.
    pub async fn hash(&self, upload: UploadId, expected: Option<Sha256>) -> Result<Sha256, BlobError> {
        let state = self.state(upload);
        let gate = Self::alone(upload, &state)?;
        let data = self.0.data().to_owned();
        blocking(move || {
            let _gate = gate;
            if let Some(sealed) = sealed(&StorageKey::Upload(upload).under(&data))? {
                return matching(sealed, expected);
            }
            let path = StorageKey::Open(upload).under(&data);
            let file = OpenOptions::new()
                .read(true)
                .write(true)
                .open(&path)
                .map_err(|error| missing(upload, error))?;
            file.sync_all().map_err(BlobError::at(&path))?;
            let running = state.hash.lock().unwrap_or_else(PoisonError::into_inner).so_far();
            let (mut hasher, from) = running;
            hash_rest(&file, &mut hasher, from).map_err(BlobError::at(&path))?;
            let sha256 = matching(Sha256::from_bytes(hasher.finalize().into()), expected)?;
            let sealed = StorageKey::Sealed(upload, sha256).under(&data);
            fs::rename(&path, &sealed).map_err(BlobError::at(&sealed))?;
            sync_folder(&StorageKey::Upload(upload).under(&data))?;
            Ok(sha256)
        })
        .await
    }

    /// Puts sealed content into the store; on disk by renaming, without a copy. Succeeds also when an earlier call has
    /// done it, as long as the blob is there.
    pub async fn store(&self, upload: UploadId, sha256: Sha256) -> Result<StoredBlob, BlobError> {
        let state = self.state(upload);
        let gate = Self::alone(upload, &state)?;
        let path = StorageKey::Sealed(upload, sha256).under(self.0.data());
        let probed = path.clone();
        let size = blocking(move || match fs::metadata(&probed) {
            Ok(facts) => Ok(Some(facts.len())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(BlobError::at(&probed)(error)),
        })
        .await?;
        let stored = match size {
            Some(size) => self.0.place(path, sha256, size).await,
            None => self.0.adopt(sha256).await.map_err(|error| match error {
                BlobError::NotFound { .. } => BlobError::UnknownUpload { upload },
                other => other,
            }),
        };
        drop(gate);
        stored
    }

    /// [`Self::hash`] and [`Self::store`] in one go, for callers that record nothing in between.
    pub async fn assemble(&self, upload: UploadId, expected: Option<Sha256>) -> Result<StoredBlob, BlobError> {
        let sha256 = self.hash(upload, expected).await?;
        self.store(upload, sha256).await
    }

    /// Removes everything of an upload; no failure when there is nothing.
    pub async fn discard(&self, upload: UploadId) -> Result<(), BlobError> {
        let folder = StorageKey::Upload(upload).under(self.0.data());
        blocking(move || ignore_missing(fs::remove_dir_all(&folder)).map_err(BlobError::at(&folder))).await?;
        self.0
            .uploads()
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(&upload);
        Ok(())
    }

    /// Lists the uploads that have a folder.
    pub async fn list(&self) -> Result<Vec<StagedUpload>, BlobError> {
        let folder = StorageKey::Uploads.under(self.0.data());
        blocking(move || {
            let mut uploads = Vec::new();
            for entry in fs::read_dir(&folder).map_err(BlobError::at(&folder))? {
                let entry = entry.map_err(BlobError::at(&folder))?;
                let Some(upload) = entry.file_name().to_str().and_then(|name| name.parse().ok()) else {
                    continue;
                };
                uploads.extend(last_written(&entry.path())?.map(|modified| StagedUpload { upload, modified }));
            }
            Ok(uploads)
        })
        .await
    }

    pub(in crate::blobs) fn now(&self) -> Timestamp {
        self.0.now()
    }

    fn state(&self, upload: UploadId) -> Arc<UploadState> {
        Arc::clone(
            self.0
                .uploads()
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .entry(upload)
                .or_default(),
        )
    }

    fn alone(upload: UploadId, state: &UploadState) -> Result<OwnedRwLockWriteGuard<()>, BlobError> {
        Arc::clone(&state.gate)
            .try_write_owned()
            .map_err(|_| BlobError::BusyUpload { upload })
    }
}

impl ChunkWriter {
    /// Takes the next bytes; waits while the disk is behind.
    pub async fn write(&mut self, bytes: Bytes) -> Result<(), BlobError> {
        self.received += bytes.len() as u64;
        if self.received > self.length {
            return Err(BlobError::SizeMismatch {
                expected: self.length,
                actual: self.received,
            });
        }
        self.pump.push(bytes).await
    }

    /// Answers after the chunk is on disk.
    pub async fn finish(self) -> Result<(), BlobError> {
        if self.received == self.length {
            self.pump.finish().await
        } else {
            Err(BlobError::SizeMismatch {
                expected: self.length,
                actual: self.received,
            })
        }
    }
}

fn open_for_chunk(upload: UploadId, path: PathBuf, offset: u64, length: u64) -> Result<File, BlobError> {
    let file = OpenOptions::new()
        .write(true)
        .open(&path)
        .map_err(|error| missing(upload, error))?;
    let size = file.metadata().map_err(BlobError::at(&path))?.len();
    let end = offset.saturating_add(length);
    if end > size {
        Err(BlobError::OutsideUpload { end, size })
    } else {
        Ok(file)
    }
}

fn receive(
    file: &File,
    state: &UploadState,
    _gate: OwnedRwLockReadGuard<()>,
    offset: u64,
    length: u64,
    mut parcels: Parcels,
) -> Result<(), BlobError> {
    let lock = || state.hash.lock().unwrap_or_else(PoisonError::into_inner);
    let mut claim = lock().claim(offset, length);
    let outcome = write_chunk(file, &mut claim, offset..offset + length, &mut parcels);
    lock().settle(claim, outcome.is_ok());
    outcome
}

fn write_chunk(file: &File, claim: &mut Claim, place: Range<u64>, parcels: &mut Parcels) -> Result<(), BlobError> {
    let failed = |error| BlobError::at(StorageKey::Uploads.path().as_ref())(error);
    let mut behind = WriteBehind::default();
    let mut position = place.start;
    while let Some(chunks) = parcels.next()? {
        for chunk in chunks {
            claim.update(&chunk);
            let length = chunk.len() as u64;
            file.write_all_at(&chunk, position)
                .and_then(|()| behind.wrote(file, length))
                .map_err(failed)?;
            position += length;
        }
    }
    behind.finish().map_err(failed)?;
    if position != place.end {
        // A write that its caller did not wait for to the end.
        return Err(BlobError::Abandoned);
    }
    file.sync_data().map_err(failed)
}

fn hash_rest(file: &File, hasher: &mut sha2::Sha256, from: u64) -> io::Result<()> {
    let mut buffer = vec![0; 512 * 1024];
    let mut position = from;
    loop {
        match file.read_at(&mut buffer, position) {
            Ok(0) => return Ok(()),
            Ok(count) => {
                hasher.update(&buffer[..count]);
                position += count as u64;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// The digest under which the folder's content has been sealed.
fn sealed(folder: &std::path::Path) -> Result<Option<Sha256>, BlobError> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(BlobError::at(folder)(error)),
    };
    for entry in entries {
        let name = entry.map_err(BlobError::at(folder))?.file_name();
        if let Some(sha256) = name.to_str().and_then(|name| name.parse().ok()) {
            return Ok(Some(sha256));
        }
    }
    Ok(None)
}

fn matching(actual: Sha256, expected: Option<Sha256>) -> Result<Sha256, BlobError> {
    match expected {
        Some(expected) if expected != actual => Err(BlobError::HashMismatch { expected, actual }),
        _ => Ok(actual),
    }
}

fn missing(upload: UploadId, error: io::Error) -> BlobError {
    match error.kind() {
        io::ErrorKind::NotFound => BlobError::UnknownUpload { upload },
        _ => BlobError::at(StorageKey::Open(upload).path().as_ref())(error),
    }
}

/// The youngest time of a folder and its files; `None` when it went away meanwhile.
fn last_written(folder: &std::path::Path) -> Result<Option<Timestamp>, BlobError> {
    let youngest = || -> io::Result<Timestamp> {
        let mut youngest = modified(&fs::metadata(folder)?);
        for entry in fs::read_dir(folder)? {
            youngest = youngest.max(modified(&entry?.metadata()?));
        }
        Ok(youngest)
    };
    match youngest() {
        Ok(time) => Ok(Some(time)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(BlobError::at(folder)(error)),
    }
}
