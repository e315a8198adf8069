//! What the second pass makes is named and checked on a thread of its own, while the next objects are made.

use super::ReceiveError;
use super::base::Base;
use super::found::Found;
use crate::git::ObjectId;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{Scope, ScopedJoinHandle};

/// Bytes and objects that are handed over together.
const BATCH_BYTES: usize = 256 << 10;
const BATCH_OBJECTS: usize = 256;

/// An object that was made, with its place in the list of objects.
struct Made {
    place: u32,
    object: Arc<Base>,
    beside: Option<Arc<Base>>,
}

/// The names of objects, by their places in the list.
pub(super) type Names = Vec<(u32, ObjectId)>;

/// Takes objects in an order in which each comes behind the one that it was made from.
pub(super) struct Naming<'scope> {
    batches: SyncSender<Vec<Made>>,
    batch: Vec<Made>,
    bytes: usize,
    thread: ScopedJoinHandle<'scope, Result<Names, ReceiveError>>,
}

impl<'scope> Naming<'scope> {
    pub(super) fn begin<'env>(
        scope: &'scope Scope<'scope, 'env>,
        found: &'scope mut Found,
    ) -> Result<Self, ReceiveError> {
        // One batch is filled while the other is looked at; objects may be large, so no further one waits.
        let (batches, made) = sync_channel(0);
        let thread = std::thread::Builder::new().name("pack-deltas".to_owned());
        let thread = thread.spawn_scoped(scope, move || take(found, &made));
        Ok(Self {
            batches,
            batch: Vec::new(),
            bytes: 0,
            thread: thread.map_err(ReceiveError::own)?,
        })
    }

    /// Takes the next object; false when one before it broke a rule, of which [`Self::end`] tells.
    pub(super) fn put(&mut self, place: u32, object: Arc<Base>, beside: Option<Arc<Base>>) -> bool {
        self.bytes += object.content.len();
        self.batch.push(Made { place, object, beside });
        if self.bytes < BATCH_BYTES && self.batch.len() < BATCH_OBJECTS {
            return true;
        }
        self.bytes = 0;
        self.batches.send(std::mem::take(&mut self.batch)).is_ok()
    }

    /// Waits until all objects are named and checked.
    pub(super) fn end(self) -> Result<Names, ReceiveError> {
        // Fails when an object broke a rule, which is answered below.
        let _ = self.batches.send(self.batch);
        drop(self.batches);
        match self.thread.join() {
            Ok(outcome) => outcome,
            Err(panic) => std::panic::resume_unwind(panic),
        }
    }
}

fn take(found: &mut Found, batches: &Receiver<Vec<Made>>) -> Result<Names, ReceiveError> {
    let mut names = Names::new();
    for Made { place, object, beside } in batches.iter().flatten() {
        let id = object.name()?;
        object.note(found, id, beside.as_deref())?;
        names.push((place, id));
    }
    Ok(names)
}
