use std::error::Error;
use std::io;
use std::path::{Path, PathBuf};

use super::xet::hash::XetHash;
use super::xet::shard::ShardError;
use super::xet::xorb::XorbError;
use crate::base::{Sha256, UploadId, size};
use crate::store::StoreError;

/// What can go wrong with content. The texts are written for the user.
#[derive(Debug, thiserror::Error)]
pub enum BlobError {
    /// No such blob.
    #[error("The content {sha256} is not in the hub's storage.")]
    NotFound {
        /// The blob that was asked for.
        sha256: Sha256,
    },
    /// The content that arrived is not the content that was announced.
    #[error("The content has the SHA-256 {actual}, but {expected} was announced. Upload it again.")]
    HashMismatch {
        /// As announced.
        expected: Sha256,
        /// As computed.
        actual: Sha256,
    },
    /// More or fewer bytes arrived than were announced.
    #[error("{actual} bytes arrived, but {expected} were announced. Upload the content again.")]
    SizeMismatch {
        /// As announced.
        expected: u64,
        /// As counted; may be the count at which it became too many.
        actual: u64,
    },
    /// More bytes than the caller allows.
    #[error("The content is larger than the limit of {}.", size::human(*limit))]
    TooLarge {
        /// Greatest number of bytes allowed.
        limit: u64,
    },
    /// No room on the disk or in its quota.
    #[error("The hub's disk is full, so nothing was stored. Free space or ask an administrator to, then upload again.")]
    DiskFull,
    /// The S3 store did not answer, or answered with a failure of its own.
    #[error("The hub's object store does not answer. Nothing was lost; try again in a minute.")]
    Unavailable {
        /// What the client library said.
        source: Box<dyn Error + Send + Sync>,
    },
    /// The S3 store refuses the hub.
    #[error("The hub's object store refuses the hub. An administrator must check bucket and credentials in `blobs`.")]
    Refused {
        /// What the client library said.
        source: Box<dyn Error + Send + Sync>,
    },
    /// Stored content is shorter than it must be.
    #[error("The stored content {sha256} is damaged. An administrator must restore it from a backup.")]
    Damaged {
        /// The blob.
        sha256: Sha256,
    },
    /// No staged content under this upload.
    #[error("The upload {upload} does not exist or has expired. Start it again.")]
    UnknownUpload {
        /// The upload.
        upload: UploadId,
    },
    /// A part of the upload is still being received, or the upload is being completed.
    #[error("The upload {upload} is busy with another request. Try again when that has ended.")]
    BusyUpload {
        /// The upload.
        upload: UploadId,
    },
    /// A chunk lies outside the announced size.
    #[error("The chunk ends at byte {end}, but the upload has {size} bytes.")]
    OutsideUpload {
        /// First byte after the chunk.
        end: u64,
        /// Announced size.
        size: u64,
    },
    /// What a sender put into the S3 store part by part does not fit together.
    #[error("The parts do not make up the content, or have expired. Upload it again.")]
    Misfit,
    /// The sender stopped before the end.
    #[error("The content ended before it was complete. Upload it again.")]
    Abandoned,
    /// The two folders cannot exchange files by renaming.
    #[error("The folders {} and {} must be on one file system.", first.display(), second.display())]
    SplitFolders {
        /// One of them.
        first: PathBuf,
        /// The other.
        second: PathBuf,
    },
    /// The configuration of the S3 store cannot be used.
    #[error("The configuration in `blobs` cannot be used: {source}")]
    Configuration {
        /// What the client library said.
        source: Box<dyn Error + Send + Sync>,
    },
    /// A file of the data folder could not be read or written.
    #[error("The hub could not read or write {}. Its data folder must belong to the user who runs it.", path.display())]
    Folder {
        /// What was touched.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// No such xorb, or one that this repository did not send.
    #[error("The xorb {xorb} was not sent to this repository, or is gone. Begin the upload anew.")]
    UnknownXorb {
        /// The xorb.
        xorb: XetHash,
    },
    /// Those who only contribute to a repository have sent it as much as they may.
    #[error("This repository takes no more content from those who may not write to it.")]
    ContributionsFull,
    /// The terms of a file do not make up what they announce.
    #[error("The terms of the file {file} {reason}. Upload the file again.")]
    BadRecipe {
        /// The file, as it was announced.
        file: XetHash,
        /// What is wrong, following "the terms".
        reason: &'static str,
    },
    /// What arrived is no xorb, or another one than was announced.
    #[error(transparent)]
    Xorb(#[from] XorbError),
    /// What arrived is no shard.
    #[error(transparent)]
    Shard(#[from] ShardError),
    /// Metadata.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The caller could not say which content is named.
    #[error("The hub could not tell which content is in use, so nothing was removed.")]
    Names {
        /// What the caller said.
        source: Box<dyn Error + Send + Sync>,
    },
}

impl BlobError {
    /// Whether the same call may succeed later without anybody changing anything.
    pub fn is_retryable(&self) -> bool {
        matches!(
            self,
            Self::Unavailable { .. } | Self::BusyUpload { .. } | Self::DiskFull | Self::Abandoned
        )
    }

    /// For `map_err` on work with a file: a full disk and an exhausted quota are told apart from the rest.
    pub(in crate::blobs) fn at(path: &Path) -> impl Fn(io::Error) -> Self + '_ {
        |source| match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::DiskFull,
            _ => Self::Folder {
                path: path.to_owned(),
                source,
            },
        }
    }
}
