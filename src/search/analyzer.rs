//! The own tokenizer as tantivy wants it, with the weight of a field told inside the value.
//!
//! All searchable text lies in one field, so that a word of a query costs one postings list instead of one per field. What
//! a name counts more than a README is said by repetition: the first occurrence of a term in a value of weight `w` is
//! written `w` times at its position, which BM25 sees as term frequency.

use crate::search::tokenizer::{Kind, tokens};
use std::collections::HashSet;
use tantivy::tokenizer::{Token, TokenStream, Tokenizer};

/// Name of the analyzer of full text.
pub(crate) const TEXT: &str = "hub_text";
/// Name of the analyzer that keeps only the beginnings of words.
pub(crate) const STARTS: &str = "hub_starts";
/// Beginnings of words up to this many characters are terms of their own; longer ones are expanded from the dictionary.
pub(crate) const LONGEST_START: usize = 3;

/// A private-use character plus the weight opens every value.
const WEIGHT_BASE: u32 = 0xE000;

/// Marks a value with the weight of its field, 1 to 15.
pub(crate) fn weighted(weight: u8, text: &str) -> String {
    let mark = char::from_u32(WEIGHT_BASE + u32::from(weight)).unwrap_or(' ');
    let mut value = String::with_capacity(text.len() + 4);
    value.push(mark);
    value.push_str(text);
    value
}

fn split_weight(value: &str) -> (u32, &str) {
    let weight = value
        .chars()
        .next()
        .map_or(0, |first| u32::from(first).wrapping_sub(WEIGHT_BASE));
    if (1..=15).contains(&weight) {
        (weight, &value[3..])
    } else {
        (1, value)
    }
}

/// Analyzer of full text.
#[derive(Clone, Default)]
pub(crate) struct TextAnalyzer;

impl Tokenizer for TextAnalyzer {
    type TokenStream<'a> = Tokens;

    fn token_stream<'a>(&'a mut self, value: &'a str) -> Tokens {
        let (weight, text) = split_weight(value);
        let mut seen = HashSet::new();
        let mut stream = Vec::new();
        for token in tokens(text) {
            let times = if weight > 1 && seen.insert(token.text.clone()) {
                weight
            } else {
                1
            };
            let token = Token {
                text: token.text,
                position: token.position,
                ..Token::default()
            };
            stream.extend(std::iter::repeat_n(token, times as usize));
        }
        Tokens::new(stream)
    }
}

/// Analyzer that gives the first one, two and three characters of every word and of every joined compound.
#[derive(Clone, Default)]
pub(crate) struct StartsAnalyzer;

impl Tokenizer for StartsAnalyzer {
    type TokenStream<'a> = Tokens;

    fn token_stream<'a>(&'a mut self, value: &'a str) -> Tokens {
        let (_, text) = split_weight(value);
        let mut starts = HashSet::new();
        for token in tokens(text)
            .into_iter()
            .filter(|token| matches!(token.kind, Kind::Word | Kind::Joined))
        {
            for (count, (offset, character)) in token.text.char_indices().enumerate().take(LONGEST_START) {
                starts.insert((count, token.text[..offset + character.len_utf8()].to_owned()));
            }
        }
        Tokens::new(
            starts
                .into_iter()
                .map(|(_, text)| Token {
                    text,
                    position: 0,
                    ..Token::default()
                })
                .collect(),
        )
    }
}

/// Tokens made beforehand, handed out one by one.
pub(crate) struct Tokens {
    prepared: Vec<Token>,
    /// One more than the index of the current token; 0 before the first.
    next: usize,
    current: Token,
}

impl Tokens {
    fn new(prepared: Vec<Token>) -> Self {
        Self {
            prepared,
            next: 0,
            current: Token::default(),
        }
    }
}

impl TokenStream for Tokens {
    fn advance(&mut self) -> bool {
        let Some(token) = self.prepared.get_mut(self.next) else {
            return false;
        };
        self.current = std::mem::take(token);
        self.next += 1;
        true
    }

    fn token(&self) -> &Token {
        &self.current
    }

    fn token_mut(&mut self) -> &mut Token {
        &mut self.current
    }
}
