use std::time::Duration;

use object_store::multipart::{MultipartStore, PartId};
use object_store::signer::{SignedUrlOptions, Signer};
use object_store::{Error, ObjectStoreExt};

use super::{Bucket, failed};
use crate::base::UploadId;
use crate::blobs::BlobError;
use crate::blobs::key::StorageKey;

/// What S3 says when the parts do not fit together (S3 API Reference, CompleteMultipartUpload, errors).
const MISFITS: [&str; 4] = ["InvalidPart", "InvalidPartOrder", "EntityTooSmall", "MalformedXML"];

impl Bucket {
    /// Makes a place where parts come together; answers the store's own name for it.
    pub(in crate::blobs) async fn begin_parts(&self, upload: UploadId) -> Result<String, BlobError> {
        let path = self.path(StorageKey::Upload(upload));
        self.store.create_multipart(&path).await.map_err(failed)
    }

    /// Addresses to which the parts from 1 to `count` are put, signed by the store's own rules.
    pub(in crate::blobs) async fn part_addresses(
        &self,
        upload: UploadId,
        token: &str,
        count: u32,
        valid: Duration,
    ) -> Result<Vec<String>, BlobError> {
        let path = self.path(StorageKey::Upload(upload));
        let mut addresses = Vec::new();
        for number in 1..=count {
            let query = [("partNumber", number.to_string()), ("uploadId", token.to_owned())];
            let options = SignedUrlOptions::default().with_query(query);
            let url = self
                .store
                .signed_url_opts(http::Method::PUT, &path, valid, &options)
                .await
                .map_err(failed)?;
            addresses.push(url.into());
        }
        Ok(addresses)
    }

    /// Puts the parts together, by the tags that the store gave to them, in their order; answers how many bytes they are.
    /// Repeating it changes nothing.
    pub(in crate::blobs) async fn join_parts(
        &self,
        upload: UploadId,
        token: &str,
        tags: Vec<String>,
    ) -> Result<u64, BlobError> {
        let path = self.path(StorageKey::Upload(upload));
        let parts = tags.into_iter().map(|content_id| PartId { content_id }).collect();
        let joined = self.store.complete_multipart(&path, &token.to_owned(), parts).await;
        match (joined, self.store.head(&path).await) {
            // Where it was joined before, the store no longer knows the parts, but has what they made.
            (_, Ok(found)) => Ok(found.size),
            (Err(error), _) => Err(misfit(error)),
            (Ok(_), Err(error)) => Err(failed(error)),
        }
    }

    /// Removes the parts and what they made; no failure when there is nothing.
    pub(in crate::blobs) async fn discard_parts(&self, upload: UploadId, token: &str) -> Result<(), BlobError> {
        let path = self.path(StorageKey::Upload(upload));
        match self.store.abort_multipart(&path, &token.to_owned()).await {
            // Stores answer either when the parts have been joined or removed before.
            Ok(()) | Err(Error::NotFound { .. } | Error::PermissionDenied { .. }) => {}
            Err(error) => return Err(failed(error)),
        }
        self.delete(StorageKey::Upload(upload)).await
    }
}

fn misfit(error: Error) -> BlobError {
    let told = error.to_string();
    if matches!(error, Error::NotFound { .. }) || MISFITS.iter().any(|code| told.contains(code)) {
        BlobError::Misfit
    } else {
        failed(error)
    }
}
