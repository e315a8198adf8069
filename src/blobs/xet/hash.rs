use std::fmt;
use std::fmt::Write as _;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::base::Sha256;

/// Keys of the hashes (Xet protocol specification, "Hashing").
const DATA_KEY: [u8; 32] = key("6697f5775b9550de3135cbaca597181c9de421109beb2b58b4d0b04b93adf229");
const NODE_KEY: [u8; 32] = key("017ec5c7a5472996fd946666b48a02e65ddd536f37c76dd2f86352e64a53713f");
const VERIFICATION_KEY: [u8; 32] = key("7f1857d6ce56ed66127ff913e7a5c3f3a4cd26d5b5db49e64124987f28fb94c3");
const FILE_KEY: [u8; 32] = [0; 32];
/// Children of a node: never fewer than three but at the end, never more than nine.
const FEWEST_CHILDREN: usize = 3;
const MOST_CHILDREN: usize = 9;

/// A hash of the protocol. Its text is 64 hexadecimal digits, each eight bytes of it in the opposite order.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct XetHash([u8; 32]);

/// A text is no hash of the protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a hash of the Xet protocol has 64 lower-case hexadecimal digits")]
pub struct InvalidXetHash;

impl XetHash {
    /// Takes the 32 bytes of a hash.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The 32 bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Clients ask for a chunk with this hash whether what is around it was sent before, wherever in a file it is: its last
    /// integer is a multiple of 1,024.
    pub fn is_searched(self) -> bool {
        u16::from_le_bytes([self.0[24], self.0[25]]).is_multiple_of(1_024)
    }

    /// The hash as it stands in a shard with a key: of use only to who knows it without.
    pub fn protected(self, key: &[u8; 32]) -> Self {
        keyed(key, &self.0)
    }

    /// A group of the tree ends with this child: the last of its four integers is a multiple of four.
    fn ends_group(self) -> bool {
        self.0[24].is_multiple_of(4)
    }
}

/// Shards write a SHA-256 as if its text were the text of a hash of the protocol, so every eight bytes are turned around.
impl From<XetHash> for Sha256 {
    fn from(written: XetHash) -> Self {
        Self::from_bytes(turned(written.0))
    }
}

/// The way back.
impl From<Sha256> for XetHash {
    fn from(digest: Sha256) -> Self {
        Self(turned(*digest.as_bytes()))
    }
}

fn turned(mut bytes: [u8; 32]) -> [u8; 32] {
    for word in bytes.as_chunks_mut::<8>().0 {
        word.reverse();
    }
    bytes
}

impl fmt::Display for XetHash {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for word in self.0.as_chunks::<8>().0 {
            write!(formatter, "{:016x}", u64::from_le_bytes(*word))?;
        }
        Ok(())
    }
}

impl fmt::Debug for XetHash {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

impl FromStr for XetHash {
    type Err = InvalidXetHash;

    fn from_str(text: &str) -> Result<Self, InvalidXetHash> {
        // One hash has one text, so that addresses made of it can be compared.
        if text.bytes().any(|byte| byte.is_ascii_uppercase()) {
            return Err(InvalidXetHash);
        }
        let mut bytes = [0; 32];
        hex::decode_to_slice(text, &mut bytes).map_err(|_| InvalidXetHash)?;
        Ok(Self(turned(bytes)))
    }
}

impl Serialize for XetHash {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.collect_str(self)
        } else {
            serializer.serialize_bytes(&self.0)
        }
    }
}

struct HashVisitor;

impl serde::de::Visitor<'_> for HashVisitor {
    type Value = XetHash;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a hash of the Xet protocol")
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<XetHash, E> {
        text.parse().map_err(E::custom)
    }

    fn visit_bytes<E: serde::de::Error>(self, bytes: &[u8]) -> Result<XetHash, E> {
        bytes
            .try_into()
            .map(XetHash)
            .map_err(|_| E::invalid_length(bytes.len(), &self))
    }
}

impl<'de> Deserialize<'de> for XetHash {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            deserializer.deserialize_str(HashVisitor)
        } else {
            deserializer.deserialize_bytes(HashVisitor)
        }
    }
}

/// Reads a key at compile time.
const fn key(text: &str) -> [u8; 32] {
    const fn digit(digit: u8) -> u8 {
        if digit.is_ascii_digit() {
            digit - b'0'
        } else {
            digit - b'a' + 10
        }
    }
    let (mut key, mut index, text) = ([0; 32], 0, text.as_bytes());
    while index < key.len() {
        key[index] = digit(text[2 * index]) << 4 | digit(text[2 * index + 1]);
        index += 1;
    }
    key
}

fn keyed(key: &[u8; 32], bytes: &[u8]) -> XetHash {
    XetHash(*blake3::keyed_hash(key, bytes).as_bytes())
}

/// The hash of a chunk.
pub fn chunk_hash(content: &[u8]) -> XetHash {
    keyed(&DATA_KEY, content)
}

/// The hash of a xorb, from its chunks and their lengths in bytes: the root of the tree over them.
pub fn xorb_hash(chunks: &[(XetHash, u64)]) -> XetHash {
    let mut tree = Tree::default();
    for (hash, length) in chunks {
        tree.add(0, *hash, *length);
    }
    tree.root()
}

/// The hash of a file, from its chunks and their lengths in bytes.
pub fn file_hash(chunks: &[(XetHash, u64)]) -> XetHash {
    let mut hasher = FileHasher::default();
    for (hash, length) in chunks {
        hasher.add(*hash, *length);
    }
    hasher.finish()
}

/// The proof that the sender of a term knows its chunks.
pub fn range_verification_hash(chunks: impl IntoIterator<Item = XetHash>) -> XetHash {
    let mut hasher = blake3::Hasher::new_keyed(&VERIFICATION_KEY);
    for chunk in chunks {
        hasher.update(chunk.as_bytes());
    }
    XetHash(*hasher.finalize().as_bytes())
}

/// Hashes a file chunk by chunk, in memory that grows with the logarithm of their number.
#[derive(Default)]
pub struct FileHasher(Tree);

impl FileHasher {
    /// Takes the next chunk and its length in bytes.
    pub fn add(&mut self, chunk: XetHash, length: u64) {
        self.0.add(0, chunk, length);
    }

    /// The hash of the file; 32 zero bytes for a file without chunks.
    pub fn finish(self) -> XetHash {
        if self.0.0.is_empty() {
            return XetHash([0; 32]);
        }
        keyed(&FILE_KEY, self.0.root().as_bytes())
    }
}

#[derive(Default)]
struct Level {
    pending: Vec<(XetHash, u64)>,
    seen: u64,
}

/// The tree over chunks, of which each level keeps the children of a node that is not complete.
#[derive(Default)]
struct Tree(Vec<Level>);

impl Tree {
    fn add(&mut self, level: usize, hash: XetHash, length: u64) {
        if self.0.len() == level {
            self.0.push(Level::default());
        }
        let here = &mut self.0[level];
        here.pending.push((hash, length));
        here.seen += 1;
        let count = here.pending.len();
        if count == MOST_CHILDREN || (count >= FEWEST_CHILDREN && hash.ends_group()) {
            let children = std::mem::take(&mut here.pending);
            let (hash, length) = node(&children);
            self.add(level + 1, hash, length);
        }
    }

    fn root(mut self) -> XetHash {
        let mut level = 0;
        while let Some(here) = self.0.get_mut(level) {
            if here.seen == 1
                && let [(root, _)] = here.pending[..]
            {
                return root;
            }
            let children = std::mem::take(&mut here.pending);
            if !children.is_empty() {
                let (hash, length) = node(&children);
                self.add(level + 1, hash, length);
            }
            level += 1;
        }
        XetHash([0; 32])
    }
}

fn node(children: &[(XetHash, u64)]) -> (XetHash, u64) {
    let mut text = String::new();
    let mut total = 0;
    for (hash, length) in children {
        // Writing to a text in memory cannot fail.
        let _ = writeln!(text, "{hash} : {length}");
        total += length;
    }
    (keyed(&NODE_KEY, text.as_bytes()), total)
}
