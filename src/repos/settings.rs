use super::create::{parse_description, parse_name};
use super::heal::Facts;
use super::model::{Gating, Repository, Visibility};
use super::{AdminRepo, OwnerRepo, Repos, ReposError, event, store};
use crate::base::{RepositoryId, blocking};
use crate::events::{NewEvent, Origin, Subject};
use crate::git::path_history;
use crate::http::to_the_end;
use crate::store::WriteTx;
use crate::users::Admin;
use serde_json::json;

/// What to change of a repository; absent fields stay.
#[derive(Debug, Clone, Default)]
pub struct SettingsChange {
    /// Another name in the same family; the old one keeps leading here.
    pub name: Option<String>,
    /// Another sentence.
    pub description: Option<String>,
    /// Another visibility.
    pub visibility: Option<Visibility>,
    /// Whether readers ask for access to content.
    pub gating: Option<Gating>,
    /// Another default branch, which must exist.
    pub default_branch: Option<String>,
    /// Whether it takes large files.
    pub lfs_enabled: Option<bool>,
}

impl SettingsChange {
    /// Refuses texts that [`Repos::change_settings`] would refuse, before anything else is done with them.
    pub fn check(&self) -> Result<(), ReposError> {
        self.name.as_deref().map(parse_name).transpose()?;
        self.description.as_deref().map(parse_description).transpose()?;
        Ok(())
    }
}

/// What an administrator of the hub sets of any repository; absent fields stay.
#[derive(Debug, Clone, Copy, Default)]
pub struct StatusChange {
    /// Whether it is shown first.
    pub featured: Option<bool>,
    /// Another visibility.
    pub visibility: Option<Visibility>,
}

/// What the record says of changed settings; nothing when they are as before, the name left out.
fn told(before: &Repository, after: &Repository) -> Option<serde_json::Value> {
    let same = Repository {
        name: before.name.clone(),
        ..after.clone()
    };
    let mut details = json!({ "visibility": after.visibility });
    // Named only when they are others. Of another default branch everything follows that is derived from files.
    if before.default_branch != after.default_branch {
        details["default_branch"] = json!(after.default_branch);
    }
    if before.gating != after.gating {
        details["gating"] = json!(after.gating);
    }
    if before.lfs_enabled != after.lfs_enabled {
        details["lfs_enabled"] = json!(after.lfs_enabled);
    }
    (*before != same).then_some(details)
}

impl Repos {
    /// Changes what an administrator of the hub decides about a live repository.
    pub async fn change_status(
        &self,
        _proof: Admin,
        id: RepositoryId,
        change: StatusChange,
        origin: Origin,
    ) -> Result<Repository, ReposError> {
        self.update(id, move |_, repository, record| {
            let before = (repository.featured, repository.visibility);
            repository.featured = change.featured.unwrap_or(repository.featured);
            repository.visibility = change.visibility.unwrap_or(repository.visibility);
            if before == (repository.featured, repository.visibility) {
                return Ok(());
            }
            let details = json!({ "featured": repository.featured, "visibility": repository.visibility });
            record(NewEvent::new(event::CHANGED, &origin, Subject::Repository(id)).with(details))
        })
        .await
    }

    /// Changes settings and the name.
    pub async fn change_settings(
        &self,
        proof: &AdminRepo,
        change: SettingsChange,
        origin: Origin,
    ) -> Result<Repository, ReposError> {
        let (slice, proof) = (self.clone(), proof.clone());
        to_the_end(async move { slice.change_settings_now(&proof, change, origin).await }).await
    }

    async fn change_settings_now(
        &self,
        proof: &AdminRepo,
        change: SettingsChange,
        origin: Origin,
    ) -> Result<Repository, ReposError> {
        let id = proof.repository().id;
        let name = change.name.as_deref().map(parse_name).transpose()?;
        let description = change.description.as_deref().map(parse_description).transpose()?;
        // Held until HEAD follows the row, so that no commit is counted for the wrong branch.
        let guard = match &change.default_branch {
            Some(branch) => Some((self.git.lock(id).await, self.facts_of(id, branch).await?)),
            None => None,
        };
        let (_guard, facts) = guard.unzip();
        let branch = change.default_branch.clone();
        let owner = proof.as_write().as_read().owner().name.to_string();
        let repository = self
            .update(id, move |tx, repository, record| {
                if let Some(name) = name.filter(|name| *name != repository.name) {
                    let family = repository.kind.family();
                    let same = name.key() == repository.name.key();
                    if !same && store::name_is_taken(tx, repository.owner, family, &name)? {
                        return Err(ReposError::NameTaken { owner, name });
                    }
                    let old = std::mem::replace(&mut repository.name, name);
                    if !same {
                        store::redirect(tx, repository, repository.owner, &old)?;
                    }
                    let details = json!({ "old": old, "new": repository.name });
                    record(NewEvent::new(event::RENAMED, &origin, Subject::Repository(id)).with(details))?;
                }
                let before = repository.clone();
                repository.description = description.unwrap_or_else(|| repository.description.clone());
                repository.visibility = change.visibility.unwrap_or(repository.visibility);
                repository.gating = change.gating.unwrap_or(repository.gating);
                repository.default_branch = change
                    .default_branch
                    .unwrap_or_else(|| repository.default_branch.clone());
                repository.lfs_enabled = change.lfs_enabled.unwrap_or(repository.lfs_enabled);
                if let Some(details) = told(&before, repository) {
                    record(NewEvent::new(event::CHANGED, &origin, Subject::Repository(id)).with(details))?;
                }
                if let Some(facts) = facts {
                    facts.write(repository);
                }
                Ok(())
            })
            .await?;
        if let Some(branch) = branch {
            self.point_head(id, &branch).await?;
            self.follow_history(id, &branch, Some(&repository)).await?;
        }
        Ok(repository)
    }

    async fn facts_of(&self, id: RepositoryId, branch: &str) -> Result<Facts, ReposError> {
        let (slice, branch) = (self.clone(), branch.to_owned());
        blocking(move || {
            slice.counted(id, &branch)?.ok_or_else(|| ReposError::Invalid {
                field: "default_branch",
                message: format!("There is no branch '{branch}' in this repository."),
            })
        })
        .await
    }

    /// Lets HEAD follow the row, which is what counts; maintenance does it again after a crash in between.
    pub(super) async fn point_head(&self, id: RepositoryId, branch: &str) -> Result<(), ReposError> {
        let (git, branch) = (self.git.clone(), branch.to_owned());
        blocking(move || {
            let repository = git.repository(id)?;
            if repository.default_branch()? != branch {
                repository.set_default_branch(&branch)?;
            }
            Ok(())
        })
        .await
    }

    /// Deletes a repository so that an administrator can restore it. Its name is free at once.
    pub async fn delete(&self, proof: OwnerRepo, origin: Origin) -> Result<(), ReposError> {
        let (id, now) = (proof.repository().id, self.clock.now());
        self.update(id, move |_, repository, record| {
            repository.deleted_at = Some(now);
            record(NewEvent::new(event::DELETED, &origin, Subject::Repository(id)))
        })
        .await?;
        Ok(())
    }

    /// Restores a deleted repository, under another name when its own was taken meanwhile.
    pub async fn restore(
        &self,
        _proof: Admin,
        id: RepositoryId,
        name: Option<String>,
        origin: Origin,
    ) -> Result<Repository, ReposError> {
        let name = name.as_deref().map(parse_name).transpose()?;
        let users = self.users.clone();
        let events = self.events.clone();
        let now = self.clock.now();
        self.store
            .write(move |tx| {
                let not_found = || ReposError::NotFound(id.to_string());
                let mut repository = store::repository(tx, id)?
                    .filter(|found| !found.is_live())
                    .ok_or_else(not_found)?;
                repository.name = name.unwrap_or_else(|| repository.name.clone());
                let family = repository.kind.family();
                if store::name_is_taken(tx, repository.owner, family, &repository.name)? {
                    let owner = users
                        .find(repository.owner)?
                        .map_or_else(String::new, |owner| owner.name.to_string());
                    return Err(ReposError::NameTaken {
                        owner,
                        name: repository.name,
                    });
                }
                store::take_name(tx, repository.owner, family, &repository.name)?;
                (repository.deleted_at, repository.updated_at) = (None, now);
                store::put(tx, &repository)?;
                events.record(tx, NewEvent::new(event::RESTORED, &origin, Subject::Repository(id)))?;
                Ok(repository)
            })
            .await
    }

    /// Removes a deleted repository for good: rows first, then the folder, which stays while forks borrow from it. Its blobs go with the next sweep, if no other
    /// repository names them.
    pub async fn purge(&self, _proof: Admin, id: RepositoryId, origin: Origin) -> Result<(), ReposError> {
        let _guard = self.git.lock(id).await;
        let events = self.events.clone();
        self.store
            .write(move |tx| {
                let repository = store::repository(tx, id)?.filter(|repository| !repository.is_live());
                let repository = repository.ok_or_else(|| ReposError::NotFound(id.to_string()))?;
                store::remove(tx, id)?;
                let details = json!({ "name": repository.name, "owner": repository.owner });
                events.record(
                    tx,
                    NewEvent::new(event::PURGED, &origin, Subject::Repository(id)).with(details),
                )?;
                Ok::<_, ReposError>(())
            })
            .await?;
        self.remove_remains(id).await
    }

    /// Removes what a repository without a row has left: its path history, and its folder when nobody borrows from it.
    pub(super) async fn remove_remains(&self, id: RepositoryId) -> Result<(), ReposError> {
        while !self
            .store
            .write(move |tx| path_history::forget_repository(tx, id))
            .await?
        {}
        // Forks read its objects; the last of them takes the folder along.
        if self.has_borrowers(id)? {
            return Ok(());
        }
        let git = self.git.clone();
        Ok(blocking(move || git.remove(id)).await?)
    }

    /// Changes a live repository in one transaction, with the events that tell of it.
    pub(super) async fn update(
        &self,
        id: RepositoryId,
        change: impl FnOnce(
            &WriteTx<'_>,
            &mut Repository,
            &dyn Fn(NewEvent) -> Result<(), ReposError>,
        ) -> Result<(), ReposError>
        + Send
        + 'static,
    ) -> Result<Repository, ReposError> {
        let (events, now) = (self.events.clone(), self.clock.now());
        self.store
            .write(move |tx| {
                let found = store::repository(tx, id)?.filter(Repository::is_live);
                let mut repository = found.ok_or_else(|| ReposError::NotFound(id.to_string()))?;
                let before = repository.clone();
                let record = |event| events.record(tx, event).map(|_| ()).map_err(ReposError::from);
                change(tx, &mut repository, &record)?;
                if repository != before {
                    repository.updated_at = now;
                    store::put(tx, &repository)?;
                }
                Ok(repository)
            })
            .await
    }
}
