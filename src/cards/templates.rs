//! Card templates: README texts with variables such as `{{title}}`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::base::RepositoryKind;
use crate::cards::edit;
use crate::cards::front_matter;

/// A language of the built-in templates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TemplateLanguage {
    /// Chinese.
    Zh,
    /// English.
    En,
}

/// A template that comes with the hub.
#[derive(Debug, Clone, Copy)]
pub struct BuiltInTemplate {
    /// Stable name, such as `model-zh`.
    pub id: &'static str,
    /// Kind of repository that it is for.
    pub kind: RepositoryKind,
    /// Its language.
    pub language: TemplateLanguage,
    /// The README with variables.
    pub content: &'static str,
}

macro_rules! built_in {
    ($($kind:ident $id:literal $language:ident),* $(,)?) => {
        &[$(BuiltInTemplate {
            id: $id,
            kind: RepositoryKind::$kind,
            language: TemplateLanguage::$language,
            content: include_str!(concat!("../../assets/templates/", $id, ".md")),
        }),*]
    };
}

/// The built-in templates.
pub const BUILT_IN: &[BuiltInTemplate] = built_in![
    Model "model-zh" Zh,
    Model "model-en" En,
    Dataset "dataset-zh" Zh,
    Dataset "dataset-en" En,
    Space "space-zh" Zh,
    Space "space-en" En,
    Code "code-zh" Zh,
    Code "code-en" En,
    Workflow "workflow-zh" Zh,
    Workflow "workflow-en" En,
    Project "project-zh" Zh,
    Project "project-en" En,
];

/// The names of the variables of a template, in order of appearance.
pub fn variables(content: &str) -> Vec<&str> {
    let mut names = Vec::new();
    for (_, name) in Pieces(content).filter_map(|(text, name)| name.map(|name| (text, name))) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

/// The README that a template makes of `values`. In the front matter a value is written as YAML, below it as it is; a
/// variable without a value is empty.
pub fn fill(content: &str, values: &BTreeMap<String, Value>) -> String {
    let split = front_matter::split(content);
    let yaml = split.yaml.unwrap_or(0..0);
    let value = |name: &str| values.get(name).unwrap_or(&Value::Null);
    let as_yaml = |name: &str| match value(name) {
        Value::Null => "\"\"".to_owned(),
        value => edit::inline(value).unwrap_or_else(|| value.to_string()),
    };
    let as_text = |name: &str| match value(name) {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(", "),
        value => value.to_string(),
    };
    let (head, rest) = content.split_at(yaml.end);
    let (fence, head) = head.split_at(yaml.start);
    [fence, &replaced(head, as_yaml), &replaced(rest, as_text)].concat()
}

fn replaced(content: &str, value: impl Fn(&str) -> String) -> String {
    let mut text = String::with_capacity(content.len());
    for (piece, name) in Pieces(content) {
        text.push_str(piece);
        text.push_str(&name.map(&value).unwrap_or_default());
    }
    text
}

/// Walks a template: the text before a variable and the variable's name; at last the remaining text.
struct Pieces<'content>(&'content str);

impl<'content> Iterator for Pieces<'content> {
    type Item = (&'content str, Option<&'content str>);

    fn next(&mut self) -> Option<Self::Item> {
        let content = self.0;
        if content.is_empty() {
            return None;
        }
        let mut from = 0;
        while let Some(start) = content[from..].find("{{").map(|start| from + start) {
            let inside = &content[start + 2..];
            let end = inside
                .find(|c: char| !(c.is_ascii_alphanumeric() || c == '_'))
                .unwrap_or(inside.len());
            if end > 0 && inside[end..].starts_with("}}") {
                self.0 = &inside[end + 2..];
                return Some((&content[..start], Some(&inside[..end])));
            }
            from = start + 1;
        }
        self.0 = "";
        Some((content, None))
    }
}
