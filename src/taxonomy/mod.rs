//! The classification of the geosciences and the links of repositories to it.

mod tree;

pub use tree::{BuiltInNode, built_in};
