//! What tests share: the running server and the people who use it, small disks, oracles.

mod disk;
mod s3;

pub use disk::SmallDisk;
pub use s3::S3Server;
