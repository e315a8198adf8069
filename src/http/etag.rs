use std::fmt;

use crate::base::Sha256;

/// An entity tag (RFC 9110, section 8.8.3). Ours are strong: equal tags mean equal bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ETag(String);

impl ETag {
    /// The tag of content with this digest.
    pub fn of(sha256: &Sha256) -> Self {
        Self(sha256.to_string())
    }

    /// A tag from anything that changes when the bytes do. Characters that a tag may not have are left out.
    pub fn strong(text: &str) -> Self {
        Self(
            text.chars()
                .filter(|letter| letter.is_ascii_graphic() && *letter != '"')
                .collect(),
        )
    }

    /// Whether a list of tags holds this one by the strong comparison (section 8.8.3.2), or is `*`: for `If-Match`.
    pub fn is_in(&self, list: &str) -> bool {
        list.trim() == "*" || tags(list).any(|(weak, tag)| !weak && tag == self.0)
    }

    /// The same by the weak comparison, for `If-None-Match`: proxies that compress make our tags weak.
    pub fn is_weakly_in(&self, list: &str) -> bool {
        list.trim() == "*" || tags(list).any(|(_, tag)| tag == self.0)
    }
}

impl fmt::Display for ETag {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "\"{}\"", self.0)
    }
}

/// The tags of a list, each with whether it is weak; stops where the list is broken.
fn tags(list: &str) -> impl Iterator<Item = (bool, &str)> {
    let mut rest = list;
    std::iter::from_fn(move || {
        rest = rest.trim_start_matches([',', ' ', '\t']);
        let (weak, quoted) = match rest.strip_prefix("W/") {
            Some(quoted) => (true, quoted),
            None => (false, rest),
        };
        let (tag, after) = quoted.strip_prefix('"')?.split_once('"')?;
        rest = after;
        Some((weak, tag))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_searched_strongly_and_weakly() {
        let tag = ETag::strong("a,b");
        assert_eq!(tag.to_string(), "\"a,b\"");
        assert!(tag.is_in("\"x\" , \"a,b\""));
        assert!(!tag.is_in("W/\"a,b\", a,b"));
        assert!(tag.is_weakly_in("\"x\",W/\"a,b\""));
        assert!(tag.is_in(" * "));
        assert!(!tag.is_weakly_in("\"a,b"));
    }
}
