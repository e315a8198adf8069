//! The classification tree.

mod tree;
