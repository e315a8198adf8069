use crate::base::{RepositoryId, RepositoryKind, Timestamp, UserId};
use crate::cards::metadata::CardMetadata;
use crate::cards::problem::{CardProblem, Severity};
use crate::cards::templates::TemplateLanguage;
use crate::cards::values::{self, CardValues};
use crate::git::ObjectId;
use crate::store::{Descending, Entry, Index, ReadRows, Records, Scan, StoreError, Table, TableSpec, WriteTx};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;

/// The tables of this slice.
pub const TABLES: &[TableSpec] = &[
    TableSpec {
        name: "cards",
        about: "repository id -> card of its default branch",
    },
    TableSpec {
        name: "cards_by_value",
        about: "field, lower-case value (empty for any), whether public, repository id -> nothing",
    },
    TableSpec {
        name: "card_values",
        about: "field, lower-case value -> number of public repositories; field empty: of each field",
    },
    TableSpec {
        name: "card_values_by_count",
        about: "field, most repositories first, field and value -> nothing",
    },
    TableSpec {
        name: "card_templates",
        about: "account id, lower-case name -> card template made by that account",
    },
];

type ValueKey = (String, String);

const BY_VALUE: Index<(String, String, bool), RepositoryId> = Index::new("cards_by_value");
const CARDS: Records<RepositoryId, StoredCard> = Records::new("cards", filed_under, &["cards_by_value"]);
const BY_COUNT: Index<(String, Descending<u64>), ValueKey> = Index::new("card_values_by_count");
const VALUES: Records<ValueKey, ValueCount> = Records::new("card_values", counted_under, &["card_values_by_count"]);
const TEMPLATES: Table<(UserId, String), CardTemplate> = Table::new("card_templates");

/// The card of a repository's default branch.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Card {
    /// The README.md that was read; none when there is none.
    pub readme: Option<ObjectId>,
    /// The README has front matter.
    pub has_front_matter: bool,
    /// The front matter as written, in order; empty when it cannot be read.
    pub document: Map<String, Value>,
    /// The typed view.
    pub metadata: CardMetadata,
    /// What is wrong with it.
    pub problems: Vec<CardProblem>,
}

impl Card {
    /// True when no problem is an error.
    pub fn is_valid(&self) -> bool {
        self.problems.iter().all(|problem| problem.severity != Severity::Error)
    }
}

/// A card and whether it counts for everybody.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct StoredCard {
    card: Card,
    public: bool,
}

/// How many public repositories have a value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct ValueCount {
    pub count: u64,
    /// The value as some card writes it.
    pub shown: String,
}

/// A card template that somebody made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CardTemplate {
    /// Its name, unique per author without regard to case.
    pub name: String,
    /// What it is for, in a sentence.
    pub description: String,
    /// Kind of repository that it is for.
    pub kind: RepositoryKind,
    /// Its language.
    pub language: TemplateLanguage,
    /// The README with variables.
    pub content: String,
    /// Who made it.
    pub author: UserId,
    /// When it was made or last replaced.
    pub updated_at: Timestamp,
}

fn filed_under(id: &RepositoryId, stored: &StoredCard) -> Vec<Entry> {
    let values = values::of_card(&stored.card.metadata);
    let fields: BTreeSet<&String> = values.keys().map(|(field, _)| field).collect();
    let line = |field: &String, value: &str| BY_VALUE.entry(&(field.clone(), value.to_owned(), stored.public), id);
    let of_values = values.keys().map(|(field, value)| line(field, value));
    of_values
        .chain(fields.into_iter().map(|field| line(field, "")))
        .collect()
}

fn counted_under(key: &ValueKey, value: &ValueCount) -> Vec<Entry> {
    vec![BY_COUNT.entry(&(key.0.clone(), Descending(value.count)), key)]
}

/// Writes the card of a repository, and counts its values when it is public. Answers whether the card is another.
pub(super) fn put(tx: &WriteTx<'_>, id: RepositoryId, card: Card, public: bool) -> Result<bool, StoreError> {
    let old = CARDS.get(tx, &id)?;
    let new = StoredCard { card, public };
    if old.as_ref() == Some(&new) {
        return Ok(false);
    }
    count(tx, &counted(old.as_ref()), &counted(Some(&new)))?;
    CARDS.put(tx, &id, &new)?;
    Ok(old.is_none_or(|old| old.card != new.card))
}

/// The card of a repository's default branch as it was last read.
pub(super) fn card(tx: &impl ReadRows, id: RepositoryId) -> Result<Option<Card>, StoreError> {
    Ok(CARDS.get(tx, &id)?.map(|stored| stored.card))
}

/// Removes the card of a repository that is gone.
pub(super) fn remove(tx: &WriteTx<'_>, id: RepositoryId) -> Result<(), StoreError> {
    let old = CARDS.delete(tx, &id)?;
    count(tx, &counted(old.as_ref()), &CardValues::new())
}

/// What a card adds to the counts: its values, and each of its fields under the empty field.
fn counted(stored: Option<&StoredCard>) -> CardValues {
    let Some(stored) = stored.filter(|stored| stored.public) else {
        return CardValues::new();
    };
    let mut values = values::of_card(&stored.card.metadata);
    let fields: BTreeSet<String> = values.keys().map(|(field, _)| field.clone()).collect();
    values.extend(fields.into_iter().map(|field| ((String::new(), field.clone()), field)));
    values
}

fn count(tx: &WriteTx<'_>, before: &CardValues, after: &CardValues) -> Result<(), StoreError> {
    for key in before.keys().filter(|key| !after.contains_key(*key)) {
        if let Some(mut value) = VALUES.get(tx, key)? {
            value.count = value.count.saturating_sub(1);
            if value.count == 0 {
                VALUES.delete(tx, key)?;
            } else {
                VALUES.put(tx, key, &value)?;
            }
        }
    }
    for (key, shown) in after.iter().filter(|(key, _)| !before.contains_key(*key)) {
        let count = VALUES.get(tx, key)?.map_or(0, |value| value.count) + 1;
        let shown = shown.clone();
        VALUES.put(tx, key, &ValueCount { count, shown })?;
    }
    Ok(())
}

/// How many public repositories have a value in a field; with an empty value, how many have the field.
pub(super) fn public_count(tx: &impl ReadRows, field: &str, value: &str) -> Result<u64, StoreError> {
    let key = if value.is_empty() {
        (String::new(), field.to_owned())
    } else {
        (field.to_owned(), value.to_owned())
    };
    Ok(VALUES.get(tx, &key)?.map_or(0, |value| value.count))
}

/// The values of a field that most public repositories have; of the empty field, the fields.
pub(super) fn most_used(tx: &impl ReadRows, field: &str, limit: usize) -> Result<Vec<ValueCount>, StoreError> {
    let keys = BY_COUNT.ids(tx, &Scan::prefix(&(field,)).limit(limit))?;
    keys.iter().filter_map(|key| VALUES.get(tx, key).transpose()).collect()
}

/// Repositories with a value in a field, the newest first, either the public or the private ones. An empty value stands for
/// any.
pub(super) fn with_value(
    tx: &impl ReadRows,
    field: &str,
    value: &str,
    public: bool,
    offset: usize,
    limit: usize,
) -> Result<Vec<RepositoryId>, StoreError> {
    let (mut passed, mut found) = (0, Vec::new());
    BY_VALUE.scan(tx, &Scan::prefix(&((field, value, public),)).reverse(), |_, id| {
        passed += 1;
        if passed > offset && found.len() < limit {
            found.push(id);
        }
        let flow = if found.len() < limit {
            ControlFlow::Continue(())
        } else {
            ControlFlow::Break(())
        };
        Ok::<_, StoreError>(flow)
    })?;
    Ok(found)
}

pub(super) fn put_template(tx: &WriteTx<'_>, template: &CardTemplate) -> Result<(), StoreError> {
    TEMPLATES.put(tx, &(template.author, template.name.to_lowercase()), template)
}

pub(super) fn template_exists(tx: &impl ReadRows, author: UserId, name: &str) -> Result<bool, StoreError> {
    TEMPLATES.contains(tx, &(author, name.to_lowercase()))
}

pub(super) fn template_count(tx: &impl ReadRows, author: UserId) -> Result<u64, StoreError> {
    TEMPLATES.count(tx, &Scan::prefix(&(author,)))
}

/// Removes a template; answers whether there was one.
pub(super) fn delete_template(tx: &WriteTx<'_>, author: UserId, name: &str) -> Result<bool, StoreError> {
    TEMPLATES.delete(tx, &(author, name.to_lowercase()))
}

/// A page of the templates that pass, and how many pass in all. Holds no more than the page.
pub(super) fn templates(
    tx: &impl ReadRows,
    passes: impl Fn(&CardTemplate) -> bool,
    offset: usize,
    limit: usize,
) -> Result<(Vec<CardTemplate>, u64), StoreError> {
    let (mut page, mut total) = (Vec::new(), 0_u64);
    TEMPLATES.scan(tx, &Scan::all(), |_, template| {
        if passes(&template) {
            if total >= offset as u64 && page.len() < limit {
                page.push(template);
            }
            total += 1;
        }
        Ok::<_, StoreError>(ControlFlow::Continue(()))
    })?;
    Ok((page, total))
}

/// Contradictions within the rows of this slice. Whether a repository still is as public as its card's row says is not
/// compared: that follows the record of events.
pub fn check(tx: &impl ReadRows) -> Result<Vec<String>, StoreError> {
    let mut problems = CARDS.check(tx)?;
    problems.extend(VALUES.check(tx)?);
    let mut expected: BTreeMap<ValueKey, u64> = BTreeMap::new();
    CARDS.scan(tx, &Scan::all(), |_, stored| {
        for key in counted(Some(&stored)).into_keys() {
            *expected.entry(key).or_default() += 1;
        }
        Ok::<_, StoreError>(ControlFlow::Continue(()))
    })?;
    VALUES.scan(tx, &Scan::all(), |key, value| {
        let expected = expected.remove(&key).unwrap_or(0);
        if value.count != expected {
            let (field, text) = key;
            problems.push(format!(
                "card value '{field}: {text}' counts {} repositories, but {expected} have it",
                value.count
            ));
        }
        Ok::<_, StoreError>(ControlFlow::Continue(()))
    })?;
    problems.extend(
        expected
            .keys()
            .map(|(field, text)| format!("card value '{field}: {text}' is not counted")),
    );
    Ok(problems)
}
