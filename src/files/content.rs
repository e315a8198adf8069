//! The content of a file: opened for a download, or as text with everything known about it.

use super::error::FilesError;
use super::facts::FactsRow;
use super::{FileEntry, Files, Revision, formats, store};
use crate::base::{Sha256, blocking};
use crate::blobs::BlobReader;
use crate::git::{GitError, is_binary};
use crate::repos::{LastCommit, ReadRepo};
use bytes::Bytes;
use std::sync::Arc;

/// Text beyond this size is not shown but downloaded.
pub const SHOWN_TEXT_BYTES: u64 = 2 * 1024 * 1024;
/// The largest file that stock git pushes put into git by default; only they make plain files larger than uploads do.
const PLAIN_MAX_BYTES: u64 = 1024 * 1024 * 1024;

/// Content that is ready to be sent.
pub enum OpenFile {
    /// A plain file.
    Plain(Bytes),
    /// A large file.
    Large(BlobReader),
}

/// Everything about a file but its content.
#[derive(Debug, Clone)]
pub struct FileFacts {
    /// The file.
    pub entry: Arc<FileEntry>,
    /// Digest of the content.
    pub sha256: Sha256,
    /// The media type: what somebody set, else by the name.
    pub media_type: String,
    /// The language of a text, by its name.
    pub language: Option<&'static str>,
    /// A sentence about the file.
    pub description: Option<String>,
    /// The newest commit that changed it.
    pub last_commit: Option<LastCommit>,
}

/// The content of a file as text, where it is one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShownText {
    /// The text; `None` when it is no text or too large.
    pub text: Option<String>,
    /// Whether it is no text.
    pub is_binary: bool,
    /// Whether it is too large to be shown.
    pub too_large: bool,
}

impl Files {
    /// Opens the content. Small plain files and local large files whose place the kernel knows take no waiting.
    pub async fn open(&self, entry: &FileEntry) -> Result<OpenFile, FilesError> {
        if let Some(pointer) = entry.large {
            return Ok(OpenFile::Large(self.0.blobs.reader(pointer.sha256).await?));
        }
        if let Some(content) = entry.content() {
            return Ok(OpenFile::Plain(content.clone()));
        }
        let (git, id, object) = (self.0.repos.git().clone(), entry.repository, entry.object);
        let content = blocking(move || git.repository(id)?.blob(object, PLAIN_MAX_BYTES)).await?;
        Ok(OpenFile::Plain(content.into()))
    }

    /// The media type under which a file is sent: what somebody set, else by its name.
    pub fn media_type(&self, entry: &FileEntry) -> Result<String, FilesError> {
        let facts = self
            .0
            .store
            .read(|tx| store::facts(tx, entry.repository, &entry.path))?;
        let set = facts.and_then(|facts: FactsRow| facts.content_type);
        Ok(set.unwrap_or_else(|| formats::media_type(&entry.path)))
    }

    /// What is known about a file.
    pub async fn facts(
        &self,
        proof: &ReadRepo,
        revision: &Revision,
        entry: Arc<FileEntry>,
    ) -> Result<FileFacts, FilesError> {
        let last = self.last_commit_of(proof, revision, &entry.path).await?;
        let row = self
            .0
            .store
            .read(|tx| store::facts(tx, entry.repository, &entry.path))?
            .unwrap_or_default();
        Ok(FileFacts {
            sha256: self.digest(&entry).await?,
            media_type: row.content_type.unwrap_or_else(|| formats::media_type(&entry.path)),
            language: formats::language(&entry.path),
            description: row.description,
            last_commit: last.as_ref().map(LastCommit::from),
            entry,
        })
    }

    /// Digest of the content.
    pub(super) async fn digest(&self, entry: &FileEntry) -> Result<Sha256, FilesError> {
        match (entry.large, entry.content()) {
            (Some(pointer), _) => Ok(pointer.sha256),
            (None, Some(content)) => Ok(Sha256::of(content)),
            (None, None) => self.hash(entry).await,
        }
    }

    async fn hash(&self, entry: &FileEntry) -> Result<Sha256, FilesError> {
        let (git, id, object) = (self.0.repos.git().clone(), entry.repository, entry.object);
        let digest = blocking(move || {
            let mut hasher = Hasher::default();
            git.repository(id)?.copy_blob(object, &mut hasher)?;
            Ok::<_, GitError>(hasher.finish())
        });
        Ok(digest.await?)
    }

    /// The content as text.
    pub async fn text(&self, entry: &FileEntry) -> Result<ShownText, FilesError> {
        let too_large = entry.size > SHOWN_TEXT_BYTES;
        let Some(content) = self.open_beginning(entry).await? else {
            return Ok(ShownText {
                text: None,
                is_binary: false,
                too_large,
            });
        };
        if is_binary(&content) {
            return Ok(ShownText {
                text: None,
                is_binary: true,
                too_large,
            });
        }
        if too_large {
            return Ok(ShownText {
                text: None,
                is_binary: false,
                too_large,
            });
        }
        let text = String::from_utf8(content.to_vec()).ok();
        let is_binary = text.is_none();
        Ok(ShownText {
            text,
            is_binary,
            too_large,
        })
    }

    /// The whole content when it can be shown, the first bytes of a larger one, nothing of a plain file beyond that.
    async fn open_beginning(&self, entry: &FileEntry) -> Result<Option<Bytes>, FilesError> {
        match self.large_beginning(entry).await? {
            Some(content) => Ok(Some(content)),
            None if entry.size > SHOWN_TEXT_BYTES => Ok(None),
            None => match self.open(entry).await? {
                OpenFile::Plain(content) => Ok(Some(content)),
                OpenFile::Large(_) => Ok(None),
            },
        }
    }

    async fn large_beginning(&self, entry: &FileEntry) -> Result<Option<Bytes>, FilesError> {
        let Some(pointer) = entry.large else { return Ok(None) };
        let reader = self.0.blobs.reader(pointer.sha256).await?;
        let end = if entry.size > SHOWN_TEXT_BYTES {
            8_192
        } else {
            entry.size
        };
        Ok(Some(reader.bytes(0..end).await?))
    }
}

/// Hashes what is written to it.
#[derive(Default)]
struct Hasher(sha2::Sha256);

impl Hasher {
    fn finish(self) -> Sha256 {
        Sha256::from_bytes(sha2::Digest::finalize(self.0).into())
    }
}

impl std::io::Write for Hasher {
    fn write(&mut self, buffer: &[u8]) -> std::io::Result<usize> {
        sha2::Digest::update(&mut self.0, buffer);
        Ok(buffer.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
