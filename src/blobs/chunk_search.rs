//! What a client may spare itself to send: xorbs of the same holder, found by a chunk.

use std::collections::HashSet;
use std::time::Duration;

use super::xet::hash::XetHash;
use super::xet::shard::{Protection, ShardChunk, ShardItem, protected_shard_bytes};
use super::xet::xorb::XorbChunk;
use super::{BlobError, Blobs, chunk_rows, recipe_rows, xorb_rows};
use crate::base::RepositoryId;
use crate::keys::Purpose;
use crate::store::{ReadRows, StoreError};

const PURPOSE: Purpose = Purpose::new("xet-chunks");
/// Xorbs that are looked at for having the chunk.
const WITH_CHUNK: usize = 4;
/// Files that are looked at for naming one of these xorbs; what comes beside the chunk in a file is likely wanted next.
const FILES: usize = 4;
/// Chunks in an answer: 3 MiB of it, for some 4 GiB of content.
const MOST_CHUNKS: usize = 64 * 1024;
/// How long clients remember what they were told, as with what they sent themselves (§0.10 of the contract).
const REMEMBERED: Duration = Duration::from_hours(21 * 24);

impl Blobs {
    /// A shard that describes xorbs of this holder in which the chunk is, and those beside them in files; `None` when there
    /// are none. The hashes of chunks in it are of use only to who knows the chunks.
    ///
    /// Only rows of the holder are looked at. Xorbs that no recipe of it names may go at any time, so they are not told.
    pub async fn shard_with_chunk(&self, holder: RepositoryId, chunk: XetHash) -> Result<Option<Vec<u8>>, BlobError> {
        let (xorbs, epoch) = self.0.store.read(|tx| {
            let epoch = xorb_rows::epoch(tx, holder)?;
            Ok::<_, StoreError>((xorbs_around(tx, holder, chunk)?, epoch))
        })?;
        let mut items = Vec::new();
        let mut room = MOST_CHUNKS;
        for (xorb, count, stored_len) in xorbs {
            let Some(left) = room.checked_sub(count) else { break };
            room = left;
            let chunks = described(&self.chunks_of(xorb).await?);
            items.push(ShardItem::Xorb {
                xorb,
                chunks,
                stored_len,
            });
        }
        if items.is_empty() {
            return Ok(None);
        }
        let now = self.now();
        let seconds = |time: crate::base::Timestamp| u64::try_from(time.as_seconds()).unwrap_or(0);
        let protection = Protection {
            key: self.0.keys.sign(PURPOSE, format!("{holder} {epoch}").as_bytes()),
            since: seconds(now),
            until: seconds(now.plus(REMEMBERED)),
        };
        Ok(Some(protected_shard_bytes(items, &protection)))
    }
}

/// Xorbs with the chunk, then those that files name beside them; each with the number of its chunks and its length.
pub(in crate::blobs) fn xorbs_around(
    tx: &impl ReadRows,
    holder: RepositoryId,
    chunk: XetHash,
) -> Result<Vec<(XetHash, usize, u32)>, StoreError> {
    let mut names = Vec::new();
    for xorb in chunk_rows::xorbs_with(tx, holder, chunk, WITH_CHUNK)? {
        if recipe_rows::is_used_by(tx, xorb, holder)? {
            names.push(xorb);
        }
    }
    for index in 0..names.len() {
        names.extend(recipe_rows::xorbs_beside(tx, names[index], holder, FILES)?);
    }
    let (mut seen, mut found, mut chunks) = (HashSet::new(), Vec::new(), 0);
    for name in names {
        if chunks > MOST_CHUNKS {
            break;
        }
        if !seen.insert(name) || !xorb_rows::is_held(tx, holder, name)? {
            continue;
        }
        if let Some(row) = xorb_rows::xorb(tx, name)? {
            let count = row.chunks as usize;
            chunks += count;
            found.push((name, count, u32::try_from(row.stored_len).unwrap_or(u32::MAX)));
        }
    }
    Ok(found)
}

fn described(chunks: &[XorbChunk]) -> Vec<ShardChunk> {
    let mut raw_start = 0;
    let describe = |chunk: &XorbChunk| {
        let described = ShardChunk {
            hash: chunk.hash,
            raw_start,
            raw_len: chunk.raw_end - raw_start,
        };
        raw_start = chunk.raw_end;
        described
    };
    chunks.iter().map(describe).collect()
}
