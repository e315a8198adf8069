mod parts;
mod reading;

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path as FilePath;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream::{self, BoxStream, StreamExt, TryStreamExt};
use object_store::aws::{AmazonS3, AmazonS3Builder, AmazonS3ConfigKey, S3ConditionalPut};
use object_store::client::ClientOptions;
use object_store::multipart::MultipartStore;
use object_store::path::Path;
use object_store::signer::{SignedUrlOptions, Signer};
use object_store::{BackoffConfig, ObjectMeta, ObjectStore, ObjectStoreExt, PutMode, PutOptions, RetryConfig};

use super::BlobError;
use super::key::{Collection, StorageKey};
use super::local::Found;
use crate::base::{Sha256, Timestamp, blocking};
use crate::config::BlobsConfig;

/// Parts of a multipart upload; S3 asks for at least 5 MiB.
const SMALLEST_PART: u64 = 8 * 1024 * 1024;
/// S3 takes at most 10,000 parts; larger content gets larger parts.
const MOST_PARTS: u64 = 9_000;
/// Parts under way at once: 24 MiB in memory.
const PARTS_AT_ONCE: usize = 3;

/// Blobs as objects of an S3-compatible store.
#[derive(Clone)]
pub(in crate::blobs) struct Bucket {
    store: AmazonS3,
    of: Collection,
    prefix: String,
}

impl Bucket {
    /// Builds the client; talks to nobody.
    pub(in crate::blobs) fn open(config: &BlobsConfig) -> Result<Self, BlobError> {
        let mut builder = AmazonS3Builder::new()
            .with_bucket_name(&config.s3_bucket)
            .with_region(&config.s3_region)
            .with_virtual_hosted_style_request(!config.s3_path_style)
            .with_conditional_put(S3ConditionalPut::ETagMatch)
            // Content is hashed on its way in and named by its hash: signing every byte again only costs time.
            .with_unsigned_payload(true)
            .with_client_options(client_options())
            .with_retry(retries());
        if let Some(endpoint) = &config.s3_endpoint {
            builder = builder
                .with_endpoint(endpoint)
                .with_allow_http(endpoint.starts_with("http://"));
        }
        if let (Some(id), Some(secret)) = (&config.s3_access_key_id, &config.s3_secret_access_key) {
            builder = builder.with_access_key_id(id).with_secret_access_key(secret.reveal());
        }
        match (config.s3_server_side_encryption.as_deref(), &config.s3_kms_key_id) {
            (Some("aws:kms"), Some(key_id)) => builder = builder.with_sse_kms_encryption(key_id),
            (Some(kind), _) => builder = builder.with_config(encryption_key()?, kind),
            (None, _) => {}
        }
        let store = builder
            .build()
            .map_err(|error| BlobError::Configuration { source: error.into() })?;
        Ok(Self {
            store,
            of: Collection::Blobs,
            prefix: config.s3_prefix.trim_matches('/').to_owned(),
        })
    }

    /// The same bucket for another collection.
    pub(in crate::blobs) fn for_collection(&self, of: Collection) -> Self {
        Self { of, ..self.clone() }
    }

    /// Where a piece of the collection lies.
    pub(in crate::blobs) fn key(&self, name: &Sha256) -> StorageKey {
        StorageKey::Kept(self.of, *name)
    }

    fn path(&self, key: StorageKey) -> Path {
        Path::from(format!("{}/{}", self.prefix, key.path()))
    }

    /// Uploads a hashed file unless the content is there; `true` when it was. The caller holds the blob's lock.
    pub(in crate::blobs) async fn place(
        &self,
        staged: &FilePath,
        sha256: &Sha256,
        size: u64,
    ) -> Result<bool, BlobError> {
        match self.look_at(sha256).await? {
            Some(found) if found.size == size => return Ok(true),
            Some(found) => {
                tracing::error!(%sha256, size = found.size, "a stored blob has the wrong size; it is replaced");
            }
            None if size <= SMALLEST_PART => return self.place_small(staged, sha256, size).await,
            None => {}
        }
        self.place_parts(staged, sha256, size).await?;
        Ok(false)
    }

    async fn place_small(&self, staged: &FilePath, sha256: &Sha256, size: u64) -> Result<bool, BlobError> {
        let content = read_part(Arc::new(open(staged).await?), staged, 0, size).await?;
        let options = PutOptions {
            mode: PutMode::Create,
            ..PutOptions::default()
        };
        match self
            .store
            .put_opts(&self.path(self.key(sha256)), content.into(), options)
            .await
        {
            Ok(_) => Ok(false),
            Err(object_store::Error::AlreadyExists { .. }) => Ok(true),
            Err(error) => Err(failed(error)),
        }
    }

    /// Completing replaces whatever has come to the place meanwhile; it can only be the same content.
    async fn place_parts(&self, staged: &FilePath, sha256: &Sha256, size: u64) -> Result<(), BlobError> {
        let path = self.path(self.key(sha256));
        let upload = self.store.create_multipart(&path).await.map_err(failed)?;
        let uploaded = self.upload_parts(staged, &path, &upload, size).await;
        let completed = match uploaded {
            Ok(parts) => self
                .store
                .complete_multipart(&path, &upload, parts)
                .await
                .map_err(failed),
            Err(error) => Err(error),
        };
        if let Err(error) = completed {
            // What cannot be aborted now stays until the bucket's own rule for unfinished uploads removes it.
            if let Err(abort) = self.store.abort_multipart(&path, &upload).await {
                tracing::warn!(%sha256, %abort, "an unfinished upload to the object store could not be aborted");
            }
            return Err(error);
        }
        Ok(())
    }

    async fn upload_parts(
        &self,
        staged: &FilePath,
        path: &Path,
        upload: &String,
        size: u64,
    ) -> Result<Vec<object_store::multipart::PartId>, BlobError> {
        let file = Arc::new(open(staged).await?);
        let length = SMALLEST_PART.max(size.div_ceil(MOST_PARTS));
        let parts = (0..size.div_ceil(length)).map(|index| {
            let file = Arc::clone(&file);
            async move {
                let start = index * length;
                let content = read_part(file, staged, start, length.min(size - start)).await?;
                let number = usize::try_from(index).unwrap_or(usize::MAX);
                self.store
                    .put_part(path, upload, number, content.into())
                    .await
                    .map_err(failed)
            }
        });
        stream::iter(parts).buffered(PARTS_AT_ONCE).try_collect().await
    }

    /// Size and age of a blob.
    pub(in crate::blobs) async fn look_at(&self, sha256: &Sha256) -> Result<Option<Found>, BlobError> {
        match self.store.head(&self.path(self.key(sha256))).await {
            Ok(meta) => Ok(Some(found(*sha256, &meta))),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(failed(error)),
        }
    }

    /// Removes a blob; no failure when there is none.
    pub(in crate::blobs) async fn remove(&self, sha256: &Sha256) -> Result<(), BlobError> {
        self.delete(self.key(sha256)).await
    }

    async fn delete(&self, key: StorageKey) -> Result<(), BlobError> {
        match self.store.delete(&self.path(key)).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(failed(error)),
        }
    }

    /// Lists all blobs.
    pub(in crate::blobs) fn list(&self) -> BoxStream<'static, Result<Found, BlobError>> {
        let strip = if self.prefix.is_empty() {
            String::new()
        } else {
            format!("{}/", self.prefix)
        };
        let of = self.of;
        self.store
            .list(Some(&self.path(StorageKey::All(of))))
            .map_err(failed)
            .try_filter_map(move |meta| {
                let name = meta
                    .location
                    .as_ref()
                    .strip_prefix(&strip)
                    .and_then(|path| StorageKey::name_at(of, path));
                std::future::ready(Ok(name.map(|sha256| found(sha256, &meta))))
            })
            .boxed()
    }

    /// An address that reads a blob until it expires, signed by the store's own rules.
    pub(in crate::blobs) async fn signed_url(
        &self,
        sha256: &Sha256,
        valid: Duration,
        query: Vec<(String, String)>,
    ) -> Result<String, BlobError> {
        let options = SignedUrlOptions::default().with_query(query);
        let path = self.path(self.key(sha256));
        let url = self
            .store
            .signed_url_opts(http::Method::GET, &path, valid, &options)
            .await
            .map_err(failed)?;
        Ok(url.into())
    }

    /// Writes the probe object.
    pub(in crate::blobs) async fn write_probe(&self, content: Bytes) -> Result<(), BlobError> {
        self.store
            .put(&self.path(StorageKey::Probe), content.into())
            .await
            .map(drop)
            .map_err(failed)
    }

    /// Reads the probe object.
    pub(in crate::blobs) async fn read_probe(&self) -> Result<Bytes, BlobError> {
        let result = self.store.get(&self.path(StorageKey::Probe)).await.map_err(failed)?;
        result.bytes().await.map_err(failed)
    }

    /// Removes the probe object.
    pub(in crate::blobs) async fn remove_probe(&self) -> Result<(), BlobError> {
        self.delete(StorageKey::Probe).await
    }
}

/// The library exports no other way to name this setting.
fn encryption_key() -> Result<AmazonS3ConfigKey, BlobError> {
    "aws_server_side_encryption"
        .parse()
        .map_err(|error: object_store::Error| BlobError::Configuration { source: error.into() })
}

/// A dead store must show within seconds; a slow one must be able to send gigabytes.
fn client_options() -> ClientOptions {
    ClientOptions::new()
        .with_connect_timeout(Duration::from_secs(3))
        .with_timeout_disabled()
        .with_read_timeout(Duration::from_mins(1))
}

fn retries() -> RetryConfig {
    let backoff = BackoffConfig {
        init_backoff: Duration::from_millis(100),
        max_backoff: Duration::from_secs(1),
        base: 2.,
    };
    RetryConfig {
        backoff,
        max_retries: 3,
        retry_timeout: Duration::from_secs(15),
    }
}

fn found(sha256: Sha256, meta: &ObjectMeta) -> Found {
    Found {
        sha256,
        size: meta.size,
        modified: Timestamp::from_micros(meta.last_modified.timestamp_micros()),
    }
}

async fn open(path: &FilePath) -> Result<File, BlobError> {
    let path = path.to_owned();
    blocking(move || File::open(&path).map_err(BlobError::at(&path))).await
}

async fn read_part(file: Arc<File>, path: &FilePath, start: u64, length: u64) -> Result<Bytes, BlobError> {
    let path = path.to_owned();
    blocking(move || {
        let mut content = vec![0; usize::try_from(length).unwrap_or(usize::MAX)];
        file.read_exact_at(&mut content, start).map_err(BlobError::at(&path))?;
        Ok(Bytes::from(content))
    })
    .await
}

/// Refusals need an administrator; everything else is taken for trouble that passes.
fn failed(error: object_store::Error) -> BlobError {
    use object_store::Error;
    match error {
        Error::PermissionDenied { .. } | Error::Unauthenticated { .. } | Error::NotFound { .. } => {
            BlobError::Refused { source: error.into() }
        }
        Error::InvalidPath { .. } | Error::NotSupported { .. } | Error::NotImplemented { .. } => {
            BlobError::Configuration { source: error.into() }
        }
        _ => BlobError::Unavailable { source: error.into() },
    }
}
