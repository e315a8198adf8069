//! Forks: a repository of one's own that begins where another one stands. Objects are borrowed, large files are linked, so
//! that it takes the same short time whatever the size. A duplicate is made in the same way, and is nobody's fork: it says
//! nothing of where it came from.

use super::create::{parse_description, parse_name, require_namespace};
use super::heal::{Facts, known_statistics};
use super::model::{Repository, Visibility};
use super::{ReadRepo, Repos, ReposError, borrowing, event, store};
use crate::base::{RepositoryId, blocking};
use crate::blobs::share_recipes;
use crate::events::{NewEvent, Origin, Subject};
use crate::git::{ObjectId, RepositoryGuard};
use crate::http::to_the_end;
use crate::store::WriteTx;
use crate::users::{Account, Caller, Scope};
use serde_json::json;

/// A fork to be made, in the namespace of the caller.
#[derive(Debug, Clone)]
pub struct NewFork {
    /// Another name than that of its origin.
    pub name: Option<String>,
    /// Another sentence than that of its origin.
    pub description: Option<String>,
    /// From where the request came.
    pub origin: Origin,
}

/// A duplicate to be made.
#[derive(Debug, Clone)]
pub struct NewDuplicate {
    /// The account that is to own it, in whose namespace the caller may make repositories.
    pub owner: Account,
    /// Its name as the client sent it.
    pub name: String,
    /// Who may see it; the same as what it is made from when absent.
    pub visibility: Option<Visibility>,
    /// From where the request came.
    pub origin: Origin,
}

/// What is to be made from a repository.
struct Wish {
    owner: Account,
    name: Option<String>,
    description: Option<String>,
    visibility: Option<Visibility>,
    is_fork: bool,
    origin: Origin,
}

/// A fork in the making.
struct Making {
    row: Repository,
    owner: Account,
    source: RepositoryId,
    visibility: Option<Visibility>,
    lenders: Vec<RepositoryId>,
    tip: Option<ObjectId>,
    origin: Origin,
}

impl Repos {
    /// Makes a fork with the branches, the tags and the large files of a repository. A fork of a private repository is
    /// private, and one of a gated repository gated.
    ///
    /// The folder comes first and the row last, so that a crash leaves only a folder that nothing names and that
    /// maintenance removes.
    pub async fn fork(&self, caller: &Caller, source: ReadRepo, new: NewFork) -> Result<RepositoryId, ReposError> {
        let wish = Wish {
            owner: caller.require_whole_account(Scope::Write)?.clone(),
            name: new.name,
            description: new.description,
            visibility: None,
            is_fork: true,
            origin: new.origin,
        };
        let (slice, caller) = (self.clone(), caller.clone());
        to_the_end(Box::pin(
            async move { slice.fork_now(&caller, source.id(), wish).await },
        ))
        .await
    }

    /// Makes a repository with the branches, the tags and the large files of another one, as a fork is made. What is made
    /// from a private repository is private at first.
    pub async fn duplicate(
        &self,
        caller: &Caller,
        source: ReadRepo,
        new: NewDuplicate,
    ) -> Result<RepositoryId, ReposError> {
        caller.require_whole_account(Scope::Write)?;
        require_namespace(caller, &new.owner)?;
        let wish = Wish {
            owner: new.owner,
            name: Some(new.name),
            description: None,
            visibility: new.visibility,
            is_fork: false,
            origin: new.origin,
        };
        let (slice, caller) = (self.clone(), caller.clone());
        to_the_end(Box::pin(
            async move { slice.fork_now(&caller, source.id(), wish).await },
        ))
        .await
    }

    async fn fork_now(&self, caller: &Caller, source: RepositoryId, new: Wish) -> Result<RepositoryId, ReposError> {
        let owner = new.owner;
        let (_guards, lenders) = self.hold_lenders(source).await?;
        // As it is now, while nobody moves its branches.
        let proof = self.content_readable(caller, self.readable_by_id(caller, source)?)?;
        let (id, now) = (RepositoryId::new(&self.clock), self.clock.now());
        let name = new.name.as_deref().map(parse_name).transpose()?;
        let description = new.description.as_deref().map(parse_description).transpose()?;
        let from = proof.repository().clone();
        let mut row = Repository {
            id,
            owner: owner.id,
            creator: caller.user_id(),
            former_owners: Vec::new(),
            name: name.unwrap_or_else(|| from.name.clone()),
            description: description.unwrap_or_else(|| from.description.clone()),
            featured: false,
            push_rules: super::PushRules::default(),
            forked_from: new.is_fork.then_some(source),
            created_at: now,
            updated_at: now,
            ..from
        };
        self.require_free_name(&owner, row.kind, &row.name)?;
        let _guard = self.git.lock(id).await;
        let git = self.git.clone();
        let made = blocking(move || {
            git.fork(source, id, &row.default_branch)?;
            let repository = git.repository(id)?;
            let tip = repository.branch(&row.default_branch)?;
            if let Some(tip) = tip {
                // What the origin knows of itself holds for its fork.
                let known = known_statistics(&row);
                let old = known.map(|(tip, _)| tip);
                Facts::of(&repository, old, tip, known)?.write(&mut row);
            }
            Ok::<_, ReposError>((row, tip))
        });
        let registered = match made.await {
            Ok((row, tip)) => {
                let making = Making {
                    row,
                    owner,
                    source,
                    visibility: new.visibility,
                    lenders,
                    tip,
                    origin: new.origin,
                };
                let slice = self.clone();
                self.store.write(move |tx| slice.register_fork(tx, making)).await
            }
            Err(error) => Err(error),
        };
        if let Err(error) = registered {
            self.remove_unregistered(id).await?;
            return Err(error);
        }
        Ok(id)
    }

    /// Holds a repository and all from which it borrows, so that none of them goes away; always in one order, so that two
    /// forks do not wait for each other.
    async fn hold_lenders(
        &self,
        source: RepositoryId,
    ) -> Result<(Vec<RepositoryGuard>, Vec<RepositoryId>), ReposError> {
        // What a repository borrows never changes.
        let mut lenders = self.store.read(|tx| borrowing::lenders(tx, source))?;
        lenders.push(source);
        lenders.sort_unstable();
        let mut guards = Vec::with_capacity(lenders.len());
        for lender in &lenders {
            guards.push(self.git.lock(*lender).await);
        }
        Ok((guards, lenders))
    }

    fn register_fork(&self, tx: &WriteTx<'_>, making: Making) -> Result<(), ReposError> {
        let Making {
            mut row,
            owner,
            source,
            visibility,
            lenders,
            tip,
            origin,
        } = making;
        let from = store::repository(tx, source)?.filter(Repository::is_live);
        let from = from.ok_or_else(|| ReposError::NotFound(source.to_string()))?;
        row.visibility = match (from.visibility, visibility) {
            (Visibility::Private, Some(Visibility::Public)) => return Err(still_private()),
            (Visibility::Private, _) => Visibility::Private,
            (Visibility::Public, wanted) => wanted.unwrap_or(row.visibility),
        };
        let (id, family) = (row.id, row.kind.family());
        if store::name_is_taken(tx, owner.id, family, &row.name)? {
            return Err(taken(&owner, &row));
        }
        // Links that wait for a commit of the origin are not part of what is forked.
        let (links, waiting) = store::settled_links(tx, source)?;
        row.stored_bytes = from.stored_bytes.saturating_sub(waiting);
        self.within_quota(&owner, store::usage(tx, owner.id)?.saturating_add(row.stored_bytes))?;
        store::take_name(tx, owner.id, family, &row.name)?;
        store::put(tx, &row)?;
        for (sha256, size) in &links {
            store::link_blob(tx, id, *sha256, *size)?;
        }
        let large = links.iter().map(|(sha256, _)| *sha256);
        share_recipes(tx, source, id, large, row.created_at)?;
        for lender in lenders {
            borrowing::lend(tx, lender, id)?;
        }
        let subject = Subject::Repository(id);
        let details =
            json!({ "name": row.name, "kind": row.kind, "visibility": row.visibility, "forked_from": row.forked_from });
        self.events.record(
            tx,
            NewEvent::new(event::CREATED, &origin, subject.clone()).with(details),
        )?;
        if let Some(tip) = tip {
            // Its history, its card and its place in the search follow as after a push.
            let details = json!({ "branch": row.default_branch, "old": null, "new": tip });
            self.events
                .record(tx, NewEvent::new(event::COMMITTED, &origin, subject).with(details))?;
        }
        Ok(())
    }

    /// What a repository was forked from, if that is there and the caller may read it.
    pub fn fork_origin(&self, caller: &Caller, proof: &ReadRepo) -> Result<Option<ReadRepo>, ReposError> {
        let Some(origin) = proof.repository().forked_from else {
            return Ok(None);
        };
        match self.readable_by_id(caller, origin) {
            Ok(origin) => Ok(Some(origin)),
            Err(ReposError::NotFound(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// How many live repositories were forked from this one.
    pub fn fork_count(&self, proof: &ReadRepo) -> Result<u64, ReposError> {
        Ok(self.store.read(|tx| store::forks(tx, proof.id()))?)
    }
}

fn still_private() -> ReposError {
    ReposError::Invalid {
        field: "visibility",
        message: "What is made from a private repository is private at first; its settings make it public.".to_owned(),
    }
}

fn taken(owner: &Account, row: &Repository) -> ReposError {
    ReposError::NameTaken {
        owner: owner.name.to_string(),
        name: row.name.clone(),
    }
}
