//! The blob store. One suite runs against the local disk and against a server that speaks the S3 protocol.

mod conformance;
mod fixture;
mod formats;
mod local;
mod recipes;
mod s3;
mod staging;
mod sweeping;

use fixture::{Fixture, bytes_of, read_all, staged_files};

/// Runs each case on both backends.
macro_rules! on_both_backends {
    ($($case:ident,)+) => {
        mod on_local_disk {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $case() {
                    super::$case($crate::blobs::Fixture::local()).await;
                }
            )+
        }

        mod on_s3 {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $case() {
                    super::$case($crate::blobs::Fixture::s3()).await;
                }
            )+
        }
    };
}
use on_both_backends;
