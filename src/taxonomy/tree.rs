use serde::Deserialize;

/// The tree's text.
const TREE: &str = include_str!("../../assets/classification.yaml");

/// One node of the built-in tree.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BuiltInNode {
    /// Stable slug.
    pub id: String,
    /// Chinese name.
    pub zh: String,
    /// English name.
    pub en: String,
    /// Nodes below it, in their order.
    #[serde(default)]
    pub children: Vec<BuiltInNode>,
}

/// The first level of the built-in tree.
pub fn built_in() -> Vec<BuiltInNode> {
    serde_yaml::from_str(TREE).expect("the embedded tree is read by a test")
}

/// Every node with the slug of the one above it; parents come before their children.
pub(super) fn flat() -> Vec<(Option<String>, BuiltInNode)> {
    let mut found = Vec::new();
    let mut open: Vec<(Option<String>, BuiltInNode)> = built_in().into_iter().rev().map(|node| (None, node)).collect();
    while let Some((parent, mut node)) = open.pop() {
        let children = std::mem::take(&mut node.children);
        open.extend(children.into_iter().rev().map(|child| (Some(node.id.clone()), child)));
        found.push((parent, node));
    }
    found
}
