//! The JSON Schema of a card's front matter, made from the catalogue of fields.

use serde_json::{Map, Value, json};

use crate::cards::fields::{FIELDS, Field, Shape};
use crate::cards::metadata::{MAX_TEXT_CHARS, MOST_TEXTS};

/// The schema document (JSON Schema, draft 2020-12). Other fields are allowed. Other names of a field are listed under
/// `x-aliases`, and each has a property that refers to the field.
pub fn document() -> Value {
    let mut properties = Map::new();
    for field in FIELDS {
        properties.insert(field.name.to_owned(), property(field));
    }
    for (alias, field) in FIELDS
        .iter()
        .flat_map(|field| field.aliases.iter().map(move |alias| (alias, field)))
    {
        let reference = json!({ "$ref": format!("#/properties/{}", field.name), "x-alias-of": field.name });
        properties.entry((*alias).to_owned()).or_insert(reference);
    }
    let required: Vec<&str> = FIELDS
        .iter()
        .filter(|field| field.required)
        .map(|field| field.name)
        .collect();
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Card metadata: YAML front matter of README.md",
        "type": "object",
        "required": required,
        "properties": properties,
        "additionalProperties": true,
    })
}

fn property(field: &Field) -> Value {
    let mut property = shape(field.shape);
    property.insert("description".to_owned(), json!(field.english));
    property.insert("x-description-zh".to_owned(), json!(field.chinese));
    property.insert("x-aliases".to_owned(), json!(field.aliases));
    Value::Object(property)
}

fn shape(shape: Shape) -> Map<String, Value> {
    let text = json!({ "type": "string", "maxLength": MAX_TEXT_CHARS });
    let texts = json!({ "type": "array", "items": text, "maxItems": MOST_TEXTS });
    let moment =
        json!({ "type": ["string", "null"], "description": "ISO 8601 year, month, day or time; null is open" });
    let value = match shape {
        Shape::Text => json!({ "type": "string", "minLength": 1, "maxLength": MAX_TEXT_CHARS }),
        Shape::Texts => json!({ "oneOf": [text, texts] }),
        Shape::BoundingBox => json!({
            "type": "array",
            "prefixItems": [longitude(), latitude(), longitude(), latitude()],
            "minItems": 4,
            "maxItems": 4,
            "examples": [[73.5, 18.0, 135.1, 53.6]],
        }),
        Shape::TemporalExtent => json!({
            "type": "object",
            "properties": { "start": moment, "end": moment },
            "examples": [{ "start": "1979-01-01", "end": null }],
        }),
        Shape::ReferenceSystem => json!({ "type": "string", "examples": ["EPSG:4326"] }),
        Shape::Bands => json!({
            "type": "array",
            "items": { "oneOf": [
                { "type": "string" },
                {
                    "type": "object",
                    "required": ["name"],
                    "properties": {
                        "name": { "type": "string" },
                        "wavelength": { "type": ["number", "string"], "description": "micrometres, or a text with nm or µm" },
                    },
                },
            ] },
        }),
        Shape::GroundSampleDistance => json!({
            "oneOf": [{ "type": "number", "exclusiveMinimum": 0 }, { "type": "string", "examples": ["10 m"] }],
        }),
        Shape::Any => json!({}),
    };
    match value {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}

fn longitude() -> Value {
    json!({ "type": "number", "minimum": -180, "maximum": 180 })
}

fn latitude() -> Value {
    json!({ "type": "number", "minimum": -90, "maximum": 90 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_of_the_catalogue_has_a_property() {
        let schema = document();
        for field in FIELDS {
            for name in field.aliases.iter().chain([&field.name]) {
                assert!(schema["properties"][name].is_object(), "{name}");
            }
        }
        assert_eq!(schema["required"], json!(["title", "tags", "license"]));
    }
}
