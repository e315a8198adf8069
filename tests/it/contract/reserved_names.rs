use super::openapi::{document, operations};
use geoml_hub::base::is_reserved;
use std::collections::BTreeSet;
use std::path::Path;

/// An account's pages live at `/{username}` and its repositories at `/api/{username}/…`, so whatever word a route has
/// in either place must not be a name.
#[test]
fn no_account_can_take_a_word_with_which_a_route_begins() {
    let document = document();
    let mut words = BTreeSet::new();
    for ((_, path), _) in operations(&document) {
        let parts: Vec<&str> = path.trim_start_matches('/').split('/').collect();
        words.insert(parts[0].to_owned());
        if parts[0] == "api" {
            words.extend(parts.get(1).map(|part| (*part).to_owned()));
        }
    }
    words.retain(|word| !word.starts_with('{') && !word.is_empty());
    let free: Vec<_> = words.iter().filter(|word| !is_reserved(word)).collect();
    assert!(free.is_empty(), "not reserved, though routes begin so: {free:?}");
}

/// The web UI draws pages at addresses of its own, which stand beside the pages of accounts.
#[test]
fn no_account_can_take_a_word_with_which_a_page_of_the_web_ui_begins() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut words = BTreeSet::new();
    words_below(&root.join("ui/src/routes"), &mut words);
    words_below(&root.join("assets/ui"), &mut words);
    words.retain(|word| !word.starts_with('['));
    let free: Vec<_> = words.iter().filter(|word| !is_reserved(word)).collect();
    assert!(free.is_empty(), "not reserved, though pages begin so: {free:?}");
}

/// Names of folders in a folder, and those in groups below it, which stand in no address.
fn words_below(folder: &Path, words: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten() {
        let entry = entry.unwrap();
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.starts_with('(') {
            words_below(&entry.path(), words);
        } else if entry.path().is_dir() {
            words.insert(name);
        }
    }
}
