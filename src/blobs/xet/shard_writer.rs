use super::hash::XetHash;
use super::shard::{BOOKEND, ShardItem, TAG, VERSION, WITH_SHA256, WITH_VERIFICATION};

/// Bytes of the beginning, of a record, and of the footer, which the shards that clients send do not have.
const HEADER: usize = 48;
const RECORD: usize = 48;
const FOOTER: u64 = 200;

/// The bytes of a shard as it is sent: files, then xorbs, whatever the order of the parts. Reading them gives the parts back.
pub fn shard_bytes(items: &[ShardItem]) -> Vec<u8> {
    let mut bytes = Vec::from(TAG);
    bytes.extend_from_slice(&VERSION.to_le_bytes());
    bytes.extend_from_slice(&0_u64.to_le_bytes());
    for item in items {
        write_file(&mut bytes, item);
    }
    record(&mut bytes, &BOOKEND, [0; 4]);
    for item in items {
        write_xorb(&mut bytes, item);
    }
    record(&mut bytes, &BOOKEND, [0; 4]);
    bytes
}

/// What makes the hashes of chunks in a shard useless to whoever does not know the chunks, and for how long it counts.
pub struct Protection {
    /// The key.
    pub key: [u8; 32],
    /// Seconds since 1970 at which the shard was made.
    pub since: u64,
    /// Seconds since 1970 after which nobody may count on it.
    pub until: u64,
}

/// The bytes of a shard that only describes xorbs, as it is answered: with a footer, and without tables to look things up in,
/// which clients make themselves.
pub fn protected_shard_bytes(mut xorbs: Vec<ShardItem>, protection: &Protection) -> Vec<u8> {
    for item in &mut xorbs {
        if let ShardItem::Xorb { chunks, .. } = item {
            for chunk in chunks {
                chunk.hash = chunk.hash.protected(&protection.key);
            }
        }
    }
    let raw: u64 = xorbs.iter().map(|item| lengths(item).0).sum();
    let stored: u64 = xorbs.iter().map(|item| lengths(item).1).sum();
    let mut bytes = shard_bytes(&xorbs);
    bytes[TAG.len() + 8..HEADER].copy_from_slice(&FOOTER.to_le_bytes());
    let end = bytes.len() as u64;
    // Where files and xorbs begin, then three tables without entries.
    let places = [1, HEADER as u64, (HEADER + RECORD) as u64, end, 0, end, 0, end, 0];
    bytes.extend(places.iter().flat_map(|number| number.to_le_bytes()));
    bytes.extend_from_slice(&protection.key);
    // When it was made and ends, six numbers without a meaning, lengths, and where the footer begins.
    let rest = [
        protection.since,
        protection.until,
        0,
        0,
        0,
        0,
        0,
        0,
        stored,
        0,
        raw,
        end,
    ];
    bytes.extend(rest.iter().flat_map(|number| number.to_le_bytes()));
    bytes
}

/// Bytes of content and of the xorb as it is stored.
fn lengths(item: &ShardItem) -> (u64, u64) {
    match item {
        ShardItem::Xorb { chunks, stored_len, .. } => (
            chunks.iter().map(|chunk| u64::from(chunk.raw_len)).sum(),
            u64::from(*stored_len),
        ),
        ShardItem::File { .. } => (0, 0),
    }
}

fn write_file(bytes: &mut Vec<u8>, item: &ShardItem) {
    let ShardItem::File { file, terms, sha256 } = item else {
        return;
    };
    // Either all terms carry their proofs or none.
    let proofs: Option<Vec<XetHash>> = terms.iter().map(|term| term.verification).collect();
    let mut flags = 0;
    if proofs.is_some() {
        flags |= WITH_VERIFICATION;
    }
    if sha256.is_some() {
        flags |= WITH_SHA256;
    }
    record(bytes, file.as_bytes(), [flags, count(terms.len()), 0, 0]);
    for term in terms {
        record(
            bytes,
            term.xorb.as_bytes(),
            [0, term.raw_len, term.chunks.start, term.chunks.end],
        );
    }
    for proof in proofs.unwrap_or_default() {
        record(bytes, proof.as_bytes(), [0; 4]);
    }
    if let Some(sha256) = sha256 {
        record(bytes, XetHash::from(*sha256).as_bytes(), [0; 4]);
    }
}

fn write_xorb(bytes: &mut Vec<u8>, item: &ShardItem) {
    let ShardItem::Xorb {
        xorb,
        chunks,
        stored_len,
    } = item
    else {
        return;
    };
    let raw_len = chunks.last().map_or(0, |last| last.raw_start + last.raw_len);
    record(bytes, xorb.as_bytes(), [0, count(chunks.len()), raw_len, *stored_len]);
    for chunk in chunks {
        record(bytes, chunk.hash.as_bytes(), [chunk.raw_start, chunk.raw_len, 0, 0]);
    }
}

fn record(bytes: &mut Vec<u8>, hash: &[u8; 32], words: [u32; 4]) {
    bytes.extend_from_slice(hash);
    for word in words {
        bytes.extend_from_slice(&word.to_le_bytes());
    }
}

fn count(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}
