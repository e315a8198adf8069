//! Reads front matter into a tree that remembers order and places.
//!
//! A tree of our own, because a card needs what a plain value loses: the place of every field for problems and edits, and
//! the text of a scalar as written (`1.10` stays `1.10` where a text is wanted). Scalars follow the core schema of YAML
//! 1.2, so `language: no` is a text. Size, nesting and the growth through aliases are bounded.

use std::ops::Range;

use serde_json::Value;

use crate::cards::problem::Position;
use crate::cards::scalar;
use crate::cards::yaml_reader::Reader;

/// Longest front matter that is read, in bytes.
pub const MAX_BYTES: usize = 1024 * 1024;
/// Deepest nesting that is read.
pub const MAX_DEPTH: usize = 64;
/// Bound of the memory that a tree takes with its aliases expanded: a rough count of bytes. A card is kept and answered
/// whole, so this bounds rows and answers too.
pub(super) const MAX_WEIGHT: usize = 2 * 1024 * 1024;
/// What one node weighs beside its text.
pub(super) const NODE_WEIGHT: usize = 64;

/// A value with its place.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// Where it begins in README.md.
    pub at: Position,
    /// What it is.
    pub content: Content,
}

/// What a node is.
#[derive(Debug, Clone, PartialEq)]
pub enum Content {
    /// A scalar as written; `plain` when it stands without quotes and may be a number, a truth value or null.
    Scalar { text: String, plain: bool },
    /// A sequence.
    List(Vec<Node>),
    /// A mapping in the order of the text.
    Map(Vec<(String, Node)>),
}

impl Node {
    /// The value as JSON.
    pub fn to_json(&self) -> Value {
        match &self.content {
            Content::Scalar { text, plain: true } => scalar::resolve(text),
            Content::Scalar { text, plain: false } => Value::String(text.clone()),
            Content::List(items) => Value::Array(items.iter().map(Self::to_json).collect()),
            Content::Map(entries) => Value::Object(
                entries
                    .iter()
                    .map(|(key, node)| (key.clone(), node.to_json()))
                    .collect(),
            ),
        }
    }

    /// True for null, written or left out.
    pub fn is_null(&self) -> bool {
        matches!(&self.content, Content::Scalar { text, plain: true } if scalar::resolve(text).is_null())
    }

    /// A rough count of the bytes it takes.
    pub(super) fn weight(&self) -> usize {
        NODE_WEIGHT
            + match &self.content {
                Content::Scalar { text, .. } => text.len(),
                Content::List(items) => items.iter().map(Self::weight).sum(),
                Content::Map(entries) => entries.iter().map(|(key, node)| key.len() + node.weight()).sum(),
            }
    }
}

/// One top-level field of the front matter.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// Its name.
    pub key: String,
    /// Where the name begins in README.md.
    pub key_at: Position,
    /// Its value.
    pub node: Node,
    /// Byte in the YAML at which the name begins.
    pub key_start: usize,
    /// Bytes of the YAML that the value takes, without comments after it.
    pub value: Range<usize>,
}

/// Front matter as a tree.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Document {
    /// Top-level fields in the order of the text.
    pub entries: Vec<Entry>,
    /// Written as `{…}` or with tags and anchors on the whole, so that single fields cannot be edited in place.
    pub irregular: bool,
}

/// Why front matter cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreadable {
    /// A sentence for the author.
    pub message: String,
    /// Where in README.md.
    pub at: Position,
}

impl Document {
    /// Reads `yaml`, which begins on line `first_line` of README.md.
    pub fn parse(yaml: &str, first_line: u32) -> Result<Self, Unreadable> {
        if yaml.len() > MAX_BYTES {
            return Err(Unreadable {
                message: format!(
                    "front matter is larger than {} KiB; move the text below it",
                    MAX_BYTES / 1024
                ),
                at: Position {
                    line: first_line,
                    column: 1,
                },
            });
        }
        Reader::new(yaml, first_line).document()
    }

    /// The field of that name.
    pub fn get(&self, key: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.key == key)
    }

    /// All fields as one JSON object, in order.
    pub fn to_json(&self) -> serde_json::Map<String, Value> {
        self.entries
            .iter()
            .map(|entry| (entry.key.clone(), entry.node.to_json()))
            .collect()
    }
}
