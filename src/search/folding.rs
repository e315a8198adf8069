//! Text as the index sees it: NFKC, lower case, Latin letters without accents, with the way back to the original bytes.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::{canonical_combining_class, is_combining_mark};

/// One folded character and the bytes of the original text that it stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Folded {
    pub(crate) character: char,
    /// Byte offset in the original text where the source of this character begins.
    pub(crate) start: usize,
    /// Byte offset in the original text just after the source of this character.
    pub(crate) end: usize,
    /// Whether the source was an upper-case letter; `camelCase` is split by this.
    pub(crate) upper: bool,
}

/// Folds a text: full-width forms become plain ones, letters lower case, accents fall away.
///
/// A base character and the marks after it are normalised together, since NFKC may compose them.
pub(crate) fn fold(text: &str) -> Vec<Folded> {
    let mut folded = Vec::with_capacity(text.len());
    let mut characters = text.char_indices().peekable();
    let mut group = String::new();
    while let Some((start, first)) = characters.next() {
        let mut end = start + first.len_utf8();
        if first.is_ascii() && characters.peek().is_none_or(|(_, next)| next.is_ascii()) {
            folded.push(Folded {
                character: first.to_ascii_lowercase(),
                start,
                end,
                upper: first.is_ascii_uppercase(),
            });
            continue;
        }
        group.clear();
        group.push(first);
        while let Some(&(offset, next)) = characters.peek() {
            if !joins_previous(next) {
                break;
            }
            group.push(next);
            end = offset + next.len_utf8();
            characters.next();
        }
        fold_group(&group, start, end, &mut folded);
    }
    folded
}

/// The folded text alone, for comparing.
pub(crate) fn fold_to_string(text: &str) -> String {
    fold(text).into_iter().map(|folded| folded.character).collect()
}

fn fold_group(group: &str, start: usize, end: usize, folded: &mut Vec<Folded>) {
    for composed in group.nfkc() {
        let upper = composed.is_uppercase();
        for lower in composed.to_lowercase() {
            if is_cjk(lower) {
                folded.push(Folded {
                    character: lower,
                    start,
                    end,
                    upper: false,
                });
                continue;
            }
            // Decomposing and dropping the marks is what turns é into e.
            for part in std::iter::once(lower).nfd().filter(|part| !is_combining_mark(*part)) {
                let mut push = |character| {
                    folded.push(Folded {
                        character,
                        start,
                        end,
                        upper,
                    });
                };
                match part {
                    'ß' => ['s', 's'].into_iter().for_each(&mut push),
                    'æ' => ['a', 'e'].into_iter().for_each(&mut push),
                    'œ' => ['o', 'e'].into_iter().for_each(&mut push),
                    'ø' => push('o'),
                    'đ' | 'ð' => push('d'),
                    'ł' => push('l'),
                    'ı' => push('i'),
                    _ => push(part),
                }
            }
        }
    }
}

/// Whether normalisation may compose this character with the one before: marks, half-width voicing, Hangul vowels and finals.
fn joins_previous(character: char) -> bool {
    canonical_combining_class(character) != 0
        || matches!(character, '\u{FF9E}' | '\u{FF9F}' | '\u{1161}'..='\u{11FF}' | '\u{FE00}'..='\u{FE0F}')
}

/// Whether a character belongs to a script written without spaces: Han, kana, Hangul.
pub(crate) fn is_cjk(character: char) -> bool {
    matches!(character,
        '\u{3400}'..='\u{4DBF}' | '\u{4E00}'..='\u{9FFF}' | '\u{F900}'..='\u{FAFF}' | '\u{20000}'..='\u{3FFFF}'
        | '\u{3041}'..='\u{3096}' | '\u{30A1}'..='\u{30FA}' | '\u{30FC}' | '\u{31F0}'..='\u{31FF}'
        | '\u{AC00}'..='\u{D7AF}' | '\u{3005}' | '\u{3007}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn full_width_letters_accents_and_case_fall_away() {
        assert_eq!(fold_to_string("ＥＲＡ５　Café Straße"), "era5 cafe strasse");
        assert_eq!(fold_to_string("ﾃﾞｰﾀ"), "データ");
        assert_eq!(fold_to_string("e\u{301}t"), "et");
    }

    #[test]
    fn offsets_lead_back_to_the_original_bytes() {
        let text = "Cafe\u{301} ＡＢ";
        for folded in fold(text) {
            assert!(text.is_char_boundary(folded.start) && text.is_char_boundary(folded.end));
        }
        let last = *fold(text).last().unwrap();
        assert_eq!(&text[last.start..last.end], "Ｂ");
    }
}
