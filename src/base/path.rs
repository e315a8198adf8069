//! Paths inside a repository: what git, every file system and every client can hold.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use std::str::FromStr;
use unicode_normalization::{UnicodeNormalization, is_nfc};

/// The longest path in bytes, so that a file id stays a usable URL segment.
pub const PATH_MAX_BYTES: usize = 1_024;
/// The longest part of a path in bytes, the limit of common file systems.
pub const PART_MAX_BYTES: usize = 255;

/// Why a text cannot be a path in a repository.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidPath {
    /// Nothing was given.
    #[error("A path cannot be empty.")]
    Empty,
    /// More than [`PATH_MAX_BYTES`], or a part of more than [`PART_MAX_BYTES`].
    #[error("A path has at most {PATH_MAX_BYTES} bytes, each of its parts at most {PART_MAX_BYTES}.")]
    TooLong,
    /// Begins with `/`, a drive letter, or contains a backslash.
    #[error("A path is relative to the repository and uses '/' between its parts: '{0}' does not.")]
    NotRelative(String),
    /// `.` or `..` or nothing between two slashes.
    #[error("A path has no empty, '.' or '..' parts: '{0}' has.")]
    Traversal(String),
    /// A control character, or one that reorders text.
    #[error("A path has no control characters.")]
    Control,
    /// A part that git or a file system keeps for itself.
    #[error("'{0}' is reserved and cannot be a part of a path.")]
    Reserved(String),
}

/// A checked path of a file or folder in a repository, relative, with `/` between its parts, in Unicode NFC.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RepoPath(String);

impl RepoPath {
    /// The path as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The last part.
    pub fn file_name(&self) -> &str {
        self.0.rsplit('/').next().unwrap_or(&self.0)
    }

    /// The folder that holds it; `None` at the root.
    pub fn parent(&self) -> Option<Self> {
        self.0.rsplit_once('/').map(|(parent, _)| Self(parent.to_owned()))
    }

    /// The extension of the file name in lower case, without its dot.
    pub fn extension(&self) -> Option<String> {
        let (stem, extension) = self.file_name().rsplit_once('.')?;
        (!stem.is_empty() && !extension.is_empty()).then(|| extension.to_lowercase())
    }
}

impl FromStr for RepoPath {
    type Err = InvalidPath;

    fn from_str(text: &str) -> Result<Self, InvalidPath> {
        let text = if is_nfc(text) {
            text.to_owned()
        } else {
            text.nfc().collect()
        };
        if text.is_empty() {
            return Err(InvalidPath::Empty);
        }
        if text.chars().any(is_unprintable) {
            return Err(InvalidPath::Control);
        }
        let shown = || text.chars().take(100).collect::<String>();
        let drive = text.as_bytes().get(1) == Some(&b':') && text.as_bytes()[0].is_ascii_alphabetic();
        if text.starts_with('/') || text.contains('\\') || drive {
            return Err(InvalidPath::NotRelative(shown()));
        }
        if text.len() > PATH_MAX_BYTES || text.split('/').any(|part| part.len() > PART_MAX_BYTES) {
            return Err(InvalidPath::TooLong);
        }
        if text.split('/').any(|part| matches!(part, "" | "." | "..")) {
            return Err(InvalidPath::Traversal(shown()));
        }
        if let Some(part) = text.split('/').find(|part| is_reserved(part)) {
            return Err(InvalidPath::Reserved(part.to_owned()));
        }
        Ok(Self(text))
    }
}

/// Control characters and the marks of bidirectional text, which make a name look like another (Unicode TR 36).
fn is_unprintable(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// `.git` in the forms under which file systems of macOS and Windows still find it, and trailing dots and blanks,
/// which Windows drops.
fn is_reserved(part: &str) -> bool {
    let trimmed = part.trim_end_matches(['.', ' ']);
    let base = trimmed
        .split(':')
        .next()
        .unwrap_or(trimmed)
        .trim_end_matches(['.', ' '])
        .to_lowercase();
    trimmed.len() != part.len() || base == ".git" || base == "git~1"
}

impl fmt::Display for RepoPath {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl fmt::Debug for RepoPath {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, formatter)
    }
}

impl Serialize for RepoPath {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for RepoPath {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinary_paths_in_any_language_are_accepted() {
        for good in [
            "README.md",
            "数据/降水 2020.nc",
            "a/b/c.tar.gz",
            ".gitattributes",
            ".github/x",
            "a..b",
        ] {
            assert!(good.parse::<RepoPath>().is_ok(), "{good}");
        }
        assert_eq!("cafe\u{301}".parse::<RepoPath>().unwrap().as_str(), "caf\u{e9}");
    }

    #[test]
    fn paths_that_escape_or_deceive_are_refused() {
        let long_part = "a".repeat(256);
        let long_path = "a/".repeat(600) + "a";
        let bad = [
            "",
            "/etc/passwd",
            "a//b",
            "a/",
            "../x",
            "a/../b",
            "./a",
            "C:/x",
            "a\\b",
            ".git/config",
            "a/.GIT/x",
            ".git.",
            "GIT~1",
            ".git::$INDEX_ALLOCATION",
            "a\0b",
            "a\nb",
            "name.",
            "name ",
            "x\u{202e}gpj.exe",
            &long_part,
            &long_path,
        ];
        for path in bad {
            assert!(path.parse::<RepoPath>().is_err(), "{path}");
        }
    }

    #[test]
    fn extensions_are_lower_case() {
        let extension = |text: &str| text.parse::<RepoPath>().unwrap().extension();
        assert_eq!(extension("a/B.TIF").as_deref(), Some("tif"));
        assert_eq!(extension(".gitignore"), None);
    }
}
