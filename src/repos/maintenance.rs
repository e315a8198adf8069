//! Comparing rows with git, and removing what nothing names any more.

use super::{Repos, ReposError, Repository, store};
use crate::base::RepositoryId;
use crate::base::blocking;
use crate::git::{GitError, path_history};

impl Repos {
    /// Removes the folders of repositories that have no row: remains of a purge, or of a creation that was cut off. Those
    /// from which others borrow stay.
    ///
    /// A repository in the making holds its lock until its row stands, so its folder is looked at again under that lock.
    pub async fn remove_orphans(&self) -> Result<usize, ReposError> {
        let git = self.git.clone();
        let mut removed = 0;
        for id in blocking(move || git.list()).await? {
            if self.get(id)?.is_some() || self.has_borrowers(id)? {
                continue;
            }
            let _guard = self.git.lock(id).await;
            // A fork in the making holds its lenders.
            if self.get(id)?.is_none() && !self.has_borrowers(id)? {
                self.remove_remains(id).await?;
                removed += 1;
            }
        }
        Ok(removed)
    }

    /// Packs every repository that has grown many packs or loose objects. Reads and commits go on meanwhile.
    pub async fn pack_all(&self) -> Result<usize, ReposError> {
        let mut packed = 0;
        for (id, branch, _) in self.store.read(store::known_tips)? {
            let _turn = self.maintenance.lock().await;
            match self.pack(id, &branch).await {
                Ok(is_packed) => packed += usize::from(is_packed),
                Err(ReposError::Git(error)) => self.tell_unreadable(id, "a repository could not be packed", &error)?,
                Err(error) => return Err(error),
            }
        }
        Ok(packed)
    }

    async fn pack(&self, id: RepositoryId, branch: &str) -> Result<bool, ReposError> {
        let git = self.git.clone();
        let maintained = blocking(move || git.maintain(id)).await?;
        self.follow_head(id, branch).await?;
        Ok(maintained.objects > 0)
    }

    /// Ends a change of the default branch that a crash cut off between the row and HEAD.
    async fn follow_head(&self, id: RepositoryId, branch: &str) -> Result<(), ReposError> {
        let (git, branch) = (self.git.clone(), branch.to_owned());
        let apart = blocking(move || Ok::<_, GitError>(git.repository(id)?.default_branch()? != branch));
        if apart.await? {
            let _guard = self.git.lock(id).await;
            if let Some(repository) = self.get(id)? {
                self.point_head(id, &repository.default_branch).await?;
            }
        }
        Ok(())
    }

    /// Makes the path history of every repository anew from git; answers of how many. Each repository is held meanwhile:
    /// its reads walk the commits, its commits wait.
    pub async fn rebuild_history(&self) -> Result<usize, ReposError> {
        let mut rebuilt = 0;
        for (id, _, _) in self.store.read(store::known_tips)? {
            let _guard = self.git.lock(id).await;
            let Some(repository) = self.get(id)? else { continue };
            let forget = || self.store.write(move |tx| path_history::forget_repository(tx, id));
            while !forget().await? {}
            path_history::refresh(&self.git, &self.store, id, &repository.default_branch).await?;
            rebuilt += 1;
        }
        Ok(rebuilt)
    }

    /// Compares every repository with its folder, as sentences: branches with rows, objects with each other, large files
    /// with links. Reads every object; long. Each repository is held while it is looked at, so that no commit is seen
    /// half way; what is derived is brought up to date first, as a start does after a crash.
    pub async fn check_git(&self) -> Result<Vec<String>, ReposError> {
        let mut problems = Vec::new();
        for (id, _, _) in self.store.read(store::known_tips)? {
            let _guard = self.git.lock(id).await;
            let Some(repository) = self.get(id)? else { continue };
            if !self.git.exists(id) {
                problems.push(format!("repository {id} has a row and no folder"));
                continue;
            }
            let refreshed = path_history::refresh(&self.git, &self.store, id, &repository.default_branch).await;
            let slice = self.clone();
            let checked = match refreshed {
                Ok(()) => blocking(move || slice.check_repository(&repository)).await,
                Err(error) => Err(error.into()),
            };
            match checked {
                Ok(found) => problems.extend(found),
                Err(ReposError::Store(error)) => return Err(error.into()),
                Err(error) => problems.push(format!("repository {id} cannot be read: {error}")),
            }
        }
        let git = self.git.clone();
        for id in blocking(move || git.list()).await? {
            let _guard = self.git.lock(id).await;
            if self.get(id)?.is_none() && !self.has_borrowers(id)? {
                tracing::info!(%id, "a folder that belongs to no repository waits for the next sweep");
            }
        }
        Ok(problems)
    }

    fn check_repository(&self, row: &Repository) -> Result<Vec<String>, ReposError> {
        let (id, branch) = (row.id, &row.default_branch);
        let repository = self.git.repository(id)?;
        let mut problems = Vec::new();
        if repository.branch(branch)? != row.last_commit.as_ref().map(|commit| commit.id) {
            problems.push(format!("repository {id}: its row and its branch '{branch}' disagree"));
        }
        if repository.default_branch()? != *branch {
            problems.push(format!(
                "repository {id}: its HEAD does not name the default branch '{branch}'"
            ));
        }
        problems.extend(self.check_lenders(row)?);
        let report = repository.check()?;
        problems.extend(
            report
                .problems
                .into_iter()
                .map(|text| format!("repository {id}: {text}")),
        );
        problems.extend(path_history::check(&self.store, &repository, branch)?);
        Ok(problems)
    }
}
