use std::fs;
use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use bytes::Bytes;

use super::key::StorageKey;
use super::{Backend, BlobError, Blobs};
use crate::base::{Sha256, blocking};

/// How long the storage took for a few bytes.
#[derive(Clone, Copy, Debug)]
pub struct ProbeReport {
    /// `local` or `s3`.
    pub backend: &'static str,
    /// Until a write was durable.
    pub write: Duration,
    /// Until it was read back.
    pub read: Duration,
    /// Until it was removed.
    pub remove: Duration,
    /// Bytes that the disk of the data folder has left for the hub; staging needs them with S3 too.
    pub free_bytes: u64,
}

impl Blobs {
    /// Writes, reads and removes a few bytes: what a health check wants to know.
    pub async fn probe(&self) -> Result<ProbeReport, BlobError> {
        let number = self.0.next_incoming.fetch_add(1, Ordering::Relaxed);
        let path = StorageKey::Incoming(number).under(self.data());
        let data = self.data().to_owned();
        let local = blocking(move || {
            let content = Sha256::of(&number.to_be_bytes()).to_string();
            let start = Instant::now();
            let written = fs::File::create_new(&path)
                .and_then(|mut file| file.write_all(content.as_bytes()).and_then(|()| file.sync_all()));
            let write = start.elapsed();
            let read_back = written.and_then(|()| fs::read(&path));
            let read = start.elapsed();
            let removed = fs::remove_file(&path);
            let remove = start.elapsed();
            let sound = read_back.map_err(BlobError::at(&path))? == content.as_bytes();
            removed.map_err(BlobError::at(&path))?;
            let room = rustix::fs::statvfs(&data)
                .map_err(std::io::Error::from)
                .map_err(BlobError::at(&data))?;
            if !sound {
                return Err(BlobError::at(&path)(std::io::Error::other(
                    "read back something else than was written",
                )));
            }
            Ok(ProbeReport {
                backend: "local",
                write,
                read: read.saturating_sub(write),
                remove: remove.saturating_sub(read),
                free_bytes: room.f_bavail.saturating_mul(room.f_frsize),
            })
        })
        .await?;
        let Backend::S3(bucket) = &self.0.backend else {
            return Ok(local);
        };
        let bucket = Arc::clone(bucket);
        let content = Bytes::from(number.to_string());
        let start = Instant::now();
        bucket.write_probe(content).await?;
        let write = start.elapsed();
        bucket.read_probe().await?;
        let read = start.elapsed();
        bucket.remove_probe().await?;
        let remove = start.elapsed().saturating_sub(read);
        Ok(ProbeReport {
            backend: "s3",
            write,
            read: read.saturating_sub(write),
            remove,
            ..local
        })
    }
}
