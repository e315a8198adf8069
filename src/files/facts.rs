//! What people say about a file beside its content: rows keyed by repository and path, which moves move.

use super::error::FilesError;
use super::{FileEntry, Files, event, store};
use crate::events::{NewEvent, Origin, Subject};
use crate::repos::WriteRepo;
use serde::{Deserialize, Serialize};
use serde_json::json;

/// The longest description, in characters.
const DESCRIPTION_MAX_CHARS: usize = 1_000;
const CONTENT_TYPE_MAX_BYTES: usize = 200;

/// The row of a file of which something is known.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct FactsRow {
    /// A sentence about it.
    #[serde(default)]
    pub(super) description: Option<String>,
    /// The media type, when the name tells the wrong one.
    #[serde(default)]
    pub(super) content_type: Option<String>,
}

/// What to change; absent fields stay, empty ones are removed.
#[derive(Debug, Clone, Default)]
pub struct FactsChange {
    /// A sentence about the file.
    pub description: Option<String>,
    /// The media type under which it is sent.
    pub content_type: Option<String>,
}

impl Files {
    /// Changes what is said about a file.
    pub async fn change_facts(
        &self,
        proof: &WriteRepo,
        entry: &FileEntry,
        change: FactsChange,
        origin: Origin,
    ) -> Result<(), FilesError> {
        let description = change.description.map(description).transpose()?;
        let content_type = change.content_type.map(content_type).transpose()?;
        let (id, path) = (proof.repository().id, entry.path.clone());
        let events = self.0.events.clone();
        self.0
            .store
            .write(move |tx| {
                let before = store::facts(tx, id, &path)?.unwrap_or_default();
                let mut row = before.clone();
                row.description = description.unwrap_or(row.description);
                row.content_type = content_type.unwrap_or(row.content_type);
                if row == before {
                    return Ok(());
                }
                store::put_facts(tx, id, &path, &row)?;
                let described = NewEvent::new(event::DESCRIBED, &origin, Subject::Repository(id));
                events.record(tx, described.with(json!({ "path": path })))?;
                Ok(())
            })
            .await
    }
}

fn description(text: String) -> Result<Option<String>, FilesError> {
    let text = text.trim();
    let bad = text.chars().count() > DESCRIPTION_MAX_CHARS || text.chars().any(|c| c.is_control() && c != '\n');
    if bad {
        let message =
            format!("A description has at most {DESCRIPTION_MAX_CHARS} characters and no control characters.");
        return Err(FilesError::invalid("description", message));
    }
    Ok((!text.is_empty()).then(|| text.to_owned()))
}

/// `type/subtype` with parameters, as in RFC 9110, section 8.3.1; nothing that could end a header.
fn content_type(text: String) -> Result<Option<String>, FilesError> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    let token = |part: &str| {
        !part.is_empty()
            && part
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"!#$&^_.+-".contains(&byte))
    };
    let essence = text.split(';').next().unwrap_or_default().trim();
    let well_formed = essence
        .split_once('/')
        .is_some_and(|(kind, sub)| token(kind) && token(sub));
    let printable = text.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ');
    if !well_formed || !printable || text.len() > CONTENT_TYPE_MAX_BYTES {
        return Err(FilesError::invalid(
            "content_type",
            "A content type has the form 'type/subtype', such as 'text/csv'.",
        ));
    }
    Ok(Some(text.to_owned()))
}
