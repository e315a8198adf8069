//! What is noted of each object of a pack. A push may bring millions, so this is as small as it can be.

use crate::git::ObjectId;
use gix::objs::Kind;

/// An object of the pack. Those of the first pass are in the order of the file.
#[derive(Debug, Clone)]
pub(super) struct Packed {
    pub offset: u64,
    /// Bytes that come out when it is inflated: the object, or the delta.
    pub inflated: u64,
    /// Size of the object.
    pub size: u64,
    /// Where the base of a delta begins in the same pack; zero, where none can be, for everything else.
    base_offset: u64,
    pub crc: u32,
    /// Bytes of its header, behind which its compressed bytes begin.
    head: u8,
    /// The kind of an object that is stored whole.
    kind: Option<Kind>,
    name: Name,
}

/// The name of an object is known when it is worked out; until then the place holds that of its base, if it is a delta against a
/// named one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Name {
    Unknown,
    OfBase(ObjectId),
    Own(ObjectId),
}

/// How an object is stored.
#[derive(Debug, Clone, Copy)]
pub(super) enum Form {
    Whole(Kind),
    /// A delta against the object at this place of the same pack.
    Offset(u64),
    /// A delta against an object named by its id.
    Named(ObjectId),
}

/// Where an entry stands in the pack, in bytes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Extent {
    pub offset: u64,
    /// Length of its header.
    pub head: u8,
    /// Length of what comes out of it.
    pub inflated: u64,
    pub crc: u32,
}

impl Packed {
    /// Notes an object that makes `size` bytes, with its name if that is known already.
    pub(super) fn new(extent: Extent, form: Form, size: u64, id: Option<ObjectId>) -> Self {
        let (kind, base_offset, base) = match form {
            Form::Whole(kind) => (Some(kind), 0, Name::Unknown),
            Form::Offset(offset) => (None, offset, Name::Unknown),
            Form::Named(base) => (None, 0, Name::OfBase(base)),
        };
        Self {
            offset: extent.offset,
            inflated: extent.inflated,
            size,
            base_offset,
            crc: extent.crc,
            head: extent.head,
            kind,
            name: id.map_or(base, Name::Own),
        }
    }

    /// Where its compressed bytes begin.
    pub(super) fn data_offset(&self) -> u64 {
        self.offset + u64::from(self.head)
    }

    /// Its kind if it is stored whole.
    pub(super) fn kind(&self) -> Option<Kind> {
        self.kind
    }

    /// Where its base begins, if it is a delta against an object of the same pack that is given by its place.
    pub(super) fn base_offset(&self) -> Option<u64> {
        (self.base_offset != 0).then_some(self.base_offset)
    }

    /// The name of its base, if it is a delta against a named one and not worked out.
    pub(super) fn base_name(&self) -> Option<ObjectId> {
        match self.name {
            Name::OfBase(id) => Some(id),
            Name::Unknown | Name::Own(_) => None,
        }
    }

    /// Its name, if it is worked out.
    pub(super) fn id(&self) -> Option<ObjectId> {
        match self.name {
            Name::Own(id) => Some(id),
            Name::Unknown | Name::OfBase(_) => None,
        }
    }

    /// Notes its name.
    pub(super) fn set_id(&mut self, id: ObjectId) {
        self.name = Name::Own(id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_is_noted_in_64_bytes() {
        assert!(size_of::<Packed>() <= 64);
    }
}
