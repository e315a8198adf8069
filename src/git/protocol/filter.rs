//! Which objects a partial clone goes without (the filter specifications of `git rev-list`).

use crate::git::GitError;

/// What a client does not want unless it asks for it by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Filter {
    /// `blob:none`: no content of files.
    NoBlobs,
    /// `blob:limit=n`: no file of `n` bytes or more.
    BlobLimit(u64),
    /// `tree:n`: no folder or file that is `n` or more steps below a commit; the root folder is at 0.
    TreeDepth(u64),
}

impl Filter {
    /// Understands the filters that are offered; others are refused by name.
    pub(super) fn parse(text: &str) -> Result<Self, GitError> {
        let unknown = || {
            let text: String = text.chars().take(100).collect();
            GitError::protocol(format!(
                "the filter '{text}' is not offered here; there are blob:none, blob:limit=<n> and tree:<depth>"
            ))
        };
        if text == "blob:none" {
            return Ok(Self::NoBlobs);
        }
        if let Some(limit) = text.strip_prefix("blob:limit=") {
            return size(limit).map(Self::BlobLimit).ok_or_else(unknown);
        }
        let depth = text.strip_prefix("tree:").ok_or_else(unknown)?;
        let is_number = !depth.is_empty() && depth.bytes().all(|byte| byte.is_ascii_digit());
        let depth = Some(depth).filter(|_| is_number).and_then(|depth| depth.parse().ok());
        depth.map(Self::TreeDepth).ok_or_else(unknown)
    }

    /// Whether a folder at this depth is left out.
    pub(super) fn omits_tree(self, depth: u64) -> bool {
        matches!(self, Self::TreeDepth(limit) if depth >= limit)
    }
}

/// A number that may end with `k`, `m` or `g`, as git writes it.
fn size(text: &str) -> Option<u64> {
    let (number, factor) = match text.as_bytes().last()?.to_ascii_lowercase() {
        b'k' => (text.get(..text.len() - 1)?, 1 << 10),
        b'm' => (text.get(..text.len() - 1)?, 1 << 20),
        b'g' => (text.get(..text.len() - 1)?, 1 << 30),
        _ => (text, 1),
    };
    if !number.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    number.parse::<u64>().ok()?.checked_mul(factor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_offered_filters_are_understood_and_others_are_not() {
        let parse = |text: &str| Filter::parse(text).ok();
        assert_eq!(parse("blob:none"), Some(Filter::NoBlobs));
        assert_eq!(parse("blob:limit=0"), Some(Filter::BlobLimit(0)));
        assert_eq!(parse("blob:limit=3k"), Some(Filter::BlobLimit(3_072)));
        assert_eq!(parse("tree:2"), Some(Filter::TreeDepth(2)));
        for text in [
            "",
            "blob",
            "blob:limit=",
            "blob:limit=-1",
            "blob:limit=99999999999999999999g",
            "tree:",
            "tree:+1",
            "sparse:oid=main:x",
            "blob:limit=k",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
