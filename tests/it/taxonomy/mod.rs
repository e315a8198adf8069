//! The classification tree.

mod nodes;
mod tree;
