//! Where a file goes: into git, or into the blob store with a pointer in git.

use super::Files;
use super::error::FilesError;
use crate::base::{RepoPath, blocking};
use crate::blobs::{BlobWriter, Blobs, Expected, StoredBlob};
use crate::git::{Attributes, GitError, LARGE_EXTENSIONS, is_binary};
use crate::repos::WriteRepo;
use bytes::{Bytes, BytesMut};

/// git's own files and the card are read by programs that expect them in git.
const ALWAYS_PLAIN: &[&str] = &[".gitattributes", ".gitignore", ".gitmodules", "README.md"];

/// The configured sizes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    text: u64,
    binary: u64,
    file: u64,
}

impl Limits {
    /// Bytes that may be kept in git, judged by the beginning of the content.
    pub(super) fn plain(&self, beginning: &[u8]) -> u64 {
        if is_binary(beginning) { self.binary } else { self.text }
    }

    /// Whether content of this size and beginning is kept in git when its path does not say otherwise.
    pub(super) fn is_plain(&self, size: u64, beginning: &[u8]) -> bool {
        size <= self.plain(beginning)
    }
}

/// Content that was received whole.
#[derive(Debug)]
pub(super) enum Received {
    /// In memory.
    Plain(Bytes),
    /// In the blob store.
    Large(StoredBlob),
}

impl Received {
    /// Bytes.
    pub(super) fn size(&self) -> u64 {
        match self {
            Self::Plain(content) => content.len() as u64,
            Self::Large(blob) => blob.size,
        }
    }
}

/// Takes the content of one file as it arrives. It is held in memory until it is too large for git, or goes into the
/// blob store from its first byte.
pub(super) struct Intake {
    blobs: Blobs,
    limits: Limits,
    name: String,
    large: bool,
    takes_large: bool,
    buffer: BytesMut,
    writer: Option<BlobWriter>,
    received: u64,
}

impl Intake {
    /// Takes the next bytes.
    pub(super) async fn write(&mut self, chunk: Bytes) -> Result<(), FilesError> {
        self.received += chunk.len() as u64;
        if self.received > self.limits.file {
            return Err(FilesError::TooLarge {
                path: self.name.clone(),
                limit: self.limits.file,
            });
        }
        if let Some(writer) = &mut self.writer {
            return Ok(writer.write(chunk).await?);
        }
        if !self.large {
            self.buffer.extend_from_slice(&chunk);
            if self.limits.is_plain(self.received, &self.buffer) {
                return Ok(());
            }
        }
        if !self.takes_large {
            return Err(FilesError::NoLargeFiles {
                path: self.name.clone(),
                limit: self.limits.plain(&self.buffer),
            });
        }
        let mut writer = self.blobs.writer(Expected::default());
        writer
            .write(if self.large {
                chunk
            } else {
                self.buffer.split().freeze()
            })
            .await?;
        self.writer = Some(writer);
        Ok(())
    }

    /// Answers when the content is durable, or whole in memory. A file without content is always the latter: git-lfs
    /// knows no pointer to nothing.
    pub(super) async fn finish(self) -> Result<Received, FilesError> {
        match self.writer {
            Some(writer) => Ok(Received::Large(writer.finish().await?)),
            None => Ok(Received::Plain(self.buffer.freeze())),
        }
    }
}

impl Files {
    pub(super) fn limits(&self) -> Limits {
        let uploads = &self.0.config.current().uploads;
        Limits {
            text: uploads.text_limit.bytes(),
            binary: uploads.binary_limit.bytes(),
            file: uploads.file_size.bytes(),
        }
    }

    /// Begins to take a file. `large` when its path is known to say so.
    pub(super) fn intake(&self, proof: &WriteRepo, name: &str, large: bool) -> Intake {
        Intake {
            takes_large: proof.repository().lfs_enabled,
            blobs: self.0.blobs.clone(),
            limits: self.limits(),
            name: name.to_owned(),
            large,
            buffer: BytesMut::new(),
            writer: None,
            received: 0,
        }
    }

    /// The rules of `.gitattributes` where a commit is going to stand; none on a branch without commits.
    pub(super) async fn attributes(
        &self,
        proof: &WriteRepo,
        branch: Option<&str>,
    ) -> Result<Box<Attributes>, FilesError> {
        let (git, repository) = (self.0.repos.git().clone(), proof.repository());
        let (id, branch) = (repository.id, branch.unwrap_or(&repository.default_branch).to_owned());
        let rules = blocking(move || {
            let repository = git.repository(id)?;
            match repository.standing(&branch)? {
                Some(tip) => repository.attributes(tip),
                None => Attributes::parse(b""),
            }
        });
        let rules = rules.await.map_err(|error: GitError| error)?;
        Ok(Box::new(rules))
    }

    /// Puts content where its path says: what is small but named like large content goes to the blob store, and what has
    /// to be in git must be small enough for it.
    pub(super) async fn placed(
        &self,
        path: &RepoPath,
        large: bool,
        received: Received,
    ) -> Result<Received, FilesError> {
        match received {
            Received::Plain(content) if large && !content.is_empty() => {
                Ok(Received::Large(self.0.blobs.put(content).await?))
            }
            Received::Large(_) if is_always_plain(path) => Err(FilesError::TooLarge {
                path: path.to_string(),
                limit: self.limits().text,
            }),
            received => Ok(received),
        }
    }
}

/// Whether the path alone makes a file a large one. Where there are no large files, only `.gitattributes` can say so, and
/// the file is refused: as a plain one, git-lfs would complain of it in every clone.
pub(super) fn is_large_by_path(proof: &WriteRepo, rules: &mut Attributes, path: &RepoPath) -> bool {
    let takes_large = proof.repository().lfs_enabled;
    let listed = |extension: String| takes_large && LARGE_EXTENSIONS.contains(&extension.as_str());
    !is_always_plain(path) && (rules.is_large(path.as_str()) || path.extension().is_some_and(listed))
}

pub(super) fn is_always_plain(path: &RepoPath) -> bool {
    ALWAYS_PLAIN.contains(&path.as_str()) || path.file_name().starts_with(".git")
}
