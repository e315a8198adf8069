use super::openapi::{document, operations};
use geoml_hub::base::is_reserved;
use std::collections::BTreeSet;

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
