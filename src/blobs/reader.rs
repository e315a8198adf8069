use std::fs::File;
use std::ops::Range;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use futures_util::StreamExt;

use super::bucket::Bucket;
use super::cursor::BlobCursor;
use super::key::Collection;
use super::rebuild::OpenRecipe;
use super::stream::{BlobStream, read_cached};
use super::{Backend, BlobError, Blobs};
use crate::base::{Sha256, blocking};

/// An open blob; cheap to clone. On disk it stays readable even when the blob is removed meanwhile.
#[derive(Clone)]
pub struct BlobReader {
    sha256: Sha256,
    size: u64,
    source: Source,
}

#[derive(Clone)]
enum Source {
    Local(Arc<File>),
    S3(Arc<Bucket>),
    Recipe(Arc<OpenRecipe>),
}

impl Blobs {
    /// Opens a blob. On disk this is done at once when the kernel has the path at hand, else on a blocking thread.
    pub async fn reader(&self, sha256: Sha256) -> Result<BlobReader, BlobError> {
        if let Some(reader) = self.kept(Collection::Blobs, sha256, true).await? {
            return Ok(reader);
        }
        let recipe = self.any_recipe(sha256)?.ok_or(BlobError::NotFound { sha256 })?;
        Ok(BlobReader {
            sha256,
            size: recipe.size,
            source: Source::Recipe(Arc::new(OpenRecipe::new(self.clone(), recipe))),
        })
    }

    /// Opens a piece of a collection; `None` when there is none. Where a blob can also be read by a recipe, an object
    /// store that would have to be asked first is not.
    pub(in crate::blobs) async fn kept(
        &self,
        of: Collection,
        name: Sha256,
        recipe_will_do: bool,
    ) -> Result<Option<BlobReader>, BlobError> {
        let (source, size) = match self.backend(of) {
            Backend::Local(disk) => {
                let file = if let Some(file) = disk.open_cached(&name) {
                    Some(file)
                } else {
                    let disk = Arc::clone(disk);
                    blocking(move || disk.file(&name)).await?
                };
                let Some(file) = file else { return Ok(None) };
                let size = file.metadata().map_err(BlobError::at("a blob".as_ref()))?.len();
                (Source::Local(Arc::new(file)), size)
            }
            Backend::S3(_) if recipe_will_do && self.has_recipe(name)? => return Ok(None),
            Backend::S3(bucket) => {
                let Some(found) = bucket.look_at(&name).await? else {
                    return Ok(None);
                };
                (Source::S3(Arc::clone(bucket)), found.size)
            }
        };
        Ok(Some(BlobReader {
            sha256: name,
            size,
            source,
        }))
    }

    /// The size of a blob, or `None` when there is none.
    pub async fn size(&self, sha256: Sha256) -> Result<Option<u64>, BlobError> {
        match self.reader(sha256).await {
            Ok(reader) => Ok(Some(reader.size())),
            Err(BlobError::NotFound { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Whether there is such a blob. Whoever is going to name it takes [`Blobs::adopt`] instead.
    pub async fn exists(&self, sha256: Sha256) -> Result<bool, BlobError> {
        Ok(self.size(sha256).await?.is_some())
    }

    /// Reads a whole blob of at most `limit` bytes, such as a card or a preview.
    pub async fn read_small(&self, sha256: Sha256, limit: u64) -> Result<Bytes, BlobError> {
        let reader = self.reader(sha256).await?;
        if reader.size() > limit {
            return Err(BlobError::TooLarge { limit });
        }
        reader.bytes(0..reader.size()).await
    }
}

impl BlobReader {
    /// The blob's name.
    pub fn sha256(&self) -> Sha256 {
        self.sha256
    }

    /// Bytes in the blob.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Streams a range; what lies beyond the end is left out.
    pub fn stream(&self, range: Range<u64>) -> BlobStream {
        let range = self.within(range);
        match &self.source {
            Source::Local(file) => BlobStream::local(Arc::clone(file), self.sha256, range),
            Source::S3(bucket) => {
                let key = bucket.key(&self.sha256);
                BlobStream::remote(Arc::clone(bucket).read(key, range))
            }
            Source::Recipe(recipe) => BlobStream::remote(recipe.stream(range)),
        }
    }

    /// Reads a short range into memory.
    pub async fn bytes(&self, range: Range<u64>) -> Result<Bytes, BlobError> {
        if let Some(bytes) = self.bytes_at_hand(range.clone()) {
            return Ok(bytes);
        }
        let range = self.within(range);
        let length = usize::try_from(range.end - range.start).unwrap_or(usize::MAX);
        let mut content = BytesMut::with_capacity(length);
        let mut stream = self.stream(range);
        while let Some(piece) = stream.next().await {
            content.extend_from_slice(&piece?);
        }
        Ok(content.freeze())
    }

    /// Reads a short range if that takes no waiting, that is, when the page cache holds all of it.
    pub fn bytes_at_hand(&self, range: Range<u64>) -> Option<Bytes> {
        let Source::Local(file) = &self.source else { return None };
        let range = self.within(range);
        let mut content = vec![0; usize::try_from(range.end - range.start).ok()?];
        let read = if content.is_empty() {
            0
        } else {
            read_cached(file, &mut content, range.start)?
        };
        (read == content.len()).then(|| Bytes::from(content))
    }

    /// A reader for code that blocks, such as parsers and archives. Make it on an async thread, use it off them.
    pub fn cursor(&self) -> BlobCursor {
        BlobCursor::new(self.clone())
    }

    pub(in crate::blobs) fn file(&self) -> Option<&Arc<File>> {
        match &self.source {
            Source::Local(file) => Some(file),
            Source::S3(_) | Source::Recipe(_) => None,
        }
    }

    /// The same content, only so far.
    pub(in crate::blobs) fn beginning(mut self, size: u64) -> Self {
        self.size = self.size.min(size);
        self
    }

    /// The recipe by which the content is rebuilt, where it is.
    pub(in crate::blobs) fn recipe(&self) -> Option<&OpenRecipe> {
        match &self.source {
            Source::Recipe(recipe) => Some(recipe),
            Source::Local(_) | Source::S3(_) => None,
        }
    }

    fn within(&self, range: Range<u64>) -> Range<u64> {
        let end = range.end.min(self.size);
        range.start.min(end)..end
    }
}
