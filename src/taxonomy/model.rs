use serde::{Deserialize, Serialize};

/// Levels of the tree.
pub const LEVELS: u8 = 3;
/// The longest id, in characters.
const ID_MAX_CHARS: usize = 64;
/// The longest name, in characters.
const NAME_MAX_CHARS: usize = 120;

/// A node of the classification tree.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Classification {
    /// Its slug, which never changes.
    pub id: String,
    /// The node above it; none on the first level.
    pub parent: Option<String>,
    /// 1 to 3.
    pub level: u8,
    /// Its place among its siblings; equal places are ordered by id.
    pub position: u32,
    /// Chinese name.
    pub name_zh: String,
    /// English name.
    pub name_en: String,
    /// It came with the hub.
    pub built_in: bool,
}

/// Who linked a repository to a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LinkOrigin {
    /// The card says it; every commit renews these.
    Card,
    /// Somebody added it.
    Person,
}

impl LinkOrigin {
    /// Both, in the order of their numbers.
    pub const ALL: [Self; 2] = [Self::Card, Self::Person];

    /// Its number in keys; never to be changed.
    pub(super) const fn number(self) -> u8 {
        match self {
            Self::Card => 1,
            Self::Person => 2,
        }
    }
}

/// A node that a repository belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RepositoryClassification {
    /// The node.
    pub node: Classification,
    /// Who linked it; empty when only a node below it was linked.
    pub origins: Vec<LinkOrigin>,
}

/// How names are compared: without regard to case and surrounding blanks.
pub(super) fn name_key(name: &str) -> String {
    name.trim().to_lowercase()
}

/// Whether a text may be the id of a node: words of lower-case letters and digits, joined by hyphens.
pub fn is_id(text: &str) -> bool {
    let is_word = |word: &str| {
        let mut bytes = word.bytes();
        !word.is_empty() && bytes.all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
    };
    // The address of the whole tree stands where ids stand.
    text.len() <= ID_MAX_CHARS && text != "tree" && text.split('-').all(is_word)
}

/// A name without surrounding blanks; none when it cannot be one.
pub(super) fn parse_name(text: &str) -> Option<String> {
    let name = text.trim();
    let fits = !name.is_empty() && name.chars().count() <= NAME_MAX_CHARS && !name.chars().any(char::is_control);
    fits.then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_words_joined_by_hyphens() {
        for id in ["a", "sea-ice", "geological-3d-modelling", "2"] {
            assert!(is_id(id), "{id}");
        }
        let too_long = "x".repeat(65);
        for id in ["", "-a", "a-", "a--b", "A", "a b", "a/b", "海冰", "tree", &too_long] {
            assert!(!is_id(id), "{id}");
        }
    }

    #[test]
    fn names_are_one_line_without_surrounding_blanks() {
        assert_eq!(parse_name(" 海冰 Sea Ice "), Some("海冰 Sea Ice".to_owned()));
        for name in ["", "  ", "a\nb", &"x".repeat(121)] {
            assert_eq!(parse_name(name), None, "{name:?}");
        }
    }
}
