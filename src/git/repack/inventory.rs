//! What lies in the folder of objects: packs, objects of their own, and since when nothing leads to some of them.

use crate::git::checksum::Checksum;
use crate::git::protocol::id_set::IdMap;
use crate::git::{GitError, ObjectId};
use gix::odb::pack::data::Entry;
use gix::odb::pack::{data, index};
use std::fs;
use std::path::{Path, PathBuf};

/// The extension of the file beside a pack that says since when its objects are set aside (gitformat-pack, "pack-*.mtimes").
pub(super) const TIMES: &str = "mtimes";
const TIMES_HEAD: &[u8] = b"MTME\0\0\0\x01\0\0\0\x01";

/// Everything that one run looks at; what comes later is none of its business.
pub(super) struct Inventory {
    /// Those that were set aside last, the larger ones before the smaller ones.
    pub packs: Vec<PackFile>,
    /// Objects that are a file each.
    pub loose: Vec<(ObjectId, PathBuf)>,
}

/// A mapped pack.
pub(super) struct PackFile {
    pub path: PathBuf,
    pub index: index::File,
    pub data: data::File,
    /// Since when each object is set aside, in seconds, in the order of the index.
    pub times: Option<Vec<u32>>,
    /// Offsets of the entries in their order, and the place of each in the index.
    by_offset: Vec<(u64, u32)>,
}

impl Inventory {
    /// Maps all packs but those that a `.keep` file protects, as in git.
    pub(super) fn of(objects: &Path, loose: Vec<(ObjectId, PathBuf)>) -> Result<Self, GitError> {
        let mut packs = Vec::new();
        for file in fs::read_dir(objects.join("pack"))? {
            let path = file?.path();
            let is_index = path.extension().is_some_and(|extension| extension == "idx");
            if is_index && !path.with_extension("keep").exists() && path.with_extension("pack").exists() {
                packs.push(PackFile::open(&path)?);
            }
        }
        packs.sort_by_key(|pack| (pack.times.is_some(), std::cmp::Reverse(pack.data.data_len())));
        Ok(Self { packs, loose })
    }

    /// Bytes of all packs.
    pub(super) fn bytes(&self) -> u64 {
        self.packs.iter().map(|pack| pack.data.data_len() as u64).sum()
    }

    /// Every object with the time since when it is set aside; none where it lies among others, and counts as new.
    pub(super) fn objects(&self) -> IdMap<Option<u32>> {
        let mut objects: IdMap<Option<u32>> = IdMap::default();
        for pack in &self.packs {
            for place in 0..pack.index.num_objects() {
                let time = pack.times.as_ref().and_then(|times| times.get(place as usize)).copied();
                let id = ObjectId::from(pack.index.oid_at_index(place));
                let known = objects.entry(id).or_insert(time);
                // Ordinary packs come first.
                if known.is_some() {
                    *known = (*known).max(time);
                }
            }
        }
        for (id, _) in &self.loose {
            objects.insert(*id, None);
        }
        objects
    }

    /// Removes everything that was looked at, but for these packs.
    pub(super) fn remove(self, kept: &[PathBuf]) -> Result<(), GitError> {
        for pack in self.packs.iter().filter(|pack| !kept.contains(&pack.path)) {
            // Without its index a pack is invisible, so the index goes first.
            for extension in ["idx", "rev", "bitmap", TIMES, "pack"] {
                remove_if_there(&pack.path.with_extension(extension))?;
            }
        }
        for (_, path) in &self.loose {
            remove_if_there(path)?;
        }
        Ok(())
    }
}

impl PackFile {
    fn open(index_path: &Path) -> Result<Self, GitError> {
        let path = index_path.with_extension("pack");
        let index = index::File::at(index_path, gix::hash::Kind::Sha1)?;
        let data = data::File::at(&path, gix::hash::Kind::Sha1)?;
        let times = fs::read(path.with_extension(TIMES)).ok();
        let count = index.num_objects();
        let times = times.and_then(|times| parse_times(&times, count));
        let mut by_offset: Vec<(u64, u32)> = (0..count)
            .map(|place| (index.pack_offset_at_index(place), place))
            .collect();
        by_offset.sort_unstable();
        Ok(Self {
            path,
            index,
            data,
            times,
            by_offset,
        })
    }

    /// The place in the index of the entry that begins at an offset.
    pub(super) fn place_at(&self, offset: u64) -> Option<u32> {
        let found = self.by_offset.binary_search_by_key(&offset, |(offset, _)| *offset);
        found.ok().map(|number| self.by_offset[number].1)
    }

    pub(super) fn entry(&self, place: u32) -> Result<Entry, GitError> {
        Ok(self.data.entry(self.index.pack_offset_at_index(place))?)
    }

    fn end_of(&self, offset: u64) -> u64 {
        let next = self.by_offset.partition_point(|(other, _)| *other <= offset);
        self.by_offset
            .get(next)
            .map_or(self.data.pack_end() as u64, |(next, _)| *next)
    }

    /// Bytes of the content of an entry as it lies there.
    pub(super) fn stored_bytes(&self, entry: &Entry) -> u64 {
        self.end_of(entry.pack_offset()).saturating_sub(entry.data_offset)
    }

    /// The content of an entry as it lies there, if its checksum is right.
    pub(super) fn compressed(&self, place: u32, entry: &Entry) -> Result<&[u8], GitError> {
        let id = self.index.oid_at_index(place);
        let offset = entry.pack_offset();
        let whole = self
            .data
            .entry_slice(offset..self.end_of(offset))
            .ok_or_else(|| GitError::Damaged(format!("object {id} reaches beyond its pack")))?;
        if self
            .index
            .crc32_at_index(place)
            .is_some_and(|crc| crc != crc32fast::hash(whole))
        {
            return Err(GitError::Damaged(format!("object {id} has changed on the disk")));
        }
        let head = usize::try_from(entry.data_offset - offset).map_err(GitError::engine)?;
        Ok(&whole[head..])
    }
}

fn parse_times(bytes: &[u8], count: u32) -> Option<Vec<u32>> {
    let times = bytes.strip_prefix(TIMES_HEAD)?.get(..count as usize * 4)?;
    let times = times.chunks_exact(4);
    Some(
        times
            .map(|time| u32::from_be_bytes([time[0], time[1], time[2], time[3]]))
            .collect(),
    )
}

/// The file that says since when objects are set aside; the times are in the order of the index.
pub(in crate::git) fn times_file(times: impl Iterator<Item = u32>, pack_hash: &[u8; 20]) -> Vec<u8> {
    let mut file = TIMES_HEAD.to_vec();
    for time in times {
        file.extend_from_slice(&time.to_be_bytes());
    }
    file.extend_from_slice(pack_hash);
    let mut checksum = Checksum::new();
    checksum.update(&file);
    file.extend_from_slice(&checksum.finish());
    file
}

pub(in crate::git) fn remove_if_there(path: &Path) -> Result<(), GitError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error.into()),
        _ => Ok(()),
    }
}
