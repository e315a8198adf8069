//! Receiving a push: the list of commands, a pack from a stranger, and the references that move together.
//!
//! A pack is written to a folder of its own (`tmp/incoming-…`) while it arrives and is looked at there; readers see nothing of
//! it until `Incoming::keep`. Dropped before, it leaves nothing, and what a crash leaves there is removed at the next
//! start.
//!
//! Guarantees:
//! - Memory is bounded by limits and not by what a header claims: sizes are compared before anything is inflated, large
//!   files pass through a buffer, deltas are worked out within a budget of memory and of work.
//! - What is kept is complete and sound: the checksum is right, every object is what its name says and passes the checks
//!   of `git fsck --strict`, and everything that new objects name is among them or in a history that references reach.
//! - Nothing of a pack that breaks a rule stays.
//!
//! Deliberately absent: signed pushes, push options, SHA-256 repositories.

mod arriving;
mod base;
mod commands;
mod connectivity;
pub(in crate::git) mod delta;
mod deltas;
mod error;
mod folder_links;
mod found;
mod idents;
mod incoming;
mod large_files;
mod naming;
mod object_check;
mod pack_file;
mod pack_stream;
mod packed;
mod references;

pub use commands::{Capabilities, Command, PushCommands};
pub use error::ReceiveError;
pub use found::FoundPointer;
pub use incoming::{Incoming, ReceiveLimits};
pub use large_files::LargeFile;
pub use references::{ReferenceChange, ReferenceRefusal, branch_name, pushable_name, tag_name};
