//! Changes fields of a README's front matter and leaves everything else byte for byte.
//!
//! Three ways, the gentlest that gives the right result: replace the value within its line (a comment after it stays),
//! replace the lines of the field, or, for front matter written as one `{…}` or tangled by anchors, write it anew. The
//! result is read back and compared before it is given out, so a wrong edit cannot leave this module.

use std::ops::Range;

use serde_json::{Map, Value};
use thiserror::Error;

use crate::cards::front_matter;
use crate::cards::yaml::{Content, Document, Entry};

/// Longest name of a field, in characters.
const MAX_KEY_CHARACTERS: usize = 100;
/// A list stays on one line up to this length.
const MAX_INLINE_CHARACTERS: usize = 100;

/// Why front matter cannot be changed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum EditError {
    /// What is there cannot be read, so a change might destroy it.
    #[error("The front matter of README.md cannot be read (line {line}, column {column}): {message}. Mend it first.")]
    Unreadable { message: String, line: u32, column: u32 },
    /// A name that no field may have.
    #[error(
        "`{key}` cannot be the name of a card's field: use 1 to {MAX_KEY_CHARACTERS} characters without line breaks."
    )]
    BadKey { key: String },
    /// The result is too large or nested too deeply to be read again.
    #[error("The card cannot be written so: {message}.")]
    Unwritable { message: String },
}

/// Gives the README with `changes` made to its front matter: a value sets a field, null removes it. Front matter is added
/// when there is none. Fields that already have the value keep their bytes.
pub fn apply(readme: &str, changes: &Map<String, Value>) -> Result<String, EditError> {
    for key in changes.keys() {
        let length = key.chars().count();
        if length == 0 || length > MAX_KEY_CHARACTERS || key.chars().any(char::is_control) {
            return Err(EditError::BadKey {
                key: key.chars().take(MAX_KEY_CHARACTERS).collect(),
            });
        }
    }
    let split = front_matter::split(readme);
    if split.unclosed {
        let message = "it is opened by `---` but never closed".to_owned();
        return Err(EditError::Unreadable {
            message,
            line: split.yaml_line,
            column: 1,
        });
    }
    let yaml = split.yaml.clone().map_or("", |range| &readme[range]);
    let document = Document::parse(yaml, split.yaml_line).map_err(|wrong| EditError::Unreadable {
        message: wrong.message,
        line: wrong.at.line,
        column: wrong.at.column,
    })?;
    let old = document.to_json();
    let wanted = merged(&old, changes);
    if wanted == old {
        return Ok(readme.to_owned());
    }
    let line_end = if readme.contains("\r\n") { "\r\n" } else { "\n" };
    let new = new_yaml(yaml, &document, changes, &wanted, line_end)?;
    Ok(match split.yaml {
        Some(range) => format!("{}{new}{}", &readme[..range.start], &readme[range.end..]),
        None => with_front_matter(readme, split.body.start, &new, line_end),
    })
}

fn merged(old: &Map<String, Value>, changes: &Map<String, Value>) -> Map<String, Value> {
    let mut wanted: Map<String, Value> = old
        .iter()
        .filter(|(key, _)| !changes.get(*key).is_some_and(Value::is_null))
        .map(|(key, value)| (key.clone(), changes.get(key).unwrap_or(value).clone()))
        .collect();
    for (key, value) in changes
        .iter()
        .filter(|(key, value)| !value.is_null() && !old.contains_key(*key))
    {
        wanted.insert(key.clone(), value.clone());
    }
    wanted
}

fn with_front_matter(readme: &str, body: usize, yaml: &str, line_end: &str) -> String {
    let (mark, body) = readme.split_at(body);
    let gap = if body.is_empty() || body.starts_with(['\n', '\r']) {
        ""
    } else {
        line_end
    };
    format!("{mark}---{line_end}{yaml}---{line_end}{gap}{body}")
}

fn new_yaml(
    yaml: &str,
    document: &Document,
    changes: &Map<String, Value>,
    wanted: &Map<String, Value>,
    line_end: &str,
) -> Result<String, EditError> {
    let holds = |text: &str| match Document::parse(text, 1) {
        Ok(document) => Ok(document.to_json() == *wanted),
        Err(wrong) => Err(wrong.message),
    };
    if let Some(edited) = edit_in_place(yaml, document, changes, line_end).filter(|text| holds(text) == Ok(true)) {
        return Ok(edited);
    }
    let rewritten = ended(&serialized(wanted)?, line_end);
    match holds(&rewritten) {
        Ok(true) => Ok(rewritten),
        Ok(false) => Err(EditError::Unwritable {
            message: "a value changes when it is written as YAML".to_owned(),
        }),
        Err(message) => Err(EditError::Unwritable { message }),
    }
}

/// None when a field does not stand on lines of its own.
fn edit_in_place(yaml: &str, document: &Document, changes: &Map<String, Value>, line_end: &str) -> Option<String> {
    if document.irregular {
        return None;
    }
    let mut edits: Vec<(Range<usize>, String)> = Vec::new();
    let mut indent = "";
    for entry in &document.entries {
        let line_start = yaml[..entry.key_start].rfind('\n').map_or(0, |newline| newline + 1);
        indent = &yaml[line_start..entry.key_start];
        if !indent.bytes().all(|byte| byte == b' ') {
            return None;
        }
        let Some(value) = changes.get(&entry.key).filter(|value| entry.node.to_json() != **value) else {
            continue;
        };
        let lines = line_start..end_of_lines(yaml, entry);
        edits.push(if value.is_null() {
            (lines, String::new())
        } else if let Some(inline) = inline_replacement(yaml, entry, value) {
            (entry.value.clone(), inline)
        } else {
            let comment = comment_after(yaml, entry).map(|comment| format!("{indent}{comment}{line_end}"));
            (
                lines,
                comment.unwrap_or_default() + &field_lines(&entry.key, value, indent, line_end)?,
            )
        });
    }
    let mut edited = String::with_capacity(yaml.len() + 256);
    let mut kept_to = 0;
    for (range, replacement) in edits {
        edited.push_str(yaml.get(kept_to..range.start)?);
        edited.push_str(&replacement);
        kept_to = range.end;
    }
    edited.push_str(yaml.get(kept_to..)?);
    for (key, value) in changes
        .iter()
        .filter(|(key, value)| !value.is_null() && document.get(key).is_none())
    {
        edited.push_str(&field_lines(key, value, indent, line_end)?);
    }
    Some(edited)
}

/// Where the last line of a field ends, its line end included. Comments on lines after it belong to what follows.
fn end_of_lines(yaml: &str, entry: &Entry) -> usize {
    // A text in block style takes in the blank lines after it; they stay.
    let written = yaml[..entry.value.end.max(entry.key_start)].trim_end_matches(['\n', '\r', ' ']);
    let end = written.len().max(entry.key_start);
    yaml[end..].find('\n').map_or(yaml.len(), |newline| end + newline + 1)
}

/// The comment that stands after a value on its last line.
fn comment_after<'yaml>(yaml: &'yaml str, entry: &Entry) -> Option<&'yaml str> {
    let rest = yaml.get(entry.value.end..end_of_lines(yaml, entry))?.trim();
    rest.starts_with('#').then_some(rest)
}

/// The text that may take the place of a value within its line.
fn inline_replacement(yaml: &str, entry: &Entry, value: &Value) -> Option<String> {
    let old = yaml.get(entry.value.clone())?;
    // A tag or an anchor between the name and the value would change what the new value means.
    let untagged = yaml.get(entry.key_start..entry.value.start)?.trim_end().ends_with(':');
    if old.is_empty() || old.contains('\n') || old.starts_with(['|', '>', '*']) || !untagged {
        return None;
    }
    match (&entry.node.content, value) {
        (Content::Scalar { .. }, Value::Array(_) | Value::Object(_)) | (Content::Map(_), _) => None,
        (Content::Scalar { .. }, scalar) => inline_scalar(scalar),
        (Content::List(_), Value::Array(_)) if old.starts_with('[') => {
            inline(value).filter(|text| text.chars().count() <= MAX_INLINE_CHARACTERS)
        }
        (Content::List(_), _) => None,
    }
}

/// A scalar or a list of scalars as YAML on one line; none when it needs more.
pub fn inline(value: &Value) -> Option<String> {
    match value {
        Value::Array(items) => {
            let items: Option<Vec<String>> = items.iter().map(flow_item).collect();
            Some(format!("[{}]", items?.join(", ")))
        }
        Value::Object(_) => None,
        _ => inline_scalar(value),
    }
}

fn inline_scalar(value: &Value) -> Option<String> {
    let text = serde_yaml::to_string(value).ok()?;
    let text = text.trim_end_matches('\n');
    (!text.contains('\n')).then(|| text.to_owned())
}

fn flow_item(value: &Value) -> Option<String> {
    match value {
        Value::Array(_) | Value::Object(_) => None,
        _ => {
            let text = inline_scalar(value)?;
            let quoted = text.starts_with(['"', '\'']);
            // Signs that mean something inside brackets, though not outside them.
            let delicate = text.contains([',', '[', ']', '{', '}', '#', ':', '?']);
            if quoted || !delicate {
                Some(text)
            } else {
                serde_json::to_string(value).ok()
            }
        }
    }
}

fn field_lines(key: &str, value: &Value, indent: &str, line_end: &str) -> Option<String> {
    let text = serialized(&Map::from_iter([(key.to_owned(), value.clone())])).ok()?;
    let lines = text.lines().map(|line| {
        if line.is_empty() {
            String::new()
        } else {
            format!("{indent}{line}")
        }
    });
    Some(lines.map(|line| line + line_end).collect())
}

fn serialized(fields: &Map<String, Value>) -> Result<String, EditError> {
    if fields.is_empty() {
        return Ok(String::new());
    }
    serde_yaml::to_string(fields).map_err(|wrong| EditError::Unwritable {
        message: wrong.to_string(),
    })
}

fn ended(text: &str, line_end: &str) -> String {
    if line_end == "\n" {
        text.to_owned()
    } else {
        text.replace('\n', line_end)
    }
}
