//! The lines of a commit as they arrive: the content of files, which may be larger than memory, apart from the rest.

use bytes::{Buf, Bytes};

/// The longest line, its content left out.
const LINE_MAX_BYTES: usize = 1 << 20;
/// The field whose text is content, two braces deep: `{"key": "file", "value": {"content": "…"}}`.
const CONTENT: &[u8] = b"content";
const CONTENT_DEPTH: usize = 2;

/// What comes next.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Piece {
    /// A stretch of the content of the line that is arriving.
    Content(Bytes),
    /// A whole line, in which content is an empty text.
    Line(Vec<u8>),
}

/// Why a body is no list of lines.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum BrokenLine {
    #[error("A line is longer than {LINE_MAX_BYTES} bytes without its content.")]
    TooLong,
    #[error("The content of a file is base64, in which nothing is escaped.")]
    Escaped,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Between texts.
    Structure,
    /// In a text; `escaped` behind a backslash.
    Text { escaped: bool },
    /// In a text that is content.
    Content { escaped: bool },
}

/// Splits a body into pieces. Whether the lines are JSON is for whoever reads them: here only texts, braces and line ends
/// are told apart.
#[derive(Debug)]
pub(super) struct CommitLines {
    state: State,
    line: Vec<u8>,
    depth: usize,
    /// Where the last text of the line begins and ends.
    text: (usize, usize),
    /// Whether a value follows, whose name the last text is.
    named: bool,
}

impl Default for CommitLines {
    fn default() -> Self {
        Self {
            state: State::Structure,
            line: Vec::new(),
            depth: 0,
            text: (0, 0),
            named: false,
        }
    }
}

impl CommitLines {
    /// Takes bytes from the front of a chunk up to the end of the next piece; nothing when the chunk ends before it.
    pub(super) fn next(&mut self, chunk: &mut Bytes) -> Result<Option<Piece>, BrokenLine> {
        while let Some(byte) = chunk.first().copied() {
            if let State::Content { escaped } = self.state {
                if let Some(content) = self.content(chunk, escaped)? {
                    return Ok(Some(Piece::Content(content)));
                }
                continue;
            }
            chunk.advance(1);
            if byte == b'\n' && self.state == State::Structure {
                return Ok(Some(self.end_line()));
            }
            self.take(byte)?;
        }
        Ok(None)
    }

    /// The last line, which may lack its end. Nothing when the body ended with one.
    pub(super) fn finish(&mut self) -> Option<Piece> {
        (!self.line.is_empty()).then(|| self.end_line())
    }

    fn end_line(&mut self) -> Piece {
        let line = std::mem::take(self).line;
        Piece::Line(line)
    }

    /// Takes content up to its end, an escape, or the end of the chunk.
    fn content(&mut self, chunk: &mut Bytes, escaped: bool) -> Result<Option<Bytes>, BrokenLine> {
        // Some writers of JSON escape the slash, which base64 has; nothing else.
        if escaped && chunk[0] != b'/' {
            return Err(BrokenLine::Escaped);
        }
        let skipped = usize::from(escaped);
        let end = chunk[skipped..].iter().position(|byte| matches!(byte, b'"' | b'\\'));
        let end = end.map_or(chunk.len(), |end| end + skipped);
        let content = chunk.split_to(end);
        match chunk.first() {
            Some(b'"') => {
                chunk.advance(1);
                self.push(b'"')?;
                self.state = State::Structure;
            }
            Some(_) => {
                chunk.advance(1);
                self.state = State::Content { escaped: true };
            }
            None => self.state = State::Content { escaped: false },
        }
        Ok(Some(content).filter(|content| !content.is_empty()))
    }

    fn take(&mut self, byte: u8) -> Result<(), BrokenLine> {
        self.push(byte)?;
        match (self.state, byte) {
            (State::Text { escaped: false }, b'"') => {
                self.text.1 = self.line.len() - 1;
                self.state = State::Structure;
            }
            (State::Text { escaped }, _) => {
                self.state = State::Text {
                    escaped: !escaped && byte == b'\\',
                };
            }
            (_, b'"') => {
                let is_content =
                    self.named && self.depth == CONTENT_DEPTH && self.line[self.text.0..self.text.1] == *CONTENT;
                if is_content {
                    self.state = State::Content { escaped: false };
                } else {
                    self.text = (self.line.len(), self.line.len());
                    self.state = State::Text { escaped: false };
                }
            }
            (_, b'{' | b'[') => {
                self.depth += 1;
                self.named = false;
            }
            (_, b'}' | b']') => {
                self.depth = self.depth.saturating_sub(1);
                self.named = false;
            }
            (_, b':') => self.named = true,
            (_, b',') => self.named = false,
            _ => {}
        }
        Ok(())
    }

    fn push(&mut self, byte: u8) -> Result<(), BrokenLine> {
        if self.line.len() >= LINE_MAX_BYTES {
            return Err(BrokenLine::TooLong);
        }
        self.line.push(byte);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a body is split into when it arrives in chunks of this size: contents, each with the line that it is of.
    fn split(body: &str, size: usize) -> Result<Vec<(String, String)>, BrokenLine> {
        let (mut lines, mut content, mut found) = (CommitLines::default(), Vec::new(), Vec::new());
        let mut take = |piece| match piece {
            Piece::Content(bytes) => content.extend_from_slice(&bytes),
            Piece::Line(line) => {
                let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
                found.push((text(std::mem::take(&mut content)), text(line)));
            }
        };
        for chunk in body.as_bytes().chunks(size) {
            let mut chunk = Bytes::copy_from_slice(chunk);
            while let Some(piece) = lines.next(&mut chunk)? {
                take(piece);
            }
        }
        lines.finish().into_iter().for_each(take);
        Ok(found)
    }

    fn pair(content: &str, line: &str) -> (String, String) {
        (content.to_owned(), line.to_owned())
    }

    #[test]
    fn content_is_told_apart_wherever_chunks_end() {
        let body = concat!(
            r#"{"key": "header", "value": {"summary": "the \"content\": \"x\"", "content2": "y"}}"#,
            "\n",
            r#"{"key": "file", "value": {"content": "QUJD\/+==", "path": "a\\", "encoding": "base64"}}"#,
            "\n",
            r#"{"value": {"path": "content", "content" : ""}, "key": "file", "content": "kept"}"#,
        );
        let expected = [
            pair(
                "",
                r#"{"key": "header", "value": {"summary": "the \"content\": \"x\"", "content2": "y"}}"#,
            ),
            pair(
                "QUJD/+==",
                r#"{"key": "file", "value": {"content": "", "path": "a\\", "encoding": "base64"}}"#,
            ),
            pair(
                "",
                r#"{"value": {"path": "content", "content" : ""}, "key": "file", "content": "kept"}"#,
            ),
        ];
        for size in [1, 2, 3, 7, 64, 1_000] {
            assert_eq!(split(body, size).unwrap(), expected, "in chunks of {size}");
        }
    }

    #[test]
    fn a_line_is_bounded_and_its_content_is_not() {
        let long = "x".repeat(LINE_MAX_BYTES + 1);
        let body = format!(r#"{{"value": {{"content": "{long}"}}}}"#);
        assert_eq!(split(&body, 4_096).unwrap()[0].0.len(), long.len());
        let body = format!(r#"{{"value": {{"path": "{long}"}}}}"#);
        assert_eq!(split(&body, 4_096), Err(BrokenLine::TooLong));
        assert_eq!(split(r#"{"value": {"content": "a\n"}}"#, 10), Err(BrokenLine::Escaped));
        assert_eq!(split("", 10).unwrap(), []);
        assert_eq!(split("\n\n", 10).unwrap(), [pair("", ""), pair("", "")]);
    }
}
