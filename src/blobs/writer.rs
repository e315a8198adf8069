use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use sha2::Digest;

use super::local::ignore_missing;
use super::pump::{Parcels, Pump};
use super::write_behind::WriteBehind;
use super::{BlobError, Blobs, StoredBlob};
use crate::base::{Sha256, blocking};

/// What is known of content before it arrives.
#[derive(Clone, Copy, Debug, Default)]
pub struct Expected {
    /// Refused at the end when it differs.
    pub sha256: Option<Sha256>,
    /// Refused as soon as there is more, and at the end when there is less.
    pub size: Option<u64>,
    /// Greatest number of bytes that the caller allows.
    pub limit: Option<u64>,
}

/// Takes content of any size as it arrives, hashes it and puts it into the store.
///
/// Memory stays near 2 MiB. Dropping the writer before [`BlobWriter::finish`] removes what was written.
pub struct BlobWriter {
    blobs: Blobs,
    expected: Expected,
    received: u64,
    pump: Pump<Staged>,
}

/// Content in a staging file of its own, hashed but not yet durable. The file is removed on drop.
pub(in crate::blobs) struct Staged {
    pub(in crate::blobs) file: StagedFile,
    pub(in crate::blobs) sha256: Sha256,
    pub(in crate::blobs) size: u64,
}

/// Removes a staging file when it is no longer needed, unless it has been renamed away.
pub(in crate::blobs) struct StagedFile(PathBuf);

impl StagedFile {
    /// Takes care of a file that is about to be made.
    pub(in crate::blobs) fn at(path: PathBuf) -> Self {
        Self(path)
    }

    pub(in crate::blobs) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for StagedFile {
    fn drop(&mut self) {
        if let Err(error) = ignore_missing(fs::remove_file(&self.0)) {
            tracing::warn!(path = %self.0.display(), %error, "a staging file could not be removed; the next start does it");
        }
    }
}

impl BlobWriter {
    pub(in crate::blobs) fn start(blobs: Blobs, path: PathBuf, expected: Expected) -> Self {
        let pump = Pump::start(move |parcels| receive(path, parcels));
        Self {
            blobs,
            expected,
            received: 0,
            pump,
        }
    }

    /// Takes the next bytes; waits while the disk is behind.
    pub async fn write(&mut self, chunk: Bytes) -> Result<(), BlobError> {
        self.received += chunk.len() as u64;
        if let Some(limit) = self.expected.limit.filter(|limit| self.received > *limit) {
            return Err(BlobError::TooLarge { limit });
        }
        if let Some(size) = self.expected.size.filter(|size| self.received > *size) {
            return Err(BlobError::SizeMismatch {
                expected: size,
                actual: self.received,
            });
        }
        self.pump.push(chunk).await
    }

    /// Bytes taken so far.
    pub fn received(&self) -> u64 {
        self.received
    }

    /// Checks hash and size and answers after the content is durable under its name. The same content is kept once:
    /// a blob that exists is not touched but for its age.
    pub async fn finish(self) -> Result<StoredBlob, BlobError> {
        let Self {
            blobs,
            expected,
            received,
            pump,
        } = self;
        if let Some(size) = expected.size.filter(|size| *size != received) {
            return Err(BlobError::SizeMismatch {
                expected: size,
                actual: received,
            });
        }
        let staged = pump.finish().await?;
        let (sha256, size) = (staged.sha256, staged.size);
        let refusal = match expected.sha256 {
            // A write that its caller did not wait for to the end.
            _ if size != received => BlobError::Abandoned,
            Some(announced) if announced != sha256 => BlobError::HashMismatch {
                expected: announced,
                actual: sha256,
            },
            _ => return blobs.place_incoming(staged).await,
        };
        // Removing a large file takes its time.
        blocking(move || drop(staged)).await;
        Err(refusal)
    }
}

fn receive(path: PathBuf, mut parcels: Parcels) -> Result<Staged, BlobError> {
    let file = StagedFile(path);
    let mut output = create(file.path())?;
    let mut hasher = sha2::Sha256::new();
    let mut behind = WriteBehind::default();
    let mut size = 0;
    while let Some(chunks) = parcels.next()? {
        for chunk in chunks {
            hasher.update(&chunk);
            let length = chunk.len() as u64;
            output
                .write_all(&chunk)
                .and_then(|()| behind.wrote(&output, length))
                .map_err(BlobError::at(file.path()))?;
            size += length;
        }
    }
    behind.finish().map_err(BlobError::at(file.path()))?;
    Ok(Staged {
        file,
        sha256: Sha256::from_bytes(hasher.finalize().into()),
        size,
    })
}

fn create(path: &Path) -> Result<File, BlobError> {
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .map_err(BlobError::at(path))
}
