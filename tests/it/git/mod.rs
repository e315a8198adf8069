//! The git engine against stock git as oracle.

mod commits;
mod reading;
mod references;
mod support;
