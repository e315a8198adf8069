//! Front door for stock git and git LFS: Smart HTTP, the LFS batch API, LFS locks.
//!
//! It translates between HTTP and the slices: who asks (Basic and Bearer), which repository an address means, and how
//! an error reads in a git client. What is fetched and pushed is the business of `git` and `repos`.
//!
//! Guarantees: a private repository answers a stranger exactly like a missing one; whoever is not logged in is asked to
//! log in where that may help, and only there.

/// Routes.
pub mod api;
/// Why a request of a git client is refused.
mod error;
/// How many fetches and pushes run at once.
mod transfers;

pub use error::TransportError;
pub use transfers::{Transfers, Turn};
