//! Why something was found: stretches of its texts with the matching words marked, safe to put into a page.

use crate::search::folding::is_cjk;
use crate::search::parse::Parsed;
use crate::search::query::typo_distance;
use crate::search::tokenizer::{Kind, Token, stem, tokens};
use std::collections::HashSet;

/// Length of a snippet of a long text, in characters, about.
const SNIPPET_CHARACTERS: usize = 180;

/// What to mark.
#[derive(Debug, Default)]
pub(crate) struct Marker {
    terms: HashSet<String>,
    prefix: Option<String>,
    /// Words with the distance at which others are taken for them.
    typos: Vec<(Vec<char>, usize)>,
}

impl Marker {
    /// Marks what a query looks for; with `typos`, also words that differ by a letter or two.
    pub(crate) fn new(parsed: &Parsed, typos: bool) -> Self {
        let mut marker = Self::default();
        for word in &parsed.words {
            marker.terms.extend([word.stem(), word.joined.clone()]);
            if word.parts.len() > 1 {
                let telling = word.parts.iter().filter(|part| part.chars().count() > 1);
                marker.terms.extend(telling.map(|part| stem(part)));
            }
            if word.prefix {
                marker.prefix = Some(word.joined.clone());
            }
            if let Some(distance) = typo_distance(&word.joined).filter(|_| typos) {
                marker
                    .typos
                    .push((word.joined.chars().collect(), usize::from(distance)));
            }
        }
        for run in &parsed.characters {
            if let [only] = run.as_slice() {
                marker.terms.insert(only.to_string());
            }
            marker
                .terms
                .extend(run.windows(2).map(|pair| pair.iter().collect::<String>()));
        }
        marker
            .terms
            .extend(parsed.phrases.iter().flatten().map(|(_, term)| term.clone()));
        marker
    }

    /// The whole text with matches marked, or nothing when none is in it. `<mark>` is its only tag.
    pub(crate) fn whole(&self, text: &str) -> Option<String> {
        let ranges = self.ranges(text);
        (!ranges.is_empty()).then(|| render(text, 0..text.len(), &ranges))
    }

    /// The stretch of a long text with the most matches, cut between words, with `…` where it was cut.
    pub(crate) fn snippet(&self, text: &str) -> Option<String> {
        let text = text.trim();
        let ranges = self.ranges(text);
        let window = best_window(text, &ranges)?;
        let mut snippet = String::new();
        if window.start > 0 {
            snippet.push('…');
        }
        snippet.push_str(&render(text, window.clone(), &ranges));
        if window.end < text.len() {
            snippet.push('…');
        }
        Some(snippet)
    }

    /// Byte ranges to mark, merged and in order.
    fn ranges(&self, text: &str) -> Vec<(usize, usize)> {
        let tokens = tokens(text);
        let begun: HashSet<usize> = tokens
            .iter()
            .filter(|token| token.kind == Kind::Word && self.begins(token))
            .map(|token| token.start)
            .collect();
        let mut found: Vec<_> = tokens
            .iter()
            .filter(|token| {
                self.names(token) || self.resembles(token) || self.begins(token) && !is_covered(token, &begun)
            })
            .map(|token| (token.start, token.end))
            .collect();
        found.sort_unstable();
        let mut merged: Vec<(usize, usize)> = Vec::with_capacity(found.len());
        for (start, end) in found {
            match merged.last_mut() {
                Some(last) if start <= last.1 => last.1 = last.1.max(end),
                _ => merged.push((start, end)),
            }
        }
        merged
    }

    /// Whether it is one of the words that are looked for.
    fn names(&self, token: &Token) -> bool {
        self.terms.contains(&token.text)
    }

    /// Whether it begins with the word that is still being typed.
    fn begins(&self, token: &Token) -> bool {
        let prefix = self.prefix.as_ref().filter(|_| is_written(token));
        prefix.is_some_and(|prefix| token.text.starts_with(prefix.as_str()))
    }

    /// Whether it is a misspelling of a word that is looked for.
    fn resembles(&self, token: &Token) -> bool {
        is_written(token)
            && self
                .typos
                .iter()
                .any(|(word, distance)| within_distance(word, &token.text, *distance))
    }
}

fn is_written(token: &Token) -> bool {
    matches!(token.kind, Kind::Word | Kind::Joined)
}

/// Of a compound, only the part that begins as typed is marked: `quarter` finds `<mark>quarter</mark>-degree`.
fn is_covered(token: &Token, begun: &HashSet<usize>) -> bool {
    token.kind == Kind::Joined && begun.contains(&token.start)
}

/// Whether two words differ by at most so many inserted, dropped, changed or swapped letters.
fn within_distance(word: &[char], other: &str, distance: usize) -> bool {
    let other: Vec<char> = other.chars().take(word.len() + distance + 1).collect();
    if word.len().abs_diff(other.len()) > distance {
        return false;
    }
    let mut older: Vec<usize> = Vec::new();
    let mut before: Vec<usize> = (0..=other.len()).collect();
    for (row, letter) in word.iter().enumerate() {
        let mut current = vec![row + 1];
        for (column, candidate) in other.iter().enumerate() {
            let change = before[column] + usize::from(letter != candidate);
            let mut best = change.min(before[column + 1] + 1).min(current[column] + 1);
            if row > 0 && column > 0 && *letter == other[column - 1] && word[row - 1] == *candidate {
                best = best.min(older[column - 1] + 1);
            }
            current.push(best);
        }
        older = std::mem::replace(&mut before, current);
    }
    before.last().is_some_and(|last| *last <= distance)
}

/// The window of about [`SNIPPET_CHARACTERS`] that holds the most matches, beginning a little before the first of them.
fn best_window(text: &str, ranges: &[(usize, usize)]) -> Option<std::ops::Range<usize>> {
    let window_from = |start: usize| {
        let begin = window_begin(text, start);
        let shown = &text[begin..window_end(text, begin)];
        let spaces = shown.len() - shown.trim_start().len();
        begin + spaces..begin + shown.trim_end().len()
    };
    let matches_in = |window: &std::ops::Range<usize>| {
        ranges
            .iter()
            .filter(|(start, end)| window.contains(start) && *end <= window.end)
            .count()
    };
    ranges
        .iter()
        .take(200)
        .map(|(start, _)| window_from(*start))
        .max_by_key(|window| (matches_in(window), std::cmp::Reverse(window.start)))
}

/// Where a window begins that shows a match: after a sentence or line that ends shortly before, which is better than its
/// middle, else between words.
fn window_begin(text: &str, start: usize) -> usize {
    let lead = text[..start].char_indices().rev().take(SNIPPET_CHARACTERS / 6);
    lead.clone()
        .find(|(_, character)| matches!(character, '\n' | '。' | '！' | '？'))
        .map(|(at, character)| at + character.len_utf8())
        .or_else(|| {
            lead.clone()
                .filter(|(at, _)| is_between_words(text, *at))
                .last()
                .map(|(at, _)| at)
        })
        .or_else(|| lead.last().map(|(at, _)| at))
        .unwrap_or(start)
}

/// Where a window ends: between words, unless its last word is as long as a fifth of it.
fn window_end(text: &str, begin: usize) -> usize {
    let shown = text[begin..].char_indices().map(|(at, _)| begin + at);
    let Some(end) = shown.clone().nth(SNIPPET_CHARACTERS) else {
        return text.len();
    };
    let tail = shown.skip(SNIPPET_CHARACTERS * 4 / 5).take_while(|at| *at <= end);
    tail.filter(|at| is_between_words(text, *at)).last().unwrap_or(end)
}

/// Whether no word goes on at this byte: `quarter-degree`, `0.25`, `model's` and `a/b.nc` are one word each, and a mark
/// such as a comma stays with the word before it. Scripts without spaces may be cut between any two characters.
fn is_between_words(text: &str, at: usize) -> bool {
    let is_apart = |character: char| character.is_whitespace() || is_cjk(character);
    let (before, after) = (text[..at].chars().next_back(), text[at..].chars().next());
    after.is_none_or(is_apart)
        || before.is_none_or(|last| is_apart(last) || is_wide_mark(last)) && !after.is_some_and(is_wide_mark)
}

/// Punctuation of Chinese and Japanese, and of full width, which stands behind what it belongs to.
fn is_wide_mark(character: char) -> bool {
    matches!(character, '\u{3001}'..='\u{3020}' | '\u{FF01}'..='\u{FF0F}' | '\u{FF1A}'..='\u{FF20}'
        | '\u{FF3B}'..='\u{FF40}' | '\u{FF5B}'..='\u{FF65}')
}

fn render(text: &str, window: std::ops::Range<usize>, ranges: &[(usize, usize)]) -> String {
    let mut html = String::with_capacity(window.len() + 32);
    let mut at = window.start;
    for (start, end) in ranges
        .iter()
        .filter(|(start, end)| *start < window.end && *end > window.start)
    {
        let (start, end) = ((*start).max(at), (*end).min(window.end));
        escape(&text[at..start], &mut html);
        html.push_str("<mark>");
        escape(&text[start..end], &mut html);
        html.push_str("</mark>");
        at = end;
    }
    escape(&text[at..window.end], &mut html);
    html
}

fn escape(text: &str, html: &mut String) {
    for character in text.chars() {
        match character {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\'' => html.push_str("&#39;"),
            _ => html.push(character),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::search::parse::parse;

    #[test]
    fn matches_are_marked_and_the_rest_is_escaped() {
        let marker = Marker::new(&parse("降水预测 nowcast", false), false);
        assert_eq!(
            marker.whole("短时<b>降水的预测</b> & nowcasting").unwrap(),
            "短时&lt;b&gt;<mark>降水</mark>的<mark>预测</mark>&lt;/b&gt; &amp; <mark>nowcasting</mark>"
        );
        assert_eq!(marker.whole("nothing here"), None);
    }

    #[test]
    fn of_a_compound_only_the_part_that_is_typed_is_marked() {
        let typed = Marker::new(&parse("quart", true), false);
        assert_eq!(
            typed.whole("a quarter-degree grid").unwrap(),
            "a <mark>quarter</mark>-degree grid"
        );
        let longer = Marker::new(&parse("quarterdeg", true), false);
        assert_eq!(
            longer.whole("a quarter-degree grid").unwrap(),
            "a <mark>quarter-degree</mark> grid"
        );
    }

    #[test]
    fn a_long_text_is_cut_between_words() {
        let words = "quarter-degree winds over the northern ocean ".repeat(20);
        let text = format!("{words}with a landslide in them, {words}");
        let snippet = Marker::new(&parse("landslide", false), false).snippet(&text).unwrap();
        let (begin, end) = (snippet.trim_start_matches('…'), snippet.trim_end_matches('…'));
        assert!(begin.len() < snippet.len() && end.len() < snippet.len(), "{snippet}");
        let whole = text.replace("landslide", "<mark>landslide</mark>");
        let stretch = begin.trim_end_matches('…');
        let at = whole.find(stretch).unwrap();
        for place in [at, at + stretch.len()] {
            assert!(is_between_words(&whole, place), "{snippet}");
        }
        let characters = "华东地区短临降水预测".repeat(40);
        let snippet = Marker::new(&parse("降水", false), false).snippet(&characters).unwrap();
        assert!(snippet.chars().count() > SNIPPET_CHARACTERS);
    }

    #[test]
    fn compounds_numbers_and_addresses_are_not_cut() {
        for word in ["quarter-degree", "0.25", "model's", "data/era5_winds.nc", "snake_case"] {
            let inside = word.find(|character: char| !character.is_alphanumeric()).unwrap();
            assert!(!is_between_words(word, inside), "{word}");
            assert!(!is_between_words(word, inside + 1), "{word}");
        }
        let text = "quarter-degree 0.25 ".repeat(40);
        let text = format!("{text}landslide {text}");
        let snippet = Marker::new(&parse("landslide", false), false).snippet(&text).unwrap();
        let words: Vec<_> = snippet.trim_matches('…').split_whitespace().collect();
        let whole = ["quarter-degree", "0.25", "<mark>landslide</mark>"];
        assert!(
            words.len() > 5 && words.iter().all(|word| whole.contains(word)),
            "{snippet}"
        );
    }

    #[test]
    fn chinese_is_cut_between_any_two_characters_but_not_before_a_mark() {
        let text = "降水，预测 model";
        let places = text.char_indices().filter(|(at, _)| is_between_words(text, *at));
        let cuts: Vec<_> = places.map(|(_, next)| next).collect();
        assert_eq!(cuts, ['降', '水', '预', '测', ' ', 'm']);
    }

    #[test]
    fn distances_count_swapped_letters_once() {
        let word: Vec<char> = "segment".chars().collect();
        assert!(within_distance(&word, "sgement", 1));
        assert!(within_distance(&word, "segments", 1));
        assert!(!within_distance(&word, "seggnemt", 1));
    }
}
