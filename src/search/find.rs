//! A plain search by text, for the indexes without facets: exact first, with typos when that finds little.

use crate::search::collect::{Gate, HitCollector, Order};
use crate::search::engine::Engine;
use crate::search::error::SearchError;
use crate::search::highlight::Marker;
use crate::search::parse::parse;
use crate::search::query::{build, may_have_typos};
use crate::search::repositories::{DEEPEST_HIT, FEW, MOST_PER_PAGE, stored};
use crate::search::schema::Indexed;
use serde::de::DeserializeOwned;
use std::sync::Arc;
use tantivy::query::{BooleanQuery, Occur, Query, QueryClone};

/// What to find.
pub(crate) struct Find<'a> {
    pub(crate) text: &'a str,
    /// Whether the last word may go on.
    pub(crate) prefix: bool,
    pub(crate) order: Order,
    /// Conditions besides the text.
    pub(crate) conditions: Vec<(Occur, Box<dyn Query>)>,
    pub(crate) gate: Option<Gate>,
    pub(crate) offset: usize,
    pub(crate) limit: usize,
}

/// What was found.
pub(crate) struct FoundThings<T> {
    pub(crate) things: Vec<T>,
    pub(crate) total: u64,
    pub(crate) marker: Marker,
}

/// Runs a search over an index whose stored form is `T`.
pub(crate) fn find<D: Indexed, T: DeserializeOwned>(
    engine: &Engine<D>,
    find: &Find<'_>,
) -> Result<FoundThings<T>, SearchError> {
    let limit = find
        .limit
        .min(MOST_PER_PAGE)
        .min(DEEPEST_HIT.saturating_sub(find.offset));
    let fields = &engine.shared.fields;
    let collector = HitCollector {
        order: find.order.clone(),
        keep: if limit == 0 { 0 } else { find.offset + limit },
        facets: Vec::new(),
        gate: find.gate.clone(),
        rows: Arc::default(),
    };
    let parsed = parse(find.text, find.prefix);
    engine.search(|snapshot| {
        let run = |typos| {
            let mut clauses = vec![(Occur::Must, build(&parsed, fields.text, typos))];
            clauses.extend(find.conditions.iter().map(|(occur, query)| (*occur, query.box_clone())));
            collector.run(snapshot, &BooleanQuery::new(clauses))
        };
        let mut typos = false;
        let mut collected = run(false)?;
        if collected.total < FEW && may_have_typos(&parsed) {
            let lenient = run(true)?;
            typos = lenient.total > collected.total;
            if typos {
                collected = lenient;
            }
        }
        let page = collected.best.iter().skip(find.offset).take(limit);
        Ok(FoundThings {
            things: page
                .map(|found| stored(snapshot, fields, found))
                .collect::<Result<_, _>>()?,
            total: collected.total,
            marker: Marker::new(&parsed, typos),
        })
    })
}
