use std::fs::{File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::sync::atomic::Ordering;

use bytes::Bytes;

use super::key::StorageKey;
use super::pump::Pump;
use super::writer::StagedFile;
use super::{BlobError, Blobs};

/// Takes what is read again at once and then forgotten, so that it need not lie in memory. Nothing survives a start.
pub struct Spool {
    limit: u64,
    received: u64,
    pump: Pump<Spooled>,
}

/// What a [`Spool`] took; the file is gone when this is.
pub struct Spooled {
    file: StagedFile,
}

impl Blobs {
    /// Starts to take at most `limit` bytes.
    pub fn spool(&self, limit: u64) -> Spool {
        let number = self.0.next_incoming.fetch_add(1, Ordering::Relaxed);
        let file = StagedFile::at(StorageKey::Incoming(number).under(&self.0.data));
        let pump = Pump::start(move |mut parcels| {
            let path = file.path().to_owned();
            let failed = BlobError::at(&path);
            let mut options = OpenOptions::new();
            let options = options.write(true).create_new(true).mode(0o600);
            let mut output = options.open(file.path()).map_err(&failed)?;
            while let Some(chunks) = parcels.next()? {
                for chunk in chunks {
                    output.write_all(&chunk).map_err(&failed)?;
                }
            }
            Ok(Spooled { file })
        });
        Spool {
            limit,
            received: 0,
            pump,
        }
    }
}

impl Spool {
    /// Takes the next bytes; waits while the disk is behind.
    pub async fn write(&mut self, chunk: Bytes) -> Result<(), BlobError> {
        self.received += chunk.len() as u64;
        if self.received > self.limit {
            return Err(BlobError::TooLarge { limit: self.limit });
        }
        self.pump.push(chunk).await
    }

    /// Ends it, so that it can be read.
    pub async fn finish(self) -> Result<Spooled, BlobError> {
        self.pump.finish().await
    }
}

impl Spooled {
    /// Opens it. Blocking.
    pub fn open(&self) -> Result<File, BlobError> {
        File::open(self.file.path()).map_err(BlobError::at(self.file.path()))
    }
}
