//! What the hits of a search can be narrowed by, with counts.
//!
//! A facet by which a search is filtered already is counted without its own condition (the usual multi-select), which costs
//! one more pass per such facet. Tags are the exception: all chosen tags are required, so they count within their condition.

use crate::search::document::keyword;
use crate::search::repositories::RepositoryFilter;
use std::cmp::Reverse;
use std::collections::HashMap;

/// Values of a facet that are answered, the most frequent first.
pub const MOST_FACET_VALUES: usize = 50;

/// A field whose values are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Facet {
    /// Model, dataset, space, code, workflow, project.
    Kind,
    /// Owner, in lower case.
    Owner,
    /// Tags, in lower case.
    Tag,
    /// Licence, in lower case.
    License,
    /// Framework, in lower case.
    Framework,
    /// Task, in lower case.
    Task,
    /// Library, in lower case.
    Library,
    /// Classification id; a node counts the repositories of its descendants too.
    Classification,
}

impl Facet {
    /// All facets.
    pub const ALL: [Self; 8] = [
        Self::Kind,
        Self::Owner,
        Self::Tag,
        Self::License,
        Self::Framework,
        Self::Task,
        Self::Library,
        Self::Classification,
    ];

    /// Its name in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Kind => "repo_type",
            Self::Owner => "owner",
            Self::Tag => "tags",
            Self::License => "license",
            Self::Framework => "framework",
            Self::Task => "task",
            Self::Library => "library",
            Self::Classification => "classification",
        }
    }

    pub(crate) fn column(self) -> usize {
        match self {
            Self::Kind => keyword::KIND,
            Self::Owner => keyword::OWNER,
            Self::Tag => keyword::TAG,
            Self::License => keyword::LICENSE,
            Self::Framework => keyword::FRAMEWORK,
            Self::Task => keyword::TASK,
            Self::Library => keyword::LIBRARY,
            Self::Classification => keyword::CLASSIFICATION,
        }
    }

    /// Whether a condition on this field has to be left out when it is counted.
    pub(crate) fn is_filtered(self, filter: &RepositoryFilter) -> bool {
        match self {
            Self::Kind => !filter.kinds.is_empty(),
            Self::Owner => !filter.owners.is_empty(),
            Self::Tag => false,
            Self::License => !filter.licenses.is_empty(),
            Self::Framework => !filter.frameworks.is_empty(),
            Self::Task => !filter.tasks.is_empty(),
            Self::Library => !filter.libraries.is_empty(),
            Self::Classification => {
                !filter.classifications.is_empty() || filter.classification_levels.iter().any(|level| !level.is_empty())
            }
        }
    }
}

/// The counts of a facet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FacetCounts {
    /// Which one.
    pub facet: Facet,
    /// Value and number of matches, the most frequent first.
    pub values: Vec<(String, u64)>,
}

/// The most frequent values; equal counts in the order of the values.
pub(crate) fn top_values(counts: &HashMap<String, u64>) -> Vec<(String, u64)> {
    let mut values: Vec<_> = counts.iter().map(|(value, count)| (value.clone(), *count)).collect();
    values.sort_unstable_by(|left, right| (Reverse(left.1), &left.0).cmp(&(Reverse(right.1), &right.0)));
    values.truncate(MOST_FACET_VALUES);
    values
}
