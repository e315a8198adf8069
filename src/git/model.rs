//! The words of this engine. No type of gix leaves the module.

use crate::base::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use std::str::FromStr;

/// The name of a git object: a SHA-1 digest, written as 40 lower-case hexadecimal digits.
///
/// In JSON it is text, in stored rows 20 bytes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectId([u8; 20]);

/// A text that is not the full name of a git object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an object id is 40 hexadecimal digits")]
pub struct InvalidObjectId;

impl ObjectId {
    /// The empty tree, which every repository knows without storing it.
    pub const EMPTY_TREE: Self = Self([
        0x4b, 0x82, 0x5d, 0xc6, 0x42, 0xcb, 0x6e, 0xb9, 0xa0, 0x60, 0xe5, 0x4b, 0xf8, 0xd6, 0x92, 0x88, 0xfb, 0xee,
        0x49, 0x04,
    ]);

    /// Takes the 20 bytes of a digest.
    pub const fn from_bytes(bytes: [u8; 20]) -> Self {
        Self(bytes)
    }

    /// The 20 bytes of the digest.
    pub const fn as_bytes(&self) -> &[u8; 20] {
        &self.0
    }

    /// The first 12 digits, enough to name a commit to a person.
    pub fn short(&self) -> String {
        hex::encode(&self.0[..6])
    }

    pub(crate) fn gix(self) -> gix::ObjectId {
        gix::ObjectId::Sha1(self.0)
    }
}

impl From<gix::ObjectId> for ObjectId {
    fn from(id: gix::ObjectId) -> Self {
        Self::from(id.as_ref())
    }
}

impl From<&gix::oid> for ObjectId {
    fn from(id: &gix::oid) -> Self {
        Self(
            id.as_bytes()
                .try_into()
                .expect("only SHA-1 repositories are created and opened"),
        )
    }
}

impl fmt::Display for ObjectId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for ObjectId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

impl FromStr for ObjectId {
    type Err = InvalidObjectId;

    fn from_str(text: &str) -> Result<Self, InvalidObjectId> {
        let mut bytes = [0; 20];
        hex::decode_to_slice(text, &mut bytes).map_err(|_| InvalidObjectId)?;
        Ok(Self(bytes))
    }
}

impl Serialize for ObjectId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.collect_str(self)
        } else {
            serializer.serialize_bytes(&self.0)
        }
    }
}

struct ObjectIdVisitor;

impl serde::de::Visitor<'_> for ObjectIdVisitor {
    type Value = ObjectId;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object id")
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<ObjectId, E> {
        text.parse().map_err(E::custom)
    }

    fn visit_bytes<E: serde::de::Error>(self, bytes: &[u8]) -> Result<ObjectId, E> {
        bytes
            .try_into()
            .map(ObjectId)
            .map_err(|_| E::invalid_length(bytes.len(), &self))
    }
}

impl<'de> Deserialize<'de> for ObjectId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            deserializer.deserialize_str(ObjectIdVisitor)
        } else {
            deserializer.deserialize_bytes(ObjectIdVisitor)
        }
    }
}

/// Who did something, and when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signature {
    /// The person's name as written in the commit; bytes that are not UTF-8 are replaced.
    pub name: String,
    /// The person's e-mail address.
    pub email: String,
    /// The moment; git keeps whole seconds.
    pub time: Timestamp,
    /// Seconds east of UTC that the person's clock showed.
    pub offset_seconds: i32,
}

impl Signature {
    /// A signature in UTC.
    pub fn new(name: impl Into<String>, email: impl Into<String>, time: Timestamp) -> Self {
        Self {
            name: name.into(),
            email: email.into(),
            time,
            offset_seconds: 0,
        }
    }
}

/// A commit, decoded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommitInfo {
    /// The commit itself.
    pub id: ObjectId,
    /// Its root folder.
    pub tree: ObjectId,
    /// Its parents; the first one is the line that it continues.
    pub parents: Vec<ObjectId>,
    /// Who made the change.
    pub author: Signature,
    /// Who recorded it.
    pub committer: Signature,
    /// The whole message.
    pub message: String,
}

impl CommitInfo {
    /// The first line of the message.
    pub fn title(&self) -> &str {
        self.message.trim_start().lines().next().unwrap_or_default().trim_end()
    }
}

/// What stands at a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EntryKind {
    /// A regular file.
    File,
    /// A file with the executable bit.
    Executable,
    /// A symbolic link; its blob is the target.
    Symlink,
    /// A folder; its object is a tree.
    Folder,
    /// A commit of another repository, which this one does not hold.
    Submodule,
}

impl EntryKind {
    /// Whether its object is a blob of this repository.
    pub const fn is_blob(self) -> bool {
        matches!(self, Self::File | Self::Executable | Self::Symlink)
    }

    /// Whether it is a folder.
    pub const fn is_folder(self) -> bool {
        matches!(self, Self::Folder)
    }

    pub(crate) fn of(mode: gix::objs::tree::EntryMode) -> Self {
        match mode.kind() {
            gix::objs::tree::EntryKind::Tree => Self::Folder,
            gix::objs::tree::EntryKind::Blob => Self::File,
            gix::objs::tree::EntryKind::BlobExecutable => Self::Executable,
            gix::objs::tree::EntryKind::Link => Self::Symlink,
            gix::objs::tree::EntryKind::Commit => Self::Submodule,
        }
    }
}

/// An entry of a folder at some revision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TreeEntry {
    /// Path from the root; bytes that are not UTF-8 are replaced.
    pub path: String,
    /// What it is.
    pub kind: EntryKind,
    /// The blob, tree or foreign commit.
    pub id: ObjectId,
    /// Size of the blob in bytes (of an LFS pointer: of the pointer); `None` for folders and submodules.
    pub size: Option<u64>,
}

impl TreeEntry {
    /// The last part of the path.
    pub fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or(&self.path)
    }
}

/// What happened to a path between two trees.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChangeKind {
    /// The path did not exist before.
    Added,
    /// Its content, mode or kind is another.
    Modified,
    /// The path is gone.
    Deleted,
}

/// A path that differs between two trees. Renames are a deletion and an addition here; `diff` pairs them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileChange {
    /// Path from the root.
    pub path: String,
    /// What happened.
    pub kind: ChangeKind,
    /// What stood there before.
    pub old: Option<(EntryKind, ObjectId)>,
    /// What stands there now.
    pub new: Option<(EntryKind, ObjectId)>,
}

/// A branch or tag.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reference {
    /// Its name without `refs/heads/` or `refs/tags/`.
    pub name: String,
    /// The commit it leads to, annotated tags peeled.
    pub commit: ObjectId,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_id_survives_text_json_and_stored_rows() {
        let id: ObjectId = "4b825dc642cb6eb9a060e54bf8d69288fbee4904".parse().unwrap();
        assert_eq!(id, ObjectId::EMPTY_TREE);
        assert_eq!(id.to_string(), "4b825dc642cb6eb9a060e54bf8d69288fbee4904");
        assert_eq!(
            serde_json::from_str::<ObjectId>(&serde_json::to_string(&id).unwrap()).unwrap(),
            id
        );
        let row = rmp_serde::to_vec_named(&id).unwrap();
        assert!(row.len() <= 22);
        assert_eq!(rmp_serde::from_slice::<ObjectId>(&row).unwrap(), id);
        assert!("4b825d".parse::<ObjectId>().is_err());
    }
}
