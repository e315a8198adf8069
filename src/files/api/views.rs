use crate::base::{Sha256, Timestamp};
use crate::files::{Changed, FileFacts, FileId, FileKind, ListedEntry, Revision};
use crate::git::{EntryKind, ObjectId};
use crate::repos::LastCommit;
use serde::Serialize;
use utoipa::ToSchema;

/// A commit in one line.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct CommitView {
    /// The commit.
    #[schema(value_type = String)]
    pub id: ObjectId,
    /// The first line of its message.
    pub title: String,
    /// Its author.
    pub author: String,
    /// When it was recorded.
    #[schema(value_type = String, format = DateTime)]
    pub time: Timestamp,
}

impl From<LastCommit> for CommitView {
    fn from(commit: LastCommit) -> Self {
        Self {
            id: commit.id,
            title: commit.title,
            author: commit.author,
            time: commit.time,
        }
    }
}

/// The word for what stands at a path.
pub(super) const fn kind_word(kind: EntryKind) -> &'static str {
    match kind {
        EntryKind::File | EntryKind::Executable => "file",
        EntryKind::Symlink => "symlink",
        EntryKind::Folder => "folder",
        EntryKind::Submodule => "submodule",
    }
}

/// An entry of a list.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct EntryView {
    /// The id of a file; folders have none.
    file_id: Option<String>,
    /// Path from the root.
    path: String,
    /// The last part of the path.
    name: String,
    /// `file`, `folder`, `symlink` or `submodule`.
    r#type: &'static str,
    /// Bytes of the content, of a large file its own; none for folders.
    size: Option<u64>,
    /// The object in git.
    #[schema(value_type = String)]
    oid: ObjectId,
    /// Whether it is kept as a large file.
    is_lfs: bool,
    /// Digest of a large file.
    #[schema(value_type = Option<String>)]
    sha256: Option<Sha256>,
    /// The newest commit that changed it, where the list tells it.
    #[serde(skip_serializing_if = "Option::is_none")]
    last_commit: Option<CommitView>,
}

impl EntryView {
    /// An entry of this repository.
    pub(super) fn new(repository: crate::base::RepositoryId, entry: ListedEntry) -> Self {
        let name = entry.path.rsplit('/').next().unwrap_or(&entry.path).to_owned();
        let file_id = entry
            .kind
            .is_blob()
            .then(|| FileId::new(repository, entry.path.as_str()).to_string());
        Self {
            file_id,
            name,
            r#type: kind_word(entry.kind),
            size: entry.size,
            oid: entry.object,
            is_lfs: entry.large.is_some(),
            sha256: entry.large.map(|pointer| pointer.sha256),
            last_commit: entry.last_commit.map(CommitView::from),
            path: entry.path,
        }
    }
}

/// What is known of a file.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct FileView {
    /// Its id: repository and path. A move gives another one.
    file_id: String,
    /// Path from the root.
    path: String,
    /// The last part of the path.
    name: String,
    /// `file` or `symlink`.
    r#type: &'static str,
    /// model, dataset, image, document or other, by the name.
    #[schema(value_type = String)]
    kind: FileKind,
    /// Bytes of the content.
    size: u64,
    /// Digest of the content.
    #[schema(value_type = String)]
    sha256: Sha256,
    /// The object in git.
    #[schema(value_type = String)]
    oid: ObjectId,
    /// Whether it is kept as a large file.
    is_lfs: bool,
    /// The media type.
    mime_type: String,
    /// The language of a text, by its name.
    language: Option<&'static str>,
    /// A sentence about the file.
    description: Option<String>,
    /// The revision that was asked for.
    revision: String,
    /// The commit that it names.
    #[schema(value_type = String)]
    commit_id: ObjectId,
    /// The newest commit that changed the file.
    last_commit: Option<CommitView>,
}

impl FileView {
    /// What is known of a file at a revision.
    pub(super) fn new(facts: FileFacts, revision: &Revision) -> Self {
        let entry = &facts.entry;
        Self {
            file_id: entry.id().to_string(),
            path: entry.path.clone(),
            name: entry.name().to_owned(),
            r#type: kind_word(entry.kind),
            kind: entry.file_kind(),
            size: entry.size,
            sha256: facts.sha256,
            oid: entry.object,
            is_lfs: entry.large.is_some(),
            mime_type: facts.media_type,
            language: facts.language,
            description: facts.description,
            revision: revision.name.clone(),
            commit_id: revision.commit,
            last_commit: facts.last_commit.map(CommitView::from),
        }
    }
}

/// A file that a commit wrote.
#[derive(Debug, Serialize, ToSchema)]
pub struct WrittenView {
    /// Its id.
    pub file_id: String,
    /// Path from the root.
    pub path: String,
    /// Bytes of its content.
    pub size: u64,
    /// Digest of its content.
    #[schema(value_type = String)]
    pub sha256: Sha256,
    /// Whether it is kept as a large file.
    pub is_lfs: bool,
}

/// What a change of files has done.
#[derive(Debug, Serialize, ToSchema)]
pub struct FileChangesView {
    /// The commit; where the branch stands when nothing changed.
    #[schema(value_type = String)]
    pub commit_id: ObjectId,
    /// The branch.
    pub branch: String,
    /// False when the files had this content already, so that no commit was made.
    pub changed: bool,
    /// The files that were written.
    pub files: Vec<WrittenView>,
}

impl From<Changed> for FileChangesView {
    fn from(changed: Changed) -> Self {
        let files = changed.files.into_iter().map(|file| WrittenView {
            file_id: file.id.to_string(),
            path: file.id.path,
            size: file.size,
            sha256: file.sha256,
            is_lfs: file.large,
        });
        Self {
            commit_id: changed.commit,
            branch: changed.branch,
            changed: changed.changed,
            files: files.collect(),
        }
    }
}
