//! The server's side of git's wire protocol (gitprotocol-pack, gitprotocol-v2), over any reader and writer.
//!
//! Guarantees: only what an advertised reference reaches is sent; references below `HIDDEN_REFERENCES` are never
//! shown; a request that breaks the protocol is refused with a sentence; memory holds names of objects, never their
//! contents.

mod advertisement;
mod commit_walk;
mod filter;
pub(in crate::git) mod id_set;
mod ls_refs;
mod negotiation;
mod object_walk;
pub(in crate::git) mod pack_cache;
mod pack_stream;
mod packet;
mod packs;
pub(in crate::git) mod reachable;
mod request;
mod shallow;
mod upload_pack;

pub use advertisement::{ProtocolVersion, RECEIVE_CAPABILITIES};
pub use packet::{Packet, PacketReader, SideBand, write_delimiter, write_flush, write_packet};
pub use upload_pack::Served;

/// References of the hub itself, which keep objects alive and are nobody else's business.
pub const HIDDEN_REFERENCES: &str = "refs/hub/";
