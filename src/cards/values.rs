//! Which values of a card can be looked up and are counted: short texts and numbers, not titles, places and results.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::cards::metadata::CardMetadata;

/// Longest value that can be looked up, in characters.
const VALUE_MAX_CHARS: usize = 200;
/// Longest name of a field that can be looked up, in characters.
const FIELD_MAX_CHARS: usize = 100;
/// Most values of one card that can be looked up; those of the catalogue come first.
const MOST_VALUES: usize = 300;

/// The values of a card: field and comparable value to the value as written.
pub type CardValues = BTreeMap<(String, String), String>;

/// How values are compared: without regard to case and surrounding blanks.
pub fn comparable(value: &str) -> String {
    value.trim().to_lowercase()
}

/// The values of a card that can be looked up.
pub fn of_card(card: &CardMetadata) -> CardValues {
    let mut values = CardValues::new();
    for (field, texts) in known(card) {
        for text in &texts {
            add(&mut values, field, text);
        }
    }
    for (field, value) in &card.extra {
        let items = match value {
            Value::Array(items) => items.as_slice(),
            value => std::slice::from_ref(value),
        };
        for text in items.iter().filter_map(text) {
            add(&mut values, field, &text);
        }
    }
    values
}

fn known(card: &CardMetadata) -> Vec<(&'static str, Vec<String>)> {
    let one = |value: &Option<String>| value.iter().cloned().collect();
    vec![
        ("tags", card.tags.clone()),
        ("license", card.license.clone()),
        ("framework", card.framework.clone()),
        ("task", card.task.clone()),
        ("base_model", card.base_model.clone()),
        ("datasets", card.datasets.clone()),
        ("language", card.language.clone()),
        ("metrics", card.metrics.clone()),
        ("classification_1", card.classification_1.clone()),
        ("classification_2", card.classification_2.clone()),
        ("classification_3", card.classification_3.clone()),
        ("pipeline_tag", one(&card.pipeline_tag)),
        ("library_name", one(&card.library_name)),
        ("crs", one(&card.crs)),
        ("sensors", card.sensors.clone()),
        ("bands", card.bands.iter().map(|band| band.name.clone()).collect()),
        ("gsd", card.gsd.iter().map(ToString::to_string).collect()),
    ]
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(truth) => Some(truth.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

fn add(values: &mut CardValues, field: &str, text: &str) {
    let key = comparable(text);
    let fits = |text: &str, most| !text.is_empty() && text.chars().count() <= most;
    if values.len() < MOST_VALUES && fits(&key, VALUE_MAX_CHARS) && fits(field, FIELD_MAX_CHARS) {
        values
            .entry((field.to_owned(), key))
            .or_insert_with(|| text.trim().to_owned());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cards::metadata::parse;

    #[test]
    fn short_texts_and_numbers_can_be_looked_up() {
        let readme = "---\ntitle: T\ntags: [A, a, ' B ']\nlicense: MIT\ngsd: 10 m\nbands: [B1]\nnote: {a: 1}\nyear: [2020, x]\n---\n";
        let values = of_card(&parse(readme).metadata);
        let found: Vec<(&str, &str, &str)> = values
            .iter()
            .map(|((field, key), shown)| (field.as_str(), key.as_str(), shown.as_str()))
            .collect();
        let expected = [
            ("bands", "b1", "B1"),
            ("gsd", "10", "10"),
            ("license", "mit", "MIT"),
            ("tags", "a", "A"),
            ("tags", "b", "B"),
            ("year", "2020", "2020"),
            ("year", "x", "x"),
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn a_card_cannot_flood_the_index() {
        let tags: Vec<String> = (0..1000).map(|number| format!("t{number}")).collect();
        let card = CardMetadata {
            tags,
            ..CardMetadata::default()
        };
        assert_eq!(of_card(&card).len(), MOST_VALUES);
    }
}
