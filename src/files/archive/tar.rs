//! Tar as POSIX.1-2001 describes it ("pax"), in the choices that `git archive` makes: what the old header cannot hold stands
//! in a header of its own before it.

use super::pieces::Pieces;
use super::{Content, Form, Member, failed};
use crate::files::FilesError;
use crate::git::CommitInfo;
use flate2::Compression;
use flate2::write::GzEncoder;
use std::io::{self, Write};

const BLOCK: usize = 512;
/// Bytes of a name in the old header.
const NAME_MAX: usize = 100;
/// Eleven octal digits.
const NUMBER_MAX: u64 = 0o777_7777_7777;

const FILE: u8 = b'0';
const LINK: u8 = b'2';
const MORE: u8 = b'x';
const MORE_OF_ALL: u8 = b'g';

/// A tar in a gzip.
pub(super) struct TarArchive {
    out: GzEncoder<Pieces>,
    time: u64,
}

/// One header.
struct Header<'a> {
    name: &'a str,
    target: &'a str,
    mode: u32,
    size: u64,
    kind: u8,
}

impl TarArchive {
    /// Begins with the name of the commit, which `git get-tar-commit-id` reads.
    pub(super) fn new(pieces: Pieces, commit: &CommitInfo) -> Result<Self, FilesError> {
        let time = u64::try_from(commit.committer.time.as_seconds()).unwrap_or(0);
        let mut archive = Self {
            // Large files are compressed by nature, so that looking longer for repetitions would be in vain.
            out: GzEncoder::new(pieces, Compression::fast()),
            time: time.min(NUMBER_MAX),
        };
        let comment = record("comment", &commit.id.to_string());
        archive
            .more("pax_global_header", MORE_OF_ALL, &comment)
            .map_err(failed)?;
        Ok(archive)
    }

    /// Writes a header, and before it what it has no room for.
    fn begin(&mut self, header: &Header<'_>) -> io::Result<()> {
        let mut records = String::new();
        if header.name.len() > NAME_MAX {
            records += &record("path", header.name);
        }
        if header.target.len() > NAME_MAX {
            records += &record("linkpath", header.target);
        }
        if header.size > NUMBER_MAX {
            records += &record("size", &header.size.to_string());
        }
        if !records.is_empty() {
            self.more("pax_header", MORE, &records)?;
        }
        self.out.write_all(&header.block(self.time))
    }

    fn more(&mut self, name: &str, kind: u8, records: &str) -> io::Result<()> {
        let header = Header {
            name,
            target: "",
            mode: 0o644,
            size: records.len() as u64,
            kind,
        };
        self.out.write_all(&header.block(self.time))?;
        self.out.write_all(records.as_bytes())?;
        self.fill(records.len() as u64)
    }

    /// Fills the last block of so many bytes.
    fn fill(&mut self, bytes: u64) -> io::Result<()> {
        let rest = usize::try_from(bytes % BLOCK as u64).unwrap_or(0);
        if rest == 0 {
            return Ok(());
        }
        self.out.write_all(&[0; BLOCK][rest..])
    }
}

impl Form for TarArchive {
    fn file(&mut self, member: &Member<'_>, content: &mut Content<'_>) -> Result<(), FilesError> {
        let size = member.entry.size.unwrap_or(0);
        let header = Header {
            name: member.name,
            target: "",
            mode: member.mode(),
            size,
            kind: FILE,
        };
        self.begin(&header).map_err(failed)?;
        let mut counted = Counted {
            out: &mut self.out,
            bytes: 0,
        };
        content(&mut counted)?;
        if counted.bytes != size {
            let message = format!("{} has {} bytes, not {size}", member.name, counted.bytes);
            return Err(failed(io::Error::other(message)));
        }
        self.fill(size).map_err(failed)
    }

    fn link(&mut self, member: &Member<'_>, target: &str) -> Result<(), FilesError> {
        let header = Header {
            name: member.name,
            target,
            mode: 0o777,
            size: 0,
            kind: LINK,
        };
        self.begin(&header).map_err(failed)
    }

    fn finish(mut self: Box<Self>) -> Result<Pieces, FilesError> {
        let ended = self.out.write_all(&[0; 2 * BLOCK]);
        ended.and_then(|()| self.out.finish()).map_err(failed)
    }
}

impl Header<'_> {
    fn block(&self, time: u64) -> [u8; BLOCK] {
        let mut block = [0; BLOCK];
        text(&mut block[..NAME_MAX], self.name);
        octal(&mut block[100..108], self.mode.into());
        octal(&mut block[108..116], 0);
        octal(&mut block[116..124], 0);
        let size = if self.size > NUMBER_MAX { 0 } else { self.size };
        octal(&mut block[124..136], size);
        octal(&mut block[136..148], time);
        block[156] = self.kind;
        text(&mut block[157..257], self.target);
        block[257..265].copy_from_slice(b"ustar\x0000");
        text(&mut block[265..297], "root");
        text(&mut block[297..329], "root");
        octal(&mut block[329..337], 0);
        octal(&mut block[337..345], 0);
        // The sum is taken with spaces in its own place.
        block[148..156].fill(b' ');
        let sum: u64 = block.iter().map(|byte| u64::from(*byte)).sum();
        octal(&mut block[148..155], sum);
        block
    }
}

/// As much of a text as there is room for.
fn text(field: &mut [u8], text: &str) {
    let length = text.len().min(field.len());
    field[..length].copy_from_slice(&text.as_bytes()[..length]);
}

/// A number in octal digits, a NUL behind it.
fn octal(field: &mut [u8], number: u64) {
    let width = field.len() - 1;
    let digits = format!("{number:0width$o}");
    field[..width].copy_from_slice(&digits.as_bytes()[digits.len() - width..]);
    field[width] = 0;
}

/// `length key=value` on a line, where the length counts its own digits too.
fn record(key: &str, value: &str) -> String {
    let rest = key.len() + value.len() + 3;
    let mut length = rest + 1;
    while length != rest + length.to_string().len() {
        length = rest + length.to_string().len();
    }
    format!("{length} {key}={value}\n")
}

struct Counted<'a> {
    out: &'a mut GzEncoder<Pieces>,
    bytes: u64,
}

impl Write for Counted<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.out.write(bytes)?;
        self.bytes += written as u64;
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
    fn the_length_of_a_record_counts_itself() {
        assert_eq!(record("path", "a"), "9 path=a\n");
        for length in [80, 89, 90, 91, 92, 93, 985, 990, 991, 992, 5_000] {
            let record = record("path", &"x".repeat(length));
            let told: usize = record.split(' ').next().unwrap().parse().unwrap();
            assert_eq!(told, record.len());
        }
    }

    #[test]
    fn numbers_end_with_a_nul() {
        let mut field = [b'?'; 8];
        octal(&mut field, 0o644);
        assert_eq!(&field, b"0000644\0");
    }
}
