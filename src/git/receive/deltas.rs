//! The second pass over a pack: deltas that the first one left are worked out from their bases, depth first, each once. What
//! was worked out already is made again where others need it, and only there.
//!
//! Only the objects between a base and the delta at hand are held. When they take more than their budget, those nearest to
//! the base are let go and made again when they are needed; the work that this may take is bounded too.

use super::delta;
use super::found::Found;
use super::object_check::STRUCTURE_MAX_BYTES;
use super::packed::Packed;
use super::{ReceiveError, ReceiveLimits};
use crate::git::ObjectId;
use crate::git::pack::object_id;
use crate::git::tree_layout::KeptLayout;
use foldhash::HashMap;
use gix::objs::Kind;
use gix::odb::pack::data;
use std::path::Path;

/// Content that is held at once, beside the two objects at hand.
const HELD_MAX_BYTES: u64 = 256 << 20;
/// Longer chains are written by no git and take long to read.
pub(super) const CHAIN_MAX: usize = 4_095;

/// A pack whose entries are known and whose deltas are to be worked out.
pub(super) struct Deltas<'a> {
    objects: &'a mut Vec<Packed>,
    found: &'a mut Found,
    file: data::File<gix::odb::pack::MMap>,
    inflate: gix::zlib::Inflate,
    limits: ReceiveLimits,
    by_offset: Vec<(u64, u32)>,
    by_name: HashMap<ObjectId, Vec<u32>>,
    /// Bytes that may still be made.
    work_left: u64,
}

/// An object on the way from a base to the delta at hand.
struct Step {
    object: u32,
    content: Option<Vec<u8>>,
    /// Whether its content cannot be made again, as it is not in the file.
    pinned: bool,
    kind: Kind,
    layout: KeptLayout,
    children: Vec<u32>,
    /// Bytes that were made along the chain up to here.
    cost: u64,
}

impl<'a> Deltas<'a> {
    /// Opens the pack file, which is complete.
    pub(super) fn new(
        path: &Path,
        objects: &'a mut Vec<Packed>,
        found: &'a mut Found,
        limits: ReceiveLimits,
    ) -> Result<Self, ReceiveError> {
        let file = data::File::at(path, gix::hash::Kind::Sha1).map_err(|error| ReceiveError::Git(error.into()))?;
        let mut by_name: HashMap<ObjectId, Vec<u32>> = HashMap::default();
        for (place, object) in objects.iter().enumerate() {
            if let Some(base) = object.base_name() {
                let place = u32::try_from(place).map_err(|_| ReceiveError::pack("it has too many objects"))?;
                by_name.entry(base).or_default().push(place);
            }
        }
        let by_offset = wanted(objects, &by_name)?;
        let work_left = ReceiveLimits::work_bytes(file.data_len() as u64);
        Ok(Self {
            objects,
            found,
            file,
            inflate: gix::zlib::Inflate::default(),
            limits,
            by_offset,
            by_name,
            work_left,
        })
    }

    /// Works out every delta whose base is in the pack.
    pub(super) fn resolve(&mut self) -> Result<(), ReceiveError> {
        for place in 0..self.objects.len() {
            let object = &self.objects[place];
            let (Some(kind), Some(id)) = (object.kind(), object.id()) else {
                continue;
            };
            let too_large = object.size > self.limits.object_bytes;
            let children = self.children_of(object.offset, id);
            if !children.is_empty() && !too_large {
                let place = u32::try_from(place).unwrap_or(u32::MAX);
                let content = self.inflate(place)?;
                self.descend(place, kind, content, children, false)?;
            }
        }
        Ok(())
    }

    /// The bases that deltas name and that are not in the pack.
    pub(super) fn missing_bases(&self) -> Vec<ObjectId> {
        let mut missing: Vec<ObjectId> = self.by_name.keys().copied().collect();
        missing.sort_unstable();
        missing
    }

    /// Whether deltas still wait for this base.
    pub(super) fn lacks(&self, id: ObjectId) -> bool {
        self.by_name.contains_key(&id)
    }

    /// Works out the deltas against an object from elsewhere. It is `place` in the list and not yet in the file.
    pub(super) fn resolve_from(
        &mut self,
        place: usize,
        kind: Kind,
        id: ObjectId,
        content: Vec<u8>,
    ) -> Result<(), ReceiveError> {
        let children = self.by_name.remove(&id).unwrap_or_default();
        let place = u32::try_from(place).map_err(|_| ReceiveError::pack("it has too many objects"))?;
        self.descend(place, kind, content, children, true)
    }

    /// Notes an object that completes the pack; answers its place.
    pub(super) fn add(&mut self, object: Packed) -> usize {
        self.objects.push(object);
        self.objects.len() - 1
    }

    fn children_of(&mut self, offset: u64, id: ObjectId) -> Vec<u32> {
        let first = self.by_offset.partition_point(|(base, _)| *base < offset);
        let mut children: Vec<u32> = self.by_offset[first..]
            .iter()
            .take_while(|(base, _)| *base == offset)
            .map(|(_, place)| *place)
            .collect();
        if !self.by_name.is_empty() {
            children.extend(self.by_name.remove(&id).unwrap_or_default());
        }
        children
    }

    fn descend(
        &mut self,
        base: u32,
        kind: Kind,
        content: Vec<u8>,
        children: Vec<u32>,
        pinned: bool,
    ) -> Result<(), ReceiveError> {
        let mut held = content.len() as u64;
        let mut path = vec![Step {
            object: base,
            cost: held,
            content: Some(content),
            pinned,
            kind,
            layout: KeptLayout::default(),
            children,
        }];
        while let Some(step) = path.last_mut() {
            let Some(child) = step.children.pop() else {
                held -= path
                    .pop()
                    .and_then(|step| step.content)
                    .map_or(0, |content| content.len() as u64);
                continue;
            };
            // A delta that makes too large a file is reported by its name later; nothing is made of it.
            if self.objects[child as usize].size > self.limits.object_bytes {
                continue;
            }
            let (kind, cost) = (step.kind, step.cost + self.objects[child as usize].size);
            if path.len() > CHAIN_MAX || cost > self.limits.chain_bytes() {
                return Err(ReceiveError::TooManyObjects("a chain of deltas is too long".to_owned()));
            }
            held += self.make_again(&mut path)?;
            let top = path.len() - 1;
            let layout = KeptLayout::default();
            let (id, content) = self.work_out(child, &path[top], &layout)?;
            let children = self.children_of(self.objects[child as usize].offset, id);
            // The last child of a base does not need it any more: lines of deltas hold two objects at a time.
            if path[top].children.is_empty() && !path[top].pinned {
                held -= path[top].content.take().map_or(0, |content| content.len() as u64);
            }
            if !children.is_empty() {
                held += content.len() as u64;
                path.push(Step {
                    object: child,
                    content: Some(content),
                    pinned: false,
                    kind,
                    layout,
                    children,
                    cost,
                });
                held -= let_go(&mut path, held);
            }
        }
        Ok(())
    }

    /// Makes, names and checks the object of a delta.
    fn work_out(&mut self, child: u32, base: &Step, layout: &KeptLayout) -> Result<(ObjectId, Vec<u8>), ReceiveError> {
        let (kind, old) = (base.kind, base.content.as_deref().unwrap_or_default());
        let object = &self.objects[child as usize];
        let content = Self::made(&self.file, &mut self.inflate, &mut self.work_left, object, old)?;
        if kind != Kind::Blob && content.len() as u64 > STRUCTURE_MAX_BYTES {
            return Err(ReceiveError::TooManyObjects(format!(
                "one {kind} has {} bytes",
                content.len()
            )));
        }
        if let Some(id) = object.id() {
            return Ok((id, content));
        }
        let id = object_id(kind, &content)?;
        // What the repository has proves nothing of what it names, so all of that is noted.
        match self.objects[base.object as usize].id().filter(|_| !base.pinned) {
            Some(old_id) => {
                let beside = (old_id, &base.layout, old);
                self.found.note_beside((id, kind), (layout, &content), beside)?;
            }
            None => self.found.note(id, kind, Some(&content))?,
        }
        self.objects[child as usize].set_id(id);
        Ok((id, content))
    }

    /// Makes the content of the last step again if it was let go; answers the bytes that are held in addition.
    fn make_again(&mut self, path: &mut [Step]) -> Result<u64, ReceiveError> {
        let top = path.len() - 1;
        if path[top].content.is_some() {
            return Ok(0);
        }
        let (mut place, mut content) = match path.iter().rposition(|step| step.content.is_some()) {
            Some(place) => (place, path[place].content.clone().unwrap_or_default()),
            None => (0, self.inflate(path[0].object)?),
        };
        while place < top {
            place += 1;
            let object = &self.objects[path[place].object as usize];
            content = Self::made(&self.file, &mut self.inflate, &mut self.work_left, object, &content)?;
        }
        let bytes = content.len() as u64;
        path[top].content = Some(content);
        Ok(bytes)
    }

    fn made(
        file: &data::File<gix::odb::pack::MMap>,
        inflate: &mut gix::zlib::Inflate,
        work_left: &mut u64,
        object: &Packed,
        base: &[u8],
    ) -> Result<Vec<u8>, ReceiveError> {
        *work_left = work_left
            .checked_sub(object.size)
            .ok_or_else(|| ReceiveError::TooManyObjects("its deltas stand for too much content".to_owned()))?;
        let instructions = inflated(file, inflate, object)?;
        delta::apply(base, &instructions)
    }

    fn inflate(&mut self, place: u32) -> Result<Vec<u8>, ReceiveError> {
        inflated(&self.file, &mut self.inflate, &self.objects[place as usize])
    }
}

/// The deltas that have to be made, by the offsets of their bases: those that are not worked out, and those that lead to them.
fn wanted(objects: &[Packed], by_name: &HashMap<ObjectId, Vec<u32>>) -> Result<Vec<(u64, u32)>, ReceiveError> {
    let mut marked = vec![false; objects.len()];
    let mut wanted = Vec::new();
    for (first, object) in objects.iter().enumerate() {
        let named = || object.id().is_some_and(|id| by_name.contains_key(&id));
        let mut next = (object.id().is_none() || named()).then_some(first);
        while let Some(place) = next.take().filter(|place| !marked[*place]) {
            marked[place] = true;
            if let Some(base) = objects[place].base_offset() {
                let delta = u32::try_from(place).map_err(|_| ReceiveError::pack("it has too many objects"))?;
                wanted.push((base, delta));
                next = objects.binary_search_by_key(&base, |object| object.offset).ok();
            }
        }
    }
    wanted.sort_unstable();
    Ok(wanted)
}

/// Lets go of the content nearest to the base until the rest fits the budget; answers how many bytes went.
fn let_go(path: &mut [Step], held: u64) -> u64 {
    let mut gone = 0;
    let kept = path.len() - 1;
    for step in path[..kept].iter_mut().filter(|step| !step.pinned) {
        if held - gone <= HELD_MAX_BYTES {
            break;
        }
        gone += step.content.take().map_or(0, |content| content.len() as u64);
    }
    gone
}

fn inflated(
    file: &data::File<gix::odb::pack::MMap>,
    inflate: &mut gix::zlib::Inflate,
    object: &Packed,
) -> Result<Vec<u8>, ReceiveError> {
    let wrong = || ReceiveError::pack("an object cannot be inflated");
    let size = usize::try_from(object.inflated).map_err(|_| wrong())?;
    let compressed = file
        .entry_slice(object.data_offset()..file.pack_end() as u64)
        .ok_or_else(wrong)?;
    let mut content = vec![0; size];
    inflate.reset();
    let (_, _, produced) = inflate.once(compressed, &mut content).map_err(|_| wrong())?;
    if produced == size { Ok(content) } else { Err(wrong()) }
}
