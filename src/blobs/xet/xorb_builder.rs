use std::io::{self, Write};

use lz4_flex::frame::FrameEncoder;

use super::hash::{XetHash, chunk_hash, xorb_hash};
use super::xorb::{HEADER, LARGEST_CHUNK, LARGEST_CONTENT, MOST_CHUNKS, Scheme, XorbError};

/// Packs chunks into a xorb, in memory. Every chunk is stored in the shortest of the three ways.
#[derive(Default)]
pub struct XorbBuilder {
    bytes: Vec<u8>,
    chunks: Vec<(XetHash, u64)>,
    raw: u64,
}

impl XorbBuilder {
    /// Adds a chunk of 1 byte to [`LARGEST_CHUNK`] bytes, while there is room.
    pub fn add(&mut self, content: &[u8]) -> Result<XetHash, XorbError> {
        let length = content.len() as u64;
        if content.is_empty() || content.len() > LARGEST_CHUNK {
            return Err(XorbError::Malformed(
                "a chunk is longer than the protocol allows, or empty",
            ));
        }
        if self.chunks.len() == MOST_CHUNKS || self.raw + length > LARGEST_CONTENT {
            return Err(XorbError::Malformed("it is larger than the protocol allows"));
        }
        let (scheme, packed) = packed(content);
        self.bytes.reserve(HEADER + packed.len());
        self.bytes.push(0);
        self.bytes.extend_from_slice(&three_bytes(packed.len()));
        self.bytes.push(scheme as u8);
        self.bytes.extend_from_slice(&three_bytes(content.len()));
        self.bytes.extend_from_slice(&packed);
        let hash = chunk_hash(content);
        self.chunks.push((hash, length));
        self.raw += length;
        Ok(hash)
    }

    /// The chunks so far, with their lengths in bytes.
    pub fn chunks(&self) -> &[(XetHash, u64)] {
        &self.chunks
    }

    /// The hash and the bytes of the xorb.
    pub fn finish(self) -> (XetHash, Vec<u8>) {
        (xorb_hash(&self.chunks), self.bytes)
    }
}

/// The low 24 bits; no chunk is longer than they can say.
fn three_bytes(length: usize) -> [u8; 3] {
    let [low, middle, high, ..] = length.to_le_bytes();
    [low, middle, high]
}

fn packed(content: &[u8]) -> (Scheme, Vec<u8>) {
    let mut best = (Scheme::Raw, content.to_vec());
    let candidates = [
        (Scheme::Lz4, frame(content)),
        (Scheme::GroupedLz4, frame(&grouped(content))),
    ];
    for (scheme, frame) in candidates {
        // A chunk that cannot be compressed is stored as it is.
        if let Ok(frame) = frame
            && frame.len() < best.1.len()
        {
            best = (scheme, frame);
        }
    }
    best
}

fn frame(content: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder = FrameEncoder::new(Vec::new());
    encoder.write_all(content)?;
    Ok(encoder.finish()?)
}

fn grouped(content: &[u8]) -> Vec<u8> {
    (0..4)
        .flat_map(|first| content.iter().skip(first).step_by(4))
        .copied()
        .collect()
}
