//! `.gitignore`: which files are not wanted.

use gix::glob::pattern::Case;
use gix::ignore::Search;
use gix::ignore::search::Ignore;

/// The rules of one `.gitignore` in the root folder, later lines winning over earlier ones.
pub struct IgnoreRules(Search);

impl IgnoreRules {
    /// Reads rules; lines that git would ignore are ignored.
    pub fn parse(text: &[u8]) -> Self {
        let mut search = Search::default();
        let rules = gix::glob::search::pattern::List::from_bytes(text, ".gitignore".into(), None, Ignore::default());
        // The rules are about paths from the root, so there is no folder that could fail to be one.
        search.patterns.extend(rules);
        Self(search)
    }

    /// Whether a file is ignored: by itself, or because a folder above it is, from which nothing comes back.
    pub fn ignores(&self, path: &str) -> bool {
        let folders = path.match_indices('/').map(|(slash, _)| (&path[..slash], true));
        folders.chain([(path, false)]).any(|(part, is_folder)| {
            let found = self
                .0
                .pattern_matching_relative_path(part.into(), Some(is_folder), Case::Sensitive);
            found.is_some_and(|found| !found.pattern.is_negative())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_folders_and_exceptions_are_ignored_as_git_does_it() {
        let rules = IgnoreRules::parse(b"*.log\n/build/\n!keep.log\n# comment\ncache/**\n");
        for ignored in ["a.log", "deep/a.log", "build/x.txt", "build/keep.log", "cache/a/b"] {
            assert!(rules.ignores(ignored), "{ignored}");
        }
        for wanted in [
            "a.txt",
            "keep.log",
            "deep/keep.log",
            "deep/build/x.txt",
            "build",
            "# comment",
        ] {
            assert!(!rules.ignores(wanted), "{wanted}");
        }
    }
}
