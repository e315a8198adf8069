//! Collections: lists of repositories that an account or an organization puts together, for all or for itself.

use super::{Social, SocialError, event};
use crate::base::{CollectionId, RepositoryId, Timestamp, UserId};
use crate::events::{NewEvent, Origin, Subject};
use crate::repos::ReadRepo;
use crate::store::{Descending, Index, ReadRows, Records, Scan, StoreError, WriteTx};
use crate::users::{Caller, MemberRole, Scope};
use serde::{Deserialize, Serialize};
use serde_json::json;

/// The most collections of an account.
const MOST_COLLECTIONS: u64 = 500;
/// The most repositories of a collection.
const MOST_ITEMS: usize = 200;
/// Collections that are looked at for one page.
const MOST_LOOKED_AT: usize = 1_000;
const TITLE_MAX_CHARS: usize = 60;
const DESCRIPTION_MAX_CHARS: usize = 150;
const NOTE_MAX_CHARS: usize = 500;

/// A repository in a collection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CollectionItem {
    /// Its number in this collection, which no other item ever has.
    pub number: u64,
    /// The repository.
    pub repository: RepositoryId,
    /// Why it is there.
    pub note: Option<String>,
}

/// A collection of repositories.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Collection {
    /// Never changes.
    pub id: CollectionId,
    /// The account that made it, or the organization for which a member made it.
    pub owner: UserId,
    /// Its title.
    pub title: String,
    /// A short sentence.
    pub description: Option<String>,
    /// Whether only its owner sees it; of an organization its members.
    pub private: bool,
    /// A word for the colour in which it is shown.
    pub theme: String,
    /// Its place among those of its owner.
    pub position: u64,
    /// The repositories, in order.
    pub items: Vec<CollectionItem>,
    /// The number of the next item.
    pub next_item: u64,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// A collection to be made.
#[derive(Debug, Clone, Default)]
pub struct NewCollection {
    /// The organization that is to own it; the caller, when nothing is said.
    pub owner: Option<UserId>,
    /// Its title.
    pub title: String,
    /// A short sentence.
    pub description: Option<String>,
    /// Whether only its owner sees it.
    pub private: bool,
}

/// What to change of a collection; absent fields stay.
#[derive(Debug, Clone, Default)]
pub struct CollectionChange {
    /// Another title.
    pub title: Option<String>,
    /// Another sentence.
    pub description: Option<String>,
    /// Whether only its owner sees it.
    pub private: Option<bool>,
    /// Another word for its colour.
    pub theme: Option<String>,
    /// Another place.
    pub position: Option<u64>,
}

/// What to change of the items of a collection.
#[derive(Debug, Clone)]
pub enum ItemChange {
    /// Puts a repository at the end.
    Add(RepositoryId, Option<String>),
    /// Says something else of an item, or moves it.
    Change(u64, Option<String>, Option<usize>),
    /// Takes an item out.
    Remove(u64),
}

/// Which collections to list.
#[derive(Debug, Clone, Copy)]
pub enum CollectionFilter {
    /// All.
    All,
    /// Those of an account.
    Owner(UserId),
    /// Those with a repository.
    With(RepositoryId),
}

/// Proof that the caller may change a collection.
#[derive(Debug, Clone)]
pub struct OwnCollection(Collection);

const BY_OWNER: Index<(UserId, Descending<Timestamp>), CollectionId> = Index::new("collections_by_owner");
const BY_REPOSITORY: Index<RepositoryId, CollectionId> = Index::new("collections_by_repository");
const PUBLIC: Index<Descending<Timestamp>, CollectionId> = Index::new("collections_public");
const COLLECTIONS: Records<CollectionId, Collection> = Records::new(
    "collections",
    |id, collection| {
        let newest = Descending(collection.updated_at);
        let mut entries = vec![BY_OWNER.entry(&(collection.owner, newest), id)];
        let items = collection.items.iter();
        entries.extend(items.map(|item| BY_REPOSITORY.entry(&item.repository, id)));
        if !collection.private {
            entries.push(PUBLIC.entry(&newest, id));
        }
        entries
    },
    &[
        "collections_by_owner",
        "collections_by_repository",
        "collections_public",
    ],
);

fn checked(field: &'static str, text: &str, most: usize) -> Result<String, SocialError> {
    let text = text.trim();
    if text.chars().count() > most {
        let message = format!("The {field} has at most {most} characters.");
        return Err(SocialError::Invalid { field, message });
    }
    Ok(text.to_owned())
}

fn checked_title(text: &str) -> Result<String, SocialError> {
    let title = checked("title", text, TITLE_MAX_CHARS)?;
    if title.is_empty() {
        let message = "A collection has a title.".to_owned();
        return Err(SocialError::Invalid {
            field: "title",
            message,
        });
    }
    Ok(title)
}

/// Whether the caller is this account, or belongs to this organization and may do as much there.
fn stands_for(caller: &Caller, owner: UserId, least: MemberRole, scope: Scope) -> bool {
    let account = caller.require_whole_account(scope);
    account.is_ok_and(|account| account.id == owner || caller.role_in(owner) >= Some(least))
}

fn may_see(caller: &Caller, collection: &Collection) -> bool {
    !collection.private || stands_for(caller, collection.owner, MemberRole::Read, Scope::Read)
}

/// Whether the caller may change the collections of an account, or make new ones for it.
fn owns(caller: &Caller, owner: UserId) -> bool {
    stands_for(caller, owner, MemberRole::Write, Scope::Write)
}

impl CollectionChange {
    fn apply(self, collection: &mut Collection) -> Result<(), SocialError> {
        if let Some(title) = self.title {
            collection.title = checked_title(&title)?;
        }
        if let Some(text) = self.description {
            let text = checked("description", &text, DESCRIPTION_MAX_CHARS)?;
            collection.description = Some(text).filter(|text| !text.is_empty());
        }
        collection.private = self.private.unwrap_or(collection.private);
        collection.theme = match self.theme {
            Some(theme) => checked("theme", &theme, 20)?,
            None => std::mem::take(&mut collection.theme),
        };
        collection.position = self.position.unwrap_or(collection.position);
        Ok(())
    }
}

impl ItemChange {
    fn apply(self, collection: &mut Collection) -> Result<(), SocialError> {
        let note = |note: Option<String>| note.map(|note| checked("note", &note, NOTE_MAX_CHARS)).transpose();
        let items = &mut collection.items;
        let place = |items: &[CollectionItem], number| items.iter().position(|item| item.number == number);
        match self {
            Self::Add(repository, text) => {
                if items.iter().any(|item| item.repository == repository) {
                    return Err(SocialError::ItemExists);
                }
                if items.len() >= MOST_ITEMS {
                    let message = format!("A collection has at most {MOST_ITEMS} items.");
                    return Err(SocialError::Invalid { field: "item", message });
                }
                let (number, note) = (collection.next_item, note(text)?);
                collection.next_item += 1;
                items.push(CollectionItem {
                    number,
                    repository,
                    note,
                });
            }
            Self::Change(number, text, position) => {
                let at = place(items, number).ok_or(SocialError::NoItem)?;
                let mut item = items.remove(at);
                if let Some(text) = note(text)? {
                    item.note = Some(text).filter(|text| !text.is_empty());
                }
                items.insert(position.unwrap_or(at).min(items.len()), item);
            }
            Self::Remove(number) => {
                items.remove(place(items, number).ok_or(SocialError::NoItem)?);
            }
        }
        Ok(())
    }
}

impl Social {
    /// Makes a collection of the caller's own, or of an organization for which the caller may write.
    pub async fn create_collection(
        &self,
        caller: &Caller,
        new: NewCollection,
        origin: Origin,
    ) -> Result<Collection, SocialError> {
        let own = caller.require_whole_account(Scope::Write)?.id;
        let owner = new.owner.unwrap_or(own);
        if !owns(caller, owner) {
            return Err(SocialError::NotYours);
        }
        let (events, now) = (self.events.clone(), self.clock.now());
        let description = new.description.as_deref().unwrap_or_default();
        let collection = Collection {
            id: CollectionId::new(&self.clock),
            owner,
            title: checked_title(&new.title)?,
            description: Some(checked("description", description, DESCRIPTION_MAX_CHARS)?)
                .filter(|text| !text.is_empty()),
            private: new.private,
            theme: "blue".to_owned(),
            position: 0,
            items: Vec::new(),
            next_item: 0,
            updated_at: now,
        };
        self.store
            .write(move |tx| {
                let own = BY_OWNER.ids(tx, &Scan::prefix(&(owner,)))?;
                if own.len() as u64 >= MOST_COLLECTIONS {
                    let message = format!("An account has at most {MOST_COLLECTIONS} collections.");
                    return Err(SocialError::Invalid {
                        field: "title",
                        message,
                    });
                }
                for id in own {
                    if let Some(other) = COLLECTIONS.get(tx, &id)?
                        && other.title.to_lowercase() == collection.title.to_lowercase()
                    {
                        let title = other.title;
                        return Err(SocialError::TitleTaken { id, title });
                    }
                }
                COLLECTIONS.put(tx, &collection.id, &collection)?;
                events.record(tx, told(event::COLLECTED, &collection, &origin))?;
                Ok(collection)
            })
            .await
    }

    /// A collection that the caller may see.
    pub fn collection(&self, caller: &Caller, id: CollectionId) -> Result<Collection, SocialError> {
        let found = self.store.read(|tx| COLLECTIONS.get(tx, &id))?;
        found
            .filter(|collection| may_see(caller, collection))
            .ok_or(SocialError::NoCollection)
    }

    /// Proves that the caller may change a collection.
    pub fn own_collection(&self, caller: &Caller, id: CollectionId) -> Result<OwnCollection, SocialError> {
        let collection = self.collection(caller, id)?;
        caller.require_whole_account(Scope::Write)?;
        if !owns(caller, collection.owner) {
            return Err(SocialError::NotYours);
        }
        Ok(OwnCollection(collection))
    }

    /// Whether the caller may change a collection.
    pub fn may_change(&self, caller: &Caller, collection: &Collection) -> bool {
        owns(caller, collection.owner)
    }

    /// A page of the collections that the caller may see, the newest change first, and whether there are more. Blocking.
    pub fn collections(
        &self,
        caller: &Caller,
        filter: CollectionFilter,
        offset: usize,
        limit: usize,
    ) -> Result<(Vec<Collection>, bool), SocialError> {
        self.store.read(|tx| {
            let ids = match filter {
                CollectionFilter::All => PUBLIC.ids(tx, &Scan::all().limit(MOST_LOOKED_AT))?,
                CollectionFilter::Owner(owner) => BY_OWNER.ids(tx, &Scan::prefix(&(owner,)))?,
                CollectionFilter::With(id) => BY_REPOSITORY.ids(tx, &Scan::prefix(&(id,)).limit(MOST_LOOKED_AT))?,
            };
            let mut found = Vec::new();
            let mut seen = 0;
            for id in ids {
                let collection = COLLECTIONS.get(tx, &id)?;
                let Some(collection) = collection.filter(|collection| may_see(caller, collection)) else {
                    continue;
                };
                seen += 1;
                if found.len() == limit {
                    return Ok((found, true));
                }
                if seen > offset {
                    found.push(collection);
                }
            }
            Ok((found, false))
        })
    }

    /// Those items of a collection that the caller may see, each with its place; at most so many. Blocking.
    pub fn visible_items(
        &self,
        caller: &Caller,
        collection: &Collection,
        most: usize,
    ) -> Vec<(usize, CollectionItem, ReadRepo)> {
        let items = collection.items.iter().enumerate();
        let visible = items.filter_map(|(place, item)| {
            let proof = self.repos.readable_by_id(caller, item.repository).ok()?;
            Some((place, item.clone(), proof))
        });
        visible.take(most).collect()
    }

    /// Changes what a collection says of itself.
    pub async fn change_collection(
        &self,
        proof: OwnCollection,
        change: CollectionChange,
        origin: Origin,
    ) -> Result<Collection, SocialError> {
        self.recollect(proof, origin, |collection| change.apply(collection))
            .await
    }

    /// Changes what is in a collection. That the caller may read what it adds is the caller's to prove.
    pub async fn change_items(
        &self,
        proof: OwnCollection,
        change: ItemChange,
        origin: Origin,
    ) -> Result<Collection, SocialError> {
        self.recollect(proof, origin, |collection| change.apply(collection))
            .await
    }

    async fn recollect(
        &self,
        proof: OwnCollection,
        origin: Origin,
        change: impl FnOnce(&mut Collection) -> Result<(), SocialError> + Send + 'static,
    ) -> Result<Collection, SocialError> {
        let (events, now) = (self.events.clone(), self.clock.now());
        self.store
            .write(move |tx| {
                let found = COLLECTIONS.get(tx, &proof.0.id)?;
                let mut collection = found.ok_or(SocialError::NoCollection)?;
                change(&mut collection)?;
                collection.updated_at = now;
                COLLECTIONS.put(tx, &collection.id, &collection)?;
                events.record(tx, told(event::RECOLLECTED, &collection, &origin))?;
                Ok(collection)
            })
            .await
    }

    /// Deletes a collection; the repositories stay.
    pub async fn delete_collection(&self, proof: OwnCollection, origin: Origin) -> Result<(), SocialError> {
        let events = self.events.clone();
        self.store
            .write(move |tx| {
                let gone = COLLECTIONS.delete(tx, &proof.0.id)?.ok_or(SocialError::NoCollection)?;
                events.record(tx, told(event::SCATTERED, &gone, &origin))?;
                Ok(())
            })
            .await
    }
}

fn told(kind: &'static str, collection: &Collection, origin: &Origin) -> NewEvent {
    NewEvent::new(kind, origin, Subject::Account(collection.owner)).with(json!({ "collection": collection.id }))
}

/// Takes a repository that is gone out of every collection.
pub(super) fn forget_repository(tx: &WriteTx<'_>, id: RepositoryId) -> Result<(), StoreError> {
    for collection in BY_REPOSITORY.ids(tx, &Scan::prefix(&(id,)))? {
        if let Some(mut row) = COLLECTIONS.get(tx, &collection)? {
            row.items.retain(|item| item.repository != id);
            COLLECTIONS.put(tx, &collection, &row)?;
        }
    }
    Ok(())
}

/// Contradictions between collections and their indexes.
pub(super) fn check(tx: &impl ReadRows) -> Result<Vec<String>, StoreError> {
    COLLECTIONS.check(tx)
}
