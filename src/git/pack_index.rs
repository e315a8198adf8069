//! The index of a pack (gitformat-pack, "Version 2 pack-*.idx files").

use super::checksum::Summed;
use super::model::ObjectId;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

/// Offsets from here on stand in a table of their own.
const LONG: u32 = 0x8000_0000;

/// An object of a pack, as an index lists it.
#[derive(Debug, Clone, Copy)]
pub(super) struct IndexEntry {
    pub id: ObjectId,
    pub offset: u64,
    pub crc: u32,
}

/// Writes a new file that lists these objects, which are sorted by id, and makes it durable: a table by first byte, ids, checksums,
/// offsets, long offsets, two digests.
pub(super) fn write_index(
    path: &Path,
    objects: impl Iterator<Item = IndexEntry> + Clone,
    pack_hash: &[u8; 20],
) -> io::Result<()> {
    let mut index = BufWriter::new(Summed::new(File::create_new(path)?));
    index.write_all(b"\xfftOc\0\0\0\x02")?;
    let mut counts = [0_u32; 256];
    for object in objects.clone() {
        counts[usize::from(object.id.as_bytes()[0])] += 1;
    }
    let mut total = 0_u32;
    for count in counts {
        total += count;
        index.write_all(&total.to_be_bytes())?;
    }
    for object in objects.clone() {
        index.write_all(object.id.as_bytes())?;
    }
    for object in objects.clone() {
        index.write_all(&object.crc.to_be_bytes())?;
    }
    let mut long_offsets: Vec<u64> = Vec::new();
    for object in objects {
        let offset = match u32::try_from(object.offset) {
            Ok(offset) if offset < LONG => offset,
            _ => {
                long_offsets.push(object.offset);
                LONG | u32::try_from(long_offsets.len() - 1).map_err(io::Error::other)?
            }
        };
        index.write_all(&offset.to_be_bytes())?;
    }
    for offset in long_offsets {
        index.write_all(&offset.to_be_bytes())?;
    }
    index.write_all(pack_hash)?;
    index.into_inner()?.finish()?.sync_all()
}
