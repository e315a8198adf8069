//! What somebody may be about to type: names, titles, tags and owners that continue it.
//!
//! Suggestions are read from the most popular repositories that match and that the audience may see, so they can tell
//! nothing of others.

use crate::base::RepositoryId;
use crate::search::collect::{HitCollector, Order};
use crate::search::document::{RepositoryDocument, keyword};
use crate::search::error::SearchError;
use crate::search::folding::fold_to_string;
use crate::search::live::LiveRow;
use crate::search::parse::{Parsed, parse};
use crate::search::query::build_head;
use crate::search::repositories::{Audience, RepositoryIndex, audience_clause, stored};
use crate::search::tokenizer::{Kind, tokens};
use std::collections::HashMap;
use tantivy::query::{BooleanQuery, Occur};

/// Repositories from which suggestions are read.
const SOURCES: usize = 48;
/// Most suggestions in one answer.
pub const MOST_SUGGESTIONS: usize = 20;

/// What a suggestion is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SuggestionKind {
    /// `owner/name` of a repository.
    Repository,
    /// The title of a repository.
    Title,
    /// A tag.
    Tag,
    /// The name of an account that owns a repository.
    Owner,
}

/// A continuation of what was typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suggestion {
    /// The text to show and to search for.
    pub text: String,
    /// What it is.
    pub kind: SuggestionKind,
    /// The repository, for names and titles.
    pub repository: Option<RepositoryId>,
}

struct Candidate {
    suggestion: Suggestion,
    /// It begins with what was typed.
    begins: bool,
    /// Sources that have it.
    count: u32,
    /// Place of its first source by popularity.
    place: usize,
}

impl RepositoryIndex {
    /// At most `limit` continuations of a text, the most likely first. The index is a moment behind, so every source is
    /// asked about before it may tell anything.
    pub fn suggest(
        &self,
        text: &str,
        audience: &Audience,
        limit: usize,
        is_readable: impl Fn(RepositoryId) -> bool,
    ) -> Result<Vec<Suggestion>, SearchError> {
        let parsed = parse(text, true);
        if parsed.is_empty() {
            return Ok(Vec::new());
        }
        let mut sources: Vec<RepositoryDocument> = self.engine.search(|snapshot| {
            let fields = &self.engine.shared.fields;
            let mut clauses = vec![(Occur::Must, build_head(&parsed, fields.text))];
            clauses.extend(audience_clause(fields, keyword::READER, audience));
            let collector = HitCollector {
                order: Order::Live(popularity),
                keep: SOURCES,
                facets: Vec::new(),
                gate: None,
                rows: self.rows(),
            };
            let collected = collector.run(snapshot, &BooleanQuery::new(clauses))?;
            collected
                .best
                .iter()
                .map(|found| stored(snapshot, fields, found))
                .collect()
        })?;
        sources.retain(|source| is_readable(source.id));
        Ok(best_of(
            &sources,
            &parsed,
            &fold_to_string(text.trim()),
            limit.min(MOST_SUGGESTIONS),
        ))
    }
}

fn popularity(row: &LiveRow) -> u64 {
    row.counters
        .stars
        .saturating_mul(100)
        .saturating_add(row.counters.downloads)
}

fn best_of(sources: &[RepositoryDocument], parsed: &Parsed, typed: &str, limit: usize) -> Vec<Suggestion> {
    let mut candidates: HashMap<(SuggestionKind, String), Candidate> = HashMap::new();
    for (place, source) in sources.iter().enumerate() {
        let mut add = |kind, matched: &str, text: String, repository| {
            if !continues(parsed, matched) {
                return;
            }
            let folded = fold_to_string(matched);
            let candidate = candidates
                .entry((kind, fold_to_string(&text)))
                .or_insert_with(|| Candidate {
                    suggestion: Suggestion { text, kind, repository },
                    begins: folded.starts_with(typed),
                    count: 0,
                    place,
                });
            candidate.count += 1;
        };
        let id = Some(source.id);
        add(
            SuggestionKind::Repository,
            &source.name,
            format!("{}/{}", source.owner, source.name),
            id,
        );
        add(SuggestionKind::Title, &source.title, source.title.clone(), id);
        for tag in &source.tags {
            add(SuggestionKind::Tag, tag, tag.clone(), None);
        }
        add(SuggestionKind::Owner, &source.owner, source.owner.clone(), None);
    }
    let mut candidates: Vec<Candidate> = candidates.into_values().collect();
    candidates.sort_unstable_by(|left, right| {
        let key = |candidate: &Candidate| {
            // A tag of many repositories says more than any one of them.
            let shared =
                matches!(candidate.suggestion.kind, SuggestionKind::Tag | SuggestionKind::Owner) && candidate.count > 1;
            (!candidate.begins, !shared, candidate.place, candidate.suggestion.kind)
        };
        key(left)
            .cmp(&key(right))
            .then_with(|| left.suggestion.text.cmp(&right.suggestion.text))
    });
    candidates
        .into_iter()
        .take(limit)
        .map(|candidate| candidate.suggestion)
        .collect()
}

/// Whether a text has all the words typed, the last perhaps begun only.
fn continues(parsed: &Parsed, text: &str) -> bool {
    let tokens = tokens(text);
    let has = |term: &str| tokens.iter().any(|token| token.text == term);
    let begins = |start: &str| {
        tokens
            .iter()
            .any(|token| token.kind != Kind::Stem && token.text.starts_with(start))
    };
    parsed.words.iter().all(|word| {
        has(&word.joined)
            || has(&word.stem())
            || (word.prefix && begins(&word.joined))
            || (word.parts.len() > 1 && word.parts.iter().all(|part| has(part)))
    }) && parsed.characters.iter().all(|run| match run.as_slice() {
        [only] => has(&only.to_string()),
        run => run.windows(2).all(|pair| has(&pair.iter().collect::<String>())),
    }) && parsed.phrases.iter().flatten().all(|(_, term)| has(term))
}
