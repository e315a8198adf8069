//! Rows of chunks by which clients ask what a holder was sent: the first of every file, and those whose hash says so (Xet
//! protocol specification, "Global deduplication"), about one in 64 MiB.
//!
//! A row belongs to a holder and a xorb that it sent, and goes with that. What others sent stands under their own names, so a
//! search for one holder never comes near it.

use super::xet::hash::XetHash;
use super::xorb_rows;
use crate::base::RepositoryId;
use crate::store::{Index, ReadRows, Records, Scan, StoreError, TableSpec, WriteTx};

/// The tables.
pub const TABLES: &[TableSpec] = &[
    TableSpec {
        name: "xorb_chunks",
        about: "repository id, xorb that it sent, chunk by which clients find it -> nothing",
    },
    TableSpec {
        name: "xorb_chunks_by_chunk",
        about: "repository id, chunk, the row in xorb_chunks -> nothing",
    },
];

type Name = [u8; 32];
type Key = (RepositoryId, Name, Name);

const BY_CHUNK: Index<(RepositoryId, Name), Key> = Index::new("xorb_chunks_by_chunk");
const CHUNKS: Records<Key, ()> = Records::new(
    "xorb_chunks",
    |key, ()| vec![BY_CHUNK.entry(&(key.0, key.2), key)],
    &["xorb_chunks_by_chunk"],
);

/// Lets clients of a holder find a xorb that it sent by a chunk.
pub(in crate::blobs) fn add(
    tx: &WriteTx<'_>,
    holder: RepositoryId,
    xorb: XetHash,
    chunk: XetHash,
) -> Result<(), StoreError> {
    CHUNKS.put(tx, &(holder, *xorb.as_bytes(), *chunk.as_bytes()), &())
}

/// Xorbs that a holder sent and in which the chunk is, at most so many.
pub(in crate::blobs) fn xorbs_with(
    tx: &impl ReadRows,
    holder: RepositoryId,
    chunk: XetHash,
    limit: usize,
) -> Result<Vec<XetHash>, StoreError> {
    let scan = Scan::prefix(&(holder, *chunk.as_bytes())).limit(limit);
    let found = BY_CHUNK.ids(tx, &scan)?;
    Ok(found
        .into_iter()
        .map(|(_, xorb, _)| XetHash::from_bytes(xorb))
        .collect())
}

/// Chunks by which clients of a holder find a xorb.
pub(in crate::blobs) fn chunks_of(
    tx: &impl ReadRows,
    holder: RepositoryId,
    xorb: XetHash,
) -> Result<Vec<XetHash>, StoreError> {
    let rows = CHUNKS.list(tx, &Scan::prefix(&(holder, *xorb.as_bytes())))?;
    Ok(rows
        .into_iter()
        .map(|((.., chunk), ())| XetHash::from_bytes(chunk))
        .collect())
}

/// A holder has given a xorb up.
pub(in crate::blobs) fn forget(tx: &WriteTx<'_>, holder: RepositoryId, xorb: XetHash) -> Result<(), StoreError> {
    remove(tx, &Scan::prefix(&(holder, *xorb.as_bytes())))
}

/// A holder is gone.
pub(in crate::blobs) fn forget_holder(tx: &WriteTx<'_>, holder: RepositoryId) -> Result<(), StoreError> {
    remove(tx, &Scan::prefix(&(holder,)))
}

fn remove(tx: &WriteTx<'_>, scan: &Scan<Key>) -> Result<(), StoreError> {
    for (key, ()) in CHUNKS.list(tx, scan)? {
        CHUNKS.delete(tx, &key)?;
    }
    Ok(())
}

/// Contradictions within these rows, as sentences.
pub(in crate::blobs) fn check(tx: &impl ReadRows) -> Result<Vec<String>, StoreError> {
    let mut problems = CHUNKS.check(tx)?;
    for ((holder, xorb, chunk), ()) in CHUNKS.list(tx, &Scan::all())? {
        let (xorb, chunk) = (XetHash::from_bytes(xorb), XetHash::from_bytes(chunk));
        if !xorb_rows::is_held(tx, holder, xorb)? {
            problems.push(format!(
                "the chunk {chunk} leads repository {holder} to the xorb {xorb}, which it does not hold"
            ));
        }
    }
    Ok(problems)
}
