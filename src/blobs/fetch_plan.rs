//! What a client has to fetch to put a stretch of a file together itself.

use std::collections::BTreeMap;
use std::ops::Range;

use super::recipe::{Recipe, RecipeTerm};
use super::xet::hash::XetHash;
use super::xorb_index::{Ends, stretch};
use super::{BlobError, Blobs};

/// Chunks and bytes of xorbs that hold a stretch of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FetchPlan {
    /// Bytes at the beginning of the first term that lie before the stretch.
    pub skip: u64,
    /// Terms that hold the stretch, cut down to the chunks that do.
    pub terms: Vec<RecipeTerm>,
    /// What to fetch of each xorb, in the order of its chunks. No two of one xorb overlap or touch, and every term lies in
    /// exactly one.
    pub fetches: Vec<(XetHash, Vec<XorbRange>)>,
}

/// A run of chunks of a xorb, and where they lie in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct XorbRange {
    /// Chunks, the end excluded.
    pub chunks: Range<u32>,
    /// Bytes of the xorb, the end excluded.
    pub bytes: Range<u64>,
}

impl Blobs {
    /// Says what to fetch for a stretch of a file that lies inside it and is not empty.
    pub async fn fetch_plan(&self, recipe: &Recipe, range: Range<u64>) -> Result<FetchPlan, BlobError> {
        let (mut skip, mut terms) = (0, Vec::new());
        let mut position = 0_u64;
        for term in &recipe.terms {
            let (start, end) = (position, position + u64::from(term.raw_len));
            position = end;
            if end <= range.start || start >= range.end {
                continue;
            }
            let wanted = range.start.max(start) - start..range.end.min(end) - start;
            if wanted.start == 0 && wanted.end == end - start {
                terms.push(term.clone());
                continue;
            }
            let ends = self.ends_of(term.xorb).await?;
            let (cut, before) = cut(term, &ends, &wanted).ok_or(BlobError::UnknownXorb { xorb: term.xorb })?;
            if terms.is_empty() {
                skip = wanted.start - before;
            }
            terms.push(cut);
        }
        let mut fetches = Vec::new();
        for (name, runs) in merged(&terms) {
            let xorb = XetHash::from_bytes(name);
            let ends = self.ends_of(xorb).await?;
            let located = runs.into_iter().map(|chunks| XorbRange {
                bytes: stretch(&ends, &(chunks.start as usize..chunks.end as usize), |end| end.0),
                chunks,
            });
            fetches.push((xorb, located.collect()));
        }
        Ok(FetchPlan { skip, terms, fetches })
    }
}

/// The chunks of a term that hold some of its bytes, and the bytes of the term before them.
fn cut(term: &RecipeTerm, ends: &Ends, wanted: &Range<u64>) -> Option<(RecipeTerm, u64)> {
    let (first, last) = (term.chunks.start as usize, term.chunks.end as usize);
    let chunks = ends.get(first..last)?;
    let base = stretch(ends, &(first..first), |end| end.1).start;
    let begin = first + chunks.partition_point(|(_, raw)| u64::from(*raw) - base <= wanted.start);
    let until = (first + chunks.partition_point(|(_, raw)| u64::from(*raw) - base < wanted.end) + 1).min(last);
    let raw = stretch(ends, &(begin..until), |end| end.1);
    let cut = RecipeTerm {
        xorb: term.xorb,
        chunks: u32::try_from(begin).ok()?..u32::try_from(until).ok()?,
        raw_len: u32::try_from(raw.end - raw.start).ok()?,
    };
    Some((cut, raw.start - base))
}

/// The chunks of each xorb, runs that overlap or touch made one: clients take a term from the one run that holds it.
fn merged(terms: &[RecipeTerm]) -> BTreeMap<[u8; 32], Vec<Range<u32>>> {
    let mut runs: BTreeMap<[u8; 32], Vec<Range<u32>>> = BTreeMap::new();
    for term in terms {
        runs.entry(*term.xorb.as_bytes()).or_default().push(term.chunks.clone());
    }
    for of_one in runs.values_mut() {
        of_one.sort_by_key(|run| run.start);
        let mut joined: Vec<Range<u32>> = Vec::with_capacity(of_one.len());
        for run in of_one.drain(..) {
            match joined.last_mut() {
                Some(last) if run.start <= last.end => last.end = last.end.max(run.end),
                _ => joined.push(run),
            }
        }
        *of_one = joined;
    }
    runs
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    fn term(xorb: u8, chunks: Range<u32>) -> RecipeTerm {
        RecipeTerm {
            xorb: XetHash::from_bytes([xorb; 32]),
            raw_len: 10 * (chunks.end - chunks.start),
            chunks,
        }
    }

    #[test]
    fn runs_that_overlap_or_touch_become_one() {
        let terms = [
            term(1, 4..6),
            term(2, 0..1),
            term(1, 0..2),
            term(1, 1..4),
            term(1, 9..10),
            term(1, 9..10),
        ];
        let runs = merged(&terms);
        assert_eq!(runs[&[1; 32]], [0..6, 9..10]);
        assert_eq!(runs[&[2; 32]].first(), Some(&(0..1)));
    }

    #[test]
    fn a_term_is_cut_down_to_the_chunks_that_are_wanted() {
        // Ten chunks of 10 bytes, each stored in 7.
        let ends: Ends = Arc::new((1..=10).map(|chunk| (7 * chunk, 10 * chunk)).collect());
        let whole = term(1, 2..8);
        for (wanted, chunks, before) in [
            (0..60, 2..8, 0),
            (0..1, 2..3, 0),
            (9..10, 2..3, 0),
            (10..11, 3..4, 10),
            (15..40, 3..6, 10),
            (15..41, 3..7, 10),
            (59..60, 7..8, 50),
        ] {
            assert_eq!(
                cut(&whole, &ends, &wanted),
                Some((term(1, chunks), before)),
                "{wanted:?}"
            );
        }
        assert_eq!(cut(&term(1, 5..11), &ends, &(0..5)), None);
    }
}
