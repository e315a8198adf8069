use std::path::{Path, PathBuf};

use crate::base::{Sha256, UploadId};

/// A place in the storage. Nothing else in the hub knows how paths are made.
///
/// Blobs lie under the same path in the data folder and in a bucket. Staging is in the data folder, but for uploads whose
/// senders put them into the bucket themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::blobs) enum StorageKey {
    /// All blobs: `blobs`.
    Blobs,
    /// Blobs whose digest begins with this byte: `blobs/ab`.
    Shelf(u8),
    /// Blobs whose digest begins with these bytes: `blobs/ab/cd`.
    Drawer(u8, u8),
    /// One blob: `blobs/ab/cd/<64 digits>`.
    Blob(Sha256),
    /// All staging: `uploads`.
    Uploads,
    /// Content that arrives in one request; nothing here survives a start: `uploads/incoming`.
    AllIncoming,
    /// One such content, numbered since the start: `uploads/incoming/<number>`.
    Incoming(u64),
    /// One upload in chunks, a folder, or in parts that its sender put into the bucket, an object: `uploads/<upload id>`.
    Upload(UploadId),
    /// Its content while chunks arrive: `uploads/<upload id>/content`.
    Open(UploadId),
    /// Its content once hashed; never written again: `uploads/<upload id>/<64 digits>`.
    Sealed(UploadId, Sha256),
    /// What the health probe writes: `probe`.
    Probe,
}

impl StorageKey {
    /// The path with `/` between its parts.
    pub(in crate::blobs) fn path(&self) -> String {
        match self {
            Self::Blobs => "blobs".to_owned(),
            Self::Shelf(first) => format!("blobs/{first:02x}"),
            Self::Drawer(first, second) => format!("blobs/{first:02x}/{second:02x}"),
            Self::Blob(sha256) => {
                let [first, second, ..] = sha256.as_bytes();
                format!("blobs/{first:02x}/{second:02x}/{sha256}")
            }
            Self::Uploads => "uploads".to_owned(),
            Self::AllIncoming => "uploads/incoming".to_owned(),
            Self::Incoming(number) => format!("uploads/incoming/{number}"),
            Self::Upload(upload) => format!("uploads/{upload}"),
            Self::Open(upload) => format!("uploads/{upload}/content"),
            Self::Sealed(upload, sha256) => format!("uploads/{upload}/{sha256}"),
            Self::Probe => "probe".to_owned(),
        }
    }

    /// The path inside a data folder.
    pub(in crate::blobs) fn under(&self, data: &Path) -> PathBuf {
        data.join(self.path())
    }

    /// The folder that holds a blob.
    pub(in crate::blobs) fn drawer_of(sha256: &Sha256) -> Self {
        let [first, second, ..] = sha256.as_bytes();
        Self::Drawer(*first, *second)
    }

    /// The blob whose path this is; `None` for anything that the hub did not put there.
    pub(in crate::blobs) fn blob_at(path: &str) -> Option<Sha256> {
        let sha256 = path.rsplit('/').next()?.parse().ok()?;
        (Self::Blob(sha256).path() == path).then_some(sha256)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_blob_is_found_again_by_its_path_and_nothing_else_is_taken_for_one() {
        let sha256 = Sha256::of(b"abc");
        let path = StorageKey::Blob(sha256).path();
        assert_eq!(path, format!("blobs/ba/78/{sha256}"));
        assert_eq!(StorageKey::blob_at(&path), Some(sha256));
        assert_eq!(StorageKey::blob_at(&path.replace("ba/78", "ba/79")), None);
        assert_eq!(StorageKey::blob_at(&path.to_uppercase()), None);
        assert_eq!(StorageKey::blob_at("blobs/ba/78/README"), None);
    }
}
