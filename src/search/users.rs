//! The index of accounts. Accounts are public: there is no audience.

use crate::base::{Timestamp, UserId};
use crate::search::collect::Order;
use crate::search::engine::{Change, Engine};
use crate::search::error::SearchError;
use crate::search::find::{Find, find};
use crate::search::schema::{Indexed, Row};
use serde::{Deserialize, Serialize};
use std::ops::Deref;
use std::path::Path;

/// Everything the index knows of an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserDocument {
    /// Its id.
    pub id: UserId,
    /// Its name in addresses.
    pub username: String,
    /// Its name for people; may be empty.
    pub full_name: String,
    /// What it says about itself; may be empty.
    pub bio: String,
    /// Place and website; may be empty.
    pub location: String,
    /// When it registered.
    pub created_at: Timestamp,
}

/// An account that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserHit {
    /// As indexed.
    pub document: UserDocument,
    /// The name with matches in `<mark>`, when there are.
    pub username_highlight: Option<String>,
    /// The full name with matches in `<mark>`, when there are.
    pub full_name_highlight: Option<String>,
}

impl Indexed for UserDocument {
    const NAME: &'static str = "users";
    const VERSION: u32 = 1;
    const KEYWORDS: &'static [(&'static str, bool)] = &[];
    const NUMBERS: &'static [&'static str] = &[];

    fn id(&self) -> u128 {
        u128::from_be_bytes(*self.id.as_bytes())
    }

    fn keys(&self) -> Vec<String> {
        vec![self.id.to_string()]
    }

    fn row(&self) -> Row {
        Row {
            text: vec![
                (8, self.username.clone()),
                (6, self.full_name.clone()),
                (2, self.location.clone()),
                (2, self.bio.clone()),
            ],
            head: vec![(3, self.username.clone()), (2, self.full_name.clone())],
            stored: rmp_serde::to_vec_named(self).unwrap_or_default(),
            ..Row::default()
        }
    }
}

/// A change of the index of accounts.
#[derive(Debug, Clone)]
pub enum UserChange {
    /// Adds an account or replaces what is known of it.
    Put(Box<UserDocument>),
    /// Removes an account.
    Delete(UserId),
}

/// The index of accounts. Cheap to clone.
#[derive(Clone)]
pub struct UserIndex {
    engine: Engine<UserDocument>,
}

impl Deref for UserIndex {
    type Target = Engine<UserDocument>;

    fn deref(&self) -> &Engine<UserDocument> {
        &self.engine
    }
}

impl UserIndex {
    /// Opens the index below a folder; one that cannot be used is replaced by an empty one that asks to be rebuilt.
    pub fn open(folder: &Path) -> Result<Self, SearchError> {
        Ok(Self {
            engine: Engine::open(folder, None)?,
        })
    }

    /// Takes changes, in order; they are searchable within 50 ms, and durable together with the cursor.
    pub async fn apply(&self, changes: Vec<UserChange>, cursor: Option<u64>) -> Result<(), SearchError> {
        let changes = changes.into_iter().map(|change| match change {
            UserChange::Put(document) => Change::Put(document),
            UserChange::Delete(id) => Change::Delete(id.to_string()),
        });
        self.engine.change(changes.collect(), cursor).await
    }

    /// Accounts for a text, the best match first, and how many there are in all.
    pub fn search(
        &self,
        text: &str,
        prefix: bool,
        offset: usize,
        limit: usize,
    ) -> Result<(Vec<UserHit>, u64), SearchError> {
        let wanted = Find {
            text,
            prefix,
            order: Order::Relevance,
            conditions: Vec::new(),
            gate: None,
            offset,
            limit,
        };
        let found = find::<UserDocument, UserDocument>(&self.engine, &wanted)?;
        let hit = |document: UserDocument| UserHit {
            username_highlight: found.marker.whole(&document.username),
            full_name_highlight: found.marker.whole(&document.full_name),
            document,
        };
        Ok((found.things.into_iter().map(hit).collect(), found.total))
    }
}
