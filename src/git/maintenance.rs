//! Packing: many small packs and loose objects become one pack.
//!
//! Nothing is removed that is not in the new pack, reachable or not: an object that no reference names may belong to a commit
//! that is about to be published. Objects keep the form they have, deltas included; new deltas are not made, as that is the
//! business of `super::repack`, which comes by more seldom.
//!
//! Readers are not disturbed: the new pack is complete and durable before the old ones go, maps of removed files stay valid
//! on Unix, and a reader that opens a pack too late looks at the folder again and finds the new one.

use super::durable::sync_folder;
use super::error::GitError;
use super::model::ObjectId;
use super::pack::{PackWriter, TEMPORARY_PREFIX};
use super::repository::Git;
use crate::base::RepositoryId;
use gix::odb::pack::data::entry::Header;
use gix::odb::pack::{data, index};
use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Small packs from which on they are merged.
const PACKS_MAX: usize = 20;
/// Loose objects from which on they are packed. We write none; stock git at work in the folder does.
const LOOSE_MAX: usize = 256;
/// Unfinished packs older than this were left by a crash.
const TEMPORARY_MAX_AGE: Duration = Duration::from_hours(24);

/// What [`Git::maintain`] did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Maintained {
    /// Packs that were merged and removed.
    pub packs_merged: usize,
    /// Loose objects that were packed and removed.
    pub loose_packed: usize,
    /// Objects in the new pack; 0 when none was needed.
    pub objects: usize,
}

/// A pack on disk.
struct Pack {
    path: PathBuf,
    index: index::File,
    bytes: u64,
}

impl Git {
    /// Merges packs and loose objects when there are many of them, and removes what crashes left. To be called by one
    /// caller at a time for a repository; writers and readers may go on.
    ///
    /// Only as many small packs are merged as are needed for each remaining one to be larger than all smaller ones
    /// together, so that a large repository is not copied for every twenty commits. Memory: 40 bytes per object.
    pub fn maintain(&self, id: RepositoryId) -> Result<Maintained, GitError> {
        if !self.exists(id) {
            return Err(GitError::NoRepository);
        }
        let objects = self.folder(id).join("objects");
        let folder = objects.join("pack");
        remove_leftovers(&folder)?;
        let mut packs = packs_in(&folder)?;
        let loose = loose_in(&objects)?;
        if packs.len() <= PACKS_MAX && loose.len() < LOOSE_MAX {
            return Ok(Maintained::default());
        }
        packs.sort_by_key(|pack| pack.bytes);
        packs.truncate(merged_count(&packs));
        let mut writer = PackWriter::new(folder.clone())?;
        for pack in &packs {
            copy_pack(pack, &mut writer)?;
        }
        let repository = self.repository(id)?;
        for (object_id, _) in &loose {
            if !writer.contains(*object_id) {
                let object = repository.object(*object_id)?;
                writer.add(object.kind, *object_id, &object.data)?;
            }
        }
        let count = writer.len();
        let Some(new) = writer.finish()? else {
            return Ok(Maintained::default());
        };
        self.forget(id);
        for pack in packs.iter().filter(|pack| pack.path != new) {
            // Without its index a pack is invisible, so the index goes first.
            fs::remove_file(pack.path.with_extension("idx"))?;
            fs::remove_file(&pack.path)?;
            let _ = fs::remove_file(pack.path.with_extension("rev"));
        }
        for (_, path) in &loose {
            fs::remove_file(path)?;
        }
        sync_folder(&folder)?;
        self.forget(id);
        Ok(Maintained {
            packs_merged: packs.len(),
            loose_packed: loose.len(),
            objects: count,
        })
    }
}

/// From the smallest on, as many packs as leave each further one larger than all before it together.
fn merged_count(packs: &[Pack]) -> usize {
    let mut total = 0;
    let mut count = 0;
    for (place, pack) in packs.iter().enumerate() {
        if pack.bytes <= total {
            count = place + 1;
        }
        total += pack.bytes;
    }
    // Sizes that all double would never be merged; two dozen of them are many gigabytes.
    count
}

/// Copies the objects that the new pack lacks. A delta stays one: its base is in the same pack, hence in the new one too,
/// before it. An object that an earlier pack contributed depends only on that pack and those before it, so no circle of
/// deltas can arise.
fn copy_pack(pack: &Pack, writer: &mut PackWriter) -> Result<(), GitError> {
    let data = data::File::at(&pack.path, gix::hash::Kind::Sha1)?;
    let mut entries: Vec<(u64, ObjectId)> = pack
        .index
        .iter()
        .map(|entry| (entry.pack_offset, ObjectId::from(entry.oid)))
        .collect();
    entries.sort_unstable();
    let by_offset: HashMap<u64, ObjectId> = entries.iter().copied().collect();
    for (place, (offset, id)) in entries.iter().enumerate() {
        if writer.contains(*id) {
            continue;
        }
        let entry = data.entry(*offset)?;
        let header = match entry.header {
            Header::OfsDelta { base_distance } => {
                let base = by_offset.get(&(offset - base_distance));
                let base =
                    base.ok_or_else(|| GitError::Damaged(format!("the delta base of object {id} is missing")))?;
                // By name and not by distance, as the base may have come from another pack.
                Header::RefDelta { base_id: base.gix() }
            }
            other => other,
        };
        let end = entries.get(place + 1).map_or(data.pack_end() as u64, |(next, _)| *next);
        let compressed = data
            .entry_slice(entry.data_offset..end)
            .ok_or_else(|| GitError::Damaged(format!("object {id} reaches beyond its pack")))?;
        writer.add_compressed(*id, header, entry.decompressed_size, compressed)?;
    }
    Ok(())
}

/// Complete packs that may be merged: those with a `.keep` file stay, as in git, and those of objects set aside.
fn packs_in(folder: &Path) -> Result<Vec<Pack>, GitError> {
    let mut packs = Vec::new();
    for file in fs::read_dir(folder)? {
        let index_path = file?.path();
        if index_path.extension().is_none_or(|extension| extension != "idx") {
            continue;
        }
        let path = index_path.with_extension("pack");
        // What is set aside has a time, which would be lost.
        let is_apart = index_path.with_extension("keep").exists() || index_path.with_extension("mtimes").exists();
        if is_apart || !path.exists() {
            continue;
        }
        packs.push(Pack {
            index: index::File::at(&index_path, gix::hash::Kind::Sha1)?,
            bytes: path.metadata()?.len(),
            path,
        });
    }
    Ok(packs)
}

pub(super) fn loose_in(objects: &Path) -> Result<Vec<(ObjectId, PathBuf)>, GitError> {
    let mut loose = Vec::new();
    for shard in fs::read_dir(objects)? {
        let shard = shard?.path();
        let Some(prefix) = shard
            .file_name()
            .and_then(|name| name.to_str())
            .filter(|name| name.len() == 2)
        else {
            continue;
        };
        for file in fs::read_dir(&shard)? {
            let path = file?.path();
            let rest = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            if let Ok(id) = format!("{prefix}{rest}").parse() {
                loose.push((id, path));
            }
        }
    }
    Ok(loose)
}

/// Removes what crashes left: unfinished packs, and packs without an index or the other way round. They are old, as
/// somebody may just be about to complete one.
pub(super) fn remove_leftovers(folder: &Path) -> Result<(), GitError> {
    for file in fs::read_dir(folder)? {
        let path = file?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let age = path.metadata().and_then(|metadata| metadata.modified()).ok();
        let is_old = age
            .and_then(|time| time.elapsed().ok())
            .is_some_and(|age| age > TEMPORARY_MAX_AGE);
        let extension = path.extension().and_then(|extension| extension.to_str());
        let lacks = |other: &str| !path.with_extension(other).exists();
        let is_part = match extension {
            Some("pack") => lacks("idx") && lacks("keep"),
            Some("idx" | "rev" | "mtimes" | "bitmap") => lacks("pack"),
            _ => false,
        };
        if is_old && (name.starts_with(TEMPORARY_PREFIX) || (name.starts_with("pack-") && is_part)) {
            fs::remove_file(&path)?;
        }
    }
    Ok(())
}
