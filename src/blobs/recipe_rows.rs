//! Rows of recipes: which blob is made of which terms, as its holder sent them.
//!
//! Every holder has a recipe of its own for a blob, since terms name xorbs, and those of one holder are nothing to another.
//! A recipe stays as long as anybody names its blob, whoever sent it.

use bytes::{Buf, BufMut, Bytes, BytesMut};
use serde::de::Visitor;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::ops::ControlFlow;

use super::recipe::{Recipe, RecipeTerm};
use super::xet::hash::XetHash;
use super::xorb_rows::{self, ChunkedSpace};
use crate::base::{RepositoryId, Sha256, Timestamp};
use crate::store::{ReadRows, Scan, StoreError, Table, TableSpec, WriteTx};

/// The tables.
pub const TABLES: &[TableSpec] = &[
    TableSpec {
        name: "recipes",
        about: "SHA-256, repository id that sent it -> terms over xorbs that make up the blob",
    },
    TableSpec {
        name: "recipes_by_file",
        about: "repository id, Xet hash of a file -> SHA-256",
    },
    TableSpec {
        name: "recipe_uses",
        about: "xorb, repository id, SHA-256 -> nothing: a recipe names the xorb",
    },
];

const RECIPES: Table<(Sha256, RepositoryId), RecipeRow> = Table::new("recipes");
const BY_FILE: Table<(RepositoryId, [u8; 32]), Sha256> = Table::new("recipes_by_file");
const USES: Table<([u8; 32], RepositoryId, Sha256), ()> = Table::new("recipe_uses");

/// Bytes of a term as a row holds it.
const TERM_BYTES: usize = 32 + 3 * 4;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct RecipeRow {
    size: u64,
    since: Timestamp,
    /// The hash of the file, then the terms one after the other: a large file has thousands.
    terms: Packed,
}

/// Bytes that MessagePack holds as such; a list of numbers would take half as much again.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Packed(Bytes);

impl Serialize for Packed {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&self.0)
    }
}

struct PackedVisitor;

impl Visitor<'_> for PackedVisitor {
    type Value = Packed;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("bytes")
    }

    fn visit_bytes<E: serde::de::Error>(self, bytes: &[u8]) -> Result<Packed, E> {
        Ok(Packed(Bytes::copy_from_slice(bytes)))
    }
}

impl<'de> Deserialize<'de> for Packed {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_bytes(PackedVisitor)
    }
}

fn packed(recipe: &Recipe) -> Bytes {
    let mut bytes = BytesMut::with_capacity(32 + recipe.terms.len() * TERM_BYTES);
    bytes.put_slice(recipe.file.as_bytes());
    for term in &recipe.terms {
        bytes.put_slice(term.xorb.as_bytes());
        bytes.put_u32(term.chunks.start);
        bytes.put_u32(term.chunks.end);
        bytes.put_u32(term.raw_len);
    }
    bytes.freeze()
}

fn hash(bytes: &mut Bytes) -> XetHash {
    let mut name = [0; 32];
    bytes.copy_to_slice(&mut name);
    XetHash::from_bytes(name)
}

fn unpacked(row: RecipeRow) -> Result<Recipe, StoreError> {
    let Packed(mut bytes) = row.terms;
    if bytes.len() % TERM_BYTES != 32 {
        return Err(StoreError::Row {
            table: RECIPES.name(),
            reason: "its terms are cut off".to_owned(),
        });
    }
    let file = hash(&mut bytes);
    let mut terms = Vec::with_capacity(bytes.len() / TERM_BYTES);
    while bytes.has_remaining() {
        terms.push(RecipeTerm {
            xorb: hash(&mut bytes),
            chunks: bytes.get_u32()..bytes.get_u32(),
            raw_len: bytes.get_u32(),
        });
    }
    Ok(Recipe {
        file,
        size: row.size,
        terms,
    })
}

fn xorbs_of(recipe: &Recipe) -> BTreeSet<[u8; 32]> {
    recipe.terms.iter().map(|term| *term.xorb.as_bytes()).collect()
}

/// The xorbs that the recipe of a blob names, if the holder sent one.
pub(in crate::blobs) fn xorbs_of_blob(
    tx: &impl ReadRows,
    sha256: Sha256,
    holder: RepositoryId,
) -> Result<Vec<XetHash>, StoreError> {
    let recipe = recipe(tx, sha256, holder)?;
    let names = recipe.iter().flat_map(xorbs_of);
    Ok(names.map(XetHash::from_bytes).collect())
}

/// The recipe of a blob that this holder sent.
pub(in crate::blobs) fn recipe(
    tx: &impl ReadRows,
    sha256: Sha256,
    holder: RepositoryId,
) -> Result<Option<Recipe>, StoreError> {
    RECIPES.get(tx, &(sha256, holder))?.map(unpacked).transpose()
}

/// The recipe of a blob, whoever sent it.
pub(in crate::blobs) fn any_recipe(tx: &impl ReadRows, sha256: Sha256) -> Result<Option<Recipe>, StoreError> {
    let found = RECIPES.list(tx, &Scan::prefix(&(sha256,)).limit(1))?;
    found.into_iter().next().map(|(_, row)| unpacked(row)).transpose()
}

/// Whether anybody sent a recipe of the blob.
pub(in crate::blobs) fn has_recipe(tx: &impl ReadRows, sha256: Sha256) -> Result<bool, StoreError> {
    Ok(!RECIPES.keys(tx, &Scan::prefix(&(sha256,)).limit(1))?.is_empty())
}

/// Whether a recipe of the blob has been there since before a time.
pub(in crate::blobs) fn has_old_recipe(
    tx: &impl ReadRows,
    sha256: Sha256,
    before: Timestamp,
) -> Result<bool, StoreError> {
    let mut found = false;
    RECIPES.scan(tx, &Scan::prefix(&(sha256,)), |_, row| {
        found = row.since < before;
        Ok::<_, StoreError>(if found {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        })
    })?;
    Ok(found)
}

/// Whether this holder has a recipe of the blob.
pub(in crate::blobs) fn is_recipe_of(
    tx: &impl ReadRows,
    sha256: Sha256,
    holder: RepositoryId,
) -> Result<bool, StoreError> {
    RECIPES.contains(tx, &(sha256, holder))
}

/// The blob that a holder sent under this hash.
pub fn blob_of_file(tx: &impl ReadRows, holder: RepositoryId, file: XetHash) -> Result<Option<Sha256>, StoreError> {
    BY_FILE.get(tx, &(holder, *file.as_bytes()))
}

/// The hash under which a holder sent a blob; `None` when it did not send a recipe.
pub fn file_of_blob(tx: &impl ReadRows, holder: RepositoryId, sha256: Sha256) -> Result<Option<XetHash>, StoreError> {
    let row = RECIPES.get(tx, &(sha256, holder))?;
    Ok(row.and_then(|row| Some(XetHash::from_bytes(*row.terms.0.first_chunk()?))))
}

/// Whether any recipe names the xorb.
pub(in crate::blobs) fn is_used(tx: &impl ReadRows, xorb: XetHash) -> Result<bool, StoreError> {
    Ok(!USES.keys(tx, &Scan::prefix(&(*xorb.as_bytes(),)).limit(1))?.is_empty())
}

/// Whether a recipe of this holder names the xorb.
pub(in crate::blobs) fn is_used_by(
    tx: &impl ReadRows,
    xorb: XetHash,
    holder: RepositoryId,
) -> Result<bool, StoreError> {
    let scan = Scan::prefix(&(*xorb.as_bytes(), holder)).limit(1);
    Ok(!USES.keys(tx, &scan)?.is_empty())
}

/// Xorbs that recipes of a holder name beside this one, in the order of their terms; at most so many recipes are looked at.
pub(in crate::blobs) fn xorbs_beside(
    tx: &impl ReadRows,
    xorb: XetHash,
    holder: RepositoryId,
    limit: usize,
) -> Result<Vec<XetHash>, StoreError> {
    let scan = Scan::prefix(&(*xorb.as_bytes(), holder)).limit(limit);
    let (mut beside, mut seen) = (Vec::new(), BTreeSet::from([*xorb.as_bytes()]));
    for (_, _, sha256) in USES.keys(tx, &scan)? {
        let terms = recipe(tx, sha256, holder)?.map_or_else(Vec::new, |recipe| recipe.terms);
        for term in terms {
            if seen.insert(*term.xorb.as_bytes()) {
                beside.push(term.xorb);
            }
        }
    }
    Ok(beside)
}

/// Writes the recipe of a blob, in place of one that the holder sent before.
pub(in crate::blobs) fn put(
    tx: &WriteTx<'_>,
    sha256: Sha256,
    holder: RepositoryId,
    recipe: &Recipe,
    now: Timestamp,
) -> Result<(), StoreError> {
    remove(tx, sha256, holder)?;
    let row = RecipeRow {
        size: recipe.size,
        since: now,
        terms: Packed(packed(recipe)),
    };
    RECIPES.put(tx, &(sha256, holder), &row)?;
    BY_FILE.put(tx, &(holder, *recipe.file.as_bytes()), &sha256)?;
    for xorb in xorbs_of(recipe) {
        let name = XetHash::from_bytes(xorb);
        if !is_used_by(tx, name, holder)? {
            xorb_rows::begin_use(tx, holder, name)?;
        }
        USES.put(tx, &(xorb, holder, sha256), &())?;
    }
    xorb_rows::change_content(tx, holder, 0, recipe.size)
}

/// Removes the recipe of a blob that a holder sent.
pub(in crate::blobs) fn remove(tx: &WriteTx<'_>, sha256: Sha256, holder: RepositoryId) -> Result<(), StoreError> {
    let Some(recipe) = recipe(tx, sha256, holder)? else {
        return Ok(());
    };
    RECIPES.delete(tx, &(sha256, holder))?;
    BY_FILE.delete(tx, &(holder, *recipe.file.as_bytes()))?;
    for xorb in xorbs_of(&recipe) {
        let name = XetHash::from_bytes(xorb);
        USES.delete(tx, &(xorb, holder, sha256))?;
        if !is_used_by(tx, name, holder)? {
            xorb_rows::end_use(tx, holder, name)?;
        }
    }
    xorb_rows::change_content(tx, holder, recipe.size, 0)
}

/// What the recipes of every holder make up and take, counted anew.
pub(in crate::blobs) fn spaces(tx: &impl ReadRows) -> Result<BTreeMap<RepositoryId, ChunkedSpace>, StoreError> {
    let mut spaces = BTreeMap::<RepositoryId, ChunkedSpace>::new();
    RECIPES.scan(tx, &Scan::all(), |(_, holder), row| {
        spaces.entry(holder).or_default().content_bytes += row.size;
        Ok::<_, StoreError>(ControlFlow::Continue(()))
    })?;
    let uses = USES.keys(tx, &Scan::all())?;
    let named: BTreeSet<_> = uses.into_iter().map(|(xorb, holder, _)| (xorb, holder)).collect();
    for (xorb, holder) in named {
        let row = xorb_rows::xorb(tx, XetHash::from_bytes(xorb))?;
        spaces.entry(holder).or_default().stored_bytes += row.map_or(0, |row| row.stored_len);
    }
    Ok(spaces)
}

/// Names of recipes from behind one on, at most so many.
pub(in crate::blobs) fn names(
    tx: &impl ReadRows,
    after: Option<(Sha256, RepositoryId)>,
    limit: usize,
) -> Result<Vec<(Sha256, RepositoryId)>, StoreError> {
    let scan = Scan::all().limit(limit);
    let scan = match after {
        Some(key) => scan.after(&key),
        None => scan,
    };
    RECIPES.keys(tx, &scan)
}

/// Bytes of a recipe's content and since when it is there.
pub(in crate::blobs) fn age(
    tx: &impl ReadRows,
    (sha256, holder): (Sha256, RepositoryId),
) -> Result<Option<(u64, Timestamp)>, StoreError> {
    let row = RECIPES.get(tx, &(sha256, holder))?;
    Ok(row.map(|row| (row.size, row.since)))
}

/// Contradictions within these rows, as sentences.
pub(in crate::blobs) fn check(tx: &impl ReadRows) -> Result<Vec<String>, StoreError> {
    let mut problems = Vec::new();
    let (mut recipes, mut uses) = (0_u64, 0_u64);
    for (sha256, holder) in RECIPES.keys(tx, &Scan::all())? {
        let Some(recipe) = recipe(tx, sha256, holder)? else {
            continue;
        };
        recipes += 1;
        if blob_of_file(tx, holder, recipe.file)? != Some(sha256) {
            problems.push(format!(
                "the recipe of blob {sha256} of repository {holder} is not found by its file"
            ));
        }
        for xorb in xorbs_of(&recipe) {
            uses += 1;
            let name = XetHash::from_bytes(xorb);
            if xorb_rows::xorb(tx, name)?.is_none() {
                problems.push(format!(
                    "the recipe of blob {sha256} names the xorb {name}, which does not exist"
                ));
            }
            if !USES.contains(tx, &(xorb, holder, sha256))? {
                problems.push(format!("the xorb {name} does not know that blob {sha256} needs it"));
            }
        }
    }
    let (files, known) = (BY_FILE.count(tx, &Scan::all())?, USES.count(tx, &Scan::all())?);
    if (files, known) != (recipes, uses) {
        problems.push(format!(
            "{recipes} recipes name {uses} xorbs, but {files} are found by their files and {known} by their xorbs"
        ));
    }
    Ok(problems)
}
