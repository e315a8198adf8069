//! Rows of xorbs: which there are, and which holder sent which.
//!
//! A holder is a repository. What it sent is its own to name in recipes; that another holder sent the same bytes gives it
//! nothing and shows nowhere. What it sent and names in no recipe waits, counts against its quota, and ends after a while;
//! then the epoch of the holder advances, since its clients remember for weeks what they sent under an epoch.
//!
//! Somebody who only contributes to a repository learns names of its xorbs from its files, so they may name no other than
//! those that they sent to it themselves.

use serde::{Deserialize, Serialize};

use super::sender::XorbSender;
use super::xet::hash::XetHash;
use super::{chunk_rows, recipe_rows};
use crate::base::{RepositoryId, Sha256, Timestamp, UserId};
use crate::store::{ReadRows, Scan, StoreError, Table, TableSpec, WriteTx};

/// The tables.
pub const TABLES: &[TableSpec] = &[
    TableSpec {
        name: "xorbs",
        about: "xorb -> its bytes and chunks in the store of content",
    },
    TableSpec {
        name: "xorb_holders",
        about: "repository id, xorb that it sent -> when it was last counted on",
    },
    TableSpec {
        name: "xorb_holders_by_xorb",
        about: "xorb, repository id -> nothing",
    },
    TableSpec {
        name: "xorb_contributors",
        about: "repository id, xorb, account that sent it and may only contribute -> whether it counts as contributed",
    },
    TableSpec {
        name: "xorb_epochs",
        about: "repository id -> epoch of its Xet addresses, bytes of xorbs that no recipe of it names and that some do, of its recipes",
    },
];

type Name = [u8; 32];

const XORBS: Table<Name, XorbRow> = Table::new("xorbs");
const HOLDERS: Table<(RepositoryId, Name), Timestamp> = Table::new("xorb_holders");
const HOLDERS_BY_XORB: Table<(Name, RepositoryId), ()> = Table::new("xorb_holders_by_xorb");
const CONTRIBUTORS: Table<(RepositoryId, Name, UserId), bool> = Table::new("xorb_contributors");
const EPOCHS: Table<RepositoryId, EpochRow> = Table::new("xorb_epochs");

/// What is known of a xorb.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::blobs) struct XorbRow {
    /// Bytes of its chunks as they are stored; the index lies behind them.
    pub(in crate::blobs) stored_len: u64,
    /// Bytes of its chunks.
    pub(in crate::blobs) raw_len: u64,
    /// Their number.
    pub(in crate::blobs) chunks: u32,
    /// When it came.
    pub(in crate::blobs) since: Timestamp,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct EpochRow {
    epoch: u64,
    /// Of xorbs that the holder sent and that no recipe of it names.
    waiting_bytes: u64,
    /// Of xorbs that contributors sent, as long as nothing that the repository took for its own names them.
    #[serde(default)]
    contributed_bytes: u64,
    /// Of xorbs that recipes of the holder name, each once.
    #[serde(default)]
    named_bytes: u64,
    /// Of the content that recipes of the holder make up.
    #[serde(default)]
    content_bytes: u64,
}

/// What a repository sent by chunk.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ChunkedSpace {
    /// Bytes of the files.
    pub content_bytes: u64,
    /// Bytes that are stored for them: equal chunks once, compressed.
    pub stored_bytes: u64,
}

/// What is known of a xorb; `None` when there is none.
pub(in crate::blobs) fn xorb(tx: &impl ReadRows, xorb: XetHash) -> Result<Option<XorbRow>, StoreError> {
    XORBS.get(tx, xorb.as_bytes())
}

/// Whether a holder may name the xorb.
pub(in crate::blobs) fn is_held(tx: &impl ReadRows, holder: RepositoryId, xorb: XetHash) -> Result<bool, StoreError> {
    HOLDERS.contains(tx, &(holder, *xorb.as_bytes()))
}

/// Whether a sender may name the xorb.
pub(in crate::blobs) fn may_name(tx: &impl ReadRows, sender: XorbSender, xorb: XetHash) -> Result<bool, StoreError> {
    match sender.contributor {
        Some(contributor) => CONTRIBUTORS.contains(tx, &(sender.holder, *xorb.as_bytes(), contributor.account)),
        None => is_held(tx, sender.holder, xorb),
    }
}

/// The epoch of a holder's addresses.
pub(in crate::blobs) fn epoch(tx: &impl ReadRows, holder: RepositoryId) -> Result<u64, StoreError> {
    Ok(EPOCHS.get(tx, &holder)?.unwrap_or_default().epoch)
}

/// Bytes that a holder sent and that no recipe of it names.
pub(in crate::blobs) fn waiting_bytes(tx: &impl ReadRows, holder: RepositoryId) -> Result<u64, StoreError> {
    Ok(EPOCHS.get(tx, &holder)?.unwrap_or_default().waiting_bytes)
}

/// Bytes of xorbs that contributors sent and that do not count as the holder's own.
pub(in crate::blobs) fn contributed_bytes(tx: &impl ReadRows, holder: RepositoryId) -> Result<u64, StoreError> {
    Ok(EPOCHS.get(tx, &holder)?.unwrap_or_default().contributed_bytes)
}

/// Whether there is room for a xorb among those that contributors sent; always, if its sender is none.
pub(in crate::blobs) fn has_room(
    tx: &impl ReadRows,
    sender: XorbSender,
    xorb: XetHash,
    bytes: u64,
) -> Result<bool, StoreError> {
    let Some(contributor) = sender.contributor else {
        return Ok(true);
    };
    if is_held(tx, sender.holder, xorb)? {
        return Ok(true);
    }
    let taken = contributed_bytes(tx, sender.holder)?.saturating_add(bytes);
    Ok(taken <= contributor.limit)
}

/// What the recipes of a holder make up, and what they take.
pub fn chunked_space(tx: &impl ReadRows, holder: RepositoryId) -> Result<ChunkedSpace, StoreError> {
    let row = EPOCHS.get(tx, &holder)?.unwrap_or_default();
    Ok(ChunkedSpace {
        content_bytes: row.content_bytes,
        stored_bytes: row.named_bytes,
    })
}

/// Notes that a xorb was sent which is in its place, and lets clients of its holder find it by some of its chunks; answers
/// whether the sender might not name it before.
pub(in crate::blobs) fn hold(
    tx: &WriteTx<'_>,
    sender: XorbSender,
    xorb: XetHash,
    row: &XorbRow,
    searched: &[XetHash],
) -> Result<bool, StoreError> {
    let (holder, name) = (sender.holder, *xorb.as_bytes());
    if !XORBS.contains(tx, &name)? {
        XORBS.put(tx, &name, row)?;
    }
    let is_new = !HOLDERS.contains(tx, &(holder, name))?;
    HOLDERS.put(tx, &(holder, name), &row.since)?;
    if is_new {
        HOLDERS_BY_XORB.put(tx, &(name, holder), &())?;
        if !recipe_rows::is_used_by(tx, xorb, holder)? {
            add_waiting(tx, holder, xorb)?;
        }
    }
    for chunk in searched {
        chunk_rows::add(tx, holder, xorb, *chunk)?;
    }
    match sender.contributor {
        Some(contributor) => note_contributor(tx, holder, xorb, (contributor.account, is_new)),
        None => end_contribution(tx, holder, xorb).map(|()| is_new),
    }
}

fn note_contributor(
    tx: &WriteTx<'_>,
    holder: RepositoryId,
    xorb: XetHash,
    (account, is_new): (UserId, bool),
) -> Result<bool, StoreError> {
    let key = (holder, *xorb.as_bytes(), account);
    if CONTRIBUTORS.contains(tx, &key)? {
        return Ok(false);
    }
    CONTRIBUTORS.put(tx, &key, &(is_new || is_contributed(tx, holder, xorb)?))?;
    if is_new {
        let bytes = stored_len(tx, xorb)?;
        change(tx, holder, |row| row.contributed_bytes += bytes)?;
    }
    Ok(true)
}

/// Whether a xorb of the holder counts as contributed.
fn is_contributed(tx: &impl ReadRows, holder: RepositoryId, xorb: XetHash) -> Result<bool, StoreError> {
    let senders = CONTRIBUTORS.list(tx, &Scan::prefix(&(holder, *xorb.as_bytes())).limit(1))?;
    Ok(senders.iter().any(|(_, counts)| *counts))
}

/// The holder takes a blob for its own, and with it the xorbs that its recipe names.
pub fn take_over(tx: &WriteTx<'_>, holder: RepositoryId, sha256: Sha256) -> Result<(), StoreError> {
    for xorb in recipe_rows::xorbs_of_blob(tx, sha256, holder)? {
        end_contribution(tx, holder, xorb)?;
    }
    Ok(())
}

/// A xorb of the holder counts as contributed no more.
fn end_contribution(tx: &WriteTx<'_>, holder: RepositoryId, xorb: XetHash) -> Result<(), StoreError> {
    if !is_contributed(tx, holder, xorb)? {
        return Ok(());
    }
    for key in CONTRIBUTORS.keys(tx, &Scan::prefix(&(holder, *xorb.as_bytes())))? {
        CONTRIBUTORS.put(tx, &key, &false)?;
    }
    let bytes = stored_len(tx, xorb)?;
    change(tx, holder, |row| {
        row.contributed_bytes = row.contributed_bytes.saturating_sub(bytes);
    })
}

/// Counts anew from now on xorbs that a holder is about to name.
pub(in crate::blobs) fn renew(
    tx: &WriteTx<'_>,
    holder: RepositoryId,
    xorbs: &[XetHash],
    now: Timestamp,
) -> Result<(), StoreError> {
    for xorb in xorbs {
        let key = (holder, *xorb.as_bytes());
        if HOLDERS.contains(tx, &key)? {
            HOLDERS.put(tx, &key, &now)?;
        }
    }
    Ok(())
}

/// Counts the content of a recipe of the holder in place of what its recipe made up before.
pub(in crate::blobs) fn change_content(
    tx: &WriteTx<'_>,
    holder: RepositoryId,
    before: u64,
    after: u64,
) -> Result<(), StoreError> {
    change(tx, holder, |row| {
        row.content_bytes = row.content_bytes.saturating_sub(before) + after;
    })
}

/// A recipe of the holder is the first to name the xorb.
pub(in crate::blobs) fn begin_use(tx: &WriteTx<'_>, holder: RepositoryId, name: XetHash) -> Result<(), StoreError> {
    end_waiting(tx, holder, name)?;
    let bytes = stored_len(tx, name)?;
    change(tx, holder, |row| row.named_bytes += bytes)
}

/// No recipe of the holder names the xorb any more.
pub(in crate::blobs) fn end_use(tx: &WriteTx<'_>, holder: RepositoryId, name: XetHash) -> Result<(), StoreError> {
    add_waiting(tx, holder, name)?;
    let bytes = stored_len(tx, name)?;
    change(tx, holder, |row| {
        row.named_bytes = row.named_bytes.saturating_sub(bytes);
    })
}

/// The holder keeps a xorb that no recipe of it names.
fn add_waiting(tx: &WriteTx<'_>, holder: RepositoryId, name: XetHash) -> Result<(), StoreError> {
    if !is_held(tx, holder, name)? {
        return Ok(());
    }
    let bytes = stored_len(tx, name)?;
    change(tx, holder, |row| row.waiting_bytes += bytes)
}

/// A recipe of the holder names the xorb, or the holder has given it up.
fn end_waiting(tx: &WriteTx<'_>, holder: RepositoryId, name: XetHash) -> Result<(), StoreError> {
    if !is_held(tx, holder, name)? {
        return Ok(());
    }
    let bytes = stored_len(tx, name)?;
    change(tx, holder, |row| {
        row.waiting_bytes = row.waiting_bytes.saturating_sub(bytes);
    })
}

fn stored_len(tx: &impl ReadRows, name: XetHash) -> Result<u64, StoreError> {
    Ok(xorb(tx, name)?.map_or(0, |row| row.stored_len))
}

/// Changes what is counted of a holder. One that is gone is not counted again: its recipes may outlive it.
fn change(tx: &WriteTx<'_>, holder: RepositoryId, change: impl FnOnce(&mut EpochRow)) -> Result<(), StoreError> {
    let known = EPOCHS.get(tx, &holder)?;
    if known.is_none() && HOLDERS.keys(tx, &Scan::prefix(&(holder,)).limit(1))?.is_empty() {
        return Ok(());
    }
    let mut row = known.unwrap_or_default();
    change(&mut row);
    EPOCHS.put(tx, &holder, &row)
}

/// What a holder sent, from behind a place on, at most so much.
pub(in crate::blobs) fn held(
    tx: &impl ReadRows,
    after: Option<(RepositoryId, XetHash)>,
    limit: usize,
) -> Result<Vec<(RepositoryId, XetHash, Timestamp)>, StoreError> {
    let scan = Scan::all().limit(limit);
    let scan = match after {
        Some((holder, xorb)) => scan.after(&(holder, *xorb.as_bytes())),
        None => scan,
    };
    let rows = HOLDERS.list(tx, &scan)?;
    Ok(rows
        .into_iter()
        .map(|((holder, name), since)| (holder, XetHash::from_bytes(name), since))
        .collect())
}

/// Some of the xorbs that a holder sent.
pub(in crate::blobs) fn held_by(
    tx: &impl ReadRows,
    holder: RepositoryId,
    limit: usize,
) -> Result<Vec<XetHash>, StoreError> {
    let keys = HOLDERS.keys(tx, &Scan::prefix(&(holder,)).limit(limit))?;
    Ok(keys.into_iter().map(|(_, name)| XetHash::from_bytes(name)).collect())
}

/// Xorbs from behind one on, at most so many.
pub(in crate::blobs) fn xorbs(
    tx: &impl ReadRows,
    after: Option<XetHash>,
    limit: usize,
) -> Result<Vec<(XetHash, XorbRow)>, StoreError> {
    let scan = Scan::all().limit(limit);
    let scan = match after {
        Some(xorb) => scan.after(xorb.as_bytes()),
        None => scan,
    };
    let rows = XORBS.list(tx, &scan)?;
    Ok(rows
        .into_iter()
        .map(|(name, row)| (XetHash::from_bytes(name), row))
        .collect())
}

/// Ends what a holder sent before a time and names in no recipe, and advances its epoch; answers whether it did.
pub(in crate::blobs) fn release_unused(
    tx: &WriteTx<'_>,
    holder: RepositoryId,
    xorb: XetHash,
    before: Timestamp,
) -> Result<bool, StoreError> {
    let name = *xorb.as_bytes();
    let is_old = HOLDERS.get(tx, &(holder, name))?.is_some_and(|since| since < before);
    if !is_old || recipe_rows::is_used_by(tx, xorb, holder)? {
        return Ok(false);
    }
    end_waiting(tx, holder, xorb)?;
    end_contribution(tx, holder, xorb)?;
    HOLDERS.delete(tx, &(holder, name))?;
    HOLDERS_BY_XORB.delete(tx, &(name, holder))?;
    CONTRIBUTORS.delete_range(tx, &Scan::prefix(&(holder, name)))?;
    chunk_rows::forget(tx, holder, xorb)?;
    change(tx, holder, |row| row.epoch += 1)?;
    Ok(true)
}

/// Whether nobody holds the xorb, no recipe names it, and it came before a time.
pub(in crate::blobs) fn is_abandoned(
    tx: &impl ReadRows,
    name: XetHash,
    row: &XorbRow,
    before: Timestamp,
) -> Result<bool, StoreError> {
    let holders = HOLDERS_BY_XORB.keys(tx, &Scan::prefix(&(*name.as_bytes(),)).limit(1))?;
    Ok(row.since < before && holders.is_empty() && !recipe_rows::is_used(tx, name)?)
}

/// Removes the row of a xorb that is abandoned; its bytes follow.
pub(in crate::blobs) fn remove_abandoned(
    tx: &WriteTx<'_>,
    name: XetHash,
    before: Timestamp,
) -> Result<bool, StoreError> {
    match xorb(tx, name)? {
        Some(row) if is_abandoned(tx, name, &row, before)? => XORBS.delete(tx, name.as_bytes()),
        _ => Ok(false),
    }
}

/// Removes what is known of a holder that is gone. Recipes stay as long as anybody names their blobs.
pub fn forget_holder(tx: &WriteTx<'_>, holder: RepositoryId) -> Result<(), StoreError> {
    for (holder, name) in HOLDERS.keys(tx, &Scan::prefix(&(holder,)))? {
        HOLDERS.delete(tx, &(holder, name))?;
        HOLDERS_BY_XORB.delete(tx, &(name, holder))?;
    }
    CONTRIBUTORS.delete_range(tx, &Scan::prefix(&(holder,)))?;
    chunk_rows::forget_holder(tx, holder)?;
    EPOCHS.delete(tx, &holder)?;
    Ok(())
}

/// Contradictions within these rows, as sentences.
pub(in crate::blobs) fn check(tx: &impl ReadRows) -> Result<Vec<String>, StoreError> {
    let mut problems = Vec::new();
    let mut waiting = std::collections::BTreeMap::<RepositoryId, (u64, u64)>::new();
    let held = HOLDERS.keys(tx, &Scan::all())?;
    for (holder, name) in &held {
        let hash = XetHash::from_bytes(*name);
        match XORBS.get(tx, name)? {
            None => problems.push(format!(
                "repository {holder} holds the xorb {hash}, which does not exist"
            )),
            Some(row) => {
                let (all, contributed) = waiting.entry(*holder).or_default();
                if !recipe_rows::is_used_by(tx, hash, *holder)? {
                    *all += row.stored_len;
                }
                if is_contributed(tx, *holder, hash)? {
                    *contributed += row.stored_len;
                }
            }
        }
        if !HOLDERS_BY_XORB.contains(tx, &(*name, *holder))? {
            problems.push(format!(
                "that repository {holder} holds the xorb {hash} has no way back"
            ));
        }
    }
    problems.extend(check_contributors(tx)?);
    let mut named = recipe_rows::spaces(tx)?;
    let back = HOLDERS_BY_XORB.count(tx, &Scan::all())?;
    if back != held.len() as u64 {
        problems.push(format!("{} holders of xorbs lead forth and {back} back", held.len()));
    }
    for (holder, row) in EPOCHS.list(tx, &Scan::all())? {
        let space = named.remove(&holder).unwrap_or_default();
        if space != chunked_space(tx, holder)? {
            problems.push(format!(
                "recipes of repository {holder} make up {} bytes of {} stored ones, but {} and {} are counted",
                space.content_bytes, space.stored_bytes, row.content_bytes, row.named_bytes
            ));
        }
        let actual = waiting.remove(&holder).unwrap_or_default();
        let told = (row.waiting_bytes, row.contributed_bytes);
        if actual != told {
            problems.push(format!(
                "{} bytes of xorbs of repository {holder} wait, {} are contributed, but {} and {} are counted",
                actual.0, actual.1, told.0, told.1
            ));
        }
    }
    let uncounted = waiting.iter().filter(|(_, bytes)| **bytes != (0, 0));
    problems.extend(
        uncounted
            .map(|(holder, _)| holder)
            .map(|holder| format!("the waiting xorbs of repository {holder} are not counted")),
    );
    Ok(problems)
}

fn check_contributors(tx: &impl ReadRows) -> Result<Vec<String>, StoreError> {
    let mut problems = Vec::new();
    for (holder, name, account) in CONTRIBUTORS.keys(tx, &Scan::all())? {
        let hash = XetHash::from_bytes(name);
        if !is_held(tx, holder, hash)? {
            problems.push(format!(
                "account {account} sent the xorb {hash} to repository {holder}, which does not hold it"
            ));
        }
    }
    Ok(problems)
}
