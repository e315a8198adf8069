//! Rows of xorbs: which there are, and which holder sent which.
//!
//! A holder is a repository. What it sent is its own to name in recipes; that another holder sent the same bytes gives it
//! nothing and shows nowhere. What it sent and names in no recipe waits, counts against its quota, and ends after a while;
//! then the epoch of the holder advances, since its clients remember for weeks what they sent under an epoch.

use serde::{Deserialize, Serialize};

use super::recipe_rows;
use super::xet::hash::XetHash;
use crate::base::{RepositoryId, Timestamp};
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
        name: "xorb_epochs",
        about: "repository id -> epoch of its Xet addresses, bytes of xorbs that no recipe of it names",
    },
];

type Name = [u8; 32];

const XORBS: Table<Name, XorbRow> = Table::new("xorbs");
const HOLDERS: Table<(RepositoryId, Name), Timestamp> = Table::new("xorb_holders");
const HOLDERS_BY_XORB: Table<(Name, RepositoryId), ()> = Table::new("xorb_holders_by_xorb");
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
    waiting_bytes: u64,
}

/// What is known of a xorb; `None` when there is none.
pub(in crate::blobs) fn xorb(tx: &impl ReadRows, xorb: XetHash) -> Result<Option<XorbRow>, StoreError> {
    XORBS.get(tx, xorb.as_bytes())
}

/// Whether a holder may name the xorb.
pub(in crate::blobs) fn is_held(tx: &impl ReadRows, holder: RepositoryId, xorb: XetHash) -> Result<bool, StoreError> {
    HOLDERS.contains(tx, &(holder, *xorb.as_bytes()))
}

/// The epoch of a holder's addresses.
pub(in crate::blobs) fn epoch(tx: &impl ReadRows, holder: RepositoryId) -> Result<u64, StoreError> {
    Ok(EPOCHS.get(tx, &holder)?.unwrap_or_default().epoch)
}

/// Bytes that a holder sent and that no recipe of it names.
pub(in crate::blobs) fn waiting_bytes(tx: &impl ReadRows, holder: RepositoryId) -> Result<u64, StoreError> {
    Ok(EPOCHS.get(tx, &holder)?.unwrap_or_default().waiting_bytes)
}

/// Notes that a holder sent a xorb which is in its place; answers whether that is new of this holder.
pub(in crate::blobs) fn hold(
    tx: &WriteTx<'_>,
    holder: RepositoryId,
    xorb: XetHash,
    row: &XorbRow,
) -> Result<bool, StoreError> {
    let name = *xorb.as_bytes();
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
    Ok(is_new)
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

/// A recipe of the holder no longer names the xorb, or does not yet.
pub(in crate::blobs) fn add_waiting(tx: &WriteTx<'_>, holder: RepositoryId, xorb: XetHash) -> Result<(), StoreError> {
    change_waiting(tx, holder, xorb, u64::saturating_add)
}

/// A recipe of the holder names the xorb, or the holder has given it up.
pub(in crate::blobs) fn end_waiting(tx: &WriteTx<'_>, holder: RepositoryId, xorb: XetHash) -> Result<(), StoreError> {
    change_waiting(tx, holder, xorb, u64::saturating_sub)
}

fn change_waiting(
    tx: &WriteTx<'_>,
    holder: RepositoryId,
    name: XetHash,
    change: impl Fn(u64, u64) -> u64,
) -> Result<(), StoreError> {
    if !is_held(tx, holder, name)? {
        return Ok(());
    }
    let bytes = xorb(tx, name)?.map_or(0, |row| row.stored_len);
    let mut row = EPOCHS.get(tx, &holder)?.unwrap_or_default();
    row.waiting_bytes = change(row.waiting_bytes, bytes);
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
    HOLDERS.delete(tx, &(holder, name))?;
    HOLDERS_BY_XORB.delete(tx, &(name, holder))?;
    let mut row = EPOCHS.get(tx, &holder)?.unwrap_or_default();
    row.epoch += 1;
    EPOCHS.put(tx, &holder, &row)?;
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
    EPOCHS.delete(tx, &holder)?;
    Ok(())
}

/// Contradictions within these rows, as sentences.
pub(in crate::blobs) fn check(tx: &impl ReadRows) -> Result<Vec<String>, StoreError> {
    let mut problems = Vec::new();
    let mut waiting = std::collections::BTreeMap::<RepositoryId, u64>::new();
    let held = HOLDERS.keys(tx, &Scan::all())?;
    for (holder, name) in &held {
        let hash = XetHash::from_bytes(*name);
        match XORBS.get(tx, name)? {
            None => problems.push(format!(
                "repository {holder} holds the xorb {hash}, which does not exist"
            )),
            Some(row) if !recipe_rows::is_used_by(tx, hash, *holder)? => {
                *waiting.entry(*holder).or_default() += row.stored_len;
            }
            Some(_) => {}
        }
        if !HOLDERS_BY_XORB.contains(tx, &(*name, *holder))? {
            problems.push(format!(
                "that repository {holder} holds the xorb {hash} has no way back"
            ));
        }
    }
    let back = HOLDERS_BY_XORB.count(tx, &Scan::all())?;
    if back != held.len() as u64 {
        problems.push(format!("{} holders of xorbs lead forth and {back} back", held.len()));
    }
    for (holder, row) in EPOCHS.list(tx, &Scan::all())? {
        let actual = waiting.remove(&holder).unwrap_or(0);
        if actual != row.waiting_bytes {
            let told = row.waiting_bytes;
            problems.push(format!(
                "{actual} bytes of xorbs of repository {holder} wait, but {told} are counted"
            ));
        }
    }
    problems.extend(
        waiting
            .keys()
            .map(|holder| format!("the waiting xorbs of repository {holder} are not counted")),
    );
    Ok(problems)
}
