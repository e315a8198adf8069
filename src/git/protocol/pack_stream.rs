//! The pack that a client gets, written while it is sent: entries of the packs on disk are copied as they are, and what
//! cannot be copied is compressed anew.

use super::id_set::IdSet;
use super::packs::{Pack, Packs};
use crate::git::checksum::Summed;
use crate::git::pack::header_of;
use crate::git::{GitError, ObjectId, Repository};
use gix::odb::pack::data::Entry;
use gix::odb::pack::data::entry::Header;
use gix::zlib::Compression;
use gix::zlib::stream::deflate;
use std::collections::HashMap;
use std::io::Write;

/// What a client takes.
pub(super) struct PackOptions {
    /// Deltas that name their base by its distance.
    pub offset_deltas: bool,
    /// Objects that the client has for certain, as bases of deltas; none when it wants a pack that stands alone.
    pub bases: IdSet,
}

/// What a pack came to be.
#[derive(Debug, Default)]
pub(super) struct PackFigures {
    pub objects: usize,
    pub copied: usize,
    pub deltas: usize,
}

/// An object that is sent. They are sorted in the order of the disk, so that a base comes before what is made from it; what is in
/// no pack comes first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Item {
    /// The number of its pack, counted from one; zero when it is in none.
    pack: u32,
    offset: u64,
    id: ObjectId,
}

impl Item {
    fn of(id: ObjectId, packs: &mut Packs) -> Result<Self, GitError> {
        let place = packs.find(id);
        let number = place.map_or(Ok(0), |place| u32::try_from(place.pack + 1));
        Ok(Self {
            pack: number.map_err(GitError::engine)?,
            offset: place.map_or(0, |place| place.offset),
            id,
        })
    }
}

/// Writes a pack of these objects. Memory: about 60 bytes for each, and the largest object that cannot be copied.
pub(super) fn write_pack(
    repository: &Repository,
    packs: &mut Packs,
    objects: Vec<ObjectId>,
    options: &PackOptions,
    out: &mut dyn Write,
) -> Result<PackFigures, GitError> {
    let items = objects.into_iter().map(|id| Item::of(id, packs));
    let mut items = items.collect::<Result<Vec<Item>, GitError>>()?;
    items.sort_unstable();
    let count = u32::try_from(items.len()).map_err(GitError::engine)?;
    let mut stream = Stream {
        repository,
        options,
        out: Summed::new(out),
        figures: PackFigures {
            objects: items.len(),
            ..PackFigures::default()
        },
    };
    stream.out.write_all(b"PACK\0\0\0\x02")?;
    stream.out.write_all(&count.to_be_bytes())?;
    let mut rest = items.as_slice();
    while let Some(first) = rest.first() {
        let end = rest.partition_point(|item| item.pack <= first.pack);
        let (group, further) = rest.split_at(end);
        match (first.pack as usize)
            .checked_sub(1)
            .and_then(|number| packs.packs.get(number))
        {
            Some(pack) => stream.copy(pack, group)?,
            None => group.iter().try_for_each(|item| stream.whole(item.id))?,
        }
        rest = further;
    }
    let Stream { out, figures, .. } = stream;
    out.finish()?;
    Ok(figures)
}

struct Stream<'a> {
    repository: &'a Repository,
    options: &'a PackOptions,
    out: Summed<&'a mut dyn Write>,
    figures: PackFigures,
}

/// How an entry is sent.
enum Form {
    /// As it lies there, with this head.
    Copied(Header),
    /// Compressed anew.
    Whole,
}

/// The objects that are taken from one pack.
struct Group<'a> {
    pack: &'a Pack,
    items: &'a [Item],
    /// Where each of them stands in the new pack, as far as they are written.
    written: Vec<u64>,
    /// Bases that are not sent, by their offset, as far as the client has them.
    bases: HashMap<u64, ObjectId>,
}

impl Stream<'_> {
    fn copy(&mut self, pack: &Pack, items: &[Item]) -> Result<(), GitError> {
        let offsets: Vec<u64> = items.iter().map(|item| item.offset).collect();
        let bases = self.client_bases(pack, &offsets)?;
        let ends = pack.ends(offsets);
        let mut group = Group {
            bases,
            written: Vec::with_capacity(items.len()),
            pack,
            items,
        };
        for (item, end) in items.iter().zip(ends) {
            let Item { id, offset, .. } = *item;
            let here = self.out.count();
            let entry = pack.data.entry(offset)?;
            match self.form(&group, &entry, offset, here) {
                Form::Copied(header) => {
                    let compressed = pack.data.entry_slice(entry.data_offset..end);
                    let compressed =
                        compressed.ok_or_else(|| GitError::Damaged(format!("object {id} reaches beyond its pack")))?;
                    self.figures.copied += 1;
                    self.figures.deltas += usize::from(header.is_delta());
                    header.write_to(entry.decompressed_size, &mut self.out)?;
                    self.out.write_all(compressed)?;
                }
                Form::Whole => self.whole(id)?,
            }
            group.written.push(here);
        }
        Ok(())
    }

    fn form(&self, group: &Group<'_>, entry: &Entry, offset: u64, here: u64) -> Form {
        let (base, base_id) = match entry.header {
            Header::OfsDelta { base_distance } => (offset.checked_sub(base_distance), None),
            Header::RefDelta { base_id } => {
                let place = group.pack.index.lookup(base_id);
                (
                    place.map(|place| group.pack.index.pack_offset_at_index(place)),
                    Some(ObjectId::from(base_id)),
                )
            }
            base => return Form::Copied(base),
        };
        let sent = base.and_then(|base| group.items.binary_search_by_key(&base, |item| item.offset).ok());
        if let Some(number) = sent {
            return Form::Copied(match group.written.get(number) {
                Some(there) if self.options.offset_deltas => Header::OfsDelta {
                    base_distance: here - there,
                },
                _ => Header::RefDelta {
                    base_id: group.items[number].id.gix(),
                },
            });
        }
        let named = base_id.filter(|id| self.options.bases.contains(id));
        let known = named.or_else(|| base.and_then(|base| group.bases.get(&base).copied()));
        known.map_or(Form::Whole, |id| Form::Copied(Header::RefDelta { base_id: id.gix() }))
    }

    /// Which bases that are not sent the client has.
    fn client_bases(&self, pack: &Pack, offsets: &[u64]) -> Result<HashMap<u64, ObjectId>, GitError> {
        let mut unsent = Vec::new();
        if !self.options.bases.is_empty() {
            for offset in offsets {
                let Header::OfsDelta { base_distance } = pack.data.entry(*offset)?.header else {
                    continue;
                };
                let base = offset.checked_sub(base_distance);
                unsent.extend(base.filter(|base| offsets.binary_search(base).is_err()));
            }
        }
        unsent.sort_unstable();
        let mut bases = pack.names(&unsent);
        bases.retain(|_, id| self.options.bases.contains(id));
        Ok(bases)
    }

    fn whole(&mut self, id: ObjectId) -> Result<(), GitError> {
        let object = self.repository.object(id)?;
        header_of(object.kind).write_to(object.data.len() as u64, &mut self.out)?;
        let mut compressed = deflate::Write::new(&mut self.out, Compression::DEFAULT);
        compressed.write_all(&object.data)?;
        compressed.flush()?;
        Ok(())
    }
}
