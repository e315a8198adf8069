//! What a person typed, as clauses. Every input has a meaning; none is an error.

use crate::search::tokenizer::{Run, part_text, piece_text, runs, stem};

/// Text beyond this many characters is not read.
const LONGEST_INPUT: usize = 512;
/// Clauses beyond this many are not read.
const MOST_CLAUSES: usize = 24;
/// Characters of scripts without spaces beyond this many are not read (a query's coverage is kept in 128 bits).
const MOST_CHARACTERS: usize = 64;

/// English words so common that they must match only when nothing else was typed.
const STOP_WORDS: &[&str] = &[
    "a", "an", "and", "are", "as", "at", "be", "by", "for", "from", "in", "is", "it", "of", "on", "or", "that", "the",
    "this", "to", "was", "were", "with",
];

/// A word without spaces, possibly a compound.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Word {
    /// All parts written together, as typed and folded.
    pub(crate) joined: String,
    /// The parts in order; one for a plain word.
    pub(crate) parts: Vec<String>,
    /// Whether the parts are independent words (`land-cover`), which need not stand together.
    pub(crate) loose: bool,
    /// Whether the word may go on: the last of a text that is being typed.
    pub(crate) prefix: bool,
}

impl Word {
    /// The term that finds all forms of this word.
    pub(crate) fn stem(&self) -> String {
        stem(&self.joined)
    }
}

/// Terms with their distance from the first: what is in quotation marks.
pub(crate) type Phrase = Vec<(usize, String)>;

/// A query, understood.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Parsed {
    /// Words that must match.
    pub(crate) words: Vec<Word>,
    /// Runs of characters of scripts without spaces; of all their tokens together at least 60 percent must match.
    pub(crate) characters: Vec<Vec<char>>,
    /// Phrases that must match.
    pub(crate) phrases: Vec<Phrase>,
    /// Phrases and words that must not match.
    pub(crate) excluded: Vec<Phrase>,
    /// Whether anything but spaces was typed.
    pub(crate) asked: bool,
}

impl Parsed {
    /// Whether no clause asks for a match.
    pub(crate) fn is_empty(&self) -> bool {
        self.words.is_empty() && self.characters.is_empty() && self.phrases.is_empty()
    }
}

/// Understands a text. With `prefix`, its last word may go on.
pub(crate) fn parse(input: &str, prefix: bool) -> Parsed {
    let input: String = input.chars().take(LONGEST_INPUT).collect();
    let mut parsed = Parsed {
        asked: !input.trim().is_empty(),
        ..Parsed::default()
    };
    let mut plain = String::new();
    let mut rest = input.as_str();
    while !rest.is_empty() {
        let at_start = plain.is_empty() || plain.ends_with(char::is_whitespace);
        if let Some((quoted, excluded, after)) = read_quoted(rest, at_start) {
            let target = if excluded {
                &mut parsed.excluded
            } else {
                &mut parsed.phrases
            };
            push_phrase(quoted, target);
            plain.push(' ');
            rest = after;
        } else if let Some((word, after)) = read_excluded(rest, at_start) {
            push_phrase(word, &mut parsed.excluded);
            plain.push(' ');
            rest = after;
        } else {
            let first = rest.chars().next().map_or(1, char::len_utf8);
            plain.push_str(&rest[..first]);
            rest = &rest[first..];
        }
    }
    // After an excluded word or a closing quote the last plain word is complete.
    let open_end = plain.chars().next_back().is_some_and(char::is_alphanumeric);
    push_plain(&plain, prefix && open_end, &mut parsed);
    parsed
}

/// `"a phrase"` or `-"a phrase"`, also in Chinese quotation marks; an unclosed mark is punctuation.
fn read_quoted(rest: &str, at_start: bool) -> Option<(&str, bool, &str)> {
    let (excluded, body) = match rest.strip_prefix('-') {
        Some(body) if at_start => (true, body),
        _ => (false, rest),
    };
    let opening = body.chars().next()?;
    let closing = match opening {
        '"' => '"',
        '“' => '”',
        '「' => '」',
        _ => return None,
    };
    let inside = &body[opening.len_utf8()..];
    let end = inside.find(closing)?;
    Some((&inside[..end], excluded, &inside[end + closing.len_utf8()..]))
}

/// `-word`, at the start of a word only, so that `sentinel-2` is no exclusion.
fn read_excluded(rest: &str, at_start: bool) -> Option<(&str, &str)> {
    let word = rest.strip_prefix('-').filter(|_| at_start)?;
    if !word.chars().next()?.is_alphanumeric() {
        return None;
    }
    Some(word.split_at(word.find(char::is_whitespace).unwrap_or(word.len())))
}

fn push_phrase(text: &str, phrases: &mut Vec<Phrase>) {
    let mut phrase = Phrase::new();
    let mut offset = 0;
    for run in runs(text) {
        match run {
            Run::Characters(characters) => {
                let characters: Vec<char> = characters.iter().map(|folded| folded.character).collect();
                if let [only] = characters.as_slice() {
                    phrase.push((offset, only.to_string()));
                }
                for (at, pair) in characters.windows(2).enumerate() {
                    phrase.push((offset + at, pair.iter().collect()));
                }
                offset += characters.len();
            }
            Run::Compound(pieces) => {
                for part in pieces.iter().flatten() {
                    phrase.push((offset, part_text(part)));
                    offset += 1;
                }
            }
        }
    }
    phrase.truncate(MOST_CLAUSES);
    if !phrase.is_empty() && phrases.len() < MOST_CLAUSES {
        phrases.push(phrase);
    }
}

fn push_plain(text: &str, prefix: bool, parsed: &mut Parsed) {
    let mut characters_left = MOST_CHARACTERS;
    let mut last_is_word = false;
    for run in runs(text) {
        match run {
            Run::Characters(run) => {
                let run: Vec<char> = run
                    .iter()
                    .take(characters_left)
                    .map(|folded| folded.character)
                    .collect();
                characters_left -= run.len();
                if !run.is_empty() {
                    parsed.characters.push(run);
                }
                last_is_word = false;
            }
            Run::Compound(pieces) => {
                push_compound(&pieces, &mut parsed.words);
                last_is_word = true;
            }
        }
    }
    parsed.words.truncate(MOST_CLAUSES);
    if let Some(last) = parsed.words.last_mut() {
        last.prefix = prefix && last_is_word;
    }
    let telling = |word: &Word| word.prefix || !STOP_WORDS.contains(&word.joined.as_str());
    if parsed.words.iter().any(telling) || !parsed.characters.is_empty() || !parsed.phrases.is_empty() {
        parsed.words.retain(telling);
    }
}

/// Compounds of one or two pieces are one word; of longer ones every piece is a word.
fn push_compound(pieces: &[Vec<Vec<crate::search::folding::Folded>>], words: &mut Vec<Word>) {
    let word = |pieces: &[Vec<Vec<_>>], loose| Word {
        joined: pieces.iter().map(|piece| piece_text(piece)).collect(),
        parts: pieces.iter().flatten().map(|part| part_text(part)).collect(),
        loose,
        prefix: false,
    };
    if pieces.len() > 2 {
        words.extend(pieces.iter().map(|piece| word(std::slice::from_ref(piece), false)));
    } else {
        let long_letters = |piece: &Vec<Vec<_>>| {
            let text = piece_text(piece);
            text.chars().count() >= 4 && text.chars().all(char::is_alphabetic)
        };
        words.push(word(pieces, pieces.len() == 2 && pieces.iter().all(long_letters)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(input: &str) -> Vec<String> {
        parse(input, false).words.into_iter().map(|word| word.joined).collect()
    }

    #[test]
    fn quotes_exclusions_and_words_are_told_apart() {
        let parsed = parse("unet -lstm \"land cover\" -\"sea ice\" 遥感 sentinel-2", false);
        assert_eq!(words("unet -lstm sentinel-2"), ["unet", "sentinel2"]);
        assert_eq!(parsed.phrases, [[(0, "land".to_owned()), (1, "cover".to_owned())]]);
        assert_eq!(parsed.excluded.len(), 2);
        assert_eq!(parsed.characters, [['遥', '感']]);
    }

    #[test]
    fn an_unclosed_quote_is_punctuation() {
        assert_eq!(words("\"rain fall"), ["rain", "fall"]);
    }

    #[test]
    fn stop_words_count_only_alone() {
        assert_eq!(words("the rain of a day"), ["rain", "day"]);
        assert_eq!(words("to be"), ["to", "be"]);
    }

    #[test]
    fn only_a_word_that_ends_the_text_may_go_on() {
        assert!(parse("segm", true).words[0].prefix);
        assert!(!parse("segm ", true).words[0].prefix);
        assert!(!parse("segm 遥感", true).words[0].prefix);
        assert!(!parse("segm", false).words[0].prefix);
    }

    #[test]
    fn punctuation_is_no_clause() {
        assert!(parse("?!", false).is_empty() && parse("?!", false).asked);
        assert!(!parse("  ", false).asked);
    }
}
