//! Which object is written in which form: as it lies there, as a delta that was found, or whole.

use super::inventory::{Inventory, PackFile};
use super::reach::Reached;
use crate::git::protocol::id_set::IdMap;
use crate::git::{GitError, ObjectId, Repository};
use gix::objs::Kind;
use gix::odb::pack::data::entry::Header;

/// Deltas that stand on each other; as many as git makes.
pub(super) const DEPTH_MAX: u8 = 50;
const NONE: u32 = u32::MAX;

/// The objects of a coming pack, in the order in which they are to be written. About 64 bytes of memory for each.
pub(super) struct Plan<'a> {
    pub inventory: &'a Inventory,
    pub items: Vec<Item>,
    /// Numbers of items by object.
    pub numbers: IdMap<u32>,
}

/// An object of the pack.
pub(super) struct Item {
    pub id: ObjectId,
    pub kind: Kind,
    pub name: u32,
    /// Bytes of the object.
    pub size: u64,
    pub form: Form,
    /// Where it lies.
    source: Source,
    /// The item that it is a delta of.
    base: u32,
    /// Deltas that stand on it, one on the other.
    height: u8,
}

/// How an item is written.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// As it lies there.
    Copied,
    /// As a delta in the file of new deltas: where it begins, its compressed length, its length.
    Found(u64, u32, u32),
    /// Compressed anew.
    Whole,
}

#[derive(Clone, Copy)]
enum Source {
    /// The number of the pack, the place in its index.
    Pack(u32, u32),
    Loose,
}

impl<'a> Plan<'a> {
    /// Plans to write those of some objects that lie here, deltas that can stay as they are.
    ///
    /// An object comes from the first pack that has it; so what it is a delta of comes from that pack or one before it,
    /// and no circle of deltas can arise.
    pub(super) fn new(inventory: &'a Inventory, objects: impl Iterator<Item = Reached>) -> Result<Self, GitError> {
        let mut plan = Self {
            inventory,
            items: Vec::new(),
            numbers: IdMap::default(),
        };
        let mut sources: IdMap<Source> = IdMap::default();
        for (number, pack) in (0..).zip(&inventory.packs) {
            for place in 0..pack.index.num_objects() {
                let id = pack.index.oid_at_index(place).into();
                sources.entry(id).or_insert(Source::Pack(number, place));
            }
        }
        for (id, _) in &inventory.loose {
            sources.entry(*id).or_insert(Source::Loose);
        }
        for object in objects {
            let Some(source) = sources.get(&object.id) else {
                continue;
            };
            let number = u32::try_from(plan.items.len()).map_err(GitError::engine)?;
            plan.numbers.insert(object.id, number);
            plan.items.push(Item {
                id: object.id,
                kind: object.kind,
                name: object.name,
                size: 0,
                form: Form::Whole,
                source: *source,
                base: NONE,
                height: 0,
            });
        }
        drop(sources);
        for number in 0..plan.items.len() {
            plan.reuse(number)?;
        }
        plan.cut_chains();
        Ok(plan)
    }

    /// The pack in which an item lies, and its place in the index; `None` for an object that is a file of its own.
    pub(super) fn source(&self, number: u32) -> Option<(&'a PackFile, u32)> {
        match self.items[number as usize].source {
            Source::Pack(pack, place) => Some((self.inventory.packs.get(pack as usize)?, place)),
            Source::Loose => None,
        }
    }

    /// What an item is a delta of.
    pub(super) fn base(&self, number: u32) -> Option<u32> {
        Some(self.items[number as usize].base).filter(|base| *base != NONE)
    }

    fn reuse(&mut self, number: usize) -> Result<(), GitError> {
        let Source::Pack(pack_number, place) = self.items[number].source else {
            return Ok(());
        };
        let pack = &self.inventory.packs[pack_number as usize];
        let entry = pack.entry(place)?;
        let base = match entry.header {
            Header::OfsDelta { base_distance } => {
                let place = entry.pack_offset().checked_sub(base_distance);
                let place = place.and_then(|offset| pack.place_at(offset));
                place.map(|place| pack.index.oid_at_index(place).into())
            }
            Header::RefDelta { base_id } => Some(base_id.into()),
            _ => {
                self.items[number].size = entry.decompressed_size;
                self.items[number].form = Form::Copied;
                return Ok(());
            }
        };
        if let Some(base) = base.and_then(|base: ObjectId| self.numbers.get(&base)) {
            self.items[number].base = *base;
            self.items[number].form = Form::Copied;
        }
        Ok(())
    }

    /// Lets chains that are too long begin anew in the middle.
    fn cut_chains(&mut self) {
        // Depths by item; unknown ones are those on the way.
        let mut depths = vec![u8::MAX; self.items.len()];
        for first in 0..self.items.len() {
            let mut way = Vec::new();
            let mut number = first;
            while depths[number] == u8::MAX {
                way.push(number);
                match self.items[number].base {
                    NONE => break,
                    // A circle cannot be; a damaged pack must not make this run for ever.
                    _ if way.len() > self.items.len() => break,
                    base => number = base as usize,
                }
            }
            while let Some(number) = way.pop() {
                let item = &mut self.items[number];
                let depth = match item.base {
                    NONE => 0,
                    base => depths[base as usize].saturating_add(1),
                };
                if depth > DEPTH_MAX {
                    item.base = NONE;
                    item.form = Form::Whole;
                }
                depths[number] = if depth > DEPTH_MAX { 0 } else { depth };
            }
        }
        for number in 0..self.items.len() {
            self.raise(self.items[number].base, 1);
        }
    }

    /// Notes that a chain of deltas of this length stands on an item.
    fn raise(&mut self, mut number: u32, mut height: u8) {
        while number != NONE && self.items[number as usize].height < height {
            let item = &mut self.items[number as usize];
            item.height = height;
            height = height.saturating_add(1);
            number = item.base;
        }
    }

    /// Deltas between an item and the object that is whole; `None` when that is `other`.
    fn depth_unless(&self, mut number: u32, other: u32) -> Option<u8> {
        let mut depth = 0;
        loop {
            if number == other {
                return None;
            }
            match self.items[number as usize].base {
                NONE => return Some(depth),
                base => number = base,
            }
            depth += 1;
        }
    }

    /// The depth of a possible base of an item; `None` when chains would get too long or go in a circle.
    pub(super) fn depth_as_base(&self, base: u32, of: u32) -> Option<u8> {
        let depth = self.depth_unless(base, of)?;
        let total = depth.saturating_add(1).saturating_add(self.items[of as usize].height);
        (total <= DEPTH_MAX).then_some(depth)
    }

    /// Makes an item a delta of another one.
    pub(super) fn set_base(&mut self, number: u32, base: u32, form: Form) {
        let item = &mut self.items[number as usize];
        item.base = base;
        item.form = form;
        let height = item.height.saturating_add(1);
        self.raise(base, height);
    }

    /// Fills in the sizes of objects that are deltas.
    pub(super) fn measure(&mut self, repository: &Repository) -> Result<(), GitError> {
        for item in self.items.iter_mut().filter(|item| item.size == 0) {
            item.size = repository.header(item.id)?.size();
        }
        Ok(())
    }
}
