//! Finding deltas: neighbours by kind, path and size are tried, the larger ones as bases of the smaller ones.

use super::Stop;
use super::delta_index::DeltaIndex;
use super::plan::{DEPTH_MAX, Form, Plan};
use crate::git::receive::delta::apply;
use crate::git::{GitError, Repository};
use gix::objs::Kind;
use gix::zlib::Compression;
use gix::zlib::stream::deflate;
use std::cmp::Reverse;
use std::collections::VecDeque;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::rc::Rc;

/// Neighbours that are tried; as many as git tries.
const WINDOW: usize = 10;
/// A delta of less saves nothing.
const TARGET_MIN: u64 = 50;
/// Larger objects are kept as they are: they would have to be held whole.
const TARGET_MAX: u64 = 16 << 20;
/// Content of neighbours that is held.
const HELD_MAX: usize = 64 << 20;

/// New deltas, compressed, in a file without a name.
pub(super) struct Deltas {
    file: File,
    end: u64,
}

/// An object in the window.
struct Held {
    content: Vec<u8>,
    index: std::cell::OnceCell<DeltaIndex>,
}

impl Held {
    fn bytes(&self) -> usize {
        self.content.len() * 3 / 2
    }
}

impl Deltas {
    /// Begins the file.
    pub(super) fn new(path: &Path) -> Result<Self, GitError> {
        let file = File::options().create_new(true).read(true).write(true).open(path)?;
        // It lives as long as it is open, whatever happens to us.
        std::fs::remove_file(path)?;
        Ok(Self { file, end: 0 })
    }

    /// Reads a delta.
    pub(super) fn read(&mut self, from: u64, length: u32) -> Result<Vec<u8>, GitError> {
        let mut compressed = vec![0; length as usize];
        self.file.seek(SeekFrom::Start(from))?;
        self.file.read_exact(&mut compressed)?;
        Ok(compressed)
    }

    fn add(&mut self, compressed: &[u8]) -> Result<u64, GitError> {
        let from = self.end;
        self.file.seek(SeekFrom::Start(from))?;
        self.file.write_all(compressed)?;
        self.end += compressed.len() as u64;
        Ok(from)
    }
}

/// One search.
pub(super) struct Search<'a, 'b> {
    pub repository: &'a Repository,
    pub plan: &'a mut Plan<'b>,
    pub deltas: &'a mut Deltas,
    /// The pack whose objects were tried with each other before.
    pub searched: Option<&'a Path>,
    held: VecDeque<(u32, Rc<Held>)>,
}

impl<'a, 'b> Search<'a, 'b> {
    pub(super) fn new(
        repository: &'a Repository,
        plan: &'a mut Plan<'b>,
        deltas: &'a mut Deltas,
        searched: Option<&'a Path>,
    ) -> Self {
        Self {
            repository,
            plan,
            deltas,
            searched,
            held: VecDeque::new(),
        }
    }

    /// Looks for deltas for everything that has none.
    pub(super) fn run(mut self, stop: Stop<'_>) -> Result<(), GitError> {
        self.plan.measure(self.repository)?;
        let items = &self.plan.items;
        let mut order: Vec<u32> = (0..).zip(items).map(|(number, _)| number).collect();
        order.sort_unstable_by_key(|number| {
            let item = &items[*number as usize];
            (kind_order(item.kind), item.name, Reverse(item.size), *number)
        });
        for place in 0..order.len() {
            stop.check()?;
            let item = &self.plan.items[order[place] as usize];
            let wanted = self.plan.base(order[place]).is_none() && (TARGET_MIN..=TARGET_MAX).contains(&item.size);
            if wanted {
                self.find(&order[place.saturating_sub(WINDOW)..place], order[place])?;
            }
        }
        Ok(())
    }

    /// Looks for the shortest delta of an item against these.
    fn find(&mut self, window: &[u32], number: u32) -> Result<(), GitError> {
        let (kind, size) = {
            let item = &self.plan.items[number as usize];
            (item.kind, item.size)
        };
        let half = usize::try_from(size / 2).unwrap_or(usize::MAX).saturating_sub(20);
        let mut best: Option<(u32, Vec<u8>, u8)> = None;
        let mut target: Option<Rc<Held>> = None;
        // The nearest first, which is the most alike.
        for base in window.iter().rev() {
            let other = &self.plan.items[*base as usize];
            let alike = other.kind == kind && other.size <= TARGET_MAX && other.size >= size / 32;
            if !alike || self.was_tried(*base, number) {
                continue;
            }
            let Some(depth) = self.plan.depth_as_base(*base, number) else {
                continue;
            };
            // A deeper base has to be better by so much more, as every read goes down to the ground.
            let (longest, reference) = best
                .as_ref()
                .map_or((half, 1), |(_, delta, depth)| (delta.len(), *depth + 1));
            let room = usize::from(DEPTH_MAX - depth);
            let limit = longest * room / usize::from(DEPTH_MAX + 1).saturating_sub(reference.into()).max(1);
            let grows = usize::try_from(size.saturating_sub(other.size)).unwrap_or(usize::MAX);
            if limit < 16 || grows >= limit {
                continue;
            }
            let target = match &target {
                Some(target) => Rc::clone(target),
                None => Rc::clone(target.insert(self.hold(number)?)),
            };
            let source = self.hold(*base)?;
            let index = source.index.get_or_init(|| DeltaIndex::new(&source.content));
            let delta = index.delta(&source.content, &target.content, limit.saturating_sub(1));
            // Whatever is wrong with a delta shows before anything old is removed.
            let is_right =
                |delta: &Vec<u8>| apply(&source.content, delta).is_ok_and(|content| content == target.content);
            if let Some(delta) = delta.filter(is_right) {
                best = Some((*base, delta, depth));
            }
        }
        let Some((base, delta, _)) = best else { return Ok(()) };
        let mut compressed = deflate::Write::new(Vec::new(), Compression::DEFAULT);
        compressed.write_all(&delta)?;
        compressed.flush()?;
        let compressed = compressed.into_inner();
        if let Some((pack, place)) = self.plan.source(number) {
            let entry = pack.entry(place)?;
            if entry.header.is_base() && pack.stored_bytes(&entry) <= compressed.len() as u64 + 20 {
                return Ok(());
            }
        }
        let (Ok(stored), Ok(length)) = (u32::try_from(compressed.len()), u32::try_from(delta.len())) else {
            return Ok(());
        };
        let from = self.deltas.add(&compressed)?;
        self.plan.set_base(number, base, Form::Found(from, stored, length));
        Ok(())
    }

    /// Whether both lie in a pack whose objects were tried with each other.
    fn was_tried(&self, base: u32, number: u32) -> bool {
        let pack = |number| self.plan.source(number).map(|(pack, _)| pack.path.as_path());
        self.searched.is_some() && pack(base) == self.searched && pack(number) == self.searched
    }

    fn hold(&mut self, number: u32) -> Result<Rc<Held>, GitError> {
        if let Some((_, held)) = self.held.iter().find(|(held, _)| *held == number) {
            return Ok(Rc::clone(held));
        }
        let content = self
            .repository
            .object(self.plan.items[number as usize].id)?
            .detach()
            .data;
        let held = Rc::new(Held {
            content,
            index: std::cell::OnceCell::new(),
        });
        self.held.push_back((number, Rc::clone(&held)));
        let mut bytes: usize = self.held.iter().map(|(_, held)| held.bytes()).sum();
        while self.held.len() > WINDOW + 2 || (bytes > HELD_MAX && self.held.len() > 1) {
            bytes -= self.held.pop_front().map_or(0, |(_, held)| held.bytes());
        }
        Ok(held)
    }
}

/// How many items of the plan are deltas.
pub(super) fn count_deltas(plan: &Plan<'_>) -> usize {
    let numbers = (0..).zip(&plan.items).map(|(number, _)| number);
    numbers.filter(|number| plan.base(*number).is_some()).count()
}

/// Kinds in the order in which a pack holds them.
pub(super) const fn kind_order(kind: Kind) -> u8 {
    match kind {
        Kind::Commit => 0,
        Kind::Tag => 1,
        Kind::Tree => 2,
        Kind::Blob => 3,
    }
}
