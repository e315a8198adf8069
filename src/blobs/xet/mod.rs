//! The formats of the Xet protocol: hashes, chunks, xorbs, shards. Pure: no storage, no tables, no clock.
//!
//! Sources: the published "Xet protocol specification" and the IETF draft draft-denis-xet. All integers are little-endian.
//! Everything that comes from outside is bounded before memory is taken for it.

/// Cuts content into chunks where the content says so.
pub mod chunker;
/// Hashes of chunks, xorbs, files and ranges.
pub mod hash;
/// Shards: which files are made of which terms.
pub mod shard;
mod shard_writer;
/// Xorbs: packed chunks.
pub mod xorb;
mod xorb_builder;
