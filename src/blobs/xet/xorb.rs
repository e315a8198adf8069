use std::io::Read;

use lz4_flex::frame::FrameDecoder;

use super::hash::{XetHash, chunk_hash, xorb_hash};
pub use super::xorb_builder::XorbBuilder;

/// Most bytes of a chunk.
pub const LARGEST_CHUNK: usize = 128 * 1024;
/// Most chunks of a xorb.
pub const MOST_CHUNKS: usize = 8 * 1024;
/// Most bytes of the content of a xorb.
pub const LARGEST_CONTENT: u64 = 64 * 1024 * 1024;
/// Bytes before each chunk: version, stored length, scheme, length.
pub(super) const HEADER: usize = 8;
/// Most bytes of a chunk as it is stored: LZ4 makes what it cannot compress longer by less than this, frame included.
const LARGEST_STORED: usize = LARGEST_CHUNK + LARGEST_CHUNK / 128 + 64;
const FOOTER_MARK: &[u8; 7] = b"XETBLOB";

/// How a chunk is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scheme {
    /// As it is.
    Raw = 0,
    /// As an LZ4 frame.
    Lz4 = 1,
    /// The bytes 0, 4, 8 and so on first, then 1, 5, 9, then the others; and that as an LZ4 frame.
    GroupedLz4 = 2,
}

/// Why bytes are no xorb, or another one than was announced.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum XorbError {
    /// It breaks a rule of the format.
    #[error("The xorb cannot be read: {0}. Upload it again.")]
    Malformed(&'static str),
    /// It is another one.
    #[error("The xorb has the hash {actual}, but {expected} was announced. Upload it again.")]
    HashMismatch {
        /// As announced.
        expected: XetHash,
        /// As computed.
        actual: XetHash,
    },
}

/// A chunk of a xorb.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct XorbChunk {
    /// Its hash.
    pub hash: XetHash,
    /// Where it ends among the stored bytes.
    pub stored_end: u32,
    /// Where it ends in the content.
    pub raw_end: u32,
}

/// The chunks of a xorb.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct XorbIndex {
    /// In their order.
    pub chunks: Vec<XorbChunk>,
    /// Bytes as stored, without a footer.
    pub stored_len: u64,
    /// Bytes of content.
    pub raw_len: u64,
}

/// Verifies a xorb as it arrives; keeps one chunk and the index in memory.
#[derive(Default)]
pub struct XorbVerifier {
    pending: Vec<u8>,
    index: Vec<XorbChunk>,
    lengths: Vec<(XetHash, u64)>,
    stored: u64,
    raw: u64,
    ended: bool,
}

struct Header {
    stored: usize,
    scheme: Scheme,
    raw: usize,
}

impl XorbVerifier {
    /// Begins.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the next bytes, of any number. What follows the mark of a footer is ignored.
    pub fn push(&mut self, mut bytes: &[u8]) -> Result<(), XorbError> {
        while !self.ended && !bytes.is_empty() {
            let missing = self.wanted()? - self.pending.len();
            let (taken, rest) = bytes.split_at(missing.min(bytes.len()));
            self.pending.extend_from_slice(taken);
            bytes = rest;
            if self.pending.starts_with(FOOTER_MARK) {
                self.ended = true;
            } else if self.pending.len() >= HEADER && self.pending.len() == self.wanted()? {
                self.take_chunk()?;
            }
        }
        Ok(())
    }

    /// Bytes that `pending` needs for the next step.
    fn wanted(&self) -> Result<usize, XorbError> {
        match self.pending.first_chunk::<HEADER>() {
            None => Ok(HEADER),
            Some(header) => Ok(HEADER + read_header(*header)?.stored),
        }
    }

    fn take_chunk(&mut self) -> Result<(), XorbError> {
        let content = decode_chunk(&self.pending)?;
        let length = content.len() as u64;
        if self.index.len() == MOST_CHUNKS || self.raw + length > LARGEST_CONTENT {
            return Err(XorbError::Malformed("it is larger than the protocol allows"));
        }
        let hash = chunk_hash(&content);
        self.stored += self.pending.len() as u64;
        self.raw += length;
        let end = |length: u64| u32::try_from(length).map_err(|_| XorbError::Malformed("it is too large"));
        self.index.push(XorbChunk {
            hash,
            stored_end: end(self.stored)?,
            raw_end: end(self.raw)?,
        });
        self.lengths.push((hash, length));
        self.pending.clear();
        Ok(())
    }

    /// Says that everything was pushed; gives the index if this is the xorb that was announced.
    pub fn finish(self, expected: XetHash) -> Result<XorbIndex, XorbError> {
        if !self.ended && !self.pending.is_empty() {
            return Err(XorbError::Malformed("it ends inside of a chunk"));
        }
        if self.index.is_empty() {
            return Err(XorbError::Malformed("it has no chunks"));
        }
        let actual = xorb_hash(&self.lengths);
        if actual != expected {
            return Err(XorbError::HashMismatch { expected, actual });
        }
        Ok(XorbIndex {
            chunks: self.index,
            stored_len: self.stored,
            raw_len: self.raw,
        })
    }
}

fn read_header(header: [u8; HEADER]) -> Result<Header, XorbError> {
    let length = |at: usize| u32::from_le_bytes([header[at], header[at + 1], header[at + 2], 0]) as usize;
    let (version, stored, scheme, raw) = (header[0], length(1), header[4], length(5));
    if version != 0 {
        return Err(XorbError::Malformed("a chunk has an unknown version"));
    }
    if raw == 0 || raw > LARGEST_CHUNK || stored == 0 || stored > LARGEST_STORED {
        return Err(XorbError::Malformed(
            "a chunk is longer than the protocol allows, or empty",
        ));
    }
    let scheme = match scheme {
        0 => Scheme::Raw,
        1 => Scheme::Lz4,
        2 => Scheme::GroupedLz4,
        _ => return Err(XorbError::Malformed("a chunk is packed in an unknown way")),
    };
    Ok(Header { stored, scheme, raw })
}

/// Unpacks one chunk, its header included, into at most [`LARGEST_CHUNK`] bytes.
pub fn decode_chunk(bytes: &[u8]) -> Result<Vec<u8>, XorbError> {
    let (header, stored) = bytes
        .split_first_chunk::<HEADER>()
        .ok_or(XorbError::Malformed("a chunk is cut off"))?;
    let header = read_header(*header)?;
    if stored.len() != header.stored {
        return Err(XorbError::Malformed("a chunk is cut off"));
    }
    let content = match header.scheme {
        Scheme::Raw => stored.to_vec(),
        Scheme::Lz4 => unpacked(stored, header.raw)?,
        Scheme::GroupedLz4 => regrouped(&unpacked(stored, header.raw)?),
    };
    if content.len() != header.raw {
        return Err(XorbError::Malformed("a chunk has another length than it says"));
    }
    Ok(content)
}

fn unpacked(stored: &[u8], raw: usize) -> Result<Vec<u8>, XorbError> {
    let mut content = Vec::with_capacity(raw);
    let mut decoder = FrameDecoder::new(stored);
    // One byte more than announced shows that there is more, without unpacking it all; asking for it also checks the end.
    let read = decoder.by_ref().take(raw as u64 + 1).read_to_end(&mut content);
    read.map_err(|_| XorbError::Malformed("a chunk cannot be unpacked"))?;
    if content.len() <= raw && !decoder.get_ref().is_empty() {
        return Err(XorbError::Malformed("a chunk goes on behind its end"));
    }
    Ok(content)
}

/// Undoes the grouping by four.
fn regrouped(grouped: &[u8]) -> Vec<u8> {
    let mut content = vec![0; grouped.len()];
    let mut next = grouped.iter();
    for first in 0..4 {
        for (place, byte) in content.iter_mut().skip(first).step_by(4).zip(next.by_ref()) {
            *place = *byte;
        }
    }
    content
}
