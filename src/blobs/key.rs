use std::path::{Path, PathBuf};

use crate::base::{Sha256, UploadId};

/// What lies on shelves of its own, named by 32 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::blobs) enum Collection {
    /// Content that is kept whole, named by its SHA-256.
    Blobs,
    /// Chunks that recipes name, packed; named by the hash of the Xet protocol.
    Xorbs,
}

impl Collection {
    const fn folder(self) -> &'static str {
        match self {
            Self::Blobs => "blobs",
            Self::Xorbs => "xorbs",
        }
    }
}

/// A place in the storage. Nothing else in the hub knows how paths are made.
///
/// Blobs lie under the same path in the data folder and in a bucket. Staging is in the data folder, but for uploads whose
/// senders put them into the bucket themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::blobs) enum StorageKey {
    /// A collection: `blobs`, `xorbs`.
    All(Collection),
    /// What of it has a name that begins with this byte: `blobs/ab`.
    Shelf(Collection, u8),
    /// What of it has a name that begins with these bytes: `blobs/ab/cd`.
    Drawer(Collection, u8, u8),
    /// One piece of it: `blobs/ab/cd/<64 digits>`.
    Kept(Collection, Sha256),
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
            Self::All(of) => of.folder().to_owned(),
            Self::Shelf(of, first) => format!("{}/{first:02x}", of.folder()),
            Self::Drawer(of, first, second) => format!("{}/{first:02x}/{second:02x}", of.folder()),
            Self::Kept(of, name) => {
                let [first, second, ..] = name.as_bytes();
                format!("{}/{first:02x}/{second:02x}/{name}", of.folder())
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

    /// The folder that holds a piece of a collection.
    pub(in crate::blobs) fn drawer_of(of: Collection, name: &Sha256) -> Self {
        let [first, second, ..] = name.as_bytes();
        Self::Drawer(of, *first, *second)
    }

    /// The name of the piece whose path this is; `None` for anything that the hub did not put there.
    pub(in crate::blobs) fn name_at(of: Collection, path: &str) -> Option<Sha256> {
        let name = path.rsplit('/').next()?.parse().ok()?;
        (Self::Kept(of, name).path() == path).then_some(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_blob_is_found_again_by_its_path_and_nothing_else_is_taken_for_one() {
        let sha256 = Sha256::of(b"abc");
        let path = StorageKey::Kept(Collection::Blobs, sha256).path();
        let at = |path: &str| StorageKey::name_at(Collection::Blobs, path);
        assert_eq!(path, format!("blobs/ba/78/{sha256}"));
        assert_eq!(at(&path), Some(sha256));
        assert_eq!(at(&path.replace("ba/78", "ba/79")), None);
        assert_eq!(at(&path.to_uppercase()), None);
        assert_eq!(at("blobs/ba/78/README"), None);
        assert_eq!(at(&path.replace("blobs", "xorbs")), None);
    }
}
