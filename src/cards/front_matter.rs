//! Finds the YAML front matter of a README.md.
//!
//! Front matter is what stands between a first line `---` and the next line `---`. A byte order mark, blank lines before
//! the first fence, spaces after a fence and CRLF line ends are accepted, as the Hugging Face Hub does.

use std::ops::Range;

/// A README split into front matter and body. All ranges are bytes of the whole text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Split {
    /// The YAML between the fences; none when the README has no front matter.
    pub yaml: Option<Range<usize>>,
    /// Line of README.md (from 1) on which the YAML begins.
    pub yaml_line: u32,
    /// The Markdown after the front matter.
    pub body: Range<usize>,
    /// A first fence stands without a second one: everything is body, and the author should know.
    pub unclosed: bool,
}

const BYTE_ORDER_MARK: &str = "\u{feff}";

/// Splits a README. Never fails: a text without front matter is all body.
pub fn split(readme: &str) -> Split {
    let start = if readme.starts_with(BYTE_ORDER_MARK) {
        BYTE_ORDER_MARK.len()
    } else {
        0
    };
    let all_body = |unclosed, line| Split {
        yaml: None,
        yaml_line: line,
        body: start..readme.len(),
        unclosed,
    };
    let mut lines = Lines {
        text: readme,
        at: start,
        line: 0,
    };
    let opened = loop {
        match lines.next() {
            Some(line) if readme[line.clone()].trim().is_empty() => {}
            Some(line) => break is_fence(&readme[line]),
            None => break false,
        }
    };
    if !opened {
        return all_body(false, 1);
    }
    let yaml_start = lines.at;
    let yaml_line = lines.line + 1;
    while let Some(line) = lines.next() {
        if is_fence(&readme[line.clone()]) {
            return Split {
                yaml: Some(yaml_start..line.start),
                yaml_line,
                body: lines.at..readme.len(),
                unclosed: false,
            };
        }
    }
    all_body(true, yaml_line - 1)
}

fn is_fence(line: &str) -> bool {
    line.trim_end() == "---"
}

/// Walks lines, line end included, and counts them.
struct Lines<'text> {
    text: &'text str,
    at: usize,
    line: u32,
}

impl Lines<'_> {
    fn next(&mut self) -> Option<Range<usize>> {
        let rest = &self.text[self.at..];
        if rest.is_empty() {
            return None;
        }
        let length = rest.find('\n').map_or(rest.len(), |end| end + 1);
        let line = self.at..self.at + length;
        self.at = line.end;
        self.line += 1;
        Some(line)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(readme: &str) -> (Option<&str>, &str) {
        let split = split(readme);
        (split.yaml.map(|range| &readme[range]), &readme[split.body])
    }

    #[test]
    fn front_matter_stands_between_two_fences() {
        assert_eq!(parts("---\ntitle: A\n---\n# A\n"), (Some("title: A\n"), "# A\n"));
        assert_eq!(parts("---\n---\nbody"), (Some(""), "body"));
        assert_eq!(parts("---\na: 1\n---"), (Some("a: 1\n"), ""));
    }

    #[test]
    fn a_byte_order_mark_crlf_and_blank_lines_are_accepted() {
        assert_eq!(
            parts("\u{feff}---\r\na: 1\r\n---  \r\nbody\r\n"),
            (Some("a: 1\r\n"), "body\r\n")
        );
        assert_eq!(parts("\n \n---\na: 1\n---\n"), (Some("a: 1\n"), ""));
        assert_eq!(split("\n\n---\na: 1\n---\n").yaml_line, 4);
    }

    #[test]
    fn other_texts_are_all_body() {
        for text in [
            "",
            "# A\n",
            "--- a\nb\n---\n",
            " ---\na: 1\n---\n",
            "text\n---\na: 1\n---\n",
            "----\na: 1\n----\n",
        ] {
            assert_eq!(parts(text), (None, text), "{text:?}");
        }
    }

    #[test]
    fn an_open_fence_is_reported_and_nothing_is_lost() {
        let split = split("---\ntitle: A\n# A\n");
        assert!(split.unclosed);
        assert_eq!((split.yaml, split.body), (None, 0..17));
    }

    #[test]
    fn an_indented_fence_inside_a_block_text_does_not_close() {
        assert_eq!(parts("---\na: |\n  ---\n---\nb"), (Some("a: |\n  ---\n"), "b"));
    }
}
