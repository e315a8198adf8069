//! The formats of the Xet protocol. The xorbs and shards of the corpus were made by the Hugging Face client (hf_xet 1.8.0), and
//! so were the hashes; here are the contents from which it made them.

use geoml_hub::base::Sha256;
use geoml_hub::blobs::xet::chunker::{Chunker, SMALLEST_CHUNK};
use geoml_hub::blobs::xet::hash::{XetHash, chunk_hash, file_hash, range_verification_hash, xorb_hash};
use geoml_hub::blobs::xet::shard::{ShardChunk, ShardError, ShardItem, ShardReader, Term, shard_bytes};
use geoml_hub::blobs::xet::xorb::{LARGEST_CHUNK, XorbBuilder, XorbError, XorbIndex, XorbVerifier, decode_chunk};
use proptest::prelude::{ProptestConfig, any, prop};
use proptest::proptest;

const TEXT: &[u8] = include_bytes!("../../fuzz/corpus/xorb/text");
const FLOATS: &[u8] = include_bytes!("../../fuzz/corpus/xorb/floats");
const RANDOM: &[u8] = include_bytes!("../../fuzz/corpus/xorb/random");
const REPEAT: &[u8] = include_bytes!("../../fuzz/corpus/xorb/repeat");
const TEXT_NAME: &str = "3709818849743cf9c46de33c116741ebf1be5d97a8eaba165277d4a6897d586c";
const REPEAT_SHARD: &[u8] = include_bytes!("../../fuzz/corpus/shard/repeat");
const SEVERAL_SHARD: &[u8] = include_bytes!("../../fuzz/corpus/shard/several");

fn hash(text: &str) -> XetHash {
    text.parse().unwrap()
}

/// The generator splitmix64, eight bytes at a time.
fn noise(mut seed: u64, length: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    while bytes.len() < length {
        seed = seed.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut word = seed;
        word = (word ^ (word >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        bytes.extend_from_slice(&(word ^ (word >> 31)).to_le_bytes());
    }
    bytes.truncate(length);
    bytes
}

fn floats() -> Vec<u8> {
    // As Python computes them: in doubles, and then shortened.
    #[allow(clippy::cast_possible_truncation, reason = "the shortening is what is meant")]
    let number = |index: u32| (1.0 + f64::from(index) * 1e-4) as f32;
    (0..2000).flat_map(|index| number(index).to_le_bytes()).collect()
}

/// The chunks of content that comes in pieces of this length.
fn chunks(content: &[u8], piece: usize) -> Vec<Vec<u8>> {
    let (mut chunker, mut chunks, mut current) = (Chunker::default(), Vec::new(), Vec::new());
    for mut bytes in content.chunks(piece) {
        while let Some(end) = chunker.next_end(bytes) {
            current.extend_from_slice(&bytes[..end]);
            chunks.push(std::mem::take(&mut current));
            bytes = &bytes[end..];
        }
        current.extend_from_slice(bytes);
    }
    if !current.is_empty() {
        chunks.push(current);
    }
    chunks
}

fn named(chunks: &[Vec<u8>]) -> Vec<(XetHash, u64)> {
    chunks
        .iter()
        .map(|chunk| (chunk_hash(chunk), chunk.len() as u64))
        .collect()
}

fn verified(bytes: &[u8], piece: usize, name: XetHash) -> Result<XorbIndex, XorbError> {
    let mut verifier = XorbVerifier::new();
    bytes.chunks(piece).try_for_each(|bytes| verifier.push(bytes))?;
    verifier.finish(name)
}

fn content_of(bytes: &[u8], index: &XorbIndex) -> Vec<u8> {
    let (mut content, mut start) = (Vec::new(), 0);
    for chunk in &index.chunks {
        content.extend(decode_chunk(&bytes[start..chunk.stored_end as usize]).unwrap());
        start = chunk.stored_end as usize;
    }
    content
}

fn read(bytes: &[u8]) -> Result<Vec<ShardItem>, ShardError> {
    let mut reader = ShardReader::new(bytes)?;
    std::iter::from_fn(|| reader.next_item().transpose()).collect()
}

#[test]
fn files_are_cut_and_hashed_as_the_client_does() {
    let quick = b"the quick brown fox ".repeat(200_000);
    let known = [
        (
            vec![],
            "0000000000000000000000000000000000000000000000000000000000000000",
        ),
        (
            b"a".to_vec(),
            "49a7fffaf5f34109d4a191757f3e541e26437dcd1e0e83153454a503757856be",
        ),
        (
            vec![0; 1_000_000],
            "c0c85185f4307d40facfd366573176e54fc9c76041e44e32d52489780a6d1eaa",
        ),
        (
            noise(1, 100),
            "39464392d37c4c266a93d0e35d0c70bfd962c13009223eaa1b613793538d0f94",
        ),
        (
            noise(1, 3_000_000),
            "1a8f790de85780dc69cb6c006b41f9f8eb75b05722dd3b3dded5e2d1014e62e5",
        ),
        (
            noise(2, 70_000),
            "f25e96bd93c4cb0fc904c6b650adca6fba87507b58cfff584868c8581891f3b6",
        ),
        (
            quick,
            "870b7f8e06d52770f182fdec06640332951a0abc5a6a92bff79ed9ca90250109",
        ),
    ];
    for (content, name) in known {
        for piece in [content.len().max(1), 4_099, 65_536] {
            assert_eq!(
                file_hash(&named(&chunks(&content, piece))),
                hash(name),
                "{} bytes",
                content.len()
            );
        }
    }
}

#[test]
fn xorbs_of_the_client_are_verified_in_every_scheme() {
    let known = [
        (TEXT, 1, b"the quick brown fox ".repeat(200), TEXT_NAME),
        (
            FLOATS,
            2,
            floats(),
            "117cf4713bfb5d69c475ab0369963bcce7a8b53b70ed10da30fe93b38e5bcb19",
        ),
        (
            RANDOM,
            0,
            noise(7, 1000),
            "606f4752f514ba959caf97ccfe0124a9704715f190c63c706dfdbe1e4b2ee474",
        ),
    ];
    for (bytes, scheme, content, name) in known {
        assert_eq!(bytes[4], scheme);
        for piece in [1, 7, 8, 9, bytes.len()] {
            let index = verified(bytes, piece, hash(name)).unwrap();
            assert_eq!(content_of(bytes, &index), content);
            assert_eq!(
                (index.stored_len, index.raw_len),
                (bytes.len() as u64, content.len() as u64)
            );
        }
    }
    let with_footer = [TEXT, b"XETBLOB", &[1; 300]].concat();
    for piece in [1, 3, 400] {
        assert_eq!(
            verified(&with_footer, piece, hash(TEXT_NAME)).unwrap().stored_len,
            TEXT.len() as u64
        );
    }
}

#[test]
fn shards_of_the_client_are_read_and_written() {
    let items = read(REPEAT_SHARD).unwrap();
    let [
        ShardItem::File { file, terms, sha256 },
        ShardItem::Xorb { xorb, chunks, .. },
    ] = &items[..]
    else {
        panic!("{items:?}");
    };
    assert_eq!(
        *file,
        hash("1593f9bc1922b6d95bc37e483028dad212ce728be9431871fa8e2758d276ed8c")
    );
    assert_eq!(*sha256, Some(Sha256::of(&vec![0; 600_000])));
    assert_eq!(terms.iter().map(|term| term.raw_len).sum::<u32>(), 600_000);
    let index = verified(REPEAT, REPEAT.len(), *xorb).unwrap();
    assert_eq!(index.chunks.len(), chunks.len());
    for term in terms {
        let run = &index.chunks[term.chunks.start as usize..term.chunks.end as usize];
        assert_eq!(
            term.verification,
            Some(range_verification_hash(run.iter().map(|chunk| chunk.hash)))
        );
    }
    for shard in [REPEAT_SHARD, SEVERAL_SHARD] {
        let items = read(shard).unwrap();
        assert_eq!(read(&shard_bytes(&items)).unwrap(), items);
    }
    assert_eq!(read(SEVERAL_SHARD).unwrap().len(), 4);
}

#[test]
fn hashes_survive_text_and_messages() {
    let name = xorb_hash(&named(&chunks(&noise(3, 500_000), 500_000)));
    assert_eq!(hash(&name.to_string()), name);
    let packed = rmp_serde::to_vec(&name).unwrap();
    assert_eq!(
        (packed.len(), rmp_serde::from_slice::<XetHash>(&packed).unwrap()),
        (34, name)
    );
    assert_eq!(
        serde_json::from_str::<XetHash>(&serde_json::to_string(&name).unwrap()).unwrap(),
        name
    );
    for wrong in ["", "12", &TEXT_NAME.to_uppercase(), &format!("{TEXT_NAME}00")] {
        assert!(wrong.parse::<XetHash>().is_err(), "{wrong}");
    }
    let digest = Sha256::of(b"rain");
    assert_eq!(Sha256::from(XetHash::from(digest)), digest);
    assert_eq!(XetHash::from(digest).to_string(), digest.to_string());
}

#[test]
fn xorbs_that_break_a_rule_are_refused() {
    let refused = |bytes: &[u8]| match verified(bytes, bytes.len().max(1), hash(TEXT_NAME)) {
        Err(XorbError::Malformed(reason)) => reason,
        other => panic!("{other:?}"),
    };
    let changed = |place: usize, byte: u8| {
        let mut bytes = TEXT.to_vec();
        bytes[place] = byte;
        bytes
    };
    assert_eq!(refused(&[]), "it has no chunks");
    assert_eq!(refused(&TEXT[..TEXT.len() - 1]), "it ends inside of a chunk");
    assert_eq!(refused(b"XETBLOB"), "it has no chunks");
    assert_eq!(refused(&changed(0, 1)), "a chunk has an unknown version");
    assert_eq!(refused(&changed(4, 3)), "a chunk is packed in an unknown way");
    assert_eq!(
        refused(&changed(3, 0xFF)),
        "a chunk is longer than the protocol allows, or empty"
    );
    assert_eq!(
        refused(&changed(7, 0xFF)),
        "a chunk is longer than the protocol allows, or empty"
    );
    assert_eq!(refused(&changed(20, 0xFF)), "a chunk cannot be unpacked");
    // 4,000 bytes are said to be 3,999, or 4,001.
    assert_eq!(refused(&changed(5, 0x9F)), "a chunk has another length than it says");
    assert_eq!(refused(&changed(5, 0xA1)), "a chunk has another length than it says");
    let junk = [&[0, 66][..], &TEXT[2..], b"junk"].concat();
    assert_eq!(refused(&junk), "a chunk goes on behind its end");
    let other = verified(TEXT, 100, hash(TEXT_NAME.replace('3', "4").as_str()));
    assert!(matches!(other, Err(XorbError::HashMismatch { actual, .. }) if actual == hash(TEXT_NAME)));
}

#[test]
fn a_xorb_has_no_more_chunks_and_bytes_than_the_protocol_allows() {
    let one = {
        let mut builder = XorbBuilder::default();
        builder.add(b"1").unwrap();
        builder.finish().1
    };
    let mut verifier = XorbVerifier::new();
    for _ in 0..8192 {
        verifier.push(&one).unwrap();
    }
    assert!(verifier.push(&one).is_err());
    let zeros = {
        let mut builder = XorbBuilder::default();
        builder.add(&vec![0; LARGEST_CHUNK]).unwrap();
        builder.finish().1
    };
    let mut verifier = XorbVerifier::new();
    for _ in 0..512 {
        verifier.push(&zeros).unwrap();
    }
    assert!(verifier.push(&one).is_err());
    assert!(XorbBuilder::default().add(&vec![0; LARGEST_CHUNK + 1]).is_err());
    assert!(XorbBuilder::default().add(&[]).is_err());
}

#[test]
fn shards_that_break_a_rule_are_refused() {
    let refused = |bytes: &[u8]| match read(bytes) {
        Err(ShardError::Malformed(reason)) => reason,
        other => panic!("{other:?}"),
    };
    let changed = |place: usize, word: u32| {
        let mut bytes = REPEAT_SHARD.to_vec();
        bytes[place..place + 4].copy_from_slice(&word.to_le_bytes());
        bytes
    };
    for length in (0..REPEAT_SHARD.len()).step_by(5) {
        assert_eq!(refused(&REPEAT_SHARD[..length]), "it is cut off");
    }
    assert_eq!(refused(&[REPEAT_SHARD, b"x"].concat()), "it goes on behind its end");
    assert_eq!(refused(&changed(32, 3)), "it does not begin like one");
    assert_eq!(refused(&changed(0, 0)), "it does not begin like one");
    assert_eq!(refused(&changed(80, 1)), "a file has unknown flags");
    assert_eq!(refused(&changed(84, u32::MAX)), "a file has too many terms");
    // The first term: where its chunks begin and end, and how long it is.
    assert_eq!(
        refused(&changed(96 + 40, 5000)),
        "a term names chunks that no xorb can have"
    );
    assert_eq!(
        refused(&changed(96 + 44, u32::MAX)),
        "a term names chunks that no xorb can have"
    );
    assert_eq!(
        refused(&changed(96 + 36, u32::MAX)),
        "a term has a length that its chunks cannot have"
    );
    // The last chunk of the last xorb: its length, and where it begins.
    let chunk = REPEAT_SHARD.len() - 2 * 48;
    assert!(refused(&changed(chunk + 36, u32::MAX)).starts_with("the chunks of a xorb overlap"));
    assert!(refused(&changed(chunk + 32, 7)).starts_with("the chunks of a xorb overlap"));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_packed_is_verified_and_unpacked(
        pieces in prop::collection::vec((any::<u64>(), 1..40_000_usize, 1..9_u8), 1..12),
        step in 1..100_000_usize,
    ) {
        let mut builder = XorbBuilder::default();
        let mut content = Vec::new();
        for (seed, length, modulus) in pieces {
            let chunk: Vec<u8> = noise(seed, length).iter().map(|byte| byte % modulus).collect();
            builder.add(&chunk).unwrap();
            content.extend(chunk);
        }
        let (name, bytes) = builder.finish();
        let index = verified(&bytes, step, name).unwrap();
        assert!(content_of(&bytes, &index) == content);
        assert!(bytes.len() <= content.len() + 8 * index.chunks.len());
    }

    #[test]
    fn pieces_do_not_decide_where_chunks_end(seed in any::<u64>(), length in 0..600_000_usize, piece in 1..200_000_usize) {
        let content = noise(seed, length);
        let whole = chunks(&content, length.max(1));
        assert!(chunks(&content, piece) == whole);
        assert!(whole.concat() == content);
        let (last, others) = whole.split_last().map_or((None, &[][..]), |(last, others)| (Some(last), others));
        assert!(others.iter().all(|chunk| (SMALLEST_CHUNK..=LARGEST_CHUNK).contains(&chunk.len())));
        assert!(last.is_none_or(|last| last.len() <= LARGEST_CHUNK));
    }

    #[test]
    fn whatever_is_written_in_a_shard_is_read(
        files in prop::collection::vec((any::<[u8; 32]>(), any::<bool>(), any::<bool>(), prop::collection::vec((any::<[u8; 32]>(), 0..8000_u32, 1..190_u32), 0..20)), 0..6),
        lengths in prop::collection::vec(1..131_072_u32, 0..40),
    ) {
        let mut items = Vec::new();
        for (name, proven, digested, terms) in files {
            let proven = proven && !terms.is_empty();
            let terms = terms.into_iter().map(|(xorb, start, count)| Term {
                xorb: XetHash::from_bytes(xorb),
                raw_len: count * 10,
                chunks: start..start + count,
                verification: proven.then(|| XetHash::from_bytes(xorb)),
            });
            let sha256 = digested.then(|| Sha256::of(&name));
            let mut file = name;
            file[0] = 0;
            items.push(ShardItem::File { file: XetHash::from_bytes(file), terms: terms.collect(), sha256 });
        }
        let mut start = 0;
        let chunks = lengths.iter().map(|length| {
            let chunk = ShardChunk { hash: chunk_hash(&length.to_le_bytes()), raw_start: start, raw_len: *length };
            start += length;
            chunk
        });
        let chunks = chunks.collect();
        items.push(ShardItem::Xorb { xorb: chunk_hash(b"xorb"), chunks, stored_len: 12 });
        assert_eq!(read(&shard_bytes(&items)).unwrap(), items);
    }
}
