//! One pass over the matches of a query: the total, the best of them in order, and the counts of facets.

use crate::search::engine::{Columns, Snapshot};
use crate::search::error::SearchError;
use crate::search::live::{LiveRow, NO_ROW};
use std::cmp::Reverse;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use tantivy::collector::{Collector, SegmentCollector};
use tantivy::columnar::StrColumn;
use tantivy::query::Query;
use tantivy::{DocAddress, DocId, Score, SegmentOrdinal, SegmentReader};

/// A facet's counts are exact unless one segment of the index holds more distinct values than this among the matches; then
/// its most frequent ones are taken.
const MOST_VALUES_PER_SEGMENT: usize = 1_000;

/// What decides the order. Equal ones are ordered by id.
#[derive(Clone)]
pub(crate) enum Order {
    /// The best match first; popularity raises it a little where rows in memory exist.
    Relevance,
    /// A number column, the largest first.
    Number(usize),
    /// A keyword column, in ascending order.
    Keyword(usize),
    /// A figure of the row in memory, the largest first.
    Live(fn(&LiveRow) -> u64),
}

/// Decides by a keyword's value whether a document may be seen at all.
#[derive(Clone)]
pub(crate) struct Gate {
    pub(crate) keyword: usize,
    pub(crate) opens: Arc<dyn Fn(&str) -> bool + Send + Sync>,
}

/// What to collect.
#[derive(Clone)]
pub(crate) struct HitCollector {
    pub(crate) order: Order,
    /// How many of the best to keep.
    pub(crate) keep: usize,
    /// Keyword columns to count.
    pub(crate) facets: Vec<usize>,
    pub(crate) gate: Option<Gate>,
    /// Rows in memory; empty where an index has none.
    pub(crate) rows: Arc<Vec<LiveRow>>,
}

/// A match, better ones being greater.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Found {
    rank: Rank,
    id: Reverse<u128>,
    address: (SegmentOrdinal, DocId),
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    Number(u64),
    Text(Reverse<String>),
}

impl Found {
    /// Where the document lies.
    pub(crate) fn address(&self) -> DocAddress {
        DocAddress::new(self.address.0, self.address.1)
    }

    /// The score, when the order was relevance.
    pub(crate) fn score(&self) -> f32 {
        match self.rank {
            Rank::Number(bits) => u32::try_from(bits).map_or(0.0, f32::from_bits),
            Rank::Text(_) => 0.0,
        }
    }
}

/// What was collected.
#[derive(Debug, Default)]
pub(crate) struct Collected {
    pub(crate) total: u64,
    /// The best first.
    pub(crate) best: Vec<Found>,
    /// By column of the request: value and count.
    pub(crate) facets: Vec<HashMap<String, u64>>,
}

impl HitCollector {
    /// Runs a query over a snapshot.
    pub(crate) fn run(&self, snapshot: &Snapshot, query: &dyn Query) -> Result<Collected, SearchError> {
        Ok(snapshot.searcher.search(
            query,
            &Bound {
                request: self.clone(),
                columns: snapshot.columns.clone(),
            },
        )?)
    }
}

/// A request with the columns of the snapshot that it runs over.
struct Bound {
    request: HitCollector,
    columns: Vec<Arc<Columns>>,
}

impl Collector for Bound {
    type Fruit = Collected;
    type Child = SegmentHits;

    fn for_segment(&self, ordinal: SegmentOrdinal, _reader: &SegmentReader) -> tantivy::Result<SegmentHits> {
        let columns = Arc::clone(&self.columns[ordinal as usize]);
        let column = |index: usize| columns.keywords[index].clone();
        let count = |column: Option<StrColumn>| column.map(|column| (vec![0; column.dictionary().num_terms()], column));
        Ok(SegmentHits {
            ordinal,
            total: 0,
            best: BTreeSet::new(),
            facets: self.request.facets.iter().map(|index| count(column(*index))).collect(),
            gate: self
                .request
                .gate
                .as_ref()
                .map(|gate| GateCache::new(gate, column(gate.keyword))),
            sort_column: match self.request.order {
                Order::Keyword(index) => column(index),
                _ => None,
            },
            request: self.request.clone(),
            columns,
        })
    }

    fn requires_scoring(&self) -> bool {
        matches!(self.request.order, Order::Relevance)
    }

    fn merge_fruits(&self, fruits: Vec<tantivy::Result<Collected>>) -> tantivy::Result<Collected> {
        let mut merged = Collected {
            facets: vec![HashMap::new(); self.request.facets.len()],
            ..Collected::default()
        };
        for fruit in fruits {
            let fruit = fruit?;
            merged.total += fruit.total;
            merged.best.extend(fruit.best);
            for (sum, part) in merged.facets.iter_mut().zip(fruit.facets) {
                for (value, count) in part {
                    *sum.entry(value).or_default() += count;
                }
            }
        }
        merged.best.sort_unstable_by(|left, right| right.cmp(left));
        merged.best.truncate(self.request.keep);
        Ok(merged)
    }
}

/// Remembers which values of a segment's keyword open the gate.
struct GateCache {
    gate: Gate,
    column: Option<StrColumn>,
    known: Vec<Option<bool>>,
}

impl GateCache {
    fn new(gate: &Gate, column: Option<StrColumn>) -> Self {
        let known = vec![None; column.as_ref().map_or(0, |column| column.dictionary().num_terms())];
        Self {
            gate: gate.clone(),
            column,
            known,
        }
    }

    fn opens(&mut self, document: DocId) -> bool {
        let Some(column) = &self.column else { return false };
        let Some(ordinal) = column.ords().first(document) else {
            return false;
        };
        let Some(known) = usize::try_from(ordinal)
            .ok()
            .and_then(|index| self.known.get_mut(index))
        else {
            return false;
        };
        *known.get_or_insert_with(|| {
            let mut value = String::new();
            column.ord_to_str(ordinal, &mut value).unwrap_or(false) && (self.gate.opens)(&value)
        })
    }
}

/// The matches of one segment.
struct SegmentHits {
    request: HitCollector,
    ordinal: SegmentOrdinal,
    columns: Arc<Columns>,
    total: u64,
    /// Ordered by rank within the segment, then id; the worst first.
    best: BTreeSet<(u64, Reverse<u128>, DocId)>,
    facets: Vec<Option<(Vec<u32>, StrColumn)>>,
    gate: Option<GateCache>,
    sort_column: Option<StrColumn>,
}

impl SegmentHits {
    /// The rank within this segment; greater is better.
    fn rank(&self, document: DocId, score: Score) -> u64 {
        match &self.request.order {
            Order::Relevance => {
                let popularity = self.row(document).map_or(1.0, LiveRow::popularity);
                u64::from((score * popularity).max(0.0).to_bits())
            }
            Order::Number(index) => {
                tantivy::i64_to_u64(self.columns.numbers[*index].first(document).unwrap_or(i64::MIN))
            }
            Order::Keyword(_) => {
                // Within a segment the ordinals of a dictionary are in the order of its texts.
                let ordinal = self
                    .sort_column
                    .as_ref()
                    .and_then(|column| column.ords().first(document));
                u64::MAX - ordinal.unwrap_or(u64::MAX)
            }
            Order::Live(figure) => self.row(document).map_or(0, figure),
        }
    }

    fn row(&self, document: DocId) -> Option<&LiveRow> {
        let number = self.columns.rows.get(document as usize).copied().unwrap_or(NO_ROW);
        self.request.rows.get(number as usize)
    }

    fn keep(&mut self, document: DocId, rank: u64) {
        if self.best.len() >= self.request.keep {
            match self.best.first() {
                Some((worst, _, _)) if *worst > rank => return,
                Some((worst, id, _)) if *worst == rank && *id >= Reverse(self.columns.id(document)) => return,
                Some(_) => {
                    self.best.pop_first();
                }
                None => return,
            }
        }
        self.best.insert((rank, Reverse(self.columns.id(document)), document));
    }

    fn found(&self, (rank, id, document): (u64, Reverse<u128>, DocId)) -> Found {
        let rank = match &self.sort_column {
            Some(column) => {
                let mut text = String::new();
                // A missing value stays empty and so comes first everywhere.
                let _ = column.ord_to_str(u64::MAX - rank, &mut text);
                Rank::Text(Reverse(text))
            }
            None => Rank::Number(rank),
        };
        Found {
            rank,
            id,
            address: (self.ordinal, document),
        }
    }
}

impl SegmentCollector for SegmentHits {
    type Fruit = tantivy::Result<Collected>;

    fn collect(&mut self, document: DocId, score: Score) {
        if self.gate.as_mut().is_some_and(|gate| !gate.opens(document)) {
            return;
        }
        self.total += 1;
        if self.request.keep > 0 {
            let rank = self.rank(document, score);
            self.keep(document, rank);
        }
        for (counts, column) in self.facets.iter_mut().flatten() {
            for ordinal in column.term_ords(document) {
                if let Some(count) = usize::try_from(ordinal).ok().and_then(|index| counts.get_mut(index)) {
                    *count += 1;
                }
            }
        }
    }

    fn harvest(self) -> Self::Fruit {
        let mut facets = Vec::with_capacity(self.facets.len());
        for facet in &self.facets {
            facets.push(match facet {
                Some((counts, column)) => name_counts(counts, column)?,
                None => HashMap::new(),
            });
        }
        let best = self.best.iter().rev().map(|kept| self.found(*kept)).collect();
        Ok(Collected {
            total: self.total,
            best,
            facets,
        })
    }
}

/// Turns counts by ordinal into counts by value.
fn name_counts(counts: &[u32], column: &StrColumn) -> tantivy::Result<HashMap<String, u64>> {
    let mut present: Vec<(u32, u64)> = (0..)
        .zip(counts)
        .filter(|(_, count)| **count > 0)
        .map(|(at, count)| (*count, at))
        .collect();
    if present.len() > MOST_VALUES_PER_SEGMENT {
        present.select_nth_unstable_by(MOST_VALUES_PER_SEGMENT, |left, right| right.cmp(left));
        present.truncate(MOST_VALUES_PER_SEGMENT);
    }
    present.sort_unstable_by_key(|(_, ordinal)| *ordinal);
    let mut named = HashMap::with_capacity(present.len());
    let mut text = String::new();
    for (count, ordinal) in present {
        text.clear();
        if column.ord_to_str(ordinal, &mut text)? {
            named.insert(text.clone(), u64::from(count));
        }
    }
    Ok(named)
}
