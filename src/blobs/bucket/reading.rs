use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::stream::{self, BoxStream, StreamExt};
use object_store::{GetOptions, GetRange, ObjectStore};

use super::{Bucket, failed};
use crate::blobs::BlobError;
use crate::blobs::key::StorageKey;

/// How often a broken answer is resumed without any byte in between.
const READ_ATTEMPTS: u32 = 3;

impl Bucket {
    /// Streams a range that lies inside an object. An answer that breaks off is continued where it broke.
    pub(in crate::blobs) fn read(
        self: Arc<Self>,
        key: StorageKey,
        range: Range<u64>,
    ) -> BoxStream<'static, Result<Bytes, BlobError>> {
        let reading = Reading {
            bucket: self,
            key,
            range,
            answer: None,
            failures: 0,
        };
        stream::try_unfold(reading, |mut reading| async move {
            let piece = reading.next().await?;
            Ok(piece.map(|piece| (piece, reading)))
        })
        .boxed()
    }
}

struct Reading {
    bucket: Arc<Bucket>,
    key: StorageKey,
    /// What is still to come.
    range: Range<u64>,
    answer: Option<BoxStream<'static, object_store::Result<Bytes>>>,
    failures: u32,
}

impl Reading {
    async fn next(&mut self) -> Result<Option<Bytes>, BlobError> {
        while !self.range.is_empty() {
            match self.poll_answer().await {
                Ok(piece) if !piece.is_empty() => {
                    self.failures = 0;
                    self.range.start += piece.len() as u64;
                    return Ok(Some(piece));
                }
                Ok(_) => {}
                Err(error) => {
                    self.answer = None;
                    self.failures += 1;
                    if self.failures >= READ_ATTEMPTS || !error.is_retryable() {
                        return Err(error);
                    }
                    tracing::debug!(key = %self.key.path(), %error, "an answer of the object store broke off; it is resumed");
                }
            }
        }
        Ok(None)
    }

    async fn poll_answer(&mut self) -> Result<Bytes, BlobError> {
        if self.answer.is_none() {
            let options = GetOptions {
                range: Some(GetRange::Bounded(self.range.clone())),
                ..GetOptions::default()
            };
            let path = self.bucket.path(self.key);
            let result = self
                .bucket
                .store
                .get_opts(&path, options)
                .await
                .map_err(|error| match error {
                    object_store::Error::NotFound { .. } => missing(self.key).unwrap_or_else(|| failed(error)),
                    other => failed(other),
                })?;
            self.answer = Some(result.into_stream());
        }
        let Some(answer) = self.answer.as_mut() else {
            return Ok(Bytes::new());
        };
        match answer.next().await {
            Some(piece) => piece.map_err(failed),
            None => Err(BlobError::Unavailable {
                source: "the answer ended early".into(),
            }),
        }
    }
}

/// What it means that there is no such object.
fn missing(key: StorageKey) -> Option<BlobError> {
    match key {
        StorageKey::Kept(_, sha256) => Some(BlobError::NotFound { sha256 }),
        StorageKey::Upload(upload) => Some(BlobError::UnknownUpload { upload }),
        _ => None,
    }
}
