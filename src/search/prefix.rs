//! The query for words that begin with what was typed so far.

use std::fmt;
use tantivy::query::{BitSetDocSet, ConstScorer, EnableScoring, Explanation, Query, Scorer, Weight};
use tantivy::schema::{Field, IndexRecordOption};
use tantivy::{BitSet, DocId, DocSet, Score, SegmentReader};

/// Matches documents with a term that begins with a text; every match scores the same.
#[derive(Clone)]
pub(crate) struct PrefixQuery {
    field: Field,
    prefix: String,
}

impl PrefixQuery {
    /// Matches terms of `field` that begin with `prefix`, the prefix itself included.
    pub(crate) fn new(field: Field, prefix: &str) -> Self {
        Self {
            field,
            prefix: prefix.to_owned(),
        }
    }
}

impl fmt::Debug for PrefixQuery {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "PrefixQuery({}*)", self.prefix)
    }
}

impl Query for PrefixQuery {
    fn weight(&self, _scoring: EnableScoring<'_>) -> tantivy::Result<Box<dyn Weight>> {
        Ok(Box::new(self.clone()))
    }
}

impl Weight for PrefixQuery {
    fn scorer(&self, reader: &SegmentReader, boost: Score) -> tantivy::Result<Box<dyn Scorer>> {
        let mut documents = BitSet::with_max_value(reader.max_doc());
        let inverted = reader.inverted_index(self.field)?;
        // U+10FFFF sorts after every character that a term can hold.
        let end = format!("{}\u{10FFFF}", self.prefix);
        let mut terms = inverted.terms().range().ge(&self.prefix).lt(&end).into_stream()?;
        while terms.advance() {
            let mut postings = inverted.read_block_postings_from_terminfo(terms.value(), IndexRecordOption::Basic)?;
            while !postings.docs().is_empty() {
                for document in postings.docs() {
                    documents.insert(*document);
                }
                postings.advance();
            }
        }
        Ok(Box::new(ConstScorer::new(BitSetDocSet::from(documents), boost)))
    }

    fn explain(&self, reader: &SegmentReader, doc: DocId) -> tantivy::Result<Explanation> {
        let mut scorer = self.scorer(reader, 1.0)?;
        if scorer.doc() <= doc && scorer.seek(doc) == doc {
            Ok(Explanation::new("a word begins so", 1.0))
        } else {
            Err(tantivy::TantivyError::InvalidArgument(format!(
                "document {doc} does not match"
            )))
        }
    }
}
