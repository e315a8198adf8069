//! What is to become of files that somebody is about to upload, so that content which is kept as a large file can be sent
//! ahead, and content that is here already need not be sent.

use super::error::FilesError;
use super::placement::{is_always_plain, is_large_by_path};
use super::{Files, OpenFile, Revision, checked_path};
use crate::base::Sha256;
use crate::git::{GitError, IgnoreRules, ObjectId};
use crate::http::{Code, Problem};
use crate::repos::WriteRepo;
use std::collections::HashMap;

/// Ignored files are named in small texts.
const IGNORE_MAX_BYTES: u64 = 1 << 20;
const IGNORE_FILE: &str = ".gitignore";

/// A file before it is sent.
#[derive(Debug, Clone)]
pub struct AnnouncedFile {
    /// Where it will stand.
    pub path: String,
    /// Bytes of its content.
    pub size: u64,
    /// The first bytes of its content.
    pub beginning: Vec<u8>,
}

/// What stands at a path now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PresentContent {
    /// A file in git, by its object.
    Plain(ObjectId),
    /// A large file, by the digest of its content.
    Large(Sha256),
}

/// What is to become of an announced file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UploadAdvice {
    /// Whether it will be kept as a large file.
    pub large: bool,
    /// Whether `.gitignore` says that it is not wanted.
    pub ignored: bool,
    /// What stands at its path now.
    pub present: Option<PresentContent>,
}

impl Files {
    /// Advises about files for a branch, whose commit `revision` is, if it has one. `ignore` stands for the `.gitignore`
    /// of that commit.
    pub async fn upload_advice(
        &self,
        proof: &WriteRepo,
        (branch, revision): (&str, Option<&Revision>),
        announced: &[AnnouncedFile],
        ignore: Option<String>,
    ) -> Result<Vec<UploadAdvice>, FilesError> {
        let paths = announced.iter().map(|file| checked_path("path", &file.path));
        let paths = paths.collect::<Result<Vec<_>, _>>()?;
        let ignore = match (ignore, revision) {
            (Some(text), _) => IgnoreRules::parse(text.as_bytes()),
            (None, Some(revision)) => self.ignore_rules(proof, revision).await?,
            (None, None) => IgnoreRules::parse(b""),
        };
        let mut present = HashMap::new();
        if let Some(revision) = revision {
            let names = paths.iter().map(ToString::to_string).collect();
            for entry in self.at_paths(proof.as_read(), revision, names, false).await? {
                let plain = PresentContent::Plain(entry.object);
                let content = entry
                    .large
                    .map_or(plain, |pointer| PresentContent::Large(pointer.sha256));
                present.extend(entry.kind.is_blob().then_some((entry.path, content)));
            }
        }
        let mut rules = self.attributes(proof, Some(branch)).await?;
        let (limits, takes_large) = (self.limits(), proof.repository().lfs_enabled);
        let advice = announced.iter().zip(&paths).map(|(file, path)| {
            let by_size = takes_large && !is_always_plain(path) && !limits.is_plain(file.size, &file.beginning);
            UploadAdvice {
                large: file.size > 0 && (by_size || is_large_by_path(proof, &mut rules, path)),
                ignored: ignore.ignores(path.as_str()),
                present: present.get(path.as_str()).copied(),
            }
        });
        Ok(advice.collect())
    }

    async fn ignore_rules(&self, proof: &WriteRepo, revision: &Revision) -> Result<IgnoreRules, FilesError> {
        let entry = match self.entry(proof.as_read(), revision, IGNORE_FILE).await {
            Ok(entry) if entry.size <= IGNORE_MAX_BYTES => entry,
            Ok(_) | Err(FilesError::Git(GitError::IsFolder(_))) => return Ok(IgnoreRules::parse(b"")),
            Err(error) if error.code() == Code::NotFound => return Ok(IgnoreRules::parse(b"")),
            Err(error) => return Err(error),
        };
        match self.open(&entry).await? {
            OpenFile::Plain(text) => Ok(IgnoreRules::parse(&text)),
            OpenFile::Large(_) => Ok(IgnoreRules::parse(b"")),
        }
    }
}
