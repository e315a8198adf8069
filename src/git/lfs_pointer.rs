//! The text that stands in git for a large file, by the git-lfs specification
//! (<https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md>, version 1).

use super::error::GitError;
use super::model::ObjectId;
use super::pack::object_id;
use crate::base::Sha256;
use gix::objs::Kind;
use std::fmt;
use std::str::FromStr;

const VERSION: &str = "https://git-lfs.github.com/spec/v1";
/// The name under which git-lfs before 1.0 wrote the same format; its readers accept both.
const VERSION_BEFORE_1: &str = "https://hawser.github.com/spec/v1";

/// Longer texts are not pointers: "less than 1024 bytes" in the specification.
pub const POINTER_MAX_BYTES: u64 = 1_023;

/// A large file as git sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LfsPointer {
    /// Digest of the content.
    pub sha256: Sha256,
    /// Size of the content in bytes.
    pub size: u64,
}

impl LfsPointer {
    /// Reads a pointer; `None` for anything else, however similar. Extension lines (`ext-0-name sha256:…`) are allowed
    /// and ignored, as the object that the server holds is the one named by `oid`.
    pub fn parse(content: &[u8]) -> Option<Self> {
        if content.len() as u64 > POINTER_MAX_BYTES {
            return None;
        }
        let text = std::str::from_utf8(content).ok()?.strip_suffix('\n')?;
        let mut lines = text.split('\n').map(|line| line.split_once(' '));
        let (key, version) = lines.next()??;
        if key != "version" || ![VERSION, VERSION_BEFORE_1].contains(&version) {
            return None;
        }
        let (mut sha256, mut size, mut previous) = (None, None, "");
        for line in lines {
            let (key, value) = line?;
            // Keys after the version are sorted and unique.
            if key <= previous || value.is_empty() {
                return None;
            }
            previous = key;
            match key {
                "oid" => sha256 = Some(parse_digest(value.strip_prefix("sha256:")?)?),
                "size" => size = Some(parse_size(value)?),
                extension if is_extension(extension) => {
                    parse_digest(value.strip_prefix("sha256:")?)?;
                }
                _ => return None,
            }
        }
        Some(Self {
            sha256: sha256?,
            size: size?,
        })
    }
}

fn parse_digest(text: &str) -> Option<Sha256> {
    let lower = text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    if lower { text.parse().ok() } else { None }
}

/// A pebibyte. A text that names more is no pointer, and sums of sizes stay far from overflowing.
const SIZE_MAX: u64 = 1 << 50;

fn parse_size(text: &str) -> Option<u64> {
    let canonical = text == "0" || !text.starts_with(['0', '+']);
    let size = if canonical { text.parse().ok() } else { None };
    size.filter(|size| *size <= SIZE_MAX)
}

fn is_extension(key: &str) -> bool {
    let mut parts = key.splitn(3, '-');
    parts.next() == Some("ext")
        && parts
            .next()
            .is_some_and(|order| order.len() == 1 && order.as_bytes()[0].is_ascii_digit())
        && parts
            .next()
            .is_some_and(|name| !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric()))
}

impl LfsPointer {
    /// The object of the pointer in the form that git-lfs and the hub write it.
    pub fn object(&self) -> Result<ObjectId, GitError> {
        object_id(Kind::Blob, self.to_string().as_bytes())
    }
}

impl fmt::Display for LfsPointer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "version {VERSION}\noid sha256:{}\nsize {}\n",
            self.sha256, self.size
        )
    }
}

impl FromStr for LfsPointer {
    type Err = GitError;

    fn from_str(text: &str) -> Result<Self, GitError> {
        Self::parse(text.as_bytes()).ok_or(GitError::NotAPointer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EXAMPLE: &str = "version https://git-lfs.github.com/spec/v1\n\
        oid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393\nsize 12345\n";

    #[test]
    fn the_example_of_the_specification_survives_reading_and_writing() {
        let pointer = LfsPointer::parse(EXAMPLE.as_bytes()).unwrap();
        assert_eq!(pointer.size, 12_345);
        assert_eq!(pointer.to_string(), EXAMPLE);
    }

    #[test]
    fn texts_that_only_resemble_a_pointer_are_ordinary_files() {
        let bad = [
            EXAMPLE.trim_end().to_owned(),
            EXAMPLE.replace("size 12345", "size -1"),
            EXAMPLE.replace("size 12345", "size 012"),
            EXAMPLE.replace("sha256:4d7a", "sha256:4D7A"),
            EXAMPLE.replace("sha256:", "md5:"),
            EXAMPLE.replace("spec/v1", "spec/v2"),
            EXAMPLE.replace('\n', "\r\n"),
            format!("{EXAMPLE}\n"),
            format!("{EXAMPLE}unknown key\n"),
            EXAMPLE.replace("size 12345\n", ""),
            format!("{EXAMPLE}{}", "x".repeat(1024)),
            String::new(),
        ];
        for text in bad {
            assert_eq!(LfsPointer::parse(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn extensions_are_read_over() {
        let digest = "a".repeat(64);
        let text = EXAMPLE.replace("oid ", &format!("ext-0-foo sha256:{digest}\noid "));
        assert_eq!(LfsPointer::parse(text.as_bytes()).unwrap().size, 12_345);
    }
}
