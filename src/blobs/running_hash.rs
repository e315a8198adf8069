use std::ops::Range;

use sha2::{Digest, Sha256};

/// The digest of an upload's beginning, computed while chunks arrive in order.
///
/// It saves reading the content again: 4 s for 5 GiB. It is lost at a restart; then the content is read. What it covers
/// must be what the file holds, also when a client sends other bytes for the same place: bytes that it covers and that
/// are written again end it for good, and it is never extended over bytes that somebody else is writing.
#[derive(Default)]
pub(in crate::blobs) struct RunningHash {
    /// Absent while a chunk extends it.
    hasher: Option<Sha256>,
    started: bool,
    /// First byte that it does not cover, the chunk on its way included.
    covered: u64,
    given_up: bool,
    /// Chunks on their way that do not extend it.
    apart: Vec<Range<u64>>,
}

/// What one chunk may do with the running hash.
pub(in crate::blobs) enum Claim {
    /// The chunk is out of order.
    Apart(Range<u64>),
    /// The chunk extends it.
    Extends(Box<Extension>),
}

/// The running hash in the hands of the chunk that extends it.
pub(in crate::blobs) struct Extension {
    /// State before the chunk, to return to when the chunk fails.
    before: Sha256,
    offset: u64,
    hasher: Sha256,
}

impl Claim {
    /// Takes bytes of the chunk, in order.
    pub(in crate::blobs) fn update(&mut self, bytes: &[u8]) {
        if let Self::Extends(extension) = self {
            extension.hasher.update(bytes);
        }
    }
}

impl RunningHash {
    /// Called before the first byte of a chunk is written.
    pub(in crate::blobs) fn claim(&mut self, offset: u64, length: u64) -> Claim {
        let range = offset..offset.saturating_add(length);
        if offset < self.covered {
            self.given_up = true;
            self.hasher = None;
        }
        if !self.started {
            self.started = true;
            self.hasher = Some(Sha256::new());
        }
        let alone = self
            .apart
            .iter()
            .all(|other| other.end <= range.start || range.end <= other.start);
        let extends = !self.given_up && offset == self.covered && alone;
        match self.hasher.take_if(|_| extends) {
            None => {
                self.apart.push(range.clone());
                Claim::Apart(range)
            }
            Some(hasher) => {
                self.covered = range.end;
                let before = hasher.clone();
                Claim::Extends(Box::new(Extension { before, offset, hasher }))
            }
        }
    }

    /// Called after the chunk is on disk, or has failed.
    pub(in crate::blobs) fn settle(&mut self, claim: Claim, written: bool) {
        match claim {
            Claim::Apart(range) => {
                if let Some(place) = self.apart.iter().position(|other| *other == range) {
                    self.apart.swap_remove(place);
                }
            }
            Claim::Extends(_) if self.given_up => {}
            Claim::Extends(extension) if written => self.hasher = Some(extension.hasher),
            Claim::Extends(extension) => {
                self.covered = extension.offset;
                self.hasher = Some(extension.before);
            }
        }
    }

    /// The state to continue from, and the first byte it does not cover. No chunk may be on its way.
    pub(in crate::blobs) fn so_far(&self) -> (Sha256, u64) {
        match &self.hasher {
            Some(hasher) if !self.given_up => (hasher.clone(), self.covered),
            _ => (Sha256::new(), 0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(hash: &mut RunningHash, offset: u64, bytes: &[u8], written: bool) {
        let mut claim = hash.claim(offset, bytes.len() as u64);
        claim.update(bytes);
        hash.settle(claim, written);
    }

    #[test]
    fn chunks_in_order_are_covered_and_others_wait_to_be_read() {
        let mut hash = RunningHash::default();
        write(&mut hash, 0, b"abc", true);
        write(&mut hash, 6, b"ghi", true);
        write(&mut hash, 3, b"de", false);
        write(&mut hash, 3, b"def", true);
        let (hasher, covered) = hash.so_far();
        assert_eq!((hasher.finalize(), covered), (Sha256::digest(b"abcdef"), 6));
    }

    #[test]
    fn rewriting_covered_bytes_gives_it_up() {
        let mut hash = RunningHash::default();
        write(&mut hash, 0, b"abc", true);
        write(&mut hash, 0, b"xyz", true);
        write(&mut hash, 3, b"def", true);
        assert_eq!(hash.so_far().1, 0);
    }

    #[test]
    fn rewriting_a_chunk_on_its_way_gives_it_up() {
        let mut hash = RunningHash::default();
        let first = hash.claim(0, 3);
        write(&mut hash, 0, b"abc", true);
        hash.settle(first, true);
        assert_eq!(hash.so_far().1, 0);
    }

    #[test]
    fn bytes_that_another_chunk_is_writing_are_not_covered() {
        let mut hash = RunningHash::default();
        let slow = hash.claim(3, 3);
        write(&mut hash, 0, b"abc", true);
        write(&mut hash, 3, b"def", true);
        assert_eq!(hash.so_far().1, 3);
        hash.settle(slow, true);
        write(&mut hash, 3, b"def", true);
        let (hasher, covered) = hash.so_far();
        assert_eq!((hasher.finalize(), covered), (Sha256::digest(b"abcdef"), 6));
    }
}
