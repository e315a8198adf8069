//! What tests share: the running server and the people who use it, small disks, oracles.

mod disk;

pub use disk::SmallDisk;
