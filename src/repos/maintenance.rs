//! Comparing rows with git, and removing what nothing names any more.

use super::{Repos, ReposError, Repository, store};
use crate::base::blocking;
use crate::git::path_history;

impl Repos {
    /// Removes the folders of repositories that have no row: remains of a purge, or of a creation that was cut off.
    ///
    /// A repository in the making holds its lock until its row stands, so its folder is looked at again under that lock.
    pub async fn remove_orphans(&self) -> Result<usize, ReposError> {
        let git = self.git.clone();
        let mut removed = 0;
        for id in blocking(move || git.list()).await? {
            if self.get(id)?.is_some() {
                continue;
            }
            let _guard = self.git.lock(id).await;
            if self.get(id)?.is_none() {
                self.remove_remains(id).await?;
                removed += 1;
            }
        }
        Ok(removed)
    }

    /// Packs every repository that has grown many packs or loose objects. Reads and commits go on meanwhile.
    pub async fn pack_all(&self) -> Result<usize, ReposError> {
        let mut packed = 0;
        for (id, _, _) in self.store.read(store::known_tips)? {
            let git = self.git.clone();
            if blocking(move || git.maintain(id)).await?.objects > 0 {
                packed += 1;
            }
        }
        Ok(packed)
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
            path_history::refresh(&self.git, &self.store, id, &repository.default_branch).await?;
            let slice = self.clone();
            problems.extend(blocking(move || slice.check_repository(&repository)).await?);
        }
        let git = self.git.clone();
        for id in blocking(move || git.list()).await? {
            let _guard = self.git.lock(id).await;
            if self.get(id)?.is_none() {
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
