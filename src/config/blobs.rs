use super::setting::section;
use super::value::{Secret, choice};

choice! {
    /// Where large content is kept.
    BlobBackend {
        /// In the data folder.
        Local = "local",
        /// In an S3-compatible store.
        S3 = "s3",
    }
}

section! {
    /// Large content: model weights, arrays, rasters, archives.
    BlobsConfig as "blobs" {
        /// Where large content is kept: "local" (in the data folder) or "s3" (any S3-compatible store).
        backend: BlobBackend = "local", restart;
        /// Address of the S3-compatible store, such as "http://minio:9000". Empty: Amazon's for the region.
        s3_endpoint: Option<String> = "", restart;
        /// Bucket; it must exist.
        s3_bucket: String = "", restart;
        /// Region; stores other than Amazon's mostly accept any.
        s3_region: String = "us-east-1", restart;
        /// Folder inside the bucket, so that several hubs can share one.
        s3_prefix: String = "", restart;
        /// Access key id. Empty: the credentials of the machine, as Amazon provides them.
        s3_access_key_id: Option<String> = "", restart;
        /// Secret access key; better set by the environment than in this file.
        s3_secret_access_key: Option<Secret> = "", restart;
        /// Bucket in the path ("https://host/bucket/…") rather than in the host name; MinIO wants it.
        s3_path_style: bool = true, restart;
        /// Whether git-lfs fetches large content from the store itself, by its presigned addresses, rather than through the
        /// hub. Its users must reach the store at the address above.
        s3_direct_download: bool = false, restart;
        /// Whether clients that know the LFS transfer "multipart" send large content to the store itself, in parts at
        /// presigned addresses, rather than through the hub, which then fetches it to verify it. They must reach the store
        /// at the address above.
        s3_direct_upload: bool = false, restart;
        /// Server-side encryption: "" (what the bucket says), "AES256" or "aws:kms".
        s3_server_side_encryption: Option<String> = "", restart;
        /// Key for "aws:kms". Empty: the bucket's default key.
        s3_kms_key_id: Option<String> = "", restart;
    }
}

impl BlobsConfig {
    /// Rules over several keys, as sentences.
    pub(in crate::config) fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        let wanted = [None, Some("AES256"), Some("aws:kms")];
        if !wanted.contains(&self.s3_server_side_encryption.as_deref()) {
            problems.push("`blobs.s3_server_side_encryption` must be empty, \"AES256\" or \"aws:kms\".".to_owned());
        }
        if self.s3_access_key_id.is_some() != self.s3_secret_access_key.is_some() {
            problems.push("`blobs.s3_access_key_id` and `blobs.s3_secret_access_key` must be set together.".to_owned());
        }
        if self.backend == BlobBackend::S3 && self.s3_bucket.is_empty() {
            problems.push("`blobs.s3_bucket` must name a bucket when `blobs.backend` is \"s3\".".to_owned());
        }
        problems
    }
}
