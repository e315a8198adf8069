//! The formats of the Xet protocol: hashes, xorbs, shards. Pure: no storage, no tables, no clock.
//!
//! Sources: the published "Xet protocol specification" and the IETF draft draft-denis-xet. All integers are little-endian.

/// Hashes of chunks, xorbs, files and ranges.
pub mod hash;
/// Shards: which files are made of which terms.
pub mod shard;
/// Xorbs: packed chunks.
pub mod xorb;
