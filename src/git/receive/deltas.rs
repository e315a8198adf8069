//! The second pass over a pack: deltas that the first one left are worked out from their bases, depth first, each once, and
//! named and checked beside that (`naming`). What was worked out already is made again where others need it, and only there.
//!
//! Only the objects between a base and the delta at hand are held. When they take more than their budget, those nearest to
//! the base are let go and made again when they are needed; the work that this may take is bounded too.

use super::base::Base;
use super::delta;
use super::naming::Naming;
use super::object_check::STRUCTURE_MAX_BYTES;
use super::packed::Packed;
use super::{ReceiveError, ReceiveLimits};
use crate::git::ObjectId;
use foldhash::HashMap;
use gix::objs::Kind;
use gix::odb::pack::data;
use std::io::ErrorKind;
use std::path::Path;
use std::sync::Arc;

/// Content that is held at once, beside the two objects at hand.
const HELD_MAX_BYTES: u64 = 256 << 20;
/// Longer chains are written by no git and take long to read.
pub(super) const CHAIN_MAX: usize = 4_095;

/// A pack whose entries are known and whose deltas are to be worked out.
pub(super) struct Deltas<'a, 'scope> {
    objects: &'a mut Vec<Packed>,
    naming: Naming<'scope>,
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
    /// None while it is let go.
    base: Option<Arc<Base>>,
    /// Whether its content cannot be made again, as it is not in the file.
    pinned: bool,
    kind: Kind,
    children: Vec<u32>,
    /// Bytes that were made along the chain up to here.
    cost: u64,
}

impl Step {
    fn new(object: u32, base: Base, children: Vec<u32>, pinned: bool) -> Self {
        Self {
            object,
            kind: base.kind,
            cost: base.cost,
            base: Some(base.shared()),
            pinned,
            children,
        }
    }

    /// Bytes that it holds.
    fn bytes(&self) -> u64 {
        self.base.as_ref().map_or(0, |base| base.content.len() as u64)
    }

    /// Lets go of its content; answers how many bytes went.
    fn let_go(&mut self) -> u64 {
        let bytes = self.bytes();
        self.base = None;
        bytes
    }
}

impl<'a, 'scope> Deltas<'a, 'scope> {
    /// Opens the pack file, which is complete.
    pub(super) fn new(
        path: &Path,
        objects: &'a mut Vec<Packed>,
        naming: Naming<'scope>,
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
            naming,
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
            let children = self.children_of(object.offset, Some(id));
            if !children.is_empty() && !too_large {
                let place = u32::try_from(place).unwrap_or(u32::MAX);
                let content = self.inflate(place)?;
                let cost = content.len() as u64;
                let base = Base::new(kind, content, 0, cost).named(id);
                self.descend(Step::new(place, base, children, false))?;
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
        let cost = content.len() as u64;
        let base = Base::new(kind, content, 0, cost).named(id);
        self.descend(Step::new(place, base, children, true))
    }

    /// Notes an object that completes the pack; answers its place.
    pub(super) fn add(&mut self, object: Packed) -> usize {
        self.objects.push(object);
        self.objects.len() - 1
    }

    /// Waits until all that was made is named and checked, and notes the names.
    pub(super) fn end(self) -> Result<(), ReceiveError> {
        for (place, id) in self.naming.end()? {
            self.objects[place as usize].set_id(id);
        }
        Ok(())
    }

    fn children_of(&mut self, offset: u64, id: Option<ObjectId>) -> Vec<u32> {
        let first = self.by_offset.partition_point(|(base, _)| *base < offset);
        let mut children: Vec<u32> = self.by_offset[first..]
            .iter()
            .take_while(|(base, _)| *base == offset)
            .map(|(_, place)| *place)
            .collect();
        children.extend(id.and_then(|id| self.by_name.remove(&id)).unwrap_or_default());
        children
    }

    fn descend(&mut self, root: Step) -> Result<(), ReceiveError> {
        let mut held = root.bytes();
        let mut path = vec![root];
        while let Some(step) = path.last_mut() {
            let Some(child) = step.children.pop() else {
                held -= step.let_go();
                path.pop();
                continue;
            };
            let size = self.objects[child as usize].size;
            // A delta that makes too large a file is reported by its name later; nothing is made of it.
            if size > self.limits.object_bytes {
                continue;
            }
            let cost = step.cost + size;
            if path.len() > CHAIN_MAX || cost > self.limits.chain_bytes() {
                return Err(ReceiveError::TooManyObjects("a chain of deltas is too long".to_owned()));
            }
            held += self.make_again(&mut path)?;
            let top = path.len() - 1;
            let next = self.work_out(child, &path[top])?;
            // The last child of a base does not need it any more: lines of deltas hold two objects at a time.
            if path[top].children.is_empty() && !path[top].pinned {
                held -= path[top].let_go();
            }
            if !next.children.is_empty() {
                held += next.bytes();
                path.push(next);
                held -= let_go(&mut path, held);
            }
        }
        Ok(())
    }

    /// Makes the object of a delta and hands it over to be named and checked; answers it with what can be made from it.
    fn work_out(&mut self, child: u32, step: &Step) -> Result<Step, ReceiveError> {
        let base = step.base.as_ref();
        let base = base.ok_or_else(|| ReceiveError::pack("a delta has no base"))?;
        let object = &self.objects[child as usize];
        let content = Self::made(
            &self.file,
            &mut self.inflate,
            &mut self.work_left,
            object,
            &base.content,
        )?;
        if step.kind != Kind::Blob && content.len() as u64 > STRUCTURE_MAX_BYTES {
            let (kind, bytes) = (step.kind, content.len());
            return Err(ReceiveError::TooManyObjects(format!("one {kind} has {bytes} bytes")));
        }
        let made = Base::new(step.kind, content, base.depth + 1, step.cost + object.size);
        let (offset, known) = (object.offset, object.id());
        let id = match known {
            // Deltas against named objects are found by their names.
            None if !self.by_name.is_empty() => Some(made.name()?),
            known => known,
        };
        let made = match id {
            Some(id) => made.named(id),
            None => made,
        };
        let next = Step::new(child, made, self.children_of(offset, id), false);
        if let (None, Some(made)) = (known, &next.base) {
            // What the repository has proves nothing of what it names, so all of that is noted.
            let beside = (!step.pinned).then(|| Arc::clone(base));
            if !self.naming.put(child, Arc::clone(made), beside) {
                return Err(ReceiveError::own(ErrorKind::BrokenPipe.into()));
            }
        }
        Ok(next)
    }

    /// Makes the content of the last step again if it was let go; answers the bytes that are held in addition.
    fn make_again(&mut self, path: &mut [Step]) -> Result<u64, ReceiveError> {
        let top = path.len() - 1;
        if path[top].base.is_some() {
            return Ok(0);
        }
        let held = path.iter().rposition(|step| step.base.is_some());
        let (mut place, mut content) = match held.and_then(|place| Some((place, path[place].base.as_ref()?))) {
            Some((place, base)) => (place, base.content.clone()),
            None => (0, self.inflate(path[0].object)?),
        };
        while place < top {
            place += 1;
            let object = &self.objects[path[place].object as usize];
            content = Self::made(&self.file, &mut self.inflate, &mut self.work_left, object, &content)?;
        }
        let base = Base::new(path[top].kind, content, top, path[top].cost);
        let id = base.name()?;
        path[top].base = Some(base.named(id).shared());
        Ok(path[top].bytes())
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
        gone += step.let_go();
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
