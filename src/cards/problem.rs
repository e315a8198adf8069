//! What is wrong with a card, and where.

use serde::{Deserialize, Serialize};

/// How much a problem weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// The card is incomplete or cannot be read.
    Error,
    /// The card works, but a value was passed over.
    Warning,
}

/// One problem of a card. Problems are shown to people and never block a commit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CardProblem {
    /// How much it weighs.
    pub severity: Severity,
    /// The field it is about, as written in the card; none when the front matter as a whole cannot be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// A sentence for the author of the card.
    pub message: String,
    /// Line in README.md, counted from 1.
    pub line: u32,
    /// Column in that line in characters, counted from 1.
    pub column: u32,
}

/// A place in README.md: line and column, both counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
}

impl CardProblem {
    /// A problem of the front matter as a whole.
    pub fn whole(message: impl Into<String>, at: Position) -> Self {
        Self {
            severity: Severity::Error,
            field: None,
            message: message.into(),
            line: at.line,
            column: at.column,
        }
    }

    /// A problem of one field.
    pub fn of_field(severity: Severity, field: &str, message: impl Into<String>, at: Position) -> Self {
        Self {
            severity,
            field: Some(field.to_owned()),
            message: message.into(),
            line: at.line,
            column: at.column,
        }
    }
}
