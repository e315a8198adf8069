//! Steps of an upload beside files that are sent: deletions, and large files whose content came before.

use super::{ChangedFile, UploadDraft};
use crate::base::{RepoPath, Sha256, blocking};
use crate::files::{FileId, FilesError};
use crate::git::{GitError, ObjectId, Operation};

/// Git itself stops at this length.
const LONGEST_PATH_BYTES: usize = 4_096;

impl UploadDraft {
    /// Refuses a branch that the commit could not go to, before anything is sent for it.
    pub async fn require_branch(&self) -> Result<(), FilesError> {
        let (git, repository) = (self.files.0.repos.git().clone(), self.proof.repository());
        let (id, branch) = (repository.id, self.branch.clone());
        let branch = branch.unwrap_or_else(|| repository.default_branch.clone());
        blocking(move || {
            let repository = git.repository(id)?;
            let missing = || GitError::RevisionNotFound(branch.chars().take(100).collect());
            let exists = match repository.standing(&branch) {
                Ok(tip) => tip.is_some(),
                Err(GitError::BadReferenceName(_)) => return Err(missing().into()),
                Err(error) => return Err(error.into()),
            };
            if exists || repository.default_branch()? == branch || repository.branches()?.is_empty() {
                return Ok(());
            }
            Err(missing().into())
        })
        .await
    }

    /// Names the commit at which the branch has to stand, by its full or short id. One that names nothing is no commit at
    /// which it stands.
    pub async fn set_parent(&mut self, commit: &str) -> Result<(), FilesError> {
        let (git, id, wanted) = (
            self.files.0.repos.git().clone(),
            self.proof.repository().id,
            commit.to_owned(),
        );
        let found: Result<ObjectId, GitError> = blocking(move || git.repository(id)?.resolve(&wanted)).await;
        self.parent = Some(found.map_err(|error| match error {
            GitError::RevisionNotFound(_) | GitError::RevisionAmbiguous(_) => GitError::Stale { current: None },
            other => other,
        })?);
        Ok(())
    }

    /// Puts a large file whose content the repository has already. Its size is checked when it is told.
    pub async fn put_known(&mut self, path: RepoPath, sha256: Sha256, size: Option<u64>) -> Result<(), FilesError> {
        self.take_path(&path)?;
        let known = self.files.large_size(self.proof.as_read(), sha256)?;
        let known = known.ok_or(FilesError::UnknownContent(sha256))?;
        if size.is_some_and(|size| size != known) {
            let message = format!("The content {sha256} has {known} bytes.");
            return Err(FilesError::invalid("size", message));
        }
        let mut draft = self.take_draft()?;
        let id = FileId::new(self.proof.repository().id, path.as_str());
        let staged = blocking(move || draft.put_linked(path, sha256, known).map(|()| draft));
        self.draft = Some(staged.await?);
        self.note(ChangedFile {
            id,
            size: known,
            sha256,
            large: true,
        });
        Ok(())
    }

    /// Deletes a file, or a folder with everything in it. That something stands there is seen when the commit is made.
    pub fn delete(&mut self, path: &str) -> Result<(), FilesError> {
        self.require_step()?;
        self.deleted += 1;
        let path = path.trim_end_matches('/').to_owned();
        self.hold(&path)?;
        if path.len() > LONGEST_PATH_BYTES {
            return Err(GitError::PathNotFound(path.chars().take(100).collect()).into());
        }
        let mut draft = self.take_draft()?;
        draft.add(Operation::Remove { path });
        self.draft = Some(draft);
        Ok(())
    }
}
