//! Where the chunks of a xorb lie. The index stands behind the chunks in the same object, so that neither is ever there
//! without the other.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::{Buf, BufMut, Bytes, BytesMut};

use super::key::Collection;
use super::xet::hash::XetHash;
use super::xet::xorb::XorbChunk;
use super::xorb_rows::{self, XorbRow};
use super::{BlobError, BlobReader, Blobs};
use crate::base::Sha256;

/// Bytes of a chunk in the index: its hash, and where it ends in the object and in the content.
pub(in crate::blobs) const ENTRY_BYTES: u64 = 32 + 2 * 4;
/// Indexes that are kept in memory: at most 4 MiB, of xorbs with as many chunks as they can have.
const KEPT: usize = 64;

/// Where each chunk ends, in the object and in the content.
pub(in crate::blobs) type Ends = Arc<Vec<(u32, u32)>>;

/// The indexes that were used lately.
#[derive(Default)]
pub(in crate::blobs) struct EndsCache(Mutex<Recent>);

#[derive(Default)]
struct Recent {
    kept: HashMap<[u8; 32], (u64, Ends)>,
    turn: u64,
}

impl EndsCache {
    fn get(&self, xorb: XetHash) -> Option<Ends> {
        let mut recent = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        recent.turn += 1;
        let turn = recent.turn;
        let (used, ends) = recent.kept.get_mut(xorb.as_bytes())?;
        *used = turn;
        Some(Arc::clone(ends))
    }

    fn put(&self, xorb: XetHash, ends: Ends) {
        let mut recent = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if recent.kept.len() >= KEPT {
            let oldest = recent.kept.iter().min_by_key(|(_, (used, _))| *used);
            if let Some(oldest) = oldest.map(|(name, _)| *name) {
                recent.kept.remove(&oldest);
            }
        }
        recent.turn += 1;
        let turn = recent.turn;
        recent.kept.insert(*xorb.as_bytes(), (turn, ends));
    }
}

/// The index as it is stored.
pub(in crate::blobs) fn encoded(chunks: &[XorbChunk]) -> Bytes {
    let mut bytes = BytesMut::new();
    for chunk in chunks {
        bytes.put_slice(chunk.hash.as_bytes());
        bytes.put_u32(chunk.stored_end);
        bytes.put_u32(chunk.raw_end);
    }
    bytes.freeze()
}

fn decoded(mut bytes: Bytes) -> Vec<XorbChunk> {
    let mut chunks = Vec::new();
    while bytes.remaining() as u64 >= ENTRY_BYTES {
        let mut name = [0; 32];
        bytes.copy_to_slice(&mut name);
        chunks.push(XorbChunk {
            hash: XetHash::from_bytes(name),
            stored_end: bytes.get_u32(),
            raw_end: bytes.get_u32(),
        });
    }
    chunks
}

/// The bytes of a run of chunks, of which `end` gives each end.
pub(in crate::blobs) fn stretch<T>(chunks: &[T], range: &Range<usize>, end: impl Fn(&T) -> u32) -> Range<u64> {
    let until = |index: usize| index.checked_sub(1).and_then(|last| chunks.get(last)).map_or(0, &end);
    u64::from(until(range.start))..u64::from(until(range.end))
}

/// The name under which a xorb lies on its shelf.
pub(in crate::blobs) fn shelf_name(xorb: XetHash) -> Sha256 {
    Sha256::from_bytes(*xorb.as_bytes())
}

impl Blobs {
    /// Opens a xorb and tells what is known of it.
    pub(in crate::blobs) async fn open_xorb(&self, xorb: XetHash) -> Result<(XorbRow, BlobReader), BlobError> {
        let missing = || BlobError::UnknownXorb { xorb };
        let row = self.0.store.read(|tx| xorb_rows::xorb(tx, xorb))?.ok_or_else(missing)?;
        let reader = self.kept(Collection::Xorbs, shelf_name(xorb), false).await?;
        let reader = reader.ok_or_else(missing)?;
        if reader.size() != row.object_len() {
            tracing::error!(%xorb, size = reader.size(), "a stored xorb has the wrong size");
            let sha256 = shelf_name(xorb);
            return Err(BlobError::Damaged { sha256 });
        }
        Ok((row, reader))
    }

    /// Every chunk of a xorb.
    pub(in crate::blobs) async fn chunks_of(&self, xorb: XetHash) -> Result<Vec<XorbChunk>, BlobError> {
        let (row, reader) = self.open_xorb(xorb).await?;
        let chunks = decoded(reader.bytes(row.stored_len..row.object_len()).await?);
        let last = chunks.last().map_or(0, |chunk| u64::from(chunk.stored_end));
        if last != row.stored_len || chunks.windows(2).any(|pair| pair[0].stored_end >= pair[1].stored_end) {
            tracing::error!(%xorb, "the index of a xorb is damaged");
            let sha256 = shelf_name(xorb);
            return Err(BlobError::Damaged { sha256 });
        }
        Ok(chunks)
    }

    /// Where the chunks of a xorb end.
    pub(in crate::blobs) async fn ends_of(&self, xorb: XetHash) -> Result<Ends, BlobError> {
        if let Some(ends) = self.0.xorb_ends.get(xorb) {
            return Ok(ends);
        }
        let chunks = self.chunks_of(xorb).await?;
        let ends: Ends = Arc::new(chunks.iter().map(|chunk| (chunk.stored_end, chunk.raw_end)).collect());
        self.0.xorb_ends.put(xorb, Arc::clone(&ends));
        Ok(ends)
    }
}

impl XorbRow {
    /// Bytes of the object, the index included.
    pub(in crate::blobs) fn object_len(&self) -> u64 {
        self.stored_len + u64::from(self.chunks) * ENTRY_BYTES
    }
}
