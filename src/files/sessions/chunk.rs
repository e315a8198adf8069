use super::store;
use crate::base::UploadId;
use crate::blobs::{BlobError, ChunkWriter};
use crate::files::{Files, FilesError};
use crate::repos::WriteRepo;
use bytes::Bytes;

/// A chunk on its way to the disk. Dropped before its end, it leaves bytes that a repetition overwrites.
pub struct ArrivingChunk {
    files: Files,
    id: UploadId,
    number: u32,
    length: u64,
    received: u64,
    writer: ChunkWriter,
}

impl Files {
    /// Begins to take a chunk; `announced` is the length that the client says it has.
    pub async fn chunk(
        &self,
        proof: &WriteRepo,
        id: UploadId,
        number: u32,
        announced: Option<u64>,
    ) -> Result<ArrivingChunk, FilesError> {
        let session = self.session(proof, id)?;
        if !session.is_open() {
            return Err(FilesError::SessionComplete);
        }
        let total = session.total_chunks();
        let (offset, length) = session.place(number).ok_or(FilesError::ChunkNumber { number, total })?;
        if let Some(actual) = announced.filter(|bytes| *bytes != length) {
            return Err(FilesError::ChunkLength {
                number,
                expected: length,
                actual,
            });
        }
        let writer = match self.0.blobs.staging().chunk(id, offset, length).await {
            // The content is verified and moved on; only the commit is missing.
            Err(BlobError::UnknownUpload { .. }) if session.sealed.is_some() => {
                return Err(FilesError::SessionComplete);
            }
            writer => writer?,
        };
        Ok(ArrivingChunk {
            files: self.clone(),
            id,
            number,
            length,
            received: 0,
            writer,
        })
    }
}

impl ArrivingChunk {
    /// Takes the next bytes.
    pub async fn write(&mut self, bytes: Bytes) -> Result<(), FilesError> {
        self.received += bytes.len() as u64;
        if self.received > self.length {
            return Err(self.wrong_length());
        }
        Ok(self.writer.write(bytes).await?)
    }

    /// Answers after the bytes are on disk and the row says so.
    pub async fn finish(self) -> Result<(), FilesError> {
        if self.received != self.length {
            return Err(self.wrong_length());
        }
        let Self {
            files,
            id,
            number,
            writer,
            ..
        } = self;
        writer.finish().await?;
        let written = files.0.store.write(move |tx| {
            // Cancelled or expired while the bytes came.
            let session = store::session(tx, id)?.ok_or(FilesError::UnknownSession)?;
            if !session.is_open() {
                return Err(FilesError::SessionComplete);
            }
            Ok(store::put_chunk(tx, id, number)?)
        });
        written.await
    }

    fn wrong_length(&self) -> FilesError {
        FilesError::ChunkLength {
            number: self.number,
            expected: self.length,
            actual: self.received,
        }
    }
}
