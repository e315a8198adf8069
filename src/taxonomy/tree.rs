//! The built-in classification tree, as it lies under `assets/`.

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
