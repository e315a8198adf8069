//! Objects that are worked out, as both passes hold them while deltas may be made from them.

use super::ReceiveError;
use super::found::Found;
use crate::git::ObjectId;
use crate::git::pack::object_id;
use crate::git::tree_layout::KeptLayout;
use gix::objs::Kind;
use std::sync::{Arc, OnceLock};

/// An object that deltas may be made from.
pub(super) struct Base {
    /// Known before any object that was made from this one is noted.
    id: OnceLock<ObjectId>,
    pub kind: Kind,
    pub content: Vec<u8>,
    /// Deltas below it.
    pub depth: usize,
    /// Bytes that were made along the chain up to it.
    pub cost: u64,
    layout: KeptLayout,
}

impl Base {
    pub(super) fn new(kind: Kind, content: Vec<u8>, depth: usize, cost: u64) -> Self {
        Self {
            id: OnceLock::new(),
            kind,
            content,
            depth,
            cost,
            layout: KeptLayout::default(),
        }
    }

    /// The same with its name, which is known.
    pub(super) fn named(self, id: ObjectId) -> Self {
        Self {
            id: OnceLock::from(id),
            ..self
        }
    }

    pub(super) fn shared(self) -> Arc<Self> {
        Arc::new(self)
    }

    /// Its name, which takes a pass over its content unless it is known.
    pub(super) fn name(&self) -> Result<ObjectId, ReceiveError> {
        match self.id.get() {
            Some(id) => Ok(*id),
            None => Ok(object_id(self.kind, &self.content)?),
        }
    }

    /// Keeps its name and has it checked, beside the object that it was made from if that was noted.
    pub(super) fn note(&self, found: &mut Found, id: ObjectId, beside: Option<&Self>) -> Result<(), ReceiveError> {
        // Whoever named it before gave it the same name.
        let _ = self.id.set(id);
        match beside.and_then(|old| Some((*old.id.get()?, old))) {
            Some((old_id, old)) => found.note_beside(
                (id, self.kind),
                (&self.layout, &self.content),
                (old_id, &old.layout, &old.content),
            ),
            None => found.note(id, self.kind, Some(&self.content)),
        }
    }
}
