use geoml_hub::blobs::xet::hash::XetHash;
use geoml_hub::blobs::xet::shard::{ShardItem, ShardReader, shard_bytes};
use geoml_hub::blobs::xet::xorb::{self, LARGEST_CHUNK, LARGEST_CONTENT, MOST_CHUNKS, XorbError, XorbVerifier};

/// A xorb, in pieces as long as its first byte says: what is verified must be what can be read, chunk by chunk.
pub fn verify(data: &[u8]) {
    let piece = data.first().map_or(1, |first| usize::from(*first) + 1);
    let mut verifier = XorbVerifier::new();
    for bytes in data.chunks(piece) {
        if verifier.push(bytes).is_err() {
            return;
        }
    }
    let Err(XorbError::HashMismatch { actual, .. }) = verifier.finish(XetHash::from_bytes([0; 32])) else {
        return;
    };
    let mut verifier = XorbVerifier::new();
    verifier.push(data).expect("pieces decide nothing");
    let index = verifier.finish(actual).expect("the hash of a xorb is its own");
    assert!(
        index.chunks.len() <= MOST_CHUNKS && index.raw_len <= LARGEST_CONTENT,
        "{index:?}"
    );
    let (mut stored, mut raw) = (0, 0);
    for chunk in &index.chunks {
        let content =
            xorb::decode_chunk(&data[stored..chunk.stored_end as usize]).expect("what was verified can be read");
        (stored, raw) = (chunk.stored_end as usize, raw + content.len());
        assert_eq!(raw, chunk.raw_end as usize);
    }
    assert_eq!((stored as u64, raw as u64), (index.stored_len, index.raw_len));
}

/// One chunk.
pub fn chunk(data: &[u8]) {
    if let Ok(content) = xorb::decode_chunk(data) {
        assert!(
            !content.is_empty() && content.len() <= LARGEST_CHUNK,
            "{} bytes",
            content.len()
        );
    }
}

/// A shard: what is read is written and read again as the same.
pub fn shard(data: &[u8]) {
    if let Some(items) = items(data) {
        assert_eq!(self::items(&shard_bytes(&items)), Some(items));
    }
}

fn items(data: &[u8]) -> Option<Vec<ShardItem>> {
    let mut reader = ShardReader::new(data).ok()?;
    let mut items = Vec::new();
    while let Some(item) = reader.next_item().ok()? {
        items.push(item);
    }
    Some(items)
}
