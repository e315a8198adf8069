use std::io::{self, Read};
use std::ops::Range;

use super::hash::XetHash;
use crate::base::Sha256;

/// How a shard begins (Xet protocol specification, "Shard format").
const TAG: [u8; 32] = *b"HFRepoMetaData\0\x55\x69\x67\x45\x6a\x7b\x81\x57\x83\xa5\xbd\xd9\x5c\xcd\xd1\x4a\xa9";
const VERSION: u64 = 2;
const RECORD: usize = 48;
const BOOKEND: [u8; 32] = [0xFF; 32];
const WITH_VERIFICATION: u32 = 1 << 31;
const WITH_SHA256: u32 = 1 << 30;
/// More terms than a shard of the largest size can hold.
const MOST_TERMS: u32 = 2 * 1024 * 1024;

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
    /// Its chunks, the end excluded.
    pub chunks: Range<u32>,
    /// The proof that the sender knows the chunks.
    pub verification: Option<XetHash>,
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
        /// The number of its chunks.
        chunks: u32,
    },
}

enum Section {
    Files,
    Xorbs,
    End,
}

/// Reads a shard part by part.
pub struct ShardReader<R> {
    input: R,
    section: Section,
}

struct Record {
    hash: [u8; 32],
    words: [u32; 4],
}

impl<R: Read> ShardReader<R> {
    /// Reads the beginning.
    pub fn new(mut input: R) -> Result<Self, ShardError> {
        let head = read(&mut input)?;
        let mut words = [0; 8];
        words.copy_from_slice(&head[32..40]);
        if head[..32] != TAG || u64::from_le_bytes(words) != VERSION {
            return Err(ShardError::Malformed("it does not begin like one"));
        }
        Ok(Self {
            input,
            section: Section::Files,
        })
    }

    /// The next part; `None` after the last.
    pub fn next_item(&mut self) -> Result<Option<ShardItem>, ShardError> {
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
                }
            }
        }
    }

    fn file(&mut self, head: &Record) -> Result<ShardItem, ShardError> {
        let [flags, count, ..] = head.words;
        if count > MOST_TERMS {
            return Err(ShardError::Malformed("a file has too many terms"));
        }
        let mut terms = Vec::new();
        for _ in 0..count {
            let Record { hash, words } = self.record()?;
            let [_, raw_len, start, end] = words;
            terms.push(Term {
                xorb: XetHash::from_bytes(hash),
                raw_len,
                chunks: start..end,
                verification: None,
            });
        }
        if flags & WITH_VERIFICATION != 0 {
            for term in &mut terms {
                term.verification = Some(XetHash::from_bytes(self.record()?.hash));
            }
        }
        let sha256 = if flags & WITH_SHA256 != 0 {
            // Written like the other hashes, whose text turns every eight bytes around.
            let mut digest = self.record()?.hash;
            for word in digest.as_chunks_mut::<8>().0 {
                word.reverse();
            }
            Some(Sha256::from_bytes(digest))
        } else {
            None
        };
        let file = XetHash::from_bytes(head.hash);
        Ok(ShardItem::File { file, terms, sha256 })
    }

    fn xorb(&mut self, head: &Record) -> Result<ShardItem, ShardError> {
        let [_, chunks, ..] = head.words;
        for _ in 0..chunks {
            self.record()?;
        }
        let xorb = XetHash::from_bytes(head.hash);
        Ok(ShardItem::Xorb { xorb, chunks })
    }

    fn record(&mut self) -> Result<Record, ShardError> {
        let bytes = read(&mut self.input)?;
        let (hash, rest) = bytes
            .split_first_chunk::<32>()
            .ok_or(ShardError::Malformed("it is cut off"))?;
        let mut words = [0; 4];
        for (word, bytes) in words.iter_mut().zip(rest.as_chunks::<4>().0) {
            *word = u32::from_le_bytes(*bytes);
        }
        Ok(Record { hash: *hash, words })
    }
}

fn read(input: &mut impl Read) -> Result<[u8; RECORD], ShardError> {
    let mut bytes = [0; RECORD];
    match input.read_exact(&mut bytes) {
        Ok(()) => Ok(bytes),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Err(ShardError::Malformed("it is cut off")),
        Err(error) => Err(ShardError::Unreadable(error)),
    }
}
