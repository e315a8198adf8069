//! Clauses become one tantivy query: matching over all text in one field, ranking helped by the field of names and titles.

use crate::search::analyzer::LONGEST_START;
use crate::search::characters::CharactersQuery;
use crate::search::parse::{Parsed, Phrase, Word};
use crate::search::prefix::PrefixQuery;
use tantivy::Term;
use tantivy::query::{
    AllQuery, BooleanQuery, BoostQuery, ConstScoreQuery, EmptyQuery, FuzzyTermQuery, Occur, PhraseQuery, Query,
    TermQuery,
};
use tantivy::schema::{Field, IndexRecordOption};

/// How much a match in a name or title adds to one anywhere.
const HEAD_BOOST: f32 = 1.6;
/// The form as typed, in a name or title, on top of its stem.
const EXACT_BOOST: f32 = 0.6;
/// A longer word that begins with the one being typed.
const PREFIX_SCORE: f32 = 1.0;
/// A word that differs by one or two letters.
const TYPO_SCORE: f32 = 0.5;

/// The fields that every index has.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TextFields {
    /// All searchable text.
    pub(crate) text: Field,
    /// Names and titles.
    pub(crate) head: Field,
    /// The first one to three characters of the words of names and titles.
    pub(crate) starts: Field,
}

/// Builds the query for what was typed. With `typos`, words may also differ by a letter or two.
pub(crate) fn build(parsed: &Parsed, fields: TextFields, typos: bool) -> Box<dyn Query> {
    if !parsed.asked {
        return Box::new(AllQuery);
    }
    if parsed.is_empty() && parsed.excluded.is_empty() {
        return Box::new(EmptyQuery);
    }
    let mut clauses: Vec<(Occur, Box<dyn Query>)> = Vec::new();
    for word in &parsed.words {
        clauses.push((Occur::Must, word_matches(word, fields, typos)));
        word_ranks(word, fields, typos, &mut clauses);
    }
    if !parsed.characters.is_empty() {
        let characters = CharactersQuery::new(fields.text, &parsed.characters);
        for term in CharactersQuery::new(fields.head, &parsed.characters).lead_terms() {
            clauses.push((Occur::Should, boosted(HEAD_BOOST, scored(term.clone()))));
        }
        clauses.push((Occur::Must, Box::new(characters)));
    }
    for phrase in &parsed.phrases {
        clauses.push((Occur::Must, phrase_query(fields.text, phrase)));
        clauses.push((Occur::Should, boosted(HEAD_BOOST, phrase_query(fields.head, phrase))));
    }
    if parsed.is_empty() {
        clauses.push((Occur::Must, Box::new(AllQuery)));
    }
    for phrase in &parsed.excluded {
        clauses.push((Occur::MustNot, phrase_query(fields.text, phrase)));
    }
    Box::new(BooleanQuery::new(clauses))
}

/// Builds the query for suggestions: names and titles that have everything typed.
pub(crate) fn build_head(parsed: &Parsed, fields: TextFields) -> Box<dyn Query> {
    let in_head = TextFields {
        text: fields.head,
        ..fields
    };
    let mut clauses: Vec<(Occur, Box<dyn Query>)> = Vec::new();
    clauses.extend(
        parsed
            .words
            .iter()
            .map(|word| (Occur::Must, word_matches(word, in_head, false))),
    );
    for run in &parsed.characters {
        for pair in run.windows(if run.len() == 1 { 1 } else { 2 }) {
            let term = Term::from_field_text(fields.head, &pair.iter().collect::<String>());
            clauses.push((Occur::Must, basic(term)));
        }
    }
    clauses.extend(
        parsed
            .phrases
            .iter()
            .map(|phrase| (Occur::Must, phrase_query(fields.head, phrase))),
    );
    Box::new(BooleanQuery::new(clauses))
}

/// Whether allowing typos can change the answer.
pub(crate) fn may_have_typos(parsed: &Parsed) -> bool {
    parsed.words.iter().any(|word| typo_distance(&word.joined).is_some())
}

/// How many letters a word may differ by: 1 from four letters on, 2 from eight on; words with digits must be right.
pub(crate) fn typo_distance(word: &str) -> Option<u8> {
    if !word.chars().all(char::is_alphabetic) {
        return None;
    }
    match word.chars().count() {
        0..4 => None,
        4..8 => Some(1),
        _ => Some(2),
    }
}

/// What a word must match anywhere in the text.
fn word_matches(word: &Word, fields: TextFields, typos: bool) -> Box<dyn Query> {
    let stem = word.stem();
    let mut ways: Vec<Box<dyn Query>> = vec![scored(Term::from_field_text(fields.text, &stem))];
    if word.parts.len() > 1 {
        ways.push(if word.loose {
            let stems = word.parts.iter().map(|part| {
                scored(Term::from_field_text(
                    fields.text,
                    &crate::search::tokenizer::stem(part),
                ))
            });
            Box::new(BooleanQuery::intersection(stems.collect()))
        } else {
            phrase_query(fields.text, &word.parts.iter().cloned().enumerate().collect())
        });
    }
    if word.prefix {
        // Short beginnings would expand to half the dictionary: they look at names and titles only.
        ways.push(if word.joined.chars().count() <= LONGEST_START {
            constant(PREFIX_SCORE, basic(Term::from_field_text(fields.starts, &word.joined)))
        } else {
            constant(PREFIX_SCORE, Box::new(PrefixQuery::new(fields.text, &word.joined)))
        });
    }
    if let Some(distance) = typo_distance(&word.joined).filter(|_| typos) {
        let term = Term::from_field_text(fields.text, &word.joined);
        ways.push(constant(
            TYPO_SCORE,
            Box::new(FuzzyTermQuery::new(term, distance, true)),
        ));
        // Stems of one family may differ by a letter: classifi(ed) and classif(ication).
        if stem != word.joined {
            let term = Term::from_field_text(fields.text, &stem);
            ways.push(constant(TYPO_SCORE, Box::new(FuzzyTermQuery::new(term, 1, true))));
        }
    }
    any_of(ways)
}

/// What raises a document that matches a word.
fn word_ranks(word: &Word, fields: TextFields, typos: bool, clauses: &mut Vec<(Occur, Box<dyn Query>)>) {
    let stem = word.stem();
    if stem != word.joined {
        clauses.push((
            Occur::Should,
            boosted(EXACT_BOOST, scored(Term::from_field_text(fields.head, &word.joined))),
        ));
    }
    clauses.push((
        Occur::Should,
        boosted(HEAD_BOOST, scored(Term::from_field_text(fields.head, &stem))),
    ));
    if word.parts.len() > 1 {
        let parts = word.parts.iter().cloned().enumerate().collect();
        clauses.push((Occur::Should, boosted(HEAD_BOOST, phrase_query(fields.head, &parts))));
    }
    if word.prefix && word.joined.chars().count() > LONGEST_START {
        let prefix = Box::new(PrefixQuery::new(fields.head, &word.joined));
        clauses.push((Occur::Should, constant(PREFIX_SCORE * HEAD_BOOST, prefix)));
    }
    if let Some(distance) = typo_distance(&word.joined).filter(|_| typos) {
        let fuzzy = FuzzyTermQuery::new(Term::from_field_text(fields.head, &word.joined), distance, true);
        clauses.push((Occur::Should, constant(TYPO_SCORE * HEAD_BOOST, Box::new(fuzzy))));
    }
}

fn phrase_query(field: Field, phrase: &Phrase) -> Box<dyn Query> {
    let terms: Vec<_> = phrase
        .iter()
        .map(|(offset, text)| (*offset, Term::from_field_text(field, text)))
        .collect();
    match terms.as_slice() {
        [] => Box::new(EmptyQuery),
        [(_, term)] => scored(term.clone()),
        _ => Box::new(PhraseQuery::new_with_offset(terms)),
    }
}

/// Matches any of several queries.
pub(crate) fn any_of(mut ways: Vec<Box<dyn Query>>) -> Box<dyn Query> {
    match ways.len() {
        0 => Box::new(EmptyQuery),
        1 => ways.remove(0),
        _ => Box::new(BooleanQuery::union(ways)),
    }
}

/// A term that only filters: it matches and adds nothing to the score.
pub(crate) fn filter(term: Term) -> Box<dyn Query> {
    constant(0.0, basic(term))
}

fn basic(term: Term) -> Box<dyn Query> {
    Box::new(TermQuery::new(term, IndexRecordOption::Basic))
}

fn scored(term: Term) -> Box<dyn Query> {
    Box::new(TermQuery::new(term, IndexRecordOption::WithFreqs))
}

fn constant(score: f32, query: Box<dyn Query>) -> Box<dyn Query> {
    Box::new(ConstScoreQuery::new(query, score))
}

fn boosted(boost: f32, query: Box<dyn Query>) -> Box<dyn Query> {
    Box::new(BoostQuery::new(query, boost))
}
