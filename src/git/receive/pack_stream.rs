//! The first pass over a pack: every entry is inflated, piece by piece, to find its end. Meanwhile one thread writes the pack
//! to its file and another names and checks the objects; some deltas wait for the second pass.

use super::arriving::{Arriving, HANDED_MAX_BYTES};
use super::found::Found;
use super::object_check::STRUCTURE_MAX_BYTES;
use super::pack_file::PackFile;
use super::packed::{Extent, Form, Packed};
use super::{ReceiveError, ReceiveLimits};
use crate::git::ObjectId;
use crate::git::checksum::Checksum;
use gix::objs::Kind;
use gix::odb::pack::data::Entry;
use gix::odb::pack::data::entry::Header;
use gix::zlib::{Decompress, FlushDecompress, Status};
use std::fs::File;
use std::io::{self, ErrorKind, Read, Write};

const BUFFER: usize = 64 << 10;
const HEADER_BYTES: usize = 12;
/// Bytes of one oversized file, or of all of them, that are still read in order to say its name.
const IDENTIFY_MAX_BYTES: u64 = 4 << 30;
/// A delta begins with two sizes of at most ten bytes each.
const DELTA_HEAD_BYTES: usize = 20;

/// What the first pass leaves.
pub(super) struct Streamed {
    pub objects: Vec<Packed>,
    /// What was learned of those that are worked out.
    pub found: Found,
    /// Length of the entries and the header, without the checksum.
    pub length: u64,
    /// Whether files above the limit were among them.
    pub oversized: bool,
}

/// A pack that is read from a client and written to a file.
struct PackStream<'a, 'scope> {
    input: &'a mut dyn Read,
    buffer: Vec<u8>,
    /// Bytes of the buffer up to here are on their way to the file.
    written: usize,
    position: usize,
    filled: usize,
    /// None when everything that is summed has come.
    out: Option<PackFile<'scope>>,
    crc: crc32fast::Hasher,
    offset: u64,
    limits: ReceiveLimits,
}

/// Reads a pack to its end; the file holds it with its checksum then.
pub(super) fn receive(input: &mut dyn Read, file: File, limits: ReceiveLimits) -> Result<Streamed, ReceiveError> {
    std::thread::scope(|scope| {
        let mut stream = PackStream {
            input,
            buffer: vec![0; BUFFER],
            written: 0,
            position: 0,
            filled: 0,
            out: Some(PackFile::begin(scope, file).map_err(ReceiveError::own)?),
            crc: crc32fast::Hasher::new(),
            offset: 0,
            limits,
        };
        let count = stream.header()?;
        let mut arriving = Arriving::begin(scope, count as usize, limits).map_err(ReceiveError::own)?;
        let oversized = stream.entries(count, &mut arriving);
        // What is wrong with an object comes before what is wrong behind it.
        let (objects, found) = arriving.end()?;
        let length = stream.offset;
        // When the file cannot be written, that is the reason.
        let written = stream.close()?;
        let oversized = oversized?;
        stream.checksum(written)?;
        Ok(Streamed {
            objects,
            found,
            length,
            oversized,
        })
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

impl PackStream<'_, '_> {
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

    /// Passes over all entries; answers whether there were files above the limit.
    fn entries(&mut self, count: u32, arriving: &mut Arriving<'_>) -> Result<bool, ReceiveError> {
        let mut inflater = Inflater::new();
        let (limits, mut work, mut identified) = (self.limits, 0_u64, 0_u64);
        for _ in 0..count {
            let (object, content) = self.entry(&mut inflater)?;
            if object.size > limits.object_bytes {
                identified = identified.saturating_add(object.size);
                refuse_unreadable(object.size, identified, limits)?;
            }
            if object.kind().is_none() {
                work = work.saturating_add(object.size.min(limits.object_bytes));
            }
            if work > ReceiveLimits::work_bytes(self.offset) {
                return Err(ReceiveError::TooManyObjects(
                    "its deltas stand for too much content".to_owned(),
                ));
            }
            if !arriving.put(object, content) {
                break;
            }
        }
        Ok(identified > 0)
    }

    /// Passes over an entry; answers what comes out of it too, unless that is large.
    fn entry(&mut self, inflater: &mut Inflater) -> Result<(Packed, Option<Vec<u8>>), ReceiveError> {
        let offset = self.offset;
        self.crc = crc32fast::Hasher::new();
        let limits = self.limits;
        let entry = Entry::from_read(self, offset, 20).map_err(|error| match error.kind() {
            ErrorKind::Other | ErrorKind::InvalidData => ReceiveError::pack(error.to_string()),
            _ => failed(error, limits),
        })?;
        let inflated = entry.decompressed_size;
        let (form, size, id, content) = match entry.header {
            Header::OfsDelta { base_distance } => {
                let base = offset
                    .checked_sub(base_distance)
                    .filter(|base| *base >= HEADER_BYTES as u64 && base_distance > 0)
                    .ok_or_else(|| ReceiveError::pack("a delta has its base outside of the pack"))?;
                let (size, content) = self.delta(inflater, inflated)?;
                (Form::Offset(base), size, None, content)
            }
            Header::RefDelta { base_id } => {
                let (size, _) = self.delta(inflater, inflated)?;
                (Form::Named(base_id.into()), size, None, None)
            }
            header => {
                let kind = header
                    .as_kind()
                    .ok_or_else(|| ReceiveError::pack("an entry has no kind"))?;
                let (id, content) = self.whole(inflater, kind, inflated)?;
                (Form::Whole(kind), inflated, id, content)
            }
        };
        let extent = Extent {
            offset,
            head: u8::try_from(entry.data_offset - offset).map_err(|_| ReceiveError::pack("a header is too long"))?,
            inflated,
            crc: std::mem::take(&mut self.crc).finalize(),
        };
        let packed = Packed::new(extent, form, size, id);
        Ok((packed, content))
    }

    /// Passes over an object that is stored whole; answers its content, or its name when it is a large file.
    fn whole(
        &mut self,
        inflater: &mut Inflater,
        kind: Kind,
        size: u64,
    ) -> Result<(Option<ObjectId>, Option<Vec<u8>>), ReceiveError> {
        if kind != Kind::Blob && size > STRUCTURE_MAX_BYTES {
            return Err(ReceiveError::TooManyObjects(format!("one {kind} has {size} bytes")));
        }
        if size > self.limits.object_bytes {
            refuse_unreadable(size, size, self.limits)?;
        }
        if kind != Kind::Blob || size <= HANDED_MAX_BYTES {
            return Ok((None, Some(self.content(inflater, size)?)));
        }
        let mut hasher = gix::hash::hasher(gix::hash::Kind::Sha1);
        hasher.update(format!("{kind} {size}\0").as_bytes());
        inflater.run(self, size, &mut |piece| hasher.update(piece))?;
        let id = hasher.try_finalize();
        let id = id.map_err(|error| ReceiveError::pack(error.to_string()))?;
        Ok((Some(id.into()), None))
    }

    /// Passes over a delta; answers the size of the object that it makes, and its instructions unless they are large.
    fn delta(&mut self, inflater: &mut Inflater, size: u64) -> Result<(u64, Option<Vec<u8>>), ReceiveError> {
        // Instructions that are longer than the largest object save nothing.
        if size > self.limits.object_bytes.saturating_add(STRUCTURE_MAX_BYTES) {
            return Err(ReceiveError::pack("a delta is larger than any object may be"));
        }
        if size <= HANDED_MAX_BYTES {
            let instructions = self.content(inflater, size)?;
            return Ok((result_size(&instructions)?, Some(instructions)));
        }
        let mut head = Vec::with_capacity(DELTA_HEAD_BYTES);
        inflater.run(self, size, &mut |piece| {
            let room = DELTA_HEAD_BYTES - head.len();
            head.extend_from_slice(&piece[..room.min(piece.len())]);
        })?;
        Ok((result_size(&head)?, None))
    }

    /// What comes out of an entry. Room is made for what comes and not for what its header claims.
    fn content(&mut self, inflater: &mut Inflater, size: u64) -> Result<Vec<u8>, ReceiveError> {
        let claimed = usize::try_from(size).unwrap_or(BUFFER);
        let mut content = Vec::with_capacity(claimed.min(BUFFER));
        inflater.run(self, size, &mut |piece| content.extend_from_slice(piece))?;
        Ok(content)
    }

    /// Ends what is summed; answers the file and the sum.
    fn close(&mut self) -> Result<(File, Checksum), ReceiveError> {
        self.hand_over();
        let out = self
            .out
            .take()
            .ok_or_else(|| ReceiveError::own(ErrorKind::BrokenPipe.into()))?;
        out.end()
    }

    fn checksum(mut self, (mut file, computed): (File, Checksum)) -> Result<(), ReceiveError> {
        let mut told = [0; 20];
        let limits = self.limits;
        self.read_exact(&mut told).map_err(|error| failed(error, limits))?;
        if told != computed.finish() {
            return Err(ReceiveError::pack("its checksum is wrong"));
        }
        file.write_all(&told).map_err(ReceiveError::own)
    }

    /// Hands what is used of the buffer to the file; false when that is broken, of which [`Self::close`] says why.
    fn hand_over(&mut self) -> bool {
        let bytes = &self.buffer[self.written..self.position];
        self.written = self.position;
        bytes.is_empty() || self.out.as_ref().is_none_or(|out| out.put(bytes))
    }

    /// What has arrived and is not yet used; empty at the end.
    fn fill(&mut self) -> io::Result<&[u8]> {
        while self.position == self.filled {
            if !self.hand_over() {
                return Err(ErrorKind::BrokenPipe.into());
            }
            (self.written, self.position) = (0, 0);
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

    /// Uses bytes: they go into the sum of their entry, and to the file with the rest of the buffer.
    fn take(&mut self, count: usize) -> io::Result<()> {
        self.crc.update(&self.buffer[self.position..self.position + count]);
        self.offset += count as u64;
        if self.offset > self.limits.pack_bytes {
            return Err(ErrorKind::QuotaExceeded.into());
        }
        self.position += count;
        Ok(())
    }
}

impl Read for PackStream<'_, '_> {
    fn read(&mut self, target: &mut [u8]) -> io::Result<usize> {
        let waiting = self.fill()?;
        let count = waiting.len().min(target.len());
        target[..count].copy_from_slice(&waiting[..count]);
        self.take(count)?;
        Ok(count)
    }
}

/// The size of what a delta makes.
fn result_size(delta: &[u8]) -> Result<u64, ReceiveError> {
    let (_, rest) = super::delta::size(delta)?;
    Ok(super::delta::size(rest)?.0)
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
    fn run(
        &mut self,
        stream: &mut PackStream<'_, '_>,
        size: u64,
        sink: &mut dyn FnMut(&[u8]),
    ) -> Result<(), ReceiveError> {
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
