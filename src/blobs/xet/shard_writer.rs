use super::hash::XetHash;
use super::shard::{BOOKEND, ShardItem, TAG, VERSION, WITH_SHA256, WITH_VERIFICATION};

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
