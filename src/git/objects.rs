//! Commits and blobs: reading.

use super::error::GitError;
use super::lfs_pointer::LfsPointer;
use super::model::{CommitInfo, ObjectId, Signature};
use super::repository::Repository;
use crate::base::Timestamp;
use gix::objs::Kind;
use gix::odb::pack;
use std::io::{self, BufRead, Write};

/// Blobs above this size are inflated piece by piece when they are copied out.
const STREAM_FROM_BYTES: u64 = 1 << 20;
const STREAM_BUFFER: usize = 256 << 10;

impl Repository {
    /// Reads a commit.
    pub fn commit(&self, id: ObjectId) -> Result<CommitInfo, GitError> {
        let object = self.object(id)?;
        if object.kind != Kind::Commit {
            return Err(GitError::RevisionNotFound(id.to_string()));
        }
        let commit = gix::objs::CommitRef::from_bytes(&object.data, gix::hash::Kind::Sha1)?;
        Ok(CommitInfo {
            id,
            tree: commit.tree().into(),
            parents: commit.parents().map(ObjectId::from).collect(),
            author: signature(&commit.author()?),
            committer: signature(&commit.committer()?),
            message: String::from_utf8_lossy(commit.message).into_owned(),
        })
    }

    /// Size of a blob in bytes, from its header alone.
    pub fn blob_size(&self, id: ObjectId) -> Result<u64, GitError> {
        Ok(self.header(id)?.size())
    }

    /// Whether the pointer to a large file is here, in the form that git-lfs and the hub write it: a commit names the
    /// content, or did.
    pub fn has_pointer(&self, pointer: LfsPointer) -> Result<bool, GitError> {
        Ok(self.find_header(pointer.object()?)?.is_some())
    }

    /// Reads a blob whole, unless it is larger than `limit` bytes.
    pub fn blob(&self, id: ObjectId, limit: u64) -> Result<Vec<u8>, GitError> {
        let size = self.blob_size(id)?;
        if size > limit {
            return Err(GitError::TooLarge { size, limit });
        }
        Ok(self.object(id)?.detach().data)
    }

    /// Copies a blob to a writer and answers its size. Large blobs that are stored whole in a pack are inflated piece by
    /// piece; blobs stored as a delta are held in memory.
    pub fn copy_blob(&self, id: ObjectId, out: &mut dyn Write) -> Result<u64, GitError> {
        let size = self.blob_size(id)?;
        if size > STREAM_FROM_BYTES
            && let Some(copied) = self.stream_packed(id, out)?
        {
            return Ok(copied);
        }
        out.write_all(&self.object(id)?.data)?;
        Ok(size)
    }

    fn stream_packed(&self, id: ObjectId, out: &mut dyn Write) -> Result<Option<u64>, GitError> {
        let mut files = Vec::new();
        for folder in self.object_folders()? {
            files.extend(std::fs::read_dir(folder.join("pack"))?);
        }
        for file in files {
            let path = file?.path();
            if path.extension().is_none_or(|extension| extension != "idx") {
                continue;
            }
            // A pack that vanishes here was merged into another one, which the caller's fallback finds.
            let Ok(index) = pack::index::File::at(&path, gix::hash::Kind::Sha1) else {
                continue;
            };
            let Some(place) = index.lookup(id.gix()) else { continue };
            let Ok(data) = pack::data::File::at(path.with_extension("pack"), gix::hash::Kind::Sha1) else {
                continue;
            };
            let entry = data.entry(index.pack_offset_at_index(place))?;
            let end = data.pack_end() as u64;
            let compressed = data.entry_slice(entry.data_offset..end);
            let (Some(mut compressed), true) = (compressed, entry.header.is_base()) else {
                continue;
            };
            return inflate(&mut compressed, entry.decompressed_size, out).map(Some);
        }
        Ok(None)
    }

    /// Any object, whole.
    pub(super) fn object(&self, id: ObjectId) -> Result<gix::Object<'_>, GitError> {
        self.find_object(id)?.ok_or_else(|| missing(id))
    }

    pub(super) fn header(&self, id: ObjectId) -> Result<gix::odb::find::Header, GitError> {
        self.find_header(id)?.ok_or_else(|| missing(id))
    }

    /// The root folder of a commit.
    pub(super) fn tree_of(&self, commit: ObjectId) -> Result<ObjectId, GitError> {
        let object = self.object(commit)?;
        if object.kind != Kind::Commit {
            return Err(GitError::RevisionNotFound(commit.to_string()));
        }
        Ok(
            gix::objs::CommitRefIter::from_bytes(&object.data, gix::hash::Kind::Sha1)
                .tree_id()?
                .into(),
        )
    }
}

fn missing(id: ObjectId) -> GitError {
    GitError::Damaged(format!("object {id} is missing"))
}

/// Inflates `size` bytes.
pub(super) fn inflate(compressed: &mut impl BufRead, size: u64, out: &mut dyn Write) -> Result<u64, GitError> {
    let mut state = gix::zlib::Decompress::new();
    let mut buffer = vec![0; STREAM_BUFFER];
    let mut copied = 0;
    while copied < size {
        let read = gix::zlib::stream::inflate::read(compressed, &mut state, &mut buffer)?;
        if read == 0 {
            return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
        }
        out.write_all(&buffer[..read])?;
        copied += read as u64;
    }
    Ok(copied)
}

pub(super) fn signature(signature: &gix::actor::SignatureRef<'_>) -> Signature {
    let trimmed = signature.trim();
    // A commit made elsewhere may carry a time that cannot be read; git shows 1970 then.
    let time = signature.time().unwrap_or_default();
    Signature {
        name: String::from_utf8_lossy(trimmed.name).into_owned(),
        email: String::from_utf8_lossy(trimmed.email).into_owned(),
        time: Timestamp::from_seconds(time.seconds),
        offset_seconds: time.offset,
    }
}
