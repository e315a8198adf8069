//! Avatars: whatever picture is uploaded becomes a small square PNG.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;

/// The bytes of a PNG, stored as bytes.
#[derive(Clone, PartialEq, Eq)]
pub struct Picture(Vec<u8>);

impl Picture {
    /// The PNG.
    pub fn into_bytes(self) -> Vec<u8> {
        self.0
    }
}

impl fmt::Debug for Picture {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Picture({} bytes)", self.0.len())
    }
}

impl Serialize for Picture {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&self.0)
    }
}

struct PictureVisitor;

impl serde::de::Visitor<'_> for PictureVisitor {
    type Value = Picture;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("the bytes of a picture")
    }

    fn visit_bytes<E: serde::de::Error>(self, bytes: &[u8]) -> Result<Picture, E> {
        Ok(Picture(bytes.to_vec()))
    }

    fn visit_byte_buf<E: serde::de::Error>(self, bytes: Vec<u8>) -> Result<Picture, E> {
        Ok(Picture(bytes))
    }
}

impl<'de> Deserialize<'de> for Picture {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_byte_buf(PictureVisitor)
    }
}
