//! Blobs written ahead of the commit that will name them, one at a time, into the pack of that commit: a commit of
//! thousands of files needs the memory of one.

use super::error::GitError;
use super::model::ObjectId;
use super::pack::{PackWriter, object_id};
use super::repository::Repository;
use crate::base::RepositoryId;
use gix::objs::Kind;
use std::io::Read;

/// A pack in the making. Dropped without a commit, it leaves nothing.
pub struct BlobStage {
    pub(super) repository: RepositoryId,
    pub(super) pack: PackWriter,
}

/// A blob that stands in a [`BlobStage`] or in the repository.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PreparedBlob {
    /// The blob.
    pub id: ObjectId,
    /// Its size in bytes.
    pub size: u64,
}

impl Repository {
    /// Begins a stage for blobs of a coming commit.
    pub fn stage(&self) -> Result<BlobStage, GitError> {
        Ok(BlobStage {
            repository: self.id,
            pack: PackWriter::new(self.folder().join("objects/pack"))?,
        })
    }
}

impl BlobStage {
    /// Adds a blob from memory.
    pub fn add(&mut self, content: &[u8]) -> Result<PreparedBlob, GitError> {
        let id = object_id(Kind::Blob, content)?;
        self.pack.add(Kind::Blob, id, content)?;
        let size = content.len() as u64;
        Ok(PreparedBlob { id, size })
    }

    /// Adds a blob of known size from a reader; fewer bytes are an error.
    pub fn add_from(&mut self, size: u64, from: &mut dyn Read) -> Result<PreparedBlob, GitError> {
        let id = self.pack.add_blob_stream(size, from)?;
        Ok(PreparedBlob { id, size })
    }

    /// The number of objects so far.
    pub fn len(&self) -> usize {
        self.pack.len()
    }

    /// Whether nothing was added.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
