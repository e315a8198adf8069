use std::io::Read;

use lz4_flex::frame::FrameDecoder;

use super::hash::{XetHash, chunk_hash, xorb_hash};

/// Bytes before each chunk: version, stored length, scheme, length.
const HEADER: usize = 8;
const FOOTER_MARK: &[u8; 7] = b"XETBLOB";
/// Limits of the protocol.
const LARGEST_CHUNK: usize = 128 * 1024;
const MOST_CHUNKS: usize = 8 * 1024;
const LARGEST_CONTENT: u64 = 64 * 1024 * 1024;

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
    scheme: u8,
    raw: usize,
}

impl XorbVerifier {
    /// Begins.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the next bytes, of any number.
    pub fn push(&mut self, mut bytes: &[u8]) -> Result<(), XorbError> {
        while !self.ended && !bytes.is_empty() {
            let wanted = self.wanted()?;
            let (taken, rest) = bytes.split_at(wanted.saturating_sub(self.pending.len()).min(bytes.len()));
            self.pending.extend_from_slice(taken);
            bytes = rest;
            if self.pending.len() >= HEADER && self.pending.len() == self.wanted()? && !self.is_footer() {
                self.chunk()?;
            }
            self.ended = self.ended || self.is_footer();
        }
        Ok(())
    }

    fn is_footer(&self) -> bool {
        self.pending.starts_with(FOOTER_MARK)
    }

    /// Bytes that `pending` needs for the next step.
    fn wanted(&self) -> Result<usize, XorbError> {
        if self.is_footer() {
            return Ok(self.pending.len());
        }
        match self.pending.first_chunk::<HEADER>() {
            None => Ok(HEADER),
            Some(header) => Ok(HEADER + read_header(header)?.stored),
        }
    }

    fn chunk(&mut self) -> Result<(), XorbError> {
        let content = decode_chunk(&self.pending)?;
        let hash = chunk_hash(&content);
        self.stored += self.pending.len() as u64;
        self.raw += content.len() as u64;
        if self.index.len() == MOST_CHUNKS || self.raw > LARGEST_CONTENT {
            return Err(XorbError::Malformed("it is larger than the protocol allows"));
        }
        let end = |length: u64| u32::try_from(length).map_err(|_| XorbError::Malformed("it is too large"));
        self.index.push(XorbChunk {
            hash,
            stored_end: end(self.stored)?,
            raw_end: end(self.raw)?,
        });
        self.lengths.push((hash, content.len() as u64));
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

fn read_header(header: &[u8; HEADER]) -> Result<Header, XorbError> {
    let [version, a, b, c, scheme, d, e, f] = *header;
    let length = |low, middle, high| u32::from_le_bytes([low, middle, high, 0]) as usize;
    let (stored, raw) = (length(a, b, c), length(d, e, f));
    if version != 0 {
        return Err(XorbError::Malformed("a chunk has an unknown version"));
    }
    if raw == 0 || raw > LARGEST_CHUNK || stored == 0 || stored > 2 * LARGEST_CHUNK {
        return Err(XorbError::Malformed(
            "a chunk is longer than the protocol allows, or empty",
        ));
    }
    Ok(Header { stored, scheme, raw })
}

/// Unpacks one chunk, its header included.
pub fn decode_chunk(bytes: &[u8]) -> Result<Vec<u8>, XorbError> {
    let (header, stored) = bytes
        .split_first_chunk::<HEADER>()
        .ok_or(XorbError::Malformed("a chunk is cut off"))?;
    let header = read_header(header)?;
    if stored.len() != header.stored {
        return Err(XorbError::Malformed("a chunk is cut off"));
    }
    let content = match header.scheme {
        0 => stored.to_vec(),
        1 => unpacked(stored, header.raw)?,
        2 => regrouped(&unpacked(stored, header.raw)?),
        _ => return Err(XorbError::Malformed("a chunk is packed in an unknown way")),
    };
    if content.len() != header.raw {
        return Err(XorbError::Malformed("a chunk has another length than it says"));
    }
    Ok(content)
}

fn unpacked(stored: &[u8], raw: usize) -> Result<Vec<u8>, XorbError> {
    let mut content = Vec::with_capacity(raw);
    // One byte more than announced shows that there is more, without unpacking it all.
    let read = FrameDecoder::new(stored).take(raw as u64 + 1).read_to_end(&mut content);
    read.map_err(|_| XorbError::Malformed("a chunk cannot be unpacked"))?;
    Ok(content)
}

/// Undoes the grouping by four: first the bytes 0, 4, 8 and so on, then 1, 5, 9, then the others.
fn regrouped(grouped: &[u8]) -> Vec<u8> {
    let mut content = vec![0; grouped.len()];
    let mut next = grouped.iter();
    for first in 0..4 {
        for place in content.iter_mut().skip(first).step_by(4) {
            if let Some(byte) = next.next() {
                *place = *byte;
            }
        }
    }
    content
}

/// Packs chunks into a xorb without compressing them.
#[derive(Default)]
pub struct XorbBuilder {
    bytes: Vec<u8>,
    chunks: Vec<(XetHash, u64)>,
}

impl XorbBuilder {
    /// Adds a chunk of 1 byte to 128 KiB.
    pub fn add(&mut self, content: &[u8]) -> Result<XetHash, XorbError> {
        let length = u32::try_from(content.len()).map_err(|_| XorbError::Malformed("a chunk is too long"))?;
        let [low, middle, high, _] = length.to_le_bytes();
        let header = [0, low, middle, high, 0, low, middle, high];
        read_header(&header)?;
        let hash = chunk_hash(content);
        self.bytes.extend_from_slice(&header);
        self.bytes.extend_from_slice(content);
        self.chunks.push((hash, u64::from(length)));
        Ok(hash)
    }

    /// The hash and the bytes of the xorb.
    pub fn finish(self) -> (XetHash, Vec<u8>) {
        (xorb_hash(&self.chunks), self.bytes)
    }
}
