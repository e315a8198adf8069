//! The git engine against stock git as oracle.

mod commits;
mod corpus;
mod diffs;
mod divergence;
mod maintenance;
mod merging;
mod packed_references;
mod path_history;
mod reading;
mod receiving;
mod references;
mod repacking;
mod special_files;
mod support;
