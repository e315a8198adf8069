//! The index of repositories: what may be asked, and the answer.

use crate::base::{Family, RepositoryId, RepositoryKind, UserId};
use crate::search::collect::{Collected, HitCollector, Order};
use crate::search::document::{EVERYONE, RepositoryDocument, keyword, keyword_form, number};
use crate::search::engine::{Change, Engine, Snapshot};
use crate::search::error::SearchError;
use crate::search::facets::{Facet, FacetCounts, top_values};
use crate::search::highlight::Marker;
use crate::search::live::{Counters, LiveRow, LiveRows, Readers};
use crate::search::parse::{Parsed, parse};
use crate::search::query::{any_of, build, filter, may_have_typos};
use crate::search::schema::Fields;
use crate::users::Caller;
use std::ops::{Bound, Deref};
use std::path::Path;
use std::sync::Arc;
use tantivy::query::{BooleanQuery, ConstScoreQuery, Occur, Query, RangeQuery};
use tantivy::schema::Value;
use tantivy::{TantivyDocument, Term};

/// Hits beyond this many are counted but cannot be reached by paging.
pub const DEEPEST_HIT: usize = 10_000;
/// Most hits on a page.
pub const MOST_PER_PAGE: usize = 100;
/// With fewer exact matches than this, words that differ by a letter or two match too.
pub(crate) const FEW: u64 = 5;

/// For whom a search is made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Audience {
    /// Whoever it is: public repositories only.
    Everyone,
    /// An account and the organizations that it belongs to: public repositories and those that one of them may read.
    Accounts(Arc<[UserId]>),
    /// An administrator: all repositories.
    All,
}

impl Audience {
    /// For whom a caller searches. A token limited to some repositories searches as nobody: what it may see beyond the
    /// public it names.
    pub fn of(caller: &Caller) -> Self {
        match caller.user_id() {
            Some(_) if caller.repositories().is_some() => Self::Everyone,
            Some(_) if caller.is_admin() => Self::All,
            Some(id) => {
                let organizations = caller.organizations().iter().map(|(organization, _)| *organization);
                Self::Accounts(std::iter::once(id).chain(organizations).collect())
            }
            None => Self::Everyone,
        }
    }
}

/// Order of the hits; equal ones are ordered by id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RepositorySort {
    /// The best match first.
    #[default]
    Relevance,
    /// The highest trending score first.
    Trending,
    /// The most stars first.
    Stars,
    /// The most downloads first.
    Downloads,
    /// The most stars and downloads first, a star as much as a hundred downloads.
    Popular,
    /// The last changed first.
    Updated,
    /// The newest first.
    Created,
    /// By name, ascending.
    Name,
}

/// Conditions. Within a field any of the values suffices, but of tags all are required; all fields must be met.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RepositoryFilter {
    /// Kinds.
    pub kinds: Vec<RepositoryKind>,
    /// Families.
    pub families: Vec<Family>,
    /// Names of owners.
    pub owners: Vec<String>,
    /// Tags, all of which are required.
    pub tags: Vec<String>,
    /// Licences.
    pub licenses: Vec<String>,
    /// Frameworks.
    pub frameworks: Vec<String>,
    /// Tasks.
    pub tasks: Vec<String>,
    /// Libraries.
    pub libraries: Vec<String>,
    /// Classification ids; descendants match too.
    pub classifications: Vec<String>,
    /// Classification ids by level, each a condition of its own; descendants match too.
    pub classification_levels: [Vec<String>; 3],
    /// Smallest size in bytes.
    pub size_min: Option<u64>,
    /// Largest size in bytes.
    pub size_max: Option<u64>,
    /// Labels, all of which are required.
    pub labels: Vec<String>,
    /// Tasks as the card or the files of a model tell the one.
    pub pipeline_tags: Vec<String>,
    /// Fewest parameters.
    pub parameters_min: Option<u64>,
    /// Most parameters.
    pub parameters_max: Option<u64>,
    /// Only featured ones.
    pub featured: bool,
}

/// A search for repositories.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RepositoryQuery {
    /// What was typed; empty matches all.
    pub text: String,
    /// Whether the last word may go on, as while typing.
    pub prefix: bool,
    /// Conditions.
    pub filter: RepositoryFilter,
    /// Order.
    pub sort: RepositorySort,
    /// Hits to pass over.
    pub offset: usize,
    /// Hits wanted, at most [`MOST_PER_PAGE`].
    pub limit: usize,
    /// Facets to count.
    pub facets: Vec<Facet>,
    /// Whether to mark matches.
    pub highlights: bool,
}

/// Texts of a hit with matches in `<mark>`, their only tag; everything else is escaped.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Highlights {
    /// The name, when a match is in it.
    pub name: Option<String>,
    /// The title, when a match is in it.
    pub title: Option<String>,
    /// A stretch of the description, when a match is in it.
    pub description: Option<String>,
    /// A stretch of the card, when a match is in it.
    pub card: Option<String>,
}

/// A repository that was found.
#[derive(Debug, Clone, PartialEq)]
pub struct RepositoryHit {
    /// As indexed, without README and file names; its counters are the newest known.
    pub document: RepositoryDocument,
    /// How well it matches; 0 when the order is another.
    pub score: f32,
    /// Why it was found.
    pub highlights: Highlights,
}

/// The answer to a search.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RepositoryResults {
    /// The hits of the page.
    pub hits: Vec<RepositoryHit>,
    /// Matches in all.
    pub total: u64,
    /// Counts of the facets that were asked for, in their order.
    pub facets: Vec<FacetCounts>,
    /// Whether words that differ by a letter or two were taken as matches.
    pub corrected: bool,
}

/// The index of repositories. Cheap to clone.
#[derive(Clone)]
pub struct RepositoryIndex {
    pub(crate) engine: Engine<RepositoryDocument>,
    live: LiveRows,
}

/// A change of the index of repositories.
#[derive(Debug, Clone)]
pub enum RepositoryChange {
    /// Adds a repository or replaces what is known of it.
    Put(Box<RepositoryDocument>),
    /// Removes a repository.
    Delete(RepositoryId),
}

impl Deref for RepositoryIndex {
    type Target = Engine<RepositoryDocument>;

    fn deref(&self) -> &Engine<RepositoryDocument> {
        &self.engine
    }
}

impl RepositoryIndex {
    /// Opens the index below a folder; one that cannot be used is replaced by an empty one that asks to be rebuilt.
    pub fn open(folder: &Path) -> Result<Self, SearchError> {
        let live = LiveRows::default();
        Ok(Self {
            engine: Engine::open(folder, Some(live.clone()))?,
            live,
        })
    }

    /// Takes changes, in order; they are searchable within 50 ms, and durable together with the cursor.
    pub async fn apply(&self, changes: Vec<RepositoryChange>, cursor: Option<u64>) -> Result<(), SearchError> {
        let changes = changes.into_iter().map(|change| match change {
            RepositoryChange::Put(document) => Change::Put(document),
            RepositoryChange::Delete(id) => Change::Delete(id.to_string()),
        });
        self.engine.change(changes.collect(), cursor).await
    }

    /// Sets counters; effective at once and not durable, since they have their truth elsewhere. Unknown ids are passed over.
    pub fn set_counters(&self, counters: impl IntoIterator<Item = (RepositoryId, Counters)>) {
        self.live.set_counters(
            counters
                .into_iter()
                .map(|(id, counters)| (u128::from_be_bytes(*id.as_bytes()), counters)),
        );
    }

    /// Whether an audience may read a repository, as far as the index knows.
    pub fn is_readable(&self, id: RepositoryId, audience: &Audience) -> bool {
        let rows = self.live.snapshot();
        let row = rows.get(self.live.number(u128::from_be_bytes(*id.as_bytes())) as usize);
        row.is_some_and(|row| may_read(&row.readers, audience))
    }

    /// Searches. Takes about a millisecond; no text is an error.
    pub fn search(&self, query: &RepositoryQuery, audience: &Audience) -> Result<RepositoryResults, SearchError> {
        self.engine.search(|snapshot| {
            let parsed = parse(&query.text, query.prefix);
            let run = Run {
                fields: &self.engine.shared.fields,
                snapshot,
                query,
                audience,
                rows: self.live.snapshot(),
            };
            let mut corrected = false;
            let mut collected = run.hits(&parsed, false)?;
            if collected.total < FEW && may_have_typos(&parsed) {
                let lenient = run.hits(&parsed, true)?;
                corrected = lenient.total > collected.total;
                if corrected {
                    collected = lenient;
                }
            }
            let facets = run.facets(&parsed, corrected, &collected)?;
            let marker = query.highlights.then(|| Marker::new(&parsed, corrected));
            let page = collected.best.iter().skip(query.offset).take(run.limit());
            let hits = page
                .map(|found| run.hit(found, marker.as_ref()))
                .collect::<Result<_, _>>()?;
            Ok(RepositoryResults {
                hits,
                total: collected.total,
                facets,
                corrected,
            })
        })
    }

    pub(crate) fn rows(&self) -> Arc<Vec<LiveRow>> {
        self.live.snapshot()
    }
}

pub(crate) fn may_read(readers: &Readers, audience: &Audience) -> bool {
    match (readers, audience) {
        (Readers::Everyone, _) | (Readers::Accounts(_), Audience::All) => true,
        (Readers::Accounts(readers), Audience::Accounts(asking)) => {
            readers.iter().any(|reader| asking.contains(reader))
        }
        (Readers::Nobody, _) | (Readers::Accounts(_), Audience::Everyone) => false,
    }
}

/// The condition that an audience adds to every query.
pub(crate) fn audience_clause(fields: &Fields, reader: usize, audience: &Audience) -> Option<(Occur, Box<dyn Query>)> {
    let everyone = || filter(fields.keyword_term(reader, EVERYONE));
    match audience {
        Audience::Everyone => Some((Occur::Must, everyone())),
        Audience::Accounts(accounts) => {
            let own = |account: &UserId| filter(fields.keyword_term(reader, &account.to_string()));
            let any = std::iter::once(everyone()).chain(accounts.iter().map(own));
            Some((Occur::Must, any_of(any.collect())))
        }
        Audience::All => None,
    }
}

/// One search in progress.
struct Run<'a> {
    fields: &'a Fields,
    snapshot: &'a Snapshot,
    query: &'a RepositoryQuery,
    audience: &'a Audience,
    rows: Arc<Vec<LiveRow>>,
}

impl Run<'_> {
    fn limit(&self) -> usize {
        self.query
            .limit
            .min(MOST_PER_PAGE)
            .min(DEEPEST_HIT.saturating_sub(self.query.offset))
    }

    /// The page's hits, and the counts of facets that need no query of their own.
    fn hits(&self, parsed: &Parsed, typos: bool) -> Result<Collected, SearchError> {
        let facets = self
            .query
            .facets
            .iter()
            .filter(|facet| !facet.is_filtered(&self.query.filter));
        let collector = HitCollector {
            order: order(self.query.sort),
            keep: if self.limit() == 0 {
                0
            } else {
                self.query.offset + self.limit()
            },
            facets: facets.map(|facet| facet.column()).collect(),
            gate: None,
            rows: Arc::clone(&self.rows),
        };
        collector.run(self.snapshot, &*self.query(parsed, typos, None))
    }

    /// A facet that also filters is counted without its own condition, so that its other values can be chosen too.
    fn facets(&self, parsed: &Parsed, typos: bool, hits: &Collected) -> Result<Vec<FacetCounts>, SearchError> {
        let mut counted = hits.facets.iter();
        let mut facets = Vec::with_capacity(self.query.facets.len());
        for facet in &self.query.facets {
            let values = if facet.is_filtered(&self.query.filter) {
                let collector = HitCollector {
                    order: Order::Number(number::SIZE),
                    keep: 0,
                    facets: vec![facet.column()],
                    gate: None,
                    rows: Arc::clone(&self.rows),
                };
                let collected = collector.run(self.snapshot, &*self.query(parsed, typos, Some(*facet)))?;
                collected.facets.first().map(top_values).unwrap_or_default()
            } else {
                counted.next().map(top_values).unwrap_or_default()
            };
            facets.push(FacetCounts { facet: *facet, values });
        }
        Ok(facets)
    }

    fn query(&self, parsed: &Parsed, typos: bool, without: Option<Facet>) -> Box<dyn Query> {
        let filter = &self.query.filter;
        let mut clauses = vec![(Occur::Must, build(parsed, self.fields.text, typos))];
        clauses.extend(audience_clause(self.fields, keyword::READER, self.audience));
        let mut any = |column: usize, values: &mut dyn Iterator<Item = String>| {
            let ways: Vec<_> = values
                .map(|value| crate::search::query::filter(self.fields.keyword_term(column, &value)))
                .collect();
            if !ways.is_empty() && without.is_none_or(|facet| facet.column() != column) {
                clauses.push((Occur::Must, any_of(ways)));
            }
        };
        any(
            keyword::KIND,
            &mut filter.kinds.iter().map(|kind| kind.as_str().to_owned()),
        );
        any(
            keyword::FAMILY,
            &mut filter.families.iter().map(|family| family.number().to_string()),
        );
        for (column, values) in [
            (keyword::OWNER, &filter.owners),
            (keyword::LICENSE, &filter.licenses),
            (keyword::FRAMEWORK, &filter.frameworks),
            (keyword::TASK, &filter.tasks),
            (keyword::LIBRARY, &filter.libraries),
            (keyword::PIPELINE, &filter.pipeline_tags),
            (keyword::CLASSIFICATION, &filter.classifications),
        ] {
            any(column, &mut values.iter().map(|value| keyword_form(value)));
        }
        for level in &filter.classification_levels {
            any(
                keyword::CLASSIFICATION,
                &mut level.iter().map(|value| keyword_form(value)),
            );
        }
        for tag in &filter.tags {
            any(keyword::TAG, &mut std::iter::once(keyword_form(tag)));
        }
        for label in &filter.labels {
            any(keyword::LABEL, &mut std::iter::once(keyword_form(label)));
        }
        if filter.featured {
            any(keyword::FEATURED, &mut std::iter::once("yes".to_owned()));
        }
        clauses.extend(size_clause(self.fields, number::SIZE, filter.size_min, filter.size_max));
        // Models of which it is not known have fewer than none.
        if filter.parameters_min.is_some() || filter.parameters_max.is_some() {
            let min = Some(filter.parameters_min.unwrap_or(0));
            clauses.extend(size_clause(self.fields, number::PARAMETERS, min, filter.parameters_max));
        }
        Box::new(BooleanQuery::new(clauses))
    }

    fn hit(
        &self,
        found: &crate::search::collect::Found,
        marker: Option<&Marker>,
    ) -> Result<RepositoryHit, SearchError> {
        let mut document: RepositoryDocument = stored(self.snapshot, self.fields, found)?;
        let columns = &self.snapshot.columns[found.address().segment_ord as usize];
        if let Some(row) = columns
            .rows
            .get(found.address().doc_id as usize)
            .and_then(|row| self.rows.get(*row as usize))
        {
            document.counters = row.counters;
        }
        let highlights = marker.map_or_else(Highlights::default, |marker| Highlights {
            name: marker.whole(&document.name),
            title: marker.whole(&document.title),
            description: marker.snippet(&document.description),
            card: marker.snippet(&document.card),
        });
        let score = if self.query.sort == RepositorySort::Relevance {
            found.score()
        } else {
            0.0
        };
        Ok(RepositoryHit {
            document,
            score,
            highlights,
        })
    }
}

fn order(sort: RepositorySort) -> Order {
    match sort {
        RepositorySort::Relevance => Order::Relevance,
        RepositorySort::Trending => Order::Live(|row| tantivy::f64_to_u64(row.counters.trending)),
        RepositorySort::Stars => Order::Live(|row| row.counters.stars),
        RepositorySort::Downloads => Order::Live(|row| row.counters.downloads),
        RepositorySort::Popular => Order::Live(LiveRow::standing),
        RepositorySort::Updated => Order::Number(number::UPDATED),
        RepositorySort::Created => Order::Number(number::CREATED),
        RepositorySort::Name => Order::Keyword(keyword::NAME),
    }
}

/// A condition on a size column.
pub(crate) fn size_clause(
    fields: &Fields,
    column: usize,
    min: Option<u64>,
    max: Option<u64>,
) -> Option<(Occur, Box<dyn Query>)> {
    let term = |bound: u64| Term::from_field_i64(fields.numbers[column], i64::try_from(bound).unwrap_or(i64::MAX));
    let bound = |bound: Option<u64>| bound.map_or(Bound::Unbounded, |bound| Bound::Included(term(bound)));
    if min.is_none() && max.is_none() {
        return None;
    }
    let range = RangeQuery::new(bound(min), bound(max));
    Some((Occur::Must, Box::new(ConstScoreQuery::new(Box::new(range), 0.0))))
}

/// The stored form of what was found.
pub(crate) fn stored<T: serde::de::DeserializeOwned>(
    snapshot: &Snapshot,
    fields: &Fields,
    found: &crate::search::collect::Found,
) -> Result<T, SearchError> {
    let document: TantivyDocument = snapshot.searcher.doc(found.address())?;
    let bytes = document
        .get_first(fields.stored)
        .and_then(|value| value.as_bytes())
        .unwrap_or_default();
    Ok(rmp_serde::from_slice(bytes)?)
}
