//! The first pass over a pack: it goes to its file as it arrives, and every entry is inflated once, piece by piece, to find
//! its end. Objects that are stored whole are named and checked on the way; deltas wait for the second pass.

use super::found::Found;
use super::object_check::STRUCTURE_MAX_BYTES;
use super::{ReceiveError, ReceiveLimits};
use crate::git::{ObjectId, POINTER_MAX_BYTES};
use gix::objs::Kind;
use gix::odb::pack::data::Entry;
use gix::odb::pack::data::entry::Header;
use gix::zlib::{Decompress, FlushDecompress, Status};
use std::fs::File;
use std::io::{self, BufWriter, ErrorKind, Read, Write};

const BUFFER: usize = 64 << 10;
const HEADER_BYTES: usize = 12;
/// Entries for which room is made before any of them has come.
const ENTRIES_AT_FIRST: usize = 4_096;
/// Bytes of one oversized file, or of all of them, that are still read in order to say its name.
const IDENTIFY_MAX_BYTES: u64 = 4 << 30;
/// A delta begins with two sizes of at most ten bytes each.
const DELTA_HEAD_BYTES: usize = 20;

/// An object of the pack. Those of the first pass are in the order of the file.
#[derive(Debug, Clone)]
pub(super) struct Packed {
    pub offset: u64,
    /// Where its compressed bytes begin, behind its header.
    pub data_offset: u64,
    /// Bytes that come out when it is inflated: the object, or the delta.
    pub inflated: u64,
    /// Size of the object.
    pub size: u64,
    pub crc: u32,
    pub form: Form,
    /// Known when the object has been worked out.
    pub id: Option<ObjectId>,
}

/// How an object is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    Whole(Kind),
    /// A delta against the object at this place of the same pack.
    Offset(u64),
    /// A delta against an object named by its id.
    Named(ObjectId),
}

/// What the first pass leaves.
pub(super) struct Streamed {
    pub objects: Vec<Packed>,
    /// Length of the entries and the header, without the checksum.
    pub length: u64,
    /// Whether files above the limit were among them.
    pub oversized: bool,
}

/// A pack that is read from a client and written to a file.
struct PackStream<'a> {
    input: &'a mut dyn Read,
    buffer: Vec<u8>,
    position: usize,
    filled: usize,
    out: BufWriter<File>,
    hasher: gix::hash::Hasher,
    crc: crc32fast::Hasher,
    offset: u64,
    limits: ReceiveLimits,
}

/// Reads a pack to its end; the file holds it with its checksum then. Objects that are whole go to `found`.
pub(super) fn receive(
    input: &mut dyn Read,
    file: File,
    limits: ReceiveLimits,
    found: &mut Found,
) -> Result<Streamed, ReceiveError> {
    let mut stream = PackStream {
        input,
        buffer: vec![0; BUFFER],
        position: 0,
        filled: 0,
        out: BufWriter::with_capacity(BUFFER, file),
        hasher: gix::hash::hasher(gix::hash::Kind::Sha1),
        crc: crc32fast::Hasher::new(),
        offset: 0,
        limits,
    };
    let count = stream.header()?;
    let mut objects = Vec::with_capacity(ENTRIES_AT_FIRST.min(count as usize));
    let mut inflater = Inflater::new();
    let (mut work, mut identified) = (0_u64, 0_u64);
    for _ in 0..count {
        let object = stream.entry(&mut inflater, found)?;
        if object.size > limits.object_bytes {
            identified = identified.saturating_add(object.size);
            refuse_unreadable(object.size, identified, limits)?;
        }
        if !matches!(object.form, Form::Whole(_)) {
            work = work.saturating_add(object.size.min(limits.object_bytes));
        }
        objects.push(object);
    }
    if work > ReceiveLimits::work_bytes(stream.offset) {
        return Err(ReceiveError::TooManyObjects(
            "its deltas stand for too much content".to_owned(),
        ));
    }
    let length = stream.offset;
    stream.checksum()?;
    Ok(Streamed {
        objects,
        length,
        oversized: identified > 0,
    })
}

fn refuse_unreadable(size: u64, all: u64, limits: ReceiveLimits) -> Result<(), ReceiveError> {
    if all <= IDENTIFY_MAX_BYTES {
        return Ok(());
    }
    Err(ReceiveError::LargeFiles {
        files: vec![super::LargeFile {
            path: None,
            size: Some(size),
        }],
        limit: limits.object_bytes,
    })
}

impl PackStream<'_> {
    fn header(&mut self) -> Result<u32, ReceiveError> {
        let mut header = [0; HEADER_BYTES];
        let limits = self.limits;
        self.read_exact(&mut header).map_err(|error| failed(error, limits))?;
        let number =
            |place: usize| u32::from_be_bytes([header[place], header[place + 1], header[place + 2], header[place + 3]]);
        if &header[..4] != b"PACK" || !matches!(number(4), 2 | 3) {
            return Err(ReceiveError::pack("it does not begin like a pack of version 2"));
        }
        let count = number(8);
        if count > self.limits.objects {
            let reason = format!("it has {count} objects, more than {}", self.limits.objects);
            return Err(ReceiveError::TooManyObjects(reason));
        }
        Ok(count)
    }

    fn entry(&mut self, inflater: &mut Inflater, found: &mut Found) -> Result<Packed, ReceiveError> {
        let offset = self.offset;
        self.crc = crc32fast::Hasher::new();
        let limits = self.limits;
        let entry = Entry::from_read(self, offset, 20).map_err(|error| match error.kind() {
            ErrorKind::Other | ErrorKind::InvalidData => ReceiveError::pack(error.to_string()),
            _ => failed(error, limits),
        })?;
        let inflated = entry.decompressed_size;
        let (form, size, id) = match entry.header {
            Header::OfsDelta { base_distance } => {
                let base = offset
                    .checked_sub(base_distance)
                    .filter(|base| *base >= HEADER_BYTES as u64 && base_distance > 0)
                    .ok_or_else(|| ReceiveError::pack("a delta has its base outside of the pack"))?;
                (Form::Offset(base), self.delta(inflater, inflated)?, None)
            }
            Header::RefDelta { base_id } => {
                let size = self.delta(inflater, inflated)?;
                (Form::Named(base_id.into()), size, None)
            }
            header => {
                let kind = header
                    .as_kind()
                    .ok_or_else(|| ReceiveError::pack("an entry has no kind"))?;
                let id = self.whole(inflater, kind, inflated, found)?;
                (Form::Whole(kind), inflated, Some(id))
            }
        };
        Ok(Packed {
            offset,
            data_offset: entry.data_offset,
            inflated,
            size,
            crc: std::mem::take(&mut self.crc).finalize(),
            form,
            id,
        })
    }

    fn whole(
        &mut self,
        inflater: &mut Inflater,
        kind: Kind,
        size: u64,
        found: &mut Found,
    ) -> Result<ObjectId, ReceiveError> {
        if kind != Kind::Blob && size > STRUCTURE_MAX_BYTES {
            return Err(ReceiveError::TooManyObjects(format!("one {kind} has {size} bytes")));
        }
        if size > self.limits.object_bytes {
            refuse_unreadable(size, size, self.limits)?;
        }
        let kept = kind != Kind::Blob || size <= POINTER_MAX_BYTES;
        let mut content = Vec::new();
        let mut hasher = gix::hash::hasher(gix::hash::Kind::Sha1);
        hasher.update(format!("{kind} {size}\0").as_bytes());
        inflater.run(self, size, &mut |piece| {
            hasher.update(piece);
            if kept {
                content.extend_from_slice(piece);
            }
        })?;
        let id = ObjectId::from(
            hasher
                .try_finalize()
                .map_err(|error| ReceiveError::pack(error.to_string()))?,
        );
        found.note(id, kind, kept.then_some(&content[..]))?;
        Ok(id)
    }

    /// Passes over a delta and answers the size of the object that it makes.
    fn delta(&mut self, inflater: &mut Inflater, size: u64) -> Result<u64, ReceiveError> {
        // Instructions that are longer than the largest object save nothing.
        if size > self.limits.object_bytes.saturating_add(STRUCTURE_MAX_BYTES) {
            return Err(ReceiveError::pack("a delta is larger than any object may be"));
        }
        let mut head = Vec::with_capacity(DELTA_HEAD_BYTES);
        inflater.run(self, size, &mut |piece| {
            let room = DELTA_HEAD_BYTES - head.len();
            head.extend_from_slice(&piece[..room.min(piece.len())]);
        })?;
        let (_, rest) = super::delta::size(&head)?;
        Ok(super::delta::size(rest)?.0)
    }

    fn checksum(mut self) -> Result<(), ReceiveError> {
        let hasher = std::mem::replace(&mut self.hasher, gix::hash::hasher(gix::hash::Kind::Sha1));
        let computed = ObjectId::from(
            hasher
                .try_finalize()
                .map_err(|error| ReceiveError::pack(error.to_string()))?,
        );
        let mut told = [0; 20];
        let limits = self.limits;
        self.read_exact(&mut told).map_err(|error| failed(error, limits))?;
        if ObjectId::from_bytes(told) != computed {
            return Err(ReceiveError::pack("its checksum is wrong"));
        }
        self.out.flush().map_err(ReceiveError::own)
    }

    /// What has arrived and is not yet used; empty at the end.
    fn fill(&mut self) -> io::Result<&[u8]> {
        while self.position == self.filled {
            self.position = 0;
            match self.input.read(&mut self.buffer) {
                Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
                Ok(read) => self.filled = read,
                Err(error) if error.kind() == ErrorKind::Interrupted => self.filled = 0,
                // However reading from the client fails, the rest of the push does not come.
                Err(_) => {
                    self.filled = 0;
                    return Err(ErrorKind::UnexpectedEof.into());
                }
            }
        }
        Ok(&self.buffer[self.position..self.filled])
    }

    /// Uses bytes: they go to the file and into the sums.
    fn take(&mut self, count: usize) -> io::Result<()> {
        let bytes = &self.buffer[self.position..self.position + count];
        self.hasher.update(bytes);
        self.crc.update(bytes);
        self.offset += count as u64;
        if self.offset > self.limits.pack_bytes {
            return Err(ErrorKind::QuotaExceeded.into());
        }
        self.out.write_all(bytes).map_err(|error| match error.kind() {
            // The disk's own quota is not the account's.
            ErrorKind::QuotaExceeded => ErrorKind::StorageFull.into(),
            _ => error,
        })?;
        self.position += count;
        Ok(())
    }
}

impl Read for PackStream<'_> {
    fn read(&mut self, target: &mut [u8]) -> io::Result<usize> {
        let waiting = self.fill()?;
        let count = waiting.len().min(target.len());
        target[..count].copy_from_slice(&waiting[..count]);
        self.take(count)?;
        Ok(count)
    }
}

/// Inflates one entry after the other.
struct Inflater {
    state: Decompress,
    buffer: Vec<u8>,
}

impl Inflater {
    fn new() -> Self {
        Self {
            state: Decompress::new(),
            buffer: vec![0; BUFFER],
        }
    }

    /// Inflates exactly `size` bytes; a stream that has more or fewer is refused as soon as it shows.
    fn run(&mut self, stream: &mut PackStream<'_>, size: u64, sink: &mut dyn FnMut(&[u8])) -> Result<(), ReceiveError> {
        self.state.reset();
        let limits = stream.limits;
        let wrong = || ReceiveError::pack("an object is not as long as its header says");
        loop {
            let input = stream.fill().map_err(|error| failed(error, limits))?;
            let (read, written) = (self.state.total_in(), self.state.total_out());
            let status = self
                .state
                .decompress(input, &mut self.buffer, FlushDecompress::None)
                .map_err(|_| ReceiveError::pack("an object cannot be inflated"))?;
            let consumed = usize::try_from(self.state.total_in() - read).unwrap_or(0);
            let produced = usize::try_from(self.state.total_out() - written).unwrap_or(0);
            if self.state.total_out() > size {
                return Err(wrong());
            }
            sink(&self.buffer[..produced]);
            stream.take(consumed).map_err(|error| failed(error, limits))?;
            match status {
                Status::StreamEnd if self.state.total_out() == size => return Ok(()),
                Status::StreamEnd => return Err(wrong()),
                _ if consumed == 0 && produced == 0 => {
                    return Err(ReceiveError::pack("an object cannot be inflated"));
                }
                _ => {}
            }
        }
    }
}

fn failed(error: io::Error, limits: ReceiveLimits) -> ReceiveError {
    match error.kind() {
        ErrorKind::UnexpectedEof => ReceiveError::Cut,
        ErrorKind::QuotaExceeded => ReceiveError::TooMuch {
            room: limits.pack_bytes,
        },
        _ => ReceiveError::own(error),
    }
}
