use super::xorb::LARGEST_CHUNK;

/// The chunks of a file have this many bytes, but for the last, which may have fewer.
pub const SMALLEST_CHUNK: usize = 8 * 1024;
/// Bytes that decide whether a chunk ends behind them.
const WINDOW: usize = 64;
/// Where these 16 bits of the rolling hash are zero, a chunk ends: every 64 KiB on average. They are the highest, because
/// the lower ones know only a few bytes.
const MASK: u64 = 0xFFFF << 48;

/// Cuts content into chunks, whatever the pieces in which it comes (Xet protocol specification, "Content-defined chunking").
#[derive(Default)]
pub struct Chunker {
    hasher: gearhash::Hasher<'static>,
    /// Bytes of the current chunk so far.
    length: usize,
}

impl Chunker {
    /// Goes on through the next bytes of the content. Answers how many of them still belong to the current chunk, when it ends
    /// among them; the rest is for the next call. `None`: all of them belong to it. What is left in the end is the last chunk.
    pub fn next_end(&mut self, bytes: &[u8]) -> Option<usize> {
        // What lies before the window of the first possible end decides nothing.
        let skipped = (SMALLEST_CHUNK - WINDOW - 1)
            .saturating_sub(self.length)
            .min(bytes.len());
        let until = (LARGEST_CHUNK - self.length).min(bytes.len());
        let mut position = skipped;
        while let Some(step) = self.hasher.next_match(&bytes[position..until], MASK) {
            position += step;
            if self.length + position >= SMALLEST_CHUNK {
                return Some(self.end(position));
            }
        }
        if self.length + until == LARGEST_CHUNK {
            return Some(self.end(until));
        }
        self.length += until;
        None
    }

    fn end(&mut self, position: usize) -> usize {
        *self = Self::default();
        position
    }
}
