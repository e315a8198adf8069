//! The query over scripts without spaces: of all single characters and pairs at least 60 percent must match, of the pairs
//! at least one.
//!
//! The policy is the measured one (unigrams and bigrams, 60 percent: full recall at the best precision of those tried).
//! Evaluation is led by the pairs, which are rare, and reads the long postings lists of single characters only for
//! documents that the pairs leave undecided. A pair that matches covers both of its characters.

use std::fmt;
use std::sync::Arc;
use tantivy::query::{EnableScoring, Explanation, Query, Scorer, TermQuery, Weight};
use tantivy::schema::{Field, IndexRecordOption};
use tantivy::{DocId, DocSet, Score, SegmentReader, TERMINATED, Term};

/// Share of the tokens that must match, in percent.
const REQUIRED_PERCENT: usize = 60;

#[derive(Clone, Debug)]
struct Lead {
    term: Term,
    /// Bits of the characters that this term covers.
    covers: u128,
    /// 1 for a pair, 0 for a character standing alone, which is counted by its bit.
    counts: u32,
}

/// Matches documents that contain enough of the given runs.
#[derive(Clone)]
pub(crate) struct CharactersQuery {
    leads: Vec<Lead>,
    /// The single characters, by bit.
    singles: Vec<Term>,
    /// How many tokens must match.
    required: u32,
}

impl CharactersQuery {
    /// A query over `field`; at most 128 characters in all, which the parser guarantees.
    pub(crate) fn new(field: Field, runs: &[Vec<char>]) -> Self {
        let term = |characters: &[char]| Term::from_field_text(field, &characters.iter().collect::<String>());
        let mut query = Self {
            leads: Vec::new(),
            singles: Vec::new(),
            required: 0,
        };
        let mut tokens = 0;
        for run in runs {
            for (offset, character) in run.iter().enumerate() {
                let bit = 1u128 << (query.singles.len() % 128);
                query.singles.push(term(&[*character]));
                tokens += 1;
                if let Some(next) = run.get(offset + 1) {
                    tokens += 1;
                    query.leads.push(Lead {
                        term: term(&[*character, *next]),
                        covers: bit | (bit << 1),
                        counts: 1,
                    });
                } else if run.len() == 1 {
                    query.leads.push(Lead {
                        term: term(&[*character]),
                        covers: bit,
                        counts: 0,
                    });
                }
            }
        }
        query.required = u32::try_from((tokens * REQUIRED_PERCENT).div_ceil(100)).unwrap_or(u32::MAX);
        query
    }

    /// The pairs, and the characters that stand alone: what scoring and highlighting look for.
    pub(crate) fn lead_terms(&self) -> impl Iterator<Item = &Term> {
        self.leads.iter().map(|lead| &lead.term)
    }
}

impl fmt::Debug for CharactersQuery {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "CharactersQuery({} of {} characters)",
            self.required,
            self.singles.len()
        )
    }
}

impl Query for CharactersQuery {
    fn weight(&self, scoring: EnableScoring<'_>) -> tantivy::Result<Box<dyn Weight>> {
        let weight = |term: &Term| -> tantivy::Result<Arc<dyn Weight>> {
            TermQuery::new(term.clone(), IndexRecordOption::WithFreqs)
                .weight(scoring)
                .map(Arc::from)
        };
        let leads = self
            .leads
            .iter()
            .map(|lead| Ok((weight(&lead.term)?, lead.covers, lead.counts)));
        Ok(Box::new(CharactersWeight {
            leads: leads.collect::<tantivy::Result<_>>()?,
            singles: self.singles.iter().map(weight).collect::<tantivy::Result<_>>()?,
            required: self.required,
        }))
    }
}

struct CharactersWeight {
    leads: Vec<(Arc<dyn Weight>, u128, u32)>,
    singles: Vec<Arc<dyn Weight>>,
    required: u32,
}

impl Weight for CharactersWeight {
    fn scorer(&self, reader: &SegmentReader, boost: Score) -> tantivy::Result<Box<dyn Scorer>> {
        let mut leads = Vec::with_capacity(self.leads.len());
        for (weight, covers, counts) in &self.leads {
            leads.push(LeadScorer {
                scorer: weight.scorer(reader, boost)?,
                covers: *covers,
                counts: *counts,
            });
        }
        let mut singles = Vec::new();
        // A single lead decides alone: the lists of its characters need not be opened.
        if leads.len() > 1 {
            for weight in &self.singles {
                singles.push(weight.scorer(reader, boost)?);
            }
        }
        let mut scorer = CharactersScorer {
            leads,
            singles,
            required: self.required,
            doc: 0,
            score: 0.0,
        };
        scorer.doc = scorer.next_lead();
        scorer.find_match();
        Ok(Box::new(scorer))
    }

    fn explain(&self, reader: &SegmentReader, doc: DocId) -> tantivy::Result<Explanation> {
        let mut scorer = self.scorer(reader, 1.0)?;
        if scorer.doc() <= doc && scorer.seek(doc) == doc {
            Ok(Explanation::new("enough characters and pairs", scorer.score()))
        } else {
            Err(tantivy::TantivyError::InvalidArgument(format!(
                "document {doc} does not match"
            )))
        }
    }
}

struct LeadScorer {
    scorer: Box<dyn Scorer>,
    covers: u128,
    counts: u32,
}

struct CharactersScorer {
    leads: Vec<LeadScorer>,
    singles: Vec<Box<dyn Scorer>>,
    required: u32,
    doc: DocId,
    score: Score,
}

impl CharactersScorer {
    /// The first document that any lead stands on.
    fn next_lead(&self) -> DocId {
        self.leads
            .iter()
            .map(|lead| lead.scorer.doc())
            .min()
            .unwrap_or(TERMINATED)
    }

    /// From the current candidate on, stops at the first document with enough matches; the leads stand on or after it.
    fn find_match(&mut self) -> DocId {
        while self.doc != TERMINATED && !self.evaluate() {
            self.pass();
        }
        self.doc
    }

    /// Moves the leads past the current document.
    fn pass(&mut self) {
        for lead in &mut self.leads {
            if lead.scorer.doc() == self.doc {
                lead.scorer.advance();
            }
        }
        self.doc = self.next_lead();
    }

    /// Whether enough matches in the current document; sets its score.
    fn evaluate(&mut self) -> bool {
        let (mut covered, mut pairs, mut score) = (0u128, 0, 0.0);
        for lead in &mut self.leads {
            if lead.scorer.doc() == self.doc {
                covered |= lead.covers;
                pairs += lead.counts;
                score += lead.scorer.score();
            }
        }
        let mut matched = pairs + covered.count_ones();
        let reachable = pairs + u32::try_from(self.singles.len()).unwrap_or(u32::MAX);
        if matched < self.required && reachable < self.required {
            return false;
        }
        if matched < self.required {
            for (index, single) in self.singles.iter_mut().enumerate() {
                if covered & (1 << (index % 128)) != 0 {
                    continue;
                }
                if single.doc() < self.doc {
                    single.seek(self.doc);
                }
                if single.doc() == self.doc {
                    matched += 1;
                    score += single.score();
                }
            }
        }
        self.score = score;
        matched >= self.required
    }
}

impl DocSet for CharactersScorer {
    fn advance(&mut self) -> DocId {
        if self.doc == TERMINATED {
            return TERMINATED;
        }
        self.pass();
        self.find_match()
    }

    fn seek(&mut self, target: DocId) -> DocId {
        if self.doc >= target {
            return self.doc;
        }
        for lead in &mut self.leads {
            if lead.scorer.doc() < target {
                lead.scorer.seek(target);
            }
        }
        self.doc = self.next_lead();
        self.find_match()
    }

    fn doc(&self) -> DocId {
        self.doc
    }

    fn size_hint(&self) -> u32 {
        self.leads.iter().map(|lead| lead.scorer.size_hint()).max().unwrap_or(0)
    }

    fn cost(&self) -> u64 {
        self.leads.iter().map(|lead| lead.scorer.cost()).sum()
    }
}

impl Scorer for CharactersScorer {
    fn score(&mut self) -> Score {
        self.score
    }
}
