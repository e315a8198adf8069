//! Moving, copying and deleting files; each is a commit.

use super::error::FilesError;
use super::placement::{Received, is_large_by_path};
use super::upload::{Changed, ChangedFile, message, put};
use super::{FileEntry, FileId, Files, OpenFile, store};
use crate::base::RepoPath;
use crate::events::Origin;
use crate::git::{ObjectId, Operation, Parent};
use crate::repos::{CommitDraft, CommitOptions, MovedFile, ReadContent, WriteRepo};

/// What a commit says beside what it does.
#[derive(Debug, Clone)]
pub struct Saying {
    /// The message; one is made when it is absent.
    pub message: Option<String>,
    /// From where the request came.
    pub origin: Origin,
}

impl Files {
    /// Deletes a file of the default branch, as long as it is what the caller saw.
    pub async fn delete(&self, proof: WriteRepo, entry: &FileEntry, saying: Saying) -> Result<Changed, FilesError> {
        let changed = self.take_away(proof, entry, saying, None).await?;
        self.forget_facts(entry.id()).await?;
        Ok(changed)
    }

    async fn take_away(
        &self,
        proof: WriteRepo,
        entry: &FileEntry,
        saying: Saying,
        moved: Option<MovedFile>,
    ) -> Result<Changed, FilesError> {
        let mut draft = self.0.repos.draft(proof).await?;
        draft.add(expect(&entry.path, Some(entry.object)));
        draft.add(Operation::Delete {
            path: entry.path.clone(),
        });
        self.say(draft, saying, format!("Delete {}", entry.path), Vec::new(), moved)
            .await
    }

    /// Copies a file to a path of the same or another repository. Large content is not copied: the target names the same
    /// blob, which the proof allows.
    pub async fn copy(
        &self,
        source: &ReadContent,
        entry: &FileEntry,
        target: WriteRepo,
        path: RepoPath,
        saying: Saying,
    ) -> Result<Changed, FilesError> {
        let default = format!("Copy {} from {}", path, source.owner().name);
        let default = if source.id() == target.repository().id {
            format!("Copy {} to {path}", entry.path)
        } else {
            default
        };
        let to = FileId::new(target.repository().id, path.as_str());
        let mut draft = self.0.repos.draft(target).await?;
        draft.add(expect(path.as_str(), None));
        let file = if entry.large.is_none() && source.id() == to.repository {
            draft.add(Operation::Copy {
                from: entry.path.clone(),
                to: path,
            });
            ChangedFile {
                id: to.clone(),
                size: entry.size,
                sha256: self.digest(entry).await?,
                large: false,
            }
        } else {
            let (staged, file) = self.put_copy(draft, entry, path).await?;
            draft = staged;
            file
        };
        let changed = self.say(draft, saying, default, vec![file], None).await?;
        self.copy_facts(&entry.id(), &to).await?;
        Ok(changed)
    }

    /// Moves a file within its repository, as one commit.
    pub async fn rename(
        &self,
        proof: WriteRepo,
        entry: &FileEntry,
        path: RepoPath,
        saying: Saying,
    ) -> Result<Changed, FilesError> {
        let to = FileId::new(entry.repository, path.as_str());
        let default = format!("Move {} to {path}", entry.path);
        let mut draft = self.0.repos.draft(proof).await?;
        draft.add(expect(&entry.path, Some(entry.object)));
        draft.add(expect(path.as_str(), None));
        let file = if entry.large.is_some() {
            // Written anew rather than moved, so that `.gitattributes` comes to cover the new path too.
            draft.add(Operation::Delete {
                path: entry.path.clone(),
            });
            let (staged, file) = self.put_copy(draft, entry, path).await?;
            draft = staged;
            file
        } else {
            draft.add(Operation::Move {
                from: entry.path.clone(),
                to: path,
            });
            ChangedFile {
                id: to.clone(),
                size: entry.size,
                sha256: self.digest(entry).await?,
                large: false,
            }
        };
        let moved = moved(entry, &to);
        self.say(draft, saying, default, vec![file], Some(moved)).await
    }

    /// Moves a file to another repository: first the copy, then the deletion, so that a crash in between leaves two files
    /// and never none.
    pub async fn move_away(
        &self,
        source: WriteRepo,
        entry: &FileEntry,
        target: WriteRepo,
        path: RepoPath,
        saying: Saying,
    ) -> Result<Changed, FilesError> {
        let to = FileId::new(target.repository().id, path.as_str());
        let copied = self.copy(source.as_read(), entry, target, path, saying.clone()).await?;
        self.take_away(source, entry, saying, Some(moved(entry, &to))).await?;
        Ok(copied)
    }

    async fn put_copy(
        &self,
        draft: CommitDraft,
        entry: &FileEntry,
        path: RepoPath,
    ) -> Result<(CommitDraft, ChangedFile), FilesError> {
        let content = if let Some(pointer) = entry.large {
            Received::Large(self.0.blobs.adopt(pointer.sha256).await?)
        } else {
            let OpenFile::Plain(bytes) = self.open(entry).await? else {
                return Err(FilesError::UnknownFile);
            };
            let mut rules = self.attributes(draft.proof(), None).await?;
            let large = is_large_by_path(draft.proof(), &mut rules, &path);
            self.placed(&path, large, Received::Plain(bytes)).await?
        };
        put(draft, path, content).await
    }

    async fn say(
        &self,
        draft: CommitDraft,
        saying: Saying,
        default: String,
        files: Vec<ChangedFile>,
        moved: Option<MovedFile>,
    ) -> Result<Changed, FilesError> {
        let message = message(saying.message, default)?;
        let options = CommitOptions {
            branch: None,
            parent: Parent::Tip,
            message,
            origin: saying.origin,
            moved,
        };
        let (commit, branch, changed) = self.finish_commit(draft, options).await?;
        Ok(Changed {
            commit,
            branch,
            changed,
            files,
        })
    }

    /// What people said of a file is said of its copy too.
    async fn copy_facts(&self, from: &FileId, to: &FileId) -> Result<(), FilesError> {
        let (from, to) = (from.clone(), to.clone());
        if self
            .0
            .store
            .read(|tx| store::facts(tx, from.repository, &from.path))?
            .is_none()
        {
            return Ok(());
        }
        let copied = self.0.store.write(move |tx| {
            let row = store::facts(tx, from.repository, &from.path)?.unwrap_or_default();
            store::put_facts(tx, to.repository, &to.path, &row)
        });
        Ok(copied.await?)
    }

    async fn forget_facts(&self, id: FileId) -> Result<(), FilesError> {
        if self
            .0
            .store
            .read(|tx| store::facts(tx, id.repository, &id.path))?
            .is_none()
        {
            return Ok(());
        }
        let forgotten = self
            .0
            .store
            .write(move |tx| store::delete_facts(tx, id.repository, &id.path));
        Ok(forgotten.await?)
    }
}

/// Whoever asked had seen this object at the path, or nothing; what came there meanwhile is not touched.
fn expect(path: &str, object: Option<ObjectId>) -> Operation {
    Operation::Expect {
        path: path.to_owned(),
        object,
    }
}

fn moved(entry: &FileEntry, to: &FileId) -> MovedFile {
    MovedFile {
        from: entry.path.clone(),
        to_repository: to.repository,
        to: to.path.clone(),
    }
}
