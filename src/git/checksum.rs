//! The sums at the end of packs and their indexes (gitformat-pack, "trailer").
//!
//! They guard against damage and not against forgers: no content is found or trusted by them. So they are plain SHA-1, which
//! processors have instructions for, as git sums its own files since 2.48. Names of objects are summed with the detection of
//! collisions, which takes several times as long.

use aws_lc_rs::digest::{Context, SHA1_FOR_LEGACY_USE_ONLY};
use std::io::{self, Write};

/// Sums bytes in their order.
pub(super) struct Checksum(Context);

impl Checksum {
    pub(super) fn new() -> Self {
        Self(Context::new(&SHA1_FOR_LEGACY_USE_ONLY))
    }

    pub(super) fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    pub(super) fn finish(self) -> [u8; 20] {
        let mut sum = [0; 20];
        sum.copy_from_slice(self.0.finish().as_ref());
        sum
    }
}

/// Sums and counts what is written through it.
pub(super) struct Summed<W> {
    out: W,
    checksum: Checksum,
    count: u64,
}

impl<W: Write> Summed<W> {
    pub(super) fn new(out: W) -> Self {
        Self {
            out,
            checksum: Checksum::new(),
            count: 0,
        }
    }

    /// Bytes written so far.
    pub(super) fn count(&self) -> u64 {
        self.count
    }

    /// Writes the sum behind the rest.
    pub(super) fn finish(mut self) -> io::Result<W> {
        self.out.write_all(&self.checksum.finish())?;
        Ok(self.out)
    }
}

impl<W: Write> Write for Summed<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.out.write(bytes)?;
        self.checksum.update(&bytes[..written]);
        self.count += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sum_stands_behind_what_was_written() {
        let mut summed = Summed::new(Vec::new());
        summed.write_all(b"a").unwrap();
        summed.write_all(b"bc").unwrap();
        assert_eq!(summed.count(), 3);
        // FIPS 180-2, appendix A.1.
        let sum = hex::decode("a9993e364706816aba3e25717850c26c9cd0d89d").unwrap();
        assert_eq!(summed.finish().unwrap(), [b"abc".as_slice(), &sum].concat());
    }
}
