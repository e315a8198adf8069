//! A commit as the clients send it: a line for each step, of which those of files carry their content.

use super::api::HfError;
use super::commit_lines::{CommitLines, Piece};
use crate::base::Sha256;
use crate::events::Origin;
use crate::files::{Arriving, Changed, FilesError, UploadDraft, checked_path};
use crate::git::GitError;
use crate::http::Code;
use crate::repos::{ContributeRepo, ReposError};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde::Deserialize;

/// A line (§3.2 of the contract).
#[derive(Debug, Deserialize)]
#[serde(tag = "key", content = "value", rename_all = "camelCase")]
enum Step {
    /// What the commit says, and where the branch has to stand.
    #[serde(rename_all = "camelCase")]
    Header {
        summary: String,
        #[serde(default)]
        description: Option<String>,
        #[serde(default)]
        parent_commit: Option<String>,
    },
    /// A file whose content was in this line.
    File {
        path: String,
        #[serde(default)]
        encoding: Option<String>,
    },
    /// A large file whose content was sent before.
    LfsFile {
        path: String,
        oid: String,
        #[serde(default)]
        size: Option<u64>,
    },
    /// A file, or a folder, to be deleted.
    DeletedFile { path: String },
    /// A folder to be deleted.
    DeletedFolder { path: String },
}

/// A commit that is arriving. Its memory is that of one small file, whatever its size; dropped before
/// [`ArrivingCommit::finish`], it leaves nothing behind.
pub(super) struct ArrivingCommit {
    draft: UploadDraft,
    lines: CommitLines,
    /// The file of the line that is arriving.
    file: Option<(Arriving, Base64)>,
    /// What the commit says: a line, and what follows it.
    said: Option<(String, String)>,
}

/// Base64 that arrives in pieces of any length.
#[derive(Default)]
struct Base64 {
    /// The beginning of a group of four digits.
    rest: Vec<u8>,
    ended: bool,
}

impl Base64 {
    fn decode(&mut self, piece: &[u8]) -> Result<Bytes, HfError> {
        let broken = || bad("The content of a file is no base64.");
        let mut digits = std::mem::take(&mut self.rest);
        digits.extend_from_slice(piece);
        self.rest = digits.split_off(digits.len() - digits.len() % 4);
        if self.ended && !digits.is_empty() {
            return Err(broken());
        }
        self.ended = digits.ends_with(b"=");
        Ok(STANDARD.decode(digits).map_err(|_| broken())?.into())
    }

    fn end(self) -> Result<(), HfError> {
        if self.rest.is_empty() {
            return Ok(());
        }
        Err(bad("The content of a file is no base64: its end is missing."))
    }
}

fn bad(message: impl Into<String>) -> HfError {
    HfError::new(Code::BadRequest, message)
}

impl ArrivingCommit {
    /// Begins a commit to a branch, or to a pull request that is named by its reference.
    pub(super) async fn begin(mut draft: UploadDraft, branch: &str) -> Result<Self, HfError> {
        draft.set_branch(branch.to_owned());
        draft.require_branch().await?;
        Ok(Self {
            draft,
            lines: CommitLines::default(),
            file: None,
            said: None,
        })
    }

    /// Takes the next bytes of the body.
    pub(super) async fn take(&mut self, mut chunk: Bytes) -> Result<(), HfError> {
        while let Some(piece) = self.lines.next(&mut chunk).map_err(|reason| bad(reason.to_string()))? {
            self.piece(piece).await?;
        }
        Ok(())
    }

    async fn piece(&mut self, piece: Piece) -> Result<(), HfError> {
        match piece {
            Piece::Content(content) => {
                let (mut arriving, mut base64) = match self.file.take() {
                    Some(file) => file,
                    // Clients tell the path behind the content.
                    None => (self.draft.begin(None).await?, Base64::default()),
                };
                self.draft.write(&mut arriving, base64.decode(&content)?).await?;
                self.file = Some((arriving, base64));
                Ok(())
            }
            Piece::Line(line) if line.trim_ascii().is_empty() => Ok(()),
            Piece::Line(line) => {
                let step = serde_json::from_slice(&line);
                let step =
                    step.map_err(|reason| bad(format!("A line of the commit cannot be understood: {reason}.")))?;
                self.step(step).await
            }
        }
    }

    async fn step(&mut self, step: Step) -> Result<(), HfError> {
        let file = self.file.take();
        match step {
            Step::Header {
                summary,
                description,
                parent_commit,
            } => {
                let description = description.unwrap_or_default();
                self.draft.set_message(format!("{summary}\n\n{description}"));
                self.said = Some((summary, description));
                if let Some(parent) = parent_commit {
                    self.draft.set_parent(&parent).await?;
                }
            }
            Step::File { path, encoding } => {
                if encoding.is_some_and(|encoding| encoding != "base64") {
                    return Err(bad("The encoding of content is 'base64'."));
                }
                let path = checked_path("path", &path)?;
                let (arriving, base64) = match file {
                    Some(file) => file,
                    None => (self.draft.begin(None).await?, Base64::default()),
                };
                base64.end()?;
                let arrived = self.draft.end(arriving).await?;
                self.draft.stage(arrived, Some(path)).await?;
            }
            Step::LfsFile { path, oid, size } => {
                let path = checked_path("path", &path)?;
                let sha256: Sha256 = oid
                    .parse()
                    .map_err(|_| bad("'oid' is a SHA-256 of 64 hexadecimal digits."))?;
                self.draft
                    .put_known(path, sha256, size)
                    .await
                    .map_err(|error| match error {
                        // Known or not: what was not sent for this repository cannot be named in it.
                        FilesError::UnknownContent(_) => bad(format!("The content {oid} was not sent: send it first.")),
                        other => other.into(),
                    })?;
            }
            Step::DeletedFile { path } | Step::DeletedFolder { path } => self.draft.delete(&path)?,
        }
        Ok(())
    }

    /// Takes what the body ended with, which may lack the end of its line.
    pub(super) async fn end(&mut self) -> Result<(), HfError> {
        if let Some(last) = std::mem::take(&mut self.lines).finish() {
            self.piece(last).await?;
        }
        if self.said.is_none() {
            return Err(bad("A commit begins with its header."));
        }
        Ok(())
    }

    /// What the commit says as the title and the first comment of a pull request.
    pub(super) fn said(&self) -> (String, String) {
        let (summary, description) = self.said.clone().unwrap_or_default();
        let title = summary.lines().next().unwrap_or_default().trim();
        // What is too long for a title is in the message of the commit.
        let mut title: String = title.chars().filter(|c| !c.is_control()).take(200).collect();
        while title.len() > 250 {
            title.pop();
        }
        if title.is_empty() {
            "Pull request".clone_into(&mut title);
        }
        (title, description)
    }

    /// Sends the commit to a pull request that was opened for it.
    pub(super) fn aim(&mut self, proof: &ContributeRepo) {
        self.draft.aim(proof);
    }

    /// Makes the commit.
    pub(super) async fn finish(mut self, origin: Origin) -> Result<Changed, HfError> {
        self.end().await?;
        self.draft.commit(origin).await.map_err(|error| match error {
            FilesError::Repos(ReposError::Git(GitError::PathNotFound(_)))
            | FilesError::Git(GitError::PathNotFound(_)) => HfError::EntryNotFound {
                message: "A file with this name doesn't exist".to_owned(),
                commit: None,
            },
            other => other.into(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_decoded_in_pieces_of_any_length() {
        let text = STANDARD.encode(b"precipitation");
        for size in 1..=text.len() {
            let (mut base64, mut found) = (Base64::default(), Vec::new());
            for piece in text.as_bytes().chunks(size) {
                found.extend_from_slice(&base64.decode(piece).unwrap());
            }
            base64.end().unwrap();
            assert_eq!(found, b"precipitation", "in pieces of {size}");
        }
        assert!(Base64::default().decode(b"a-b_").is_err());
        let mut base64 = Base64::default();
        base64.decode(b"QQ==").unwrap();
        assert!(base64.decode(b"QQ==").is_err());
        let mut short = Base64::default();
        short.decode(b"QUI").unwrap();
        assert!(short.end().is_err());
    }
}
