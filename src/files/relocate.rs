//! Moving, copying and deleting files; each is a commit.

use super::error::FilesError;
use super::placement::{Received, is_large_by_path};
use super::upload::{Changed, ChangedFile, message, put};
use super::{FileEntry, FileId, Files, OpenFile, event, store};
use crate::base::{RepoPath, RepositoryId};
use crate::events::{NewEvent, Origin, Subject};
use crate::git::{Operation, Parent};
use crate::repos::{CommitDraft, CommitOptions, ReadRepo, WriteRepo};
use serde::{Deserialize, Serialize};
use serde_json::json;

/// What a commit says beside what it does.
#[derive(Debug, Clone)]
pub struct Saying {
    /// The message; one is made when it is absent.
    pub message: Option<String>,
    /// From where the request came.
    pub origin: Origin,
}

/// Where a file was and where it is now: the details of [`event::MOVED`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MovedFile {
    /// Its path before.
    pub from: String,
    /// The repository it is in now.
    pub to_repository: RepositoryId,
    /// Its path now.
    pub to: String,
}

impl Files {
    /// Deletes a file of the default branch.
    pub async fn delete(&self, proof: WriteRepo, entry: &FileEntry, saying: Saying) -> Result<Changed, FilesError> {
        let mut draft = self.0.repos.draft(proof).await?;
        draft.add(Operation::Delete {
            path: entry.path.clone(),
        });
        let changed = self
            .say(draft, saying, format!("Delete {}", entry.path), Vec::new())
            .await?;
        self.forget_facts(entry.id()).await?;
        Ok(changed)
    }

    /// Copies a file to a path of the same or another repository. Large content is not copied: the target names the same
    /// blob, which the proof allows.
    pub async fn copy(
        &self,
        source: &ReadRepo,
        entry: &FileEntry,
        target: WriteRepo,
        path: RepoPath,
        saying: Saying,
    ) -> Result<Changed, FilesError> {
        self.require_free(&target, &path).await?;
        let default = format!("Copy {} from {}", path, source.owner().name);
        let default = if source.id() == target.repository().id {
            format!("Copy {} to {path}", entry.path)
        } else {
            default
        };
        let to = FileId::new(target.repository().id, path.as_str());
        let mut draft = self.0.repos.draft(target).await?;
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
        self.copy_facts(&entry.id(), &to).await?;
        self.say(draft, saying, default, vec![file]).await
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
        let mut draft = self.0.repos.draft(proof.clone()).await?;
        let file = if entry.large.is_some() {
            // Written anew rather than moved, so that `.gitattributes` comes to cover the new path too.
            self.require_free(&proof, &path).await?;
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
        self.copy_facts(&entry.id(), &to).await?;
        let origin = saying.origin.clone();
        let changed = self.say(draft, saying, default, vec![file]).await?;
        self.finish_move(entry.id(), to, origin).await?;
        Ok(changed)
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
        let origin = saying.origin.clone();
        let copied = self.copy(source.as_read(), entry, target, path, saying.clone()).await?;
        self.delete(source, entry, saying).await?;
        self.finish_move(entry.id(), to, origin).await?;
        Ok(copied)
    }

    /// Forgets what people said about the old path, and tells the slices above, which keep rows by path too.
    async fn finish_move(&self, from: FileId, to: FileId, origin: Origin) -> Result<(), FilesError> {
        let events = self.0.events.clone();
        let written = self.0.store.write(move |tx| {
            store::delete_facts(tx, from.repository, &from.path)?;
            let details = json!(MovedFile {
                from: from.path,
                to_repository: to.repository,
                to: to.path,
            });
            let moved = NewEvent::new(event::MOVED, &origin, Subject::Repository(from.repository));
            events.record(tx, moved.with(details))?;
            Ok(())
        });
        written.await
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
            let large = is_large_by_path(&mut rules, &path);
            self.placed(&path, large, Received::Plain(bytes)).await?
        };
        put(draft, path, content).await
    }

    async fn require_free(&self, target: &WriteRepo, path: &RepoPath) -> Result<(), FilesError> {
        let (git, id) = (self.0.repos.git().clone(), target.repository().id);
        let (branch, wanted) = (target.repository().default_branch.clone(), path.as_str().to_owned());
        let taken = crate::base::blocking(move || {
            let repository = git.repository(id)?;
            let Some(tip) = repository.branch(&branch)? else {
                return Ok(false);
            };
            Ok::<_, crate::git::GitError>(repository.entry(tip, &wanted)?.is_some())
        });
        if taken.await? {
            Err(FilesError::TargetExists(path.to_string()))
        } else {
            Ok(())
        }
    }

    async fn say(
        &self,
        draft: CommitDraft,
        saying: Saying,
        default: String,
        files: Vec<ChangedFile>,
    ) -> Result<Changed, FilesError> {
        let message = message(saying.message, default)?;
        let options = CommitOptions {
            branch: None,
            parent: Parent::Tip,
            message,
            origin: saying.origin,
        };
        let (commit, branch, changed) = self.finish_commit(draft, options).await?;
        Ok(Changed {
            commit,
            branch,
            changed,
            files,
        })
    }

    /// Before the commit that makes the new path, so that a crash loses nothing; the old row goes after it.
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
