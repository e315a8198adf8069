//! The built-in tree as data.

use std::collections::HashSet;

use geoml_hub::taxonomy::{BuiltInNode, built_in};

fn walk<'tree>(nodes: &'tree [BuiltInNode], level: u8, found: &mut Vec<(u8, &'tree BuiltInNode)>) {
    for node in nodes {
        found.push((level, node));
        walk(&node.children, level + 1, found);
    }
}

#[test]
fn the_built_in_tree_has_three_levels_and_unique_slugs_and_names() {
    let tree = built_in();
    let mut nodes = Vec::new();
    walk(&tree, 1, &mut nodes);
    assert!(nodes.len() >= 150, "{}", nodes.len());
    assert!(nodes.iter().all(|(level, _)| *level <= 3));
    let mut seen = HashSet::new();
    for (_, node) in &nodes {
        let is_slug = node.id.split('-').all(|part| {
            !part.is_empty()
                && part
                    .bytes()
                    .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
        });
        assert!(is_slug, "{}", node.id);
        for name in [node.id.clone(), node.zh.clone(), node.en.to_lowercase()] {
            assert!(
                name == node.id.replace('-', " ") || seen.insert(name.clone()),
                "{name} stands twice"
            );
        }
        assert!(
            node.zh.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c)),
            "{} has no Chinese name",
            node.id
        );
        assert!(node.en.is_ascii() || node.en.contains("Niño"), "{}", node.en);
    }
}
