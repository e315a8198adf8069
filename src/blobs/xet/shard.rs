use std::io::{self, Read};
use std::ops::Range;

use super::hash::XetHash;
pub use super::shard_writer::{Protection, protected_shard_bytes, shard_bytes};
use super::xorb::{LARGEST_CHUNK, LARGEST_CONTENT, MOST_CHUNKS};
use crate::base::Sha256;

/// How a shard begins (Xet protocol specification, "Shard format").
pub(super) const TAG: [u8; 32] =
    *b"HFRepoMetaData\0\x55\x69\x67\x45\x6a\x7b\x81\x57\x83\xa5\xbd\xd9\x5c\xcd\xd1\x4a\xa9";
pub(super) const VERSION: u64 = 2;
const RECORD: usize = 48;
pub(super) const BOOKEND: [u8; 32] = [0xFF; 32];
pub(super) const WITH_VERIFICATION: u32 = 1 << 31;
pub(super) const WITH_SHA256: u32 = 1 << 30;
/// Terms of one file, which are kept in memory together: 20 MiB. Clients do not cut files into shorter pieces than 512 KiB on
/// average, so this is enough for 128 GiB of content that others have sent, and for 16 TiB that is new.
const MOST_TERMS: u32 = 256 * 1024;

/// Why bytes are no shard.
#[derive(Debug, thiserror::Error)]
pub enum ShardError {
    /// It breaks a rule of the format.
    #[error("The shard cannot be read: {0}. Upload the file again.")]
    Malformed(&'static str),
    /// It could not be read from where it lies.
    #[error("The hub could not read the shard that it took. Upload the file again.")]
    Unreadable(#[source] io::Error),
}

/// A run of chunks of a xorb, as a part of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Term {
    /// The xorb.
    pub xorb: XetHash,
    /// Bytes of content.
    pub raw_len: u32,
    /// Its chunks, the end excluded; never empty.
    pub chunks: Range<u32>,
    /// The proof that the sender knows the chunks.
    pub verification: Option<XetHash>,
}

/// What a shard says of a chunk of a xorb.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ShardChunk {
    /// Its hash.
    pub hash: XetHash,
    /// Where it begins in the content of the xorb.
    pub raw_start: u32,
    /// Bytes of content.
    pub raw_len: u32,
}

/// A part of a shard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ShardItem {
    /// A file.
    File {
        /// Its hash.
        file: XetHash,
        /// What it is made of.
        terms: Vec<Term>,
        /// The digest of its content.
        sha256: Option<Sha256>,
    },
    /// A xorb that was sent beside it.
    Xorb {
        /// Its hash.
        xorb: XetHash,
        /// Its chunks in their order, without gaps.
        chunks: Vec<ShardChunk>,
        /// Bytes of the xorb as it is stored.
        stored_len: u32,
    },
}

enum Section {
    Files,
    Xorbs,
    End,
}

/// Reads a shard part by part. A part has at most 256 Ki terms, or 8 Ki chunks; nothing else is kept.
pub struct ShardReader<R> {
    input: R,
    section: Section,
    /// Lookup tables and a footer follow, of which the protocol says that they are not sent, but clients of before did.
    has_footer: bool,
}

struct Record {
    hash: [u8; 32],
    words: [u32; 4],
}

impl<R: Read> ShardReader<R> {
    /// Reads the beginning.
    pub fn new(mut input: R) -> Result<Self, ShardError> {
        let head = read(&mut input)?;
        let (tag, numbers) = head.split_at(TAG.len());
        let [version, footer] = [&numbers[..8], &numbers[8..]]
            .map(|bytes| bytes.iter().rev().fold(0, |sum, byte| sum << 8 | u64::from(*byte)));
        if tag != TAG || version != VERSION {
            return Err(malformed("it does not begin like one"));
        }
        Ok(Self {
            input,
            section: Section::Files,
            has_footer: footer != 0,
        })
    }

    /// The next part; `None` after the last. After an error there are no more.
    pub fn next_item(&mut self) -> Result<Option<ShardItem>, ShardError> {
        let item = self.read_item();
        if item.is_err() {
            self.section = Section::End;
        }
        item
    }

    fn read_item(&mut self) -> Result<Option<ShardItem>, ShardError> {
        loop {
            match self.section {
                Section::End => return Ok(None),
                Section::Files => {
                    let head = self.record()?;
                    if head.hash != BOOKEND {
                        return self.file(&head).map(Some);
                    }
                    self.section = Section::Xorbs;
                }
                Section::Xorbs => {
                    let head = self.record()?;
                    if head.hash != BOOKEND {
                        return self.xorb(&head).map(Some);
                    }
                    self.section = Section::End;
                    self.check_end()?;
                }
            }
        }
    }

    fn check_end(&mut self) -> Result<(), ShardError> {
        if self.has_footer {
            return Ok(());
        }
        match self.input.by_ref().take(1).read_to_end(&mut Vec::new()) {
            Ok(0) => Ok(()),
            Ok(_) => Err(malformed("it goes on behind its end")),
            Err(error) => Err(ShardError::Unreadable(error)),
        }
    }

    fn file(&mut self, head: &Record) -> Result<ShardItem, ShardError> {
        let [flags, count, ..] = head.words;
        if flags & !(WITH_VERIFICATION | WITH_SHA256) != 0 {
            return Err(malformed("a file has unknown flags"));
        }
        if count > MOST_TERMS {
            return Err(malformed("a file has too many terms"));
        }
        // Grows with what really comes, not with what is announced.
        let mut terms = Vec::new();
        for _ in 0..count {
            terms.push(term(&self.record()?)?);
        }
        if flags & WITH_VERIFICATION != 0 {
            for term in &mut terms {
                term.verification = Some(XetHash::from_bytes(self.record()?.hash));
            }
        }
        let sha256 = match flags & WITH_SHA256 {
            0 => None,
            _ => Some(Sha256::from(XetHash::from_bytes(self.record()?.hash))),
        };
        let file = XetHash::from_bytes(head.hash);
        Ok(ShardItem::File { file, terms, sha256 })
    }

    fn xorb(&mut self, head: &Record) -> Result<ShardItem, ShardError> {
        let [_, count, raw_len, stored_len] = head.words;
        if count as usize > MOST_CHUNKS || u64::from(raw_len) > LARGEST_CONTENT {
            return Err(malformed("a xorb is larger than the protocol allows"));
        }
        let (mut chunks, mut end) = (Vec::new(), 0);
        for _ in 0..count {
            let Record { hash, words } = self.record()?;
            let [raw_start, length, ..] = words;
            if raw_start != end || length == 0 || length as usize > LARGEST_CHUNK {
                return Err(malformed(
                    "the chunks of a xorb overlap, leave gaps or have impossible lengths",
                ));
            }
            end += length;
            chunks.push(ShardChunk {
                hash: XetHash::from_bytes(hash),
                raw_start,
                raw_len: length,
            });
        }
        if end != raw_len {
            return Err(malformed("a xorb has another length than its chunks"));
        }
        let xorb = XetHash::from_bytes(head.hash);
        Ok(ShardItem::Xorb {
            xorb,
            chunks,
            stored_len,
        })
    }

    fn record(&mut self) -> Result<Record, ShardError> {
        let bytes = read(&mut self.input)?;
        let (hash, rest) = bytes.split_first_chunk::<32>().ok_or(CUT_OFF)?;
        let mut words = [0; 4];
        for (word, bytes) in words.iter_mut().zip(rest.as_chunks::<4>().0) {
            *word = u32::from_le_bytes(*bytes);
        }
        Ok(Record { hash: *hash, words })
    }
}

fn term(record: &Record) -> Result<Term, ShardError> {
    let [_, raw_len, start, end] = record.words;
    if start >= end || end as usize > MOST_CHUNKS {
        return Err(malformed("a term names chunks that no xorb can have"));
    }
    let longest = u64::from(end - start) * LARGEST_CHUNK as u64;
    if raw_len == 0 || u64::from(raw_len) > longest.min(LARGEST_CONTENT) {
        return Err(malformed("a term has a length that its chunks cannot have"));
    }
    Ok(Term {
        xorb: XetHash::from_bytes(record.hash),
        raw_len,
        chunks: start..end,
        verification: None,
    })
}

const CUT_OFF: ShardError = malformed("it is cut off");

const fn malformed(reason: &'static str) -> ShardError {
    ShardError::Malformed(reason)
}

fn read(input: &mut impl Read) -> Result<[u8; RECORD], ShardError> {
    let mut bytes = [0; RECORD];
    match input.read_exact(&mut bytes) {
        Ok(()) => Ok(bytes),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Err(CUT_OFF),
        Err(error) => Err(ShardError::Unreadable(error)),
    }
}
