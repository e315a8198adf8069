//! Where the indexes get their documents from: rows, git and cards. Everything here blocks.

use crate::base::{RepositoryId, UserId};
use crate::cards;
use crate::git::{GitError, ObjectId, Repository as GitRepository};
use crate::jobs::JobError;
use crate::models::{ModelFacts, labels};
use crate::repos::{Gating, Repos, Repository, Visibility};
use crate::search::document::RepositoryDocument;
use crate::search::files::{FileChange, FileDocument};
use crate::search::live::Counters;
use crate::search::users::UserDocument;
use crate::social::Social;
use crate::store::{ReadRows, Store, StoreError};
use crate::users::Account;
use std::collections::BTreeSet;
use std::fmt::Display;
use std::ops::ControlFlow;

/// READMEs beyond this many bytes are left out.
const README_BYTES: u64 = 2 << 20;
/// File names that the index of repositories takes; the index of files takes all.
const FILE_NAMES: usize = 2_000;
/// Names of bands that the index takes; hyperspectral sensors have a few hundred.
const BAND_NAMES: usize = 500;
/// Files read from a tree at once.
const FILES_AT_ONCE: usize = 1_000;

/// The slices below that own the facts.
#[derive(Clone)]
pub(crate) struct Sources {
    pub(crate) store: Store,
    pub(crate) repos: Repos,
    pub(crate) social: Social,
}

impl Sources {
    /// Ids of all repositories that can be found by name, of active accounts and of their repositories.
    pub(crate) fn repository_ids(&self) -> Result<Vec<RepositoryId>, StoreError> {
        let mut ids = Vec::new();
        self.store.read(|tx| {
            crate::repos::all_repositories(tx, |repository| {
                if repository.is_live() {
                    ids.push(repository.id);
                }
                Ok::<_, StoreError>(ControlFlow::Continue(()))
            })
        })?;
        Ok(ids)
    }

    /// Ids of the repositories below a node of the classification tree.
    pub(crate) fn classified(&self, node: &str) -> Result<Vec<RepositoryId>, StoreError> {
        self.store.read(|tx| crate::taxonomy::members(tx, node))
    }

    /// Ids of all accounts.
    pub(crate) fn user_ids(&self) -> Result<Vec<UserId>, StoreError> {
        let accounts = self.store.read(crate::users::all_accounts)?;
        Ok(accounts.into_iter().map(|account| account.id).collect())
    }

    /// An account as it is now; nothing when it is not to be found.
    pub(crate) fn user(&self, id: UserId) -> Result<Option<UserDocument>, StoreError> {
        let account = self.store.read(|tx| crate::users::account(tx, id))?;
        Ok(account.filter(|account| account.is_active).map(user_document))
    }

    /// A repository as it is now; nothing when it is deleted.
    pub(crate) fn repository(&self, id: RepositoryId) -> Result<Option<RepositoryDocument>, JobError> {
        let Some(rows) = self.store.read(|tx| Rows::of(tx, id))? else {
            return Ok(None);
        };
        let content = match self.content(&rows.repository) {
            Ok(content) => content,
            // A damaged repository is still found by what its row says.
            Err(error) => {
                self.tell_unreadable(id, &error)?;
                Content::default()
            }
        };
        let counters = counters_of(&self.social, id)?;
        Ok(Some(repository_document(rows, content, counters)))
    }

    /// Tells that a repository is found by less than there is in it.
    pub(crate) fn tell_unreadable(&self, id: RepositoryId, error: &dyn Display) -> Result<(), StoreError> {
        let what = "a repository cannot be read for the search index";
        self.repos.tell_unreadable(id, what, error)
    }

    /// The newest counters of a repository.
    pub(crate) fn counters(&self, id: RepositoryId) -> Result<Counters, StoreError> {
        counters_of(&self.social, id)
    }

    fn content(&self, repository: &Repository) -> Result<Content, GitError> {
        let Some((git, tip)) = self.tip(repository)? else {
            return Ok(Content::default());
        };
        let files = git.list_files(tip, "", None, FILE_NAMES)?;
        let readme = git.entry(tip, "README.md")?.filter(|entry| entry.kind.is_blob());
        let readme = match readme {
            Some(entry) if entry.size.is_some_and(|size| size <= README_BYTES) => git.blob(entry.id, README_BYTES)?,
            _ => Vec::new(),
        };
        Ok(Content {
            readme: String::from_utf8_lossy(&readme).into_owned(),
            file_names: files.into_iter().map(|file| file.path).collect(),
        })
    }

    fn tip(&self, repository: &Repository) -> Result<Option<(GitRepository, ObjectId)>, GitError> {
        let git = self.repos.git().repository(repository.id)?;
        let tip = git.branch(&repository.default_branch)?;
        Ok(tip.map(|tip| (git, tip)))
    }

    /// Calls `take` with batches of changes that replace all files of a repository. The old ones go with the batch that
    /// brings the first new ones, so that the files of a small repository never seem gone.
    pub(crate) fn all_files(&self, id: RepositoryId, take: &mut dyn FnMut(Vec<FileChange>)) -> Result<(), JobError> {
        let mut removal = vec![FileChange::DeleteRepository(id)];
        let outcome = self.files_at_tip(id, &mut |files| {
            let mut batch = std::mem::take(&mut removal);
            batch.extend(files);
            take(batch);
        });
        if !removal.is_empty() {
            take(removal);
        }
        outcome
    }

    fn files_at_tip(&self, id: RepositoryId, take: &mut dyn FnMut(Vec<FileChange>)) -> Result<(), JobError> {
        let Some(repository) = self.repos.get(id)?.filter(Repository::is_live) else {
            return Ok(());
        };
        let Some((git, tip)) = self.tip(&repository)? else {
            return Ok(());
        };
        let mut after: Option<String> = None;
        loop {
            let files = git.list_files(tip, "", after.as_deref(), FILES_AT_ONCE)?;
            let Some(last) = files.last() else { return Ok(()) };
            after = Some(last.path.clone());
            let mut batch = Vec::with_capacity(files.len());
            for file in files {
                if let Some(size_bytes) = git.logical_size(file.kind, file.id)? {
                    batch.push(FileChange::Put(FileDocument {
                        repository: id,
                        path: file.path,
                        size_bytes,
                    }));
                }
            }
            take(batch);
        }
    }

    /// The changes of files between two commits, some at a time.
    pub(crate) fn changed_files(
        &self,
        id: RepositoryId,
        (old, new): (Option<ObjectId>, ObjectId),
        take: &mut dyn FnMut(Vec<FileChange>),
    ) -> Result<(), GitError> {
        let git = self.repos.git().repository(id)?;
        let mut changes = Vec::new();
        for change in git.changes(old, new)? {
            if changes.len() == FILES_AT_ONCE {
                take(std::mem::take(&mut changes));
            }
            let size = match change.new {
                Some((kind, blob)) => git.logical_size(kind, blob)?,
                None => None,
            };
            changes.push(match size {
                Some(size_bytes) => FileChange::Put(FileDocument {
                    repository: id,
                    path: change.path,
                    size_bytes,
                }),
                None => FileChange::Delete(id, change.path),
            });
        }
        take(changes);
        Ok(())
    }
}

/// What the rows of several slices say of a live repository.
struct Rows {
    repository: Repository,
    owner: Account,
    collaborators: Vec<UserId>,
    classifications: Classifications,
    facts: Option<ModelFacts>,
}

impl Rows {
    fn of(tx: &impl ReadRows, id: RepositoryId) -> Result<Option<Self>, StoreError> {
        let Some(repository) = crate::repos::repository(tx, id)?.filter(Repository::is_live) else {
            return Ok(None);
        };
        let Some(owner) = crate::users::account(tx, repository.owner)? else {
            return Ok(None);
        };
        let collaborators = crate::repos::collaborators_of(tx, id)?;
        Ok(Some(Self {
            repository,
            owner,
            collaborators: collaborators.into_iter().map(|(account, _)| account).collect(),
            classifications: classifications(tx, id)?,
            facts: crate::models::facts(tx, id)?,
        }))
    }
}

#[derive(Default)]
struct Content {
    readme: String,
    file_names: Vec<String>,
}

/// The nodes that a repository belongs to, those above them included.
#[derive(Default)]
struct Classifications {
    ids: BTreeSet<String>,
    names: BTreeSet<String>,
}

fn classifications(tx: &impl ReadRows, id: RepositoryId) -> Result<Classifications, StoreError> {
    let mut found = Classifications::default();
    for link in crate::taxonomy::of_repository(tx, id)? {
        found.names.extend([link.node.name_zh, link.node.name_en]);
        found.ids.insert(link.node.id);
    }
    Ok(found)
}

fn counters_of(social: &Social, id: RepositoryId) -> Result<Counters, StoreError> {
    let counters = social.counters(id)?;
    Ok(Counters {
        stars: counters.stars,
        downloads: counters.downloads,
        views: counters.views,
        trending: counters.trending_score,
    })
}

fn user_document(account: Account) -> UserDocument {
    UserDocument {
        id: account.id,
        username: account.name.to_string(),
        full_name: account.profile.full_name.unwrap_or_default(),
        bio: account.profile.bio.unwrap_or_default(),
        location: account.profile.location.unwrap_or_default(),
        created_at: account.created_at,
    }
}

fn repository_document(rows: Rows, content: Content, counters: Counters) -> RepositoryDocument {
    let Rows {
        repository,
        owner,
        collaborators,
        classifications,
        facts,
    } = rows;
    let mut readers = collaborators;
    readers.push(repository.owner);
    let card = cards::parse(&content.readme).metadata;
    let mut labels = labels(repository.kind.family(), &card, facts.as_ref());
    // Models' own labels name a language without saying that it is one; clients ask either way.
    labels.push(Gating::label(repository.gating != Gating::Off).to_owned());
    labels.extend(card.language.iter().map(|language| format!("language:{language}")));
    let mut text: Vec<String> = Vec::new();
    text.extend(card.base_model);
    text.extend(card.datasets);
    text.extend(card.metrics);
    text.extend(card.sensors);
    text.extend(card.crs);
    text.extend(card.bands.into_iter().take(BAND_NAMES).map(|band| band.name));
    text.extend(classifications.names);
    let pipeline_tag = told(
        card.pipeline_tag.as_ref(),
        facts.as_ref().and_then(|facts| facts.pipeline_tag.as_ref()),
    );
    let mut tasks = card.task;
    tasks.extend(pipeline_tag.clone().filter(|tag| !tasks.contains(tag)));
    RepositoryDocument {
        id: repository.id,
        kind: repository.kind,
        owner_id: repository.owner,
        owner: owner.name.to_string(),
        name: repository.name.to_string(),
        title: card.title.unwrap_or_default(),
        description: repository.description,
        tags: card.tags,
        licenses: card.license,
        frameworks: card.framework,
        tasks,
        library: told(
            card.library_name.as_ref(),
            facts.as_ref().and_then(|facts| facts.library_name.as_ref()),
        ),
        labels,
        pipeline_tag,
        parameters: facts.as_ref().and_then(ModelFacts::parameters),
        classifications: classifications.ids.into_iter().collect(),
        card: text.join("\n"),
        readme: without_front_matter(&content.readme).to_owned(),
        file_names: content.file_names,
        size_bytes: repository.size_bytes,
        counters,
        created_at: repository.created_at,
        updated_at: repository.updated_at,
        featured: repository.featured,
        public: repository.visibility == Visibility::Public,
        readers,
    }
}

/// What the card says goes before what the files tell.
fn told(said: Option<&String>, inferred: Option<&String>) -> Option<String> {
    said.or(inferred).cloned()
}

/// The names of front matter's fields would match in every repository.
fn without_front_matter(readme: &str) -> &str {
    let Some(rest) = readme.trim_start_matches('\u{FEFF}').strip_prefix("---") else {
        return readme;
    };
    match rest.find("\n---") {
        Some(end) => rest[end + 4..].split_once('\n').map_or("", |(_, body)| body),
        None => readme,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn front_matter_is_left_out_of_the_readme() {
        assert_eq!(without_front_matter("---\ntags: [a]\n---\nbody"), "body");
        assert_eq!(without_front_matter("---\r\ntags: [a]\r\n---\r\nbody"), "body");
        assert_eq!(
            without_front_matter("no front matter\n---\nat all"),
            "no front matter\n---\nat all"
        );
        assert_eq!(without_front_matter("---\nunclosed"), "---\nunclosed");
    }
}
