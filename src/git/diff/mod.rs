//! What changed between two commits, file by file and line by line, within limits.

mod lines;
mod renames;

pub use lines::{DiffLine, Hunk, LineKind};

use super::error::GitError;
use super::lfs_pointer::{LfsPointer, POINTER_MAX_BYTES};
use super::model::{ChangeKind, EntryKind, FileChange, ObjectId};
use super::repository::Repository;
use serde::Serialize;

/// Bytes that git looks at for a NUL to call a file binary.
const BINARY_PROBE_BYTES: usize = 8_000;

/// Limits of a comparison. What lies beyond them is marked, never silently left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DiffLimits {
    /// Files whose lines are compared; later ones are only listed.
    pub files: usize,
    /// Size in bytes above which a file's lines are not compared.
    pub file_bytes: u64,
    /// Lines in the hunks of one file.
    pub file_lines: usize,
    /// Lines in all hunks.
    pub total_lines: usize,
    /// Unchanged lines around a change.
    pub context: usize,
}

impl Default for DiffLimits {
    fn default() -> Self {
        Self {
            files: 300,
            file_bytes: 1 << 20,
            file_lines: 3_000,
            total_lines: 20_000,
            context: 3,
        }
    }
}

/// The difference between two commits.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Diff {
    /// The files, by (new) path.
    pub files: Vec<FileDiff>,
    /// Lines added in all files whose lines were compared.
    pub added: usize,
    /// Lines deleted in them.
    pub deleted: usize,
    /// Whether a limit kept some lines from being compared or shown.
    pub truncated: bool,
}

/// What happened to a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FileStatus {
    /// It is new.
    Added,
    /// It has another content or mode.
    Modified,
    /// It is gone.
    Deleted,
    /// It has another path, and possibly another content.
    Renamed,
}

/// One side of a changed file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DiffSide {
    /// Its path.
    pub path: String,
    /// What it is.
    pub kind: EntryKind,
    /// Its object.
    pub id: ObjectId,
    /// Size of the content in bytes: of the large file when the object is an LFS pointer.
    pub size: u64,
    /// Whether the object is an LFS pointer.
    pub large: bool,
}

/// A changed file.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FileDiff {
    /// What happened.
    pub status: FileStatus,
    /// Percentage of the content that a renamed file kept; 100 for an identical one.
    pub similarity: Option<u8>,
    /// Before; `None` when it was added.
    pub old: Option<DiffSide>,
    /// After; `None` when it was deleted.
    pub new: Option<DiffSide>,
    /// The lines.
    pub content: DiffContent,
}

/// How the contents differ.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "snake_case", tag = "type")]
pub enum DiffContent {
    /// Text, compared by lines.
    Text {
        /// Lines added.
        added: usize,
        /// Lines deleted.
        deleted: usize,
        /// The changes with their surroundings.
        hunks: Vec<Hunk>,
        /// Whether a limit cut the hunks off.
        truncated: bool,
    },
    /// At least one side is not text.
    Binary,
    /// At least one side is a large file, which is not compared.
    Large,
    /// Too large, or too far down the list, to be compared.
    NotCompared,
    /// The contents are the same; mode or path differ.
    Same,
    /// A link to a commit of another repository.
    Submodule,
}

impl FileDiff {
    /// The path of the file: the new one, or the old one of a deleted file.
    pub fn path(&self) -> &str {
        let side = self.new.as_ref().or(self.old.as_ref());
        side.map_or("", |side| side.path.as_str())
    }
}

impl Repository {
    /// Compares two commits; `None` as `old` is the empty tree, as for the first commit.
    pub fn diff(&self, old: Option<ObjectId>, new: ObjectId, limits: DiffLimits) -> Result<Diff, GitError> {
        let changes = self.changes(old, new)?;
        let paired = self.pair_renames(changes, limits.file_bytes)?;
        let mut diff = Diff {
            files: Vec::with_capacity(paired.len()),
            added: 0,
            deleted: 0,
            truncated: false,
        };
        let mut lines_left = limits.total_lines;
        for (number, (change, from)) in paired.into_iter().enumerate() {
            let compare = number < limits.files && lines_left > 0;
            let file = self.file_diff(change, from, &limits, compare, &mut lines_left)?;
            match &file.content {
                DiffContent::Text {
                    added,
                    deleted,
                    truncated,
                    ..
                } => {
                    diff.added += added;
                    diff.deleted += deleted;
                    diff.truncated |= truncated;
                }
                DiffContent::NotCompared => diff.truncated = true,
                _ => {}
            }
            diff.files.push(file);
        }
        Ok(diff)
    }

    fn file_diff(
        &self,
        change: FileChange,
        from: Option<renames::Source>,
        limits: &DiffLimits,
        compare: bool,
        lines_left: &mut usize,
    ) -> Result<FileDiff, GitError> {
        let status = match (&from, change.kind) {
            (Some(_), _) => FileStatus::Renamed,
            (None, ChangeKind::Added) => FileStatus::Added,
            (None, ChangeKind::Modified) => FileStatus::Modified,
            (None, ChangeKind::Deleted) => FileStatus::Deleted,
        };
        let similarity = from.as_ref().map(|source| source.similarity);
        let (old_path, old) = match from {
            Some(source) => (source.path, Some((source.kind, source.id))),
            None => (change.path.clone(), change.old),
        };
        // What is not compared is read only as far as it takes to know a large file.
        let limit = if compare { limits.file_bytes } else { POINTER_MAX_BYTES };
        let (old, old_text) = self.side(old_path, old, limit)?;
        let (new, new_text) = self.side(change.path, change.new, limit)?;
        let same = matches!((&old, &new), (Some(old), Some(new)) if old.id == new.id);
        let content = match (old_text, new_text) {
            _ if same => DiffContent::Same,
            (Text::Submodule, _) | (_, Text::Submodule) => DiffContent::Submodule,
            (Text::Large, _) | (_, Text::Large) => DiffContent::Large,
            (Text::Binary, _) | (_, Text::Binary) => DiffContent::Binary,
            (Text::Lines(old), Text::Lines(new)) if compare => lines::compare(&old, &new, limits, lines_left),
            _ => DiffContent::NotCompared,
        };
        Ok(FileDiff {
            status,
            similarity,
            old,
            new,
            content,
        })
    }

    fn side(
        &self,
        path: String,
        object: Option<(EntryKind, ObjectId)>,
        limit: u64,
    ) -> Result<(Option<DiffSide>, Text), GitError> {
        let Some((kind, id)) = object else {
            return Ok((None, Text::Lines(Vec::new())));
        };
        let mut side = DiffSide {
            path,
            kind,
            id,
            size: 0,
            large: false,
        };
        if !kind.is_blob() {
            return Ok((Some(side), Text::Submodule));
        }
        side.size = self.blob_size(id)?;
        if side.size > limit {
            return Ok((Some(side), Text::TooLarge));
        }
        let content = self.blob(id, limit)?;
        let text = if let Some(pointer) = LfsPointer::parse(&content).filter(|_| kind != EntryKind::Symlink) {
            side.size = pointer.size;
            side.large = true;
            Text::Large
        } else if is_binary(&content) {
            Text::Binary
        } else {
            Text::Lines(content)
        };
        Ok((Some(side), text))
    }
}

enum Text {
    Lines(Vec<u8>),
    Large,
    Binary,
    TooLarge,
    Submodule,
}

/// git's rule: a NUL among the first 8,000 bytes.
pub fn is_binary(content: &[u8]) -> bool {
    content[..content.len().min(BINARY_PROBE_BYTES)].contains(&0)
}
