//! The objects of a pack while it arrives, on a thread of their own: they are named and checked as they come, and deltas are
//! worked out at once when their base has just passed. What is left waits for the second pass.

use super::base::Base;
use super::delta;
use super::deltas::CHAIN_MAX;
use super::found::Found;
use super::packed::Packed;
use super::{ReceiveError, ReceiveLimits};
use crate::git::ObjectId;
use crate::git::generations::Generations;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{Scope, ScopedJoinHandle};

/// Files and deltas up to this size are handed over whole, and objects up to it kept as bases.
pub(super) const HANDED_MAX_BYTES: u64 = 1 << 20;
/// Content that is kept because deltas may need it.
const KEPT_MAX_BYTES: usize = 16 << 20;
/// Bytes and objects that are handed over together.
const BATCH_BYTES: usize = 256 << 10;
const BATCH_OBJECTS: usize = 256;
/// Batches under way. Folders and commits are handed over whatever their size is, so there are few.
const BATCHES: usize = 2;
/// Content that is worked out before it is named.
const MADE_MAX_BYTES: usize = 4 << 20;
/// Content from which on two threads name it: less is named sooner than a thread begins.
const SHARED_FROM_BYTES: usize = 512 << 10;

/// Objects for which room is made when the first comes.
const ROOM_AT_FIRST: usize = 4_096;
/// When one of so many has come, the pack is believed to have as many as it says.
const PART_TO_BELIEVE: usize = 8;

/// An object that has come, with what came out of it; without content when that is large.
struct Arrived {
    packed: Packed,
    content: Option<Vec<u8>>,
}

/// Takes the objects of a pack in their order.
pub(super) struct Arriving<'scope> {
    batches: SyncSender<Vec<Arrived>>,
    batch: Vec<Arrived>,
    bytes: usize,
    thread: ScopedJoinHandle<'scope, Result<(Vec<Packed>, Found), ReceiveError>>,
}

impl<'scope> Arriving<'scope> {
    /// Begins to take objects, of which the pack says to have so many.
    pub(super) fn begin<'env>(
        scope: &'scope Scope<'scope, 'env>,
        count: usize,
        limits: ReceiveLimits,
    ) -> std::io::Result<Self> {
        let (batches, arriving) = sync_channel(BATCHES);
        let thread = std::thread::Builder::new().name("pack-objects".to_owned());
        let objects = Objects {
            all: Vec::new(),
            count,
            found: Found::default(),
            bases: Generations::new(KEPT_MAX_BYTES, |base: &Arc<Base>| base.content.len()),
            made: Vec::new(),
            made_bytes: 0,
            worked_bytes: 0,
            limits,
        };
        Ok(Self {
            batches,
            batch: Vec::new(),
            bytes: 0,
            thread: thread.spawn_scoped(scope, move || objects.take(&arriving))?,
        })
    }

    /// Takes the next object; false when one before it broke a rule, of which [`Self::end`] tells.
    pub(super) fn put(&mut self, packed: Packed, content: Option<Vec<u8>>) -> bool {
        self.bytes += content.as_ref().map_or(0, Vec::len);
        self.batch.push(Arrived { packed, content });
        if self.bytes < BATCH_BYTES && self.batch.len() < BATCH_OBJECTS {
            return true;
        }
        self.bytes = 0;
        self.batches.send(std::mem::take(&mut self.batch)).is_ok()
    }

    /// Waits until all objects are looked at; answers them and what was learned of them.
    pub(super) fn end(self) -> Result<(Vec<Packed>, Found), ReceiveError> {
        // Fails when an object broke a rule, which is answered below.
        let _ = self.batches.send(self.batch);
        drop(self.batches);
        match self.thread.join() {
            Ok(outcome) => outcome,
            Err(panic) => std::panic::resume_unwind(panic),
        }
    }
}

struct Objects {
    all: Vec<Packed>,
    /// How many there will be, as the pack says.
    count: usize,
    found: Found,
    /// Objects that deltas may be made from, by their offsets.
    bases: Generations<u64, Arc<Base>>,
    /// Objects that are worked out and wait for their names.
    made: Vec<Made>,
    made_bytes: usize,
    /// Bytes that were made from deltas.
    worked_bytes: u64,
    limits: ReceiveLimits,
}

/// An object that has come, worked out if it is not left for the second pass.
struct Made {
    packed: Packed,
    object: Option<Arc<Base>>,
    /// What it is a delta against.
    beside: Option<Arc<Base>>,
}

impl Objects {
    fn take(mut self, arriving: &Receiver<Vec<Arrived>>) -> Result<(Vec<Packed>, Found), ReceiveError> {
        for batch in arriving {
            for arrived in batch {
                self.make(arrived)?;
                if self.made_bytes > MADE_MAX_BYTES {
                    self.name_made()?;
                }
            }
            self.name_made()?;
        }
        Ok((self.all, self.found))
    }

    fn make(&mut self, arrived: Arrived) -> Result<(), ReceiveError> {
        let Arrived { packed, content } = arrived;
        let (mut object, mut beside) = (None, None);
        match (packed.kind(), packed.base_offset(), content) {
            (Some(kind), _, Some(content)) => object = Some(Base::new(kind, content, 0, packed.size).shared()),
            (None, Some(base), Some(instructions)) if self.is_within_bounds(&packed) => {
                beside = self.bases.get(base).cloned();
                if let Some(base) = &beside {
                    object = self.worked_out(&packed, base, &instructions)?;
                }
            }
            _ => {}
        }
        if let Some(object) = &object {
            self.made_bytes += object.content.len();
            if object.content.len() as u64 <= HANDED_MAX_BYTES {
                self.bases.keep(packed.offset, Arc::clone(object));
            }
        }
        self.made.push(Made { packed, object, beside });
        Ok(())
    }

    /// Whether an object may be worked out before it is known what all deltas make together.
    fn is_within_bounds(&self, packed: &Packed) -> bool {
        packed.size <= HANDED_MAX_BYTES.min(self.limits.object_bytes)
            && self.worked_bytes + packed.size <= ReceiveLimits::early_work_bytes(packed.offset)
    }

    /// The object of a delta; none when its chain is too long, of which the second pass tells.
    fn worked_out(
        &mut self,
        packed: &Packed,
        base: &Base,
        instructions: &[u8],
    ) -> Result<Option<Arc<Base>>, ReceiveError> {
        let (depth, cost) = (base.depth + 1, base.cost + packed.size);
        if depth > CHAIN_MAX || cost > self.limits.chain_bytes() {
            return Ok(None);
        }
        let content = delta::apply(&base.content, instructions)?;
        self.worked_bytes += packed.size;
        Ok(Some(Base::new(base.kind, content, depth, cost).shared()))
    }

    /// Names and checks what is worked out.
    fn name_made(&mut self) -> Result<(), ReceiveError> {
        let made = std::mem::take(&mut self.made);
        let names = names(&made, std::mem::take(&mut self.made_bytes))?;
        for (
            Made {
                mut packed,
                object,
                beside,
            },
            name,
        ) in made.into_iter().zip(names)
        {
            if let Some(name) = name {
                packed.set_id(name);
            }
            match (packed.id(), packed.kind(), &object) {
                (Some(id), _, Some(object)) => object.note(&mut self.found, id, beside.as_deref())?,
                (Some(id), Some(kind), None) => self.found.note(id, kind, None)?,
                _ => {}
            }
            self.make_room();
            self.all.push(packed);
        }
        Ok(())
    }

    /// Doubles the room when it is used up. Once a good part has come of what the pack says to have, there is room for all of it,
    /// as growing holds everything twice; what a pack merely says costs nothing.
    fn make_room(&mut self) {
        let used = self.all.len();
        if used < self.all.capacity() {
            return;
        }
        let left = self.count.saturating_sub(used).max(1);
        if used >= self.count / PART_TO_BELIEVE {
            self.all.reserve_exact(left);
            self.found.expect(self.count);
        } else {
            self.all.reserve_exact(used.max(ROOM_AT_FIRST).min(left));
        }
    }
}

/// The names of objects. Summing is most of the work that a push makes, so two threads share it.
fn names(made: &[Made], bytes: usize) -> Result<Vec<Option<ObjectId>>, ReceiveError> {
    let name = |made: &Made| {
        let object = made.object.as_deref();
        object.map(Base::name).transpose()
    };
    if bytes < SHARED_FROM_BYTES {
        return made.iter().map(name).collect();
    }
    let mut first = 0;
    let mut half = 0;
    while half < bytes / 2 && first < made.len() {
        half += made[first].object.as_ref().map_or(0, |object| object.content.len());
        first += 1;
    }
    let (ours, theirs) = made.split_at(first);
    std::thread::scope(|scope| {
        let other = std::thread::Builder::new().name("pack-names".to_owned());
        let other = other.spawn_scoped(scope, || theirs.iter().map(name).collect::<Result<Vec<_>, _>>());
        let other = other.map_err(ReceiveError::own)?;
        let mut names = ours.iter().map(name).collect::<Result<Vec<_>, _>>()?;
        match other.join() {
            Ok(others) => names.extend(others?),
            Err(panic) => std::panic::resume_unwind(panic),
        }
        Ok(names)
    })
}
