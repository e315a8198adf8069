use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream::BoxStream;

use super::key::StorageKey;
use super::link::LONGEST;
use super::{Backend, BlobError, Blobs};
use crate::base::UploadId;

/// Where a sender puts content into the S3 store itself, part by part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DirectParts {
    /// The store's own name for the place where they come together.
    pub token: String,
    /// An address for each part; a PUT of the part answers with its `ETag`.
    pub addresses: Vec<String>,
}

/// What a sender has put into the store, before anybody has looked at it.
pub struct JoinedParts {
    /// Bytes.
    pub size: u64,
    /// The content.
    pub content: BoxStream<'static, Result<Bytes, BlobError>>,
}

impl Blobs {
    /// Whether senders may put content into the store itself. What they put there is no blob: it is hashed on its way
    /// through the hub into its place, as all content is, so that nobody can store what is not what its name says.
    pub fn takes_parts(&self) -> bool {
        self.0.direct_upload && matches!(self.0.backend, Backend::S3(_))
    }

    /// Makes a place for so many parts, whose addresses are valid for a while.
    pub async fn begin_parts(&self, upload: UploadId, count: u32, valid: Duration) -> Result<DirectParts, BlobError> {
        let bucket = self.bucket(upload)?;
        let token = bucket.begin_parts(upload).await?;
        let addresses = bucket.part_addresses(upload, &token, count, valid.min(LONGEST)).await?;
        Ok(DirectParts { token, addresses })
    }

    /// Puts the parts together by their tags, in order, and opens what they are.
    pub async fn join_parts(&self, upload: UploadId, token: &str, tags: Vec<String>) -> Result<JoinedParts, BlobError> {
        let bucket = Arc::clone(self.bucket(upload)?);
        let size = bucket.join_parts(upload, token, tags).await?;
        let content = bucket.read(StorageKey::Upload(upload), 0..size);
        Ok(JoinedParts { size, content })
    }

    /// Removes everything that was put there; no failure when there is nothing.
    pub async fn discard_parts(&self, upload: UploadId, token: &str) -> Result<(), BlobError> {
        match &self.0.backend {
            Backend::S3(bucket) => bucket.discard_parts(upload, token).await,
            // The hub was moved to a disk of its own meanwhile.
            Backend::Local(_) => Ok(()),
        }
    }

    fn bucket(&self, upload: UploadId) -> Result<&Arc<super::bucket::Bucket>, BlobError> {
        match &self.0.backend {
            Backend::S3(bucket) => Ok(bucket),
            Backend::Local(_) => Err(BlobError::UnknownUpload { upload }),
        }
    }
}
