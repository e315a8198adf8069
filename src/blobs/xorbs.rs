//! Xorbs as they come in, and what recipes may name.

use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;
use std::sync::atomic::Ordering;

use bytes::Bytes;

use super::key::{Collection, StorageKey};
use super::placing::Placing;
use super::pump::{Parcels, Pump};
use super::sender::XorbSender;
use super::writer::StagedFile;
use super::xet::hash::XetHash;
use super::xet::xorb::{XorbIndex, XorbVerifier};
use super::xorb_index::{encoded, shelf_name};
use super::xorb_rows::{self, XorbRow};
use super::{BlobError, BlobReader, Blobs};
use crate::base::{RepositoryId, blocking};

/// The most bytes of a xorb as it is sent: 64 MiB of chunks, their headers, and a footer that is not kept.
pub const LARGEST_XORB: u64 = 66 * 1024 * 1024;

/// Takes a xorb as it arrives, and verifies every chunk and the hash of the whole.
///
/// Memory stays near 2 MiB. Dropped before [`XorbWriter::finish`], it leaves nothing behind.
pub struct XorbWriter {
    blobs: Blobs,
    xorb: XetHash,
    received: u64,
    pump: Pump<StagedXorb>,
}

struct StagedXorb {
    file: StagedFile,
    index: XorbIndex,
}

impl Blobs {
    /// Starts to take a xorb that is announced under this hash.
    pub fn xorb_writer(&self, xorb: XetHash) -> XorbWriter {
        let number = self.0.next_incoming.fetch_add(1, Ordering::Relaxed);
        let path = StorageKey::Incoming(number).under(&self.0.data);
        XorbWriter {
            blobs: self.clone(),
            xorb,
            received: 0,
            pump: Pump::start(move |parcels| receive(path, parcels, xorb)),
        }
    }

    /// Whether a holder has the xorb.
    pub fn holds_xorb(&self, holder: RepositoryId, xorb: XetHash) -> Result<bool, BlobError> {
        Ok(self.0.store.read(|tx| xorb_rows::is_held(tx, holder, xorb))?)
    }

    /// Whether a sender may name the xorb.
    pub fn may_name_xorb(&self, sender: XorbSender, xorb: XetHash) -> Result<bool, BlobError> {
        Ok(self.0.store.read(|tx| xorb_rows::may_name(tx, sender, xorb))?)
    }

    /// The epoch under which clients may remember what a holder has.
    pub fn xorb_epoch(&self, holder: RepositoryId) -> Result<u64, BlobError> {
        Ok(self.0.store.read(|tx| xorb_rows::epoch(tx, holder))?)
    }

    /// Bytes that a holder sent and that no recipe of it names yet; what the hub packs for it is not among them.
    pub fn waiting_xorb_bytes(&self, holder: RepositoryId) -> Result<u64, BlobError> {
        let waiting = self.0.store.read(|tx| xorb_rows::waiting_bytes(tx, holder))?;
        Ok(waiting.saturating_sub(self.packing_bytes(holder)))
    }

    /// Bytes of xorbs that contributors sent to a holder and that do not count as its own.
    pub fn contributed_xorb_bytes(&self, holder: RepositoryId) -> Result<u64, BlobError> {
        Ok(self.0.store.read(|tx| xorb_rows::contributed_bytes(tx, holder))?)
    }

    /// Opens the chunks of a xorb as they are stored, for whoever has the right to ranges of it.
    pub async fn xorb_reader(&self, xorb: XetHash) -> Result<BlobReader, BlobError> {
        let (row, reader) = self.open_xorb(xorb).await?;
        Ok(reader.beginning(row.stored_len))
    }
}

impl XorbWriter {
    /// Takes the next bytes; waits while the disk is behind.
    pub async fn write(&mut self, chunk: Bytes) -> Result<(), BlobError> {
        self.received += chunk.len() as u64;
        if self.received > LARGEST_XORB {
            return Err(BlobError::TooLarge { limit: LARGEST_XORB });
        }
        self.pump.push(chunk).await
    }

    /// Answers after the xorb is durable and its sender may name it; `true` when the sender might not before. That another
    /// has sent it shortens nothing that a client could see but the last step.
    pub async fn finish(self, sender: XorbSender) -> Result<bool, BlobError> {
        let Self { blobs, xorb, pump, .. } = self;
        let StagedXorb { file, index } = pump.finish().await?;
        let searched = index.chunks.iter().map(|chunk| chunk.hash);
        let searched: Vec<XetHash> = searched.filter(|chunk| chunk.is_searched()).collect();
        let row = XorbRow {
            stored_len: index.stored_len,
            raw_len: index.raw_len,
            chunks: u32::try_from(index.chunks.len()).unwrap_or(u32::MAX),
            since: blobs.now(),
        };
        // The same chunks may have been compressed otherwise before: then that is what the index says.
        let mut known = blobs.0.store.read(|tx| xorb_rows::xorb(tx, xorb))?;
        let mut file = Some(file);
        loop {
            if known.is_none()
                && let Some(file) = file.take()
            {
                let placing = Placing {
                    of: Collection::Xorbs,
                    name: shelf_name(xorb),
                    size: row.object_len(),
                    staged: file.path().to_owned(),
                    guard: Some(file),
                };
                blobs.put_in_place(placing).await?;
            }
            let (placed, searched) = (file.is_none(), searched.clone());
            let held = blobs.0.store.write(move |tx| {
                if !placed && xorb_rows::xorb(tx, xorb)?.is_none() {
                    return Ok(None);
                }
                if !xorb_rows::has_room(tx, sender, xorb, row.stored_len)? {
                    return Err(BlobError::ContributionsFull);
                }
                Ok(Some(xorb_rows::hold(tx, sender, xorb, &row, &searched)?))
            });
            match held.await? {
                Some(is_new) => {
                    blocking(move || drop(file)).await;
                    return Ok(is_new);
                }
                // Swept since it was looked for.
                None => known = None,
            }
        }
    }
}

fn receive(path: PathBuf, mut parcels: Parcels, xorb: XetHash) -> Result<StagedXorb, BlobError> {
    let file = StagedFile::at(path.clone());
    let failed = BlobError::at(&path);
    let mut output = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(file.path())
        .map_err(&failed)?;
    let mut verifier = XorbVerifier::new();
    while let Some(chunks) = parcels.next()? {
        for chunk in chunks {
            verifier.push(&chunk)?;
            output.write_all(&chunk).map_err(&failed)?;
        }
    }
    let index = verifier.finish(xorb)?;
    // Whatever follows the chunks is not kept; the index takes its place.
    output.set_len(index.stored_len).map_err(&failed)?;
    drop(output);
    let mut output = OpenOptions::new().append(true).open(file.path()).map_err(&failed)?;
    output.write_all(&encoded(&index.chunks)).map_err(&failed)?;
    // Also of what turns out to be there already: how long it takes must not tell what others have sent.
    output.sync_all().map_err(&failed)?;
    Ok(StagedXorb { file, index })
}
