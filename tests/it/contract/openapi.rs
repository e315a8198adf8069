use crate::support::{TestApp, assert_snapshot};
use serde_json::Value;
use std::collections::BTreeSet;

/// One route: method in capitals and path template.
pub(super) type Operation = (String, String);

/// The description of the API as a JSON document.
pub(super) fn document() -> Value {
    serde_json::to_value(geoml_hub::app::openapi()).unwrap()
}

/// Every operation of the document, ordered by path, then method.
pub(super) fn operations(document: &Value) -> Vec<(Operation, &Value)> {
    let paths = document["paths"].as_object().unwrap();
    let mut all: Vec<_> = paths
        .iter()
        .flat_map(|(path, methods)| {
            let methods = methods.as_object().unwrap();
            methods
                .iter()
                .map(|(method, operation)| ((method.to_uppercase(), path.clone()), operation))
        })
        .collect();
    all.sort_by(|(left, _), (right, _)| (&left.1, &left.0).cmp(&(&right.1, &right.0)));
    all
}

#[test]
fn the_description_of_the_api_is_the_committed_one() {
    let text = serde_json::to_string_pretty(&document()).unwrap();
    assert_snapshot("tests/it/contract/openapi.json", &format!("{text}\n"));
}

#[test]
fn every_operation_has_a_name_of_its_own_a_summary_a_tag_and_its_path_parameters() {
    let document = document();
    let mut names = BTreeSet::new();
    let mut problems = Vec::new();
    for ((method, path), operation) in operations(&document) {
        let name = operation["operationId"].as_str().unwrap_or_default();
        if !names.insert(name.to_owned()) || name.is_empty() {
            problems.push(format!(
                "{method} {path}: the operation id {name:?} is missing or taken"
            ));
        }
        if operation["summary"].as_str().is_none_or(str::is_empty) {
            problems.push(format!("{method} {path} has no summary"));
        }
        if operation["tags"].as_array().is_none_or(Vec::is_empty) {
            problems.push(format!("{method} {path} has no tag"));
        }
        let described: BTreeSet<&str> = operation["parameters"]
            .as_array()
            .into_iter()
            .flatten()
            .filter(|parameter| parameter["in"] == "path")
            .filter_map(|parameter| parameter["name"].as_str())
            .collect();
        let named: BTreeSet<&str> = parameters_of(&path).collect();
        if described != named {
            problems.push(format!(
                "{method} {path} describes the path parameters {described:?}, its template has {named:?}"
            ));
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

/// The names in braces of a path template, without what actix says about their form.
pub(super) fn parameters_of(path: &str) -> impl Iterator<Item = &str> {
    path.split('{').skip(1).filter_map(|rest| rest.split(['}', ':']).next())
}

#[tokio::test]
async fn the_hub_serves_its_description() {
    let app = TestApp::start().await;
    let served = app.anonymous().get("/api/openapi.json").await.ok();
    assert_eq!(served, document());
    app.finish().await;
}

/// Names of the types of a source file that get a place of their own in the document: there the name alone counts, so that
/// a second type of the same name would silently take the place of the first.
fn schemas(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for part in text.split("#[derive(").skip(1) {
        let Some((derived, rest)) = part.split_once(")]") else {
            continue;
        };
        if !derived.split([',', ' ', '\n', ':']).any(|word| word == "ToSchema") {
            continue;
        }
        let words: Vec<&str> = rest.split(|c: char| !c.is_alphanumeric() && c != '_').collect();
        let declared = words.iter().position(|word| matches!(*word, "struct" | "enum"));
        let name = declared.and_then(|place| words.get(place + 1));
        found.extend(name.map(|name| (*name).to_owned()));
    }
    found
}

fn sources(folder: &std::path::Path, found: &mut Vec<std::path::PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

#[test]
fn no_two_types_of_the_description_have_the_same_name() {
    let mut files = Vec::new();
    sources(std::path::Path::new("src"), &mut files);
    files.sort();
    let mut homes: std::collections::BTreeMap<String, std::path::PathBuf> = std::collections::BTreeMap::new();
    let mut problems = Vec::new();
    for file in files {
        for name in schemas(&std::fs::read_to_string(&file).unwrap()) {
            if let Some(other) = homes.insert(name.clone(), file.clone()) {
                problems.push(format!("{name}: {} and {}", other.display(), file.display()));
            }
        }
    }
    assert!(homes.len() > 100, "the types are not found any more");
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[test]
fn a_second_type_of_the_same_name_is_found_whatever_stands_between() {
    let text = "#[derive(Debug, utoipa::ToSchema)]\n#[serde(rename_all = \"camelCase\")]\npub(super) struct Answer {}\n\
        #[derive(Serialize, ToSchema)]\nenum Answer { One }\n#[derive(Debug)]\nstruct Other;";
    assert_eq!(schemas(text), ["Answer", "Answer"]);
}
