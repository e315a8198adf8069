use std::fmt::Write;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// RFC 8187, section 3.2.1: what may stand unencoded in an extended value (`attr-char`).
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'!')
    .remove(b'#')
    .remove(b'$')
    .remove(b'&')
    .remove(b'+')
    .remove(b'-')
    .remove(b'.')
    .remove(b'^')
    .remove(b'_')
    .remove(b'`')
    .remove(b'|')
    .remove(b'~');

/// Whether a browser shows content or saves it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Disposition {
    /// Shown in the page's place.
    Inline,
    /// Saved as a file.
    Attachment,
}

impl Disposition {
    /// The value of `Content-Disposition` for a file of this name (RFC 6266): the name in ASCII for old clients, and in
    /// UTF-8 (RFC 8187) when that says more. Only the last part of a path is used.
    pub fn named(self, name: &str) -> String {
        let name = name.rsplit(['/', '\\']).next().unwrap_or(name);
        let mut value = match self {
            Self::Inline => "inline".to_owned(),
            Self::Attachment => "attachment".to_owned(),
        };
        // Percent signs are decoded by some clients; quotes and backslashes end the quoted text in others.
        let plain = |letter: char| (letter.is_ascii_graphic() || letter == ' ') && !"\"\\%".contains(letter);
        let ascii: String = name
            .chars()
            .map(|letter| if plain(letter) { letter } else { '_' })
            .collect();
        value.push_str("; filename=\"");
        value.push_str(&ascii);
        value.push('"');
        if ascii != name {
            write!(value, "; filename*=UTF-8''{}", utf8_percent_encode(name, ENCODED))
                .expect("a String takes all text");
        }
        value
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_reach_old_and_new_clients() {
        assert_eq!(
            Disposition::Attachment.named("a b.nc"),
            "attachment; filename=\"a b.nc\""
        );
        assert_eq!(
            Disposition::Inline.named("data/降水 \"1\".nc"),
            "inline; filename=\"__ _1_.nc\"; filename*=UTF-8''%E9%99%8D%E6%B0%B4%20%221%22.nc"
        );
        let split = Disposition::Attachment.named("a\r\nSet-Cookie: x");
        assert!(!split.contains(['\r', '\n']), "{split}");
    }
}
