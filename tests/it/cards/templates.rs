//! Card templates.

use std::collections::BTreeMap;

use geoml_hub::cards::templates::{BUILT_IN, fill, variables};
use geoml_hub::cards::{apply, parse};
use serde_json::{Map, Value, json};

fn values() -> BTreeMap<String, Value> {
    let Value::Object(values) = json!({
        "title": "Rain: \"now\" # {{tags}}",
        "tags": ["a, b", "雨"],
        "license": "mit",
        "summary": "Text & more",
    }) else {
        panic!("an object")
    };
    values.into_iter().collect()
}

#[test]
fn every_built_in_template_makes_a_valid_card() {
    for template in BUILT_IN {
        assert!(
            variables(template.content).starts_with(&["title", "tags", "license"]),
            "{}",
            template.id
        );
        let readme = fill(template.content, &values());
        let card = parse(&readme);
        assert_eq!(card.problems, vec![], "{}:\n{readme}", template.id);
        assert_eq!(card.metadata.title.as_deref(), Some("Rain: \"now\" # {{tags}}"));
        assert_eq!(card.metadata.tags, ["a, b", "雨"]);
        assert!(
            readme.contains("\n# Rain: \"now\"") && readme.contains("\nText & more\n"),
            "{readme}"
        );
        let edited = apply(&readme, &Map::from_iter([("tags".to_owned(), json!(["c"]))])).unwrap();
        assert_eq!(edited, readme.replace("tags: [\"a, b\", 雨]", "tags: [c]"));
    }
}

#[test]
fn built_in_templates_cover_every_kind_in_both_languages() {
    let ids: Vec<&str> = BUILT_IN.iter().map(|template| template.id).collect();
    for kind in ["model", "dataset", "space", "code", "workflow", "project"] {
        for language in ["zh", "en"] {
            assert!(
                ids.contains(&format!("{kind}-{language}").as_str()),
                "{kind} {language}"
            );
        }
    }
}

#[test]
fn other_braces_are_left_alone() {
    let text = "{{ a }} {{}} {{b-c}} {{{d}}} {{e";
    assert_eq!(variables(text), ["d"]);
    assert_eq!(
        fill(text, &BTreeMap::from([("d".to_owned(), json!("D"))])),
        "{{ a }} {{}} {{b-c}} {D} {{e"
    );
}
