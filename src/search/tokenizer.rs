//! Own analysis of Chinese and English in one text.
//!
//! Runs of Han, kana and Hangul give every character and every pair of neighbours. Other words are folded, and given as
//! written and stemmed. Compounds (`ERA5`, `sentinel-2`, `U-Net`, `snake_case`, `camelCase`) are given as their parts,
//! each at its own position, and joined; so `era 5`, `ERA5`, `unet` and `sentinel2` find each other.

use crate::search::folding::{Folded, fold, is_cjk};
use std::sync::LazyLock;

/// Longer words are cut to this many characters: nobody types more, and hashes would only swell the dictionary.
const LONGEST_WORD: usize = 64;
/// Joined forms longer than this are not made.
const LONGEST_JOIN: usize = 32;
/// Compounds of more parts than this are given as parts only.
const MOST_PARTS_JOINED: usize = 12;

static ENGLISH: LazyLock<frostem::Stemmer> = LazyLock::new(|| frostem::Stemmer::new(frostem::Algorithm::English));

/// What a token is made from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Kind {
    /// A word, or a part of a compound, as written.
    Word,
    /// The English stem of a word, when it differs.
    Stem,
    /// Parts of a compound written together.
    Joined,
    /// One character of a script without spaces.
    Character,
    /// Two neighbouring characters of a script without spaces.
    Pair,
}

/// A term and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Token {
    pub(crate) text: String,
    pub(crate) kind: Kind,
    /// Counts words and characters from 0; all forms of one word share it.
    pub(crate) position: usize,
    /// First byte in the original text.
    pub(crate) start: usize,
    /// Byte after the last in the original text.
    pub(crate) end: usize,
}

/// A stretch of text that belongs together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Run {
    /// Characters of a script without spaces.
    Characters(Vec<Folded>),
    /// Pieces between connectors (`sentinel-2` has two), each split into parts (`ERA5` has two).
    Compound(Vec<Vec<Vec<Folded>>>),
}

/// Cuts a text into runs, in order.
pub(crate) fn runs(text: &str) -> Vec<Run> {
    let folded = fold(text);
    let mut runs = Vec::new();
    let mut at = 0;
    while at < folded.len() {
        let character = folded[at].character;
        if is_cjk(character) {
            let length = folded[at..].iter().take_while(|next| is_cjk(next.character)).count();
            runs.push(Run::Characters(folded[at..at + length].to_vec()));
            at += length;
        } else if is_word(character) {
            let (pieces, length) = compound(&folded[at..]);
            runs.push(Run::Compound(pieces));
            at += length;
        } else {
            at += 1;
        }
    }
    runs
}

/// All tokens of a text, ordered by position.
pub(crate) fn tokens(text: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut position = 0;
    let mut previous: Option<(String, usize, usize)> = None;
    for run in runs(text) {
        match run {
            Run::Characters(characters) => {
                push_characters(&characters, position, &mut tokens);
                position += characters.len();
                previous = None;
            }
            Run::Compound(pieces) => {
                push_spaced_join(previous.take(), &pieces, &mut tokens);
                let last_piece_position = push_compound(&pieces, &mut position, &mut tokens);
                let last = pieces.last().map(Vec::as_slice).unwrap_or_default();
                previous = last
                    .first()
                    .and_then(|part| part.first())
                    .map(|first| (piece_text(last), last_piece_position, first.start));
            }
        }
    }
    if !tokens.is_sorted_by_key(|token| token.position) {
        tokens.sort_by_key(|token| token.position);
    }
    tokens
}

/// The English stem of a folded word; words with other letters than a–z are returned as they are.
pub(crate) fn stem(word: &str) -> String {
    if word.len() < 3 || word.len() > LONGEST_JOIN || !word.bytes().all(|byte| byte.is_ascii_lowercase()) {
        return word.to_owned();
    }
    ENGLISH.stem(word).into_owned()
}

/// The text of one part of a compound.
pub(crate) fn part_text(part: &[Folded]) -> String {
    part.iter().take(LONGEST_WORD).map(|folded| folded.character).collect()
}

/// The parts of a piece written together.
pub(crate) fn piece_text(piece: &[Vec<Folded>]) -> String {
    piece
        .iter()
        .flatten()
        .take(LONGEST_WORD)
        .map(|folded| folded.character)
        .collect()
}

fn is_word(character: char) -> bool {
    character.is_alphanumeric() && !is_cjk(character)
}

fn is_connector(character: char) -> bool {
    matches!(character, '-' | '_' | '.' | '\'' | '\u{2019}' | '\u{2010}' | '\u{2011}')
}

/// Reads one compound from the front; answers its pieces and how many characters it took.
fn compound(folded: &[Folded]) -> (Vec<Vec<Vec<Folded>>>, usize) {
    let mut pieces = Vec::new();
    let mut at = 0;
    loop {
        let length = folded[at..].iter().take_while(|next| is_word(next.character)).count();
        pieces.push(split_piece(&folded[at..at + length]));
        at += length;
        let connected = folded.get(at).is_some_and(|next| is_connector(next.character))
            && folded.get(at + 1).is_some_and(|next| is_word(next.character));
        if !connected {
            return (pieces, at);
        }
        at += 1;
    }
}

/// Splits `ERA5` into `era`, `5` and `camelCase` into `camel`, `case`; the plural in `LSTMs` stays with its word.
fn split_piece(piece: &[Folded]) -> Vec<Vec<Folded>> {
    let mut parts = Vec::new();
    let mut from = 0;
    for at in 1..piece.len() {
        let (before, here) = (piece[at - 1], piece[at]);
        let digit_edge = before.character.is_numeric() != here.character.is_numeric();
        let camel_edge = !before.upper && here.upper && before.character.is_alphabetic();
        let acronym_edge = before.upper
            && here.upper
            && piece
                .get(at + 1)
                .is_some_and(|next| !next.upper && next.character.is_alphabetic())
            && !is_plural_ending(&piece[at + 1..]);
        if digit_edge || camel_edge || acronym_edge {
            parts.push(piece[from..at].to_vec());
            from = at;
        }
    }
    parts.push(piece[from..].to_vec());
    parts
}

fn is_plural_ending(rest: &[Folded]) -> bool {
    matches!(rest, [only] if only.character == 's')
        || matches!(rest, [first, second, ..] if first.character == 's' && !second.character.is_alphabetic())
}

fn push_characters(characters: &[Folded], position: usize, tokens: &mut Vec<Token>) {
    for (offset, first) in characters.iter().enumerate() {
        let mut push = |text: String, kind, end| {
            tokens.push(Token {
                text,
                kind,
                position: position + offset,
                start: first.start,
                end,
            });
        };
        push(first.character.to_string(), Kind::Character, first.end);
        if let Some(second) = characters.get(offset + 1) {
            push(
                [first.character, second.character].iter().collect(),
                Kind::Pair,
                second.end,
            );
        }
    }
}

/// Gives the parts at their positions, then what can be joined; answers the position of the last piece.
fn push_compound(pieces: &[Vec<Vec<Folded>>], position: &mut usize, tokens: &mut Vec<Token>) -> usize {
    let mut units: Vec<(String, usize, &[Vec<Folded>])> = Vec::with_capacity(pieces.len());
    let parts_count: usize = pieces.iter().map(Vec::len).sum();
    for piece in pieces {
        let piece_position = *position;
        for part in piece {
            push_word(
                &part_text(part),
                Kind::Word,
                *position,
                bounds(std::slice::from_ref(part)),
                tokens,
            );
            *position += 1;
        }
        if piece.len() > 1 && parts_count <= MOST_PARTS_JOINED {
            push_word(&piece_text(piece), Kind::Joined, piece_position, bounds(piece), tokens);
            for (offset, pair) in piece.windows(2).enumerate().filter(|_| piece.len() > 2) {
                push_join(
                    &[part_text(&pair[0]), part_text(&pair[1])],
                    piece_position + offset,
                    bounds(pair),
                    tokens,
                );
            }
        }
        units.push((piece_text(piece), piece_position, piece));
    }
    if parts_count <= MOST_PARTS_JOINED {
        for width in 2..=units.len().min(3) {
            for window in units.windows(width) {
                let texts: Vec<String> = window.iter().map(|(text, _, _)| text.clone()).collect();
                let span = (bounds(window[0].2).0, bounds(window[width - 1].2).1);
                push_join(&texts, window[0].1, span, tokens);
            }
        }
    }
    units.last().map_or(*position, |(_, piece_position, _)| *piece_position)
}

/// `Sentinel 2` and `U Net` are also found as `sentinel2` and `unet`.
fn push_spaced_join(previous: Option<(String, usize, usize)>, pieces: &[Vec<Vec<Folded>>], tokens: &mut Vec<Token>) {
    let (Some((before, position, start)), Some(piece)) = (previous, pieces.first()) else {
        return;
    };
    let here = piece_text(piece);
    let number = here.len() <= 4 && here.bytes().all(|byte| byte.is_ascii_digit());
    let letter = before.len() == 1
        && before
            .bytes()
            .all(|byte| byte.is_ascii_alphabetic() && !matches!(byte, b'a' | b'i'));
    if number != letter {
        push_join(&[before, here], position, (start, bounds(piece).1), tokens);
    }
}

fn push_join(texts: &[String], position: usize, span: (usize, usize), tokens: &mut Vec<Token>) {
    let joined = texts.concat();
    if joined.chars().count() <= LONGEST_JOIN {
        push_word(&joined, Kind::Joined, position, span, tokens);
    }
}

fn push_word(text: &str, kind: Kind, position: usize, (start, end): (usize, usize), tokens: &mut Vec<Token>) {
    let stemmed = stem(text);
    if stemmed != text {
        tokens.push(Token {
            text: stemmed,
            kind: Kind::Stem,
            position,
            start,
            end,
        });
    }
    // LSTMs: the stemmer leaves words without a vowel alone.
    let bare = text
        .strip_suffix('s')
        .filter(|bare| bare.len() >= 3 && stem(text) == text && !bare.ends_with('s'));
    if let Some(bare) = bare.filter(|bare| bare.bytes().all(|byte| byte.is_ascii_lowercase())) {
        tokens.push(Token {
            text: bare.to_owned(),
            kind: Kind::Stem,
            position,
            start,
            end,
        });
    }
    tokens.push(Token {
        text: text.to_owned(),
        kind,
        position,
        start,
        end,
    });
}

fn bounds(piece: &[Vec<Folded>]) -> (usize, usize) {
    let start = piece.iter().flatten().next().map_or(0, |first| first.start);
    let end = piece.iter().flatten().next_back().map_or(0, |last| last.end);
    (start, end)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(text: &str) -> Vec<String> {
        tokens(text).into_iter().map(|token| token.text).collect()
    }

    #[test]
    fn characters_come_alone_and_in_pairs() {
        assert_eq!(texts("降水预测"), ["降", "降水", "水", "水预", "预", "预测", "测"]);
    }

    #[test]
    fn compounds_come_in_parts_and_joined() {
        for (text, expected) in [
            ("ERA5", "era5"),
            ("ERA 5", "era5"),
            ("era-5", "era5"),
            ("U-Net", "unet"),
            ("U Net", "unet"),
            ("Sentinel-2", "sentinel2"),
            ("Sentinel 2", "sentinel2"),
            ("PyTorch", "torch"),
            ("snake_case_name", "case"),
            ("sentinel-2-l2a", "sentinel2"),
            ("LSTMs", "lstm"),
            ("DeepLabV3Plus", "v3"),
        ] {
            assert!(
                texts(text).contains(&expected.to_owned()),
                "{text} gives {:?}",
                texts(text)
            );
        }
    }

    #[test]
    fn words_come_stemmed_and_as_written() {
        assert_eq!(texts("segmentation"), ["segment", "segmentation"]);
    }

    #[test]
    fn positions_never_fall() {
        let tokens = tokens("ERA5-Land daily 降水 U Net v2 of Sentinel 2");
        assert!(tokens.is_sorted_by_key(|token| token.position));
    }
}
