//! A Rust file as the rules see it: its code without comments and literals, and its comments without code.

/// One file.
pub(super) struct Source {
    /// Path from the repository's root.
    pub(super) path: String,
    /// The whole text.
    pub(super) text: String,
    /// The text with comments, strings and characters blanked out; line breaks stay.
    pub(super) code: String,
    /// The text with everything else blanked out.
    pub(super) comments: String,
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Code,
    Comment,
    Literal,
}

impl Source {
    pub(super) fn new(path: &str, text: &str) -> Self {
        let kinds = classify(text.as_bytes());
        let only = |wanted: Kind| {
            let keep = |(byte, kind): (&u8, &Kind)| if *kind == wanted || *byte == b'\n' { *byte } else { b' ' };
            let bytes = text.as_bytes().iter().zip(&kinds).map(keep).collect();
            String::from_utf8(bytes).unwrap_or_default()
        };
        Self {
            path: path.to_owned(),
            text: text.to_owned(),
            code: only(Kind::Code),
            comments: only(Kind::Comment),
        }
    }

    /// The folder or file under `src/` this file belongs to; `main` and `lib` for the two roots.
    pub(super) fn module(&self) -> &str {
        let inside = self.path.strip_prefix("src/").unwrap_or(&self.path);
        inside.split('/').next().unwrap_or(inside).trim_end_matches(".rs")
    }

    /// Where an offset of the code lies, as `path:line`.
    pub(super) fn place(&self, offset: usize) -> String {
        let line = self.code.bytes().take(offset).filter(|byte| *byte == b'\n').count() + 1;
        format!("{}:{line}", self.path)
    }

    /// Words of the code (identifiers and keywords) with their offsets.
    pub(super) fn words(&self) -> Vec<(usize, &str)> {
        words(&self.code)
    }

    /// The code from an offset on.
    pub(super) fn code_from(&self, offset: usize) -> &str {
        self.code.get(offset..).unwrap_or_default()
    }

    /// The code with the bodies of `#[cfg(test)] mod …` blanked out.
    pub(super) fn code_without_tests(&self) -> String {
        let mut code = self.code.clone().into_bytes();
        while let Some(start) = String::from_utf8_lossy(&code).find("#[cfg(test)]") {
            let end = code
                .iter()
                .skip(start)
                .position(|byte| *byte == b'{' || *byte == b';')
                .map(|at| start + at);
            let end = end.map_or(code.len(), |at| {
                if code[at] == b';' {
                    at + 1
                } else {
                    end_of_block(&code, at)
                }
            });
            code[start..end]
                .iter_mut()
                .filter(|byte| **byte != b'\n')
                .for_each(|byte| *byte = b' ');
        }
        String::from_utf8(code).unwrap_or_default()
    }
}

/// Words with their offsets.
pub(super) fn words(code: &str) -> Vec<(usize, &str)> {
    let part = |letter: char| letter.is_alphanumeric() || letter == '_';
    let mut found = Vec::new();
    let mut start = None;
    for (offset, letter) in code.char_indices().chain([(code.len(), ' ')]) {
        match (part(letter), start) {
            (true, None) => start = Some(offset),
            (false, Some(from)) => {
                found.push((from, code.get(from..offset).unwrap_or_default()));
                start = None;
            }
            _ => {}
        }
    }
    found
}

fn end_of_block(code: &[u8], open: usize) -> usize {
    let mut depth = 0_usize;
    for (offset, byte) in code.iter().enumerate().skip(open) {
        match byte {
            b'{' => depth += 1,
            b'}' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return offset + 1;
        }
    }
    code.len()
}

/// Says for every byte whether it is code, comment or literal.
fn classify(text: &[u8]) -> Vec<Kind> {
    let mut kinds = vec![Kind::Code; text.len()];
    let mut at = 0;
    while at < text.len() {
        let (kind, length) = token(text, at);
        kinds[at..(at + length).min(text.len())].fill(kind);
        at += length;
    }
    kinds
}

/// The token at an offset, as far as it matters here, and its length.
fn token(text: &[u8], at: usize) -> (Kind, usize) {
    let rest = &text[at..];
    let in_word = at > 0 && (text[at - 1].is_ascii_alphanumeric() || text[at - 1] == b'_');
    match rest {
        [b'/', b'/', ..] => (Kind::Comment, find(rest, b"\n", 2)),
        [b'/', b'*', ..] => (Kind::Comment, block_comment(rest)),
        [b'"', ..] => (Kind::Literal, quoted(rest)),
        [b'r', b'"' | b'#', ..] if !in_word => raw(rest).map_or((Kind::Code, 1), |length| (Kind::Literal, length)),
        [b'\'', b'\\', _, rest @ ..] => (Kind::Literal, 3 + find(rest, b"'", 0) + 1),
        [b'\'', rest @ ..] => character(rest).map_or((Kind::Code, 1), |length| (Kind::Literal, length + 2)),
        _ => (Kind::Code, 1),
    }
}

fn find(text: &[u8], wanted: &[u8], from: usize) -> usize {
    let tail = text.get(from..).unwrap_or_default();
    tail.windows(wanted.len())
        .position(|window| window == wanted)
        .map_or(text.len(), |at| from + at)
}

fn block_comment(text: &[u8]) -> usize {
    let (mut depth, mut at) = (1_usize, 2);
    while depth > 0 && at < text.len() {
        match &text[at..] {
            [b'/', b'*', ..] => (depth, at) = (depth + 1, at + 2),
            [b'*', b'/', ..] => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
    }
    at
}

fn quoted(text: &[u8]) -> usize {
    let mut at = 1;
    while at < text.len() && text[at] != b'"' {
        at += if text[at] == b'\\' { 2 } else { 1 };
    }
    at + 1
}

/// Length of a raw string; none when it is a raw identifier.
fn raw(text: &[u8]) -> Option<usize> {
    let hashes = text.iter().skip(1).take_while(|byte| **byte == b'#').count();
    let open = 1 + hashes;
    (text.get(open) == Some(&b'"')).then(|| {
        let close = [b"\"".as_slice(), "#".repeat(hashes).as_bytes()].concat();
        find(text, &close, open + 1) + close.len()
    })
}

/// Length of a character between quotes; none when it is a lifetime.
fn character(text: &[u8]) -> Option<usize> {
    let length = match text.first()? {
        0..=0x7f => 1,
        0x80..=0xdf => 2,
        0xe0..=0xef => 3,
        _ => 4,
    };
    (text.get(length) == Some(&b'\'')).then_some(length)
}
