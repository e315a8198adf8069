//! Uploads in chunks, over hours and restarts of either side.
//!
//! A chunk is acknowledged after its bytes and its row are durable. Completing verifies size and digest, commits, and may
//! be repeated: a completed upload answers its commit until it expires. An upload can also be assembled, that is verified
//! and kept, until a batch takes it into its one commit. A session belongs to the account that began it
//! and to one repository; for everybody else it does not exist. Its bytes count against the owner's quota from the start.

mod batch;
mod chunk;
mod complete;
mod expire;
mod model;
mod start;
mod store;

pub use batch::BatchSessions;
pub use chunk::ArrivingChunk;
pub(super) use complete::{Ending, completed};
pub use model::{NewSession, SessionState, SessionStatus, UploadSession};
pub(super) use start::open_bytes;
pub(super) use store::check;
