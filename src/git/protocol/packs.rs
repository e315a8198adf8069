//! The packs of a repository as they are at one moment: mapped once, so that maintenance in between disturbs nothing.

use crate::git::{GitError, ObjectId, Repository};
use gix::odb::pack::{data, index};
use std::collections::HashMap;
use std::path::Path;

/// A pack and its index.
pub(super) struct Pack {
    pub index: index::File,
    pub data: data::File,
}

/// The packs of a repository and of those that it shares objects with.
pub(super) struct Packs {
    pub packs: Vec<Pack>,
    /// Where the last object was found: neighbours mostly lie in one pack.
    last: usize,
}

/// Where an object lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    pub pack: usize,
    pub offset: u64,
}

impl Packs {
    /// Maps all packs.
    pub(super) fn open(repository: &Repository) -> Result<Self, GitError> {
        let mut packs = Vec::new();
        for folder in repository.object_folders()? {
            open_folder(&folder.join("pack"), &mut packs)?;
        }
        packs.sort_by_key(|pack| std::cmp::Reverse(pack.data.data_len()));
        Ok(Self { packs, last: 0 })
    }

    /// Where an object lies; `None` when it is in no pack.
    pub(super) fn find(&mut self, id: ObjectId) -> Option<Place> {
        let id = id.gix();
        let lookup = |number: usize, pack: &Pack| {
            let place = pack.index.lookup(id)?;
            Some(Place {
                pack: number,
                offset: pack.index.pack_offset_at_index(place),
            })
        };
        let last = self.packs.get(self.last).and_then(|pack| lookup(self.last, pack));
        let found = last.or_else(|| {
            let others = self.packs.iter().enumerate();
            others
                .filter(|(number, _)| *number != self.last)
                .find_map(|(number, pack)| lookup(number, pack))
        });
        self.last = found.map_or(self.last, |place| place.pack);
        found
    }
}

impl Pack {
    /// For each of these offsets, in rising order, where the next entry or the end of the pack is.
    pub(super) fn ends(&self, mut offsets: Vec<u64>) -> Vec<u64> {
        let pack_end = self.data.pack_end() as u64;
        if offsets.len().saturating_mul(4) >= usize::try_from(self.index.num_objects()).unwrap_or(usize::MAX) {
            let mut all = self.index.sorted_offsets().into_iter().peekable();
            for offset in &mut offsets {
                while all.next_if(|place| place <= offset).is_some() {}
                *offset = all.peek().copied().unwrap_or(pack_end);
            }
            return offsets;
        }
        let mut ends = vec![pack_end; offsets.len()];
        let mut note = |offset: u64| {
            let before = offsets.partition_point(|place| *place < offset);
            if let Some(end) = before.checked_sub(1).and_then(|place| ends.get_mut(place)) {
                *end = offset.min(*end);
            }
        };
        (0..self.index.num_objects()).for_each(|place| note(self.index.pack_offset_at_index(place)));
        ends
    }

    /// The names of the objects at these offsets.
    pub(super) fn names(&self, offsets: &[u64]) -> HashMap<u64, ObjectId> {
        if offsets.is_empty() {
            return HashMap::new();
        }
        let all = 0..self.index.num_objects();
        all.map(|place| (self.index.pack_offset_at_index(place), place))
            .filter(|(offset, _)| offsets.binary_search(offset).is_ok())
            .map(|(offset, place)| (offset, self.index.oid_at_index(place).into()))
            .collect()
    }
}

fn open_folder(folder: &Path, packs: &mut Vec<Pack>) -> Result<(), GitError> {
    let files = match std::fs::read_dir(folder) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        other => other?,
    };
    for file in files {
        let path = file?.path();
        if path.extension().is_none_or(|extension| extension != "idx") {
            continue;
        }
        // A pack that vanishes here was merged into another one; an object that is in none is read whole instead.
        let Ok(index) = index::File::at(&path, gix::hash::Kind::Sha1) else {
            continue;
        };
        let Ok(data) = data::File::at(path.with_extension("pack"), gix::hash::Kind::Sha1) else {
            continue;
        };
        packs.push(Pack { index, data });
    }
    Ok(())
}
