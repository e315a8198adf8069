use crate::base::{RepositoryId, RepositoryKind};
use crate::http::{ApiError, ApiResult, Code, PageQuery};
use crate::search::{Facet, FileQuery, FileSort, RepositoryFilter, RepositoryQuery, RepositorySort};
use serde::Deserialize;
use std::collections::HashSet;
use std::fmt::Display;
use std::str::FromStr;
use utoipa::IntoParams;

/// Most values of one parameter: each is a condition that every search has to look up.
const MOST_VALUES: usize = 50;

/// Parameters of a search for repositories. Those that take several values may be repeated, or list them with commas.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(
    dead_code,
    reason = "describes the parameters; repeated ones are read from the pairs of the query string"
)]
pub(super) struct RepositoryParameters {
    /// What to look for: words, `"phrases"`, `-exclusions`. Empty finds everything.
    q: Option<String>,
    /// Order: `relevance`, `trending`, `popular`, `stars`, `downloads`, `updated`, `created` or `name`.
    #[param(inline, value_type = Option<String>)]
    sort: Option<String>,
    /// Only these kinds: model, dataset, space, code, workflow, project.
    repo_type: Option<Vec<String>>,
    /// Only of these owners.
    owner: Option<Vec<String>>,
    /// Only with all of these tags.
    tags: Option<Vec<String>>,
    /// Only under one of these licences.
    license: Option<Vec<String>>,
    /// Only for one of these frameworks.
    framework: Option<Vec<String>>,
    /// Only for one of these tasks.
    task: Option<Vec<String>>,
    /// Only for one of these libraries.
    library: Option<Vec<String>>,
    /// Only under one of these classification nodes or their descendants.
    classification: Option<Vec<String>>,
    /// Only under one of these nodes of the first level, besides the condition of `classification`.
    classification_1: Option<Vec<String>>,
    /// The same for the second level.
    classification_2: Option<Vec<String>>,
    /// The same for the third level.
    classification_3: Option<Vec<String>>,
    /// Only with at least this many bytes of files.
    size_min: Option<u64>,
    /// Only with at most this many bytes of files.
    size_max: Option<u64>,
    /// Only models for one of these tasks, as the card says or the files tell.
    pipeline_tag: Option<Vec<String>>,
    /// Only models with at least this many parameters.
    parameters_min: Option<u64>,
    /// Only models with at most this many parameters.
    parameters_max: Option<u64>,
    /// Whether the last word may go on, as while typing; true when absent.
    prefix: Option<bool>,
    /// Whether to count facets; true when absent.
    facets: Option<bool>,
}

/// Parameters of a search for accounts.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct UserParameters {
    /// What to look for; empty finds everybody.
    pub(super) q: Option<String>,
}

/// Parameters of suggestions.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct SuggestionParameters {
    /// What was typed so far.
    pub(super) q: Option<String>,
    /// Suggestions wanted, at most 20; 10 when absent.
    pub(super) limit: Option<usize>,
}

/// Narrows a list to a kind.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct KindParameter {
    /// Only this kind: model, dataset, space, code, workflow, project.
    #[param(inline, value_type = Option<String>)]
    pub(super) repo_type: Option<RepositoryKind>,
}

/// Parameters of a search for files.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(
    dead_code,
    reason = "describes the parameters; repeated ones are read from the pairs of the query string"
)]
pub(super) struct FileParameters {
    /// Words of the name or of the folders. Empty finds everything.
    q: Option<String>,
    /// Only files with one of these extensions, such as `tif` or `safetensors`; may be repeated.
    extension: Option<Vec<String>>,
    /// Only in the repository with this id.
    repository: Option<String>,
    /// Only files of at least this many bytes.
    size_min: Option<u64>,
    /// Only files of at most this many bytes.
    size_max: Option<u64>,
    /// Order: `relevance`, `size` or `name`.
    sort: Option<String>,
}

/// The pairs of a query string, of which several may have the same name.
pub(super) struct Parameters(Vec<(String, String)>);

impl Parameters {
    pub(super) fn new(pairs: Vec<(String, String)>) -> Self {
        Self(pairs)
    }

    pub(super) fn page(&self) -> ApiResult<PageQuery> {
        Ok(PageQuery {
            page: self.one("page")?,
            limit: self.one("limit")?,
        })
    }

    /// The search for repositories, without its page.
    pub(super) fn repositories(&self) -> ApiResult<RepositoryQuery> {
        Ok(RepositoryQuery {
            text: self.one("q")?.unwrap_or_default(),
            prefix: self.one("prefix")?.unwrap_or(true),
            filter: RepositoryFilter {
                kinds: self.many("repo_type")?,
                owners: self.many("owner")?,
                tags: self.many("tags")?,
                licenses: self.many("license")?,
                frameworks: self.many("framework")?,
                tasks: self.many("task")?,
                libraries: self.many("library")?,
                classifications: self.many("classification")?,
                classification_levels: [
                    self.many("classification_1")?,
                    self.many("classification_2")?,
                    self.many("classification_3")?,
                ],
                size_min: self.one("size_min")?,
                size_max: self.one("size_max")?,
                pipeline_tags: self.many("pipeline_tag")?,
                parameters_min: self.one("parameters_min")?,
                parameters_max: self.one("parameters_max")?,
                ..RepositoryFilter::default()
            },
            sort: self.sort()?,
            facets: if self.one("facets")?.unwrap_or(true) {
                Facet::ALL.to_vec()
            } else {
                Vec::new()
            },
            highlights: true,
            ..RepositoryQuery::default()
        })
    }

    /// The search for files, without its page.
    pub(super) fn files(&self) -> ApiResult<FileQuery> {
        let sort = match self.text("sort") {
            None | Some("" | "relevance") => FileSort::Relevance,
            Some("size") => FileSort::Size,
            Some("name") => FileSort::Name,
            Some(_) => {
                return Err(ApiError::field(
                    Code::BadRequest,
                    "sort",
                    "'sort' is relevance, size or name.",
                ));
            }
        };
        Ok(FileQuery {
            text: self.one("q")?.unwrap_or_default(),
            prefix: true,
            repository: self.one::<RepositoryId>("repository")?,
            extensions: self.many("extension")?,
            size_min: self.one("size_min")?,
            size_max: self.one("size_max")?,
            sort,
            ..FileQuery::default()
        })
    }

    fn sort(&self) -> ApiResult<RepositorySort> {
        Ok(match self.text("sort") {
            None | Some("" | "relevance") => RepositorySort::Relevance,
            Some("trending") => RepositorySort::Trending,
            Some("popular") => RepositorySort::Popular,
            Some("stars") => RepositorySort::Stars,
            Some("downloads") => RepositorySort::Downloads,
            Some("updated") => RepositorySort::Updated,
            Some("created") => RepositorySort::Created,
            Some("name") => RepositorySort::Name,
            Some(_) => {
                let message = "'sort' is relevance, trending, popular, stars, downloads, updated, created or name.";
                return Err(ApiError::field(Code::BadRequest, "sort", message));
            }
        })
    }

    /// The last value of a name.
    fn text(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .rev()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    fn one<T: FromStr<Err: Display>>(&self, name: &str) -> ApiResult<Option<T>> {
        let text = self.text(name).filter(|text| !text.is_empty());
        text.map(|text| parse(name, text)).transpose()
    }

    fn many<T: FromStr<Err: Display>>(&self, name: &str) -> ApiResult<Vec<T>> {
        let values = self
            .0
            .iter()
            .filter(|(key, _)| key == name)
            .flat_map(|(_, value)| value.split(','));
        let mut seen = HashSet::new();
        let values: Vec<&str> = values
            .map(str::trim)
            .filter(|value| !value.is_empty() && seen.insert(*value))
            .take(MOST_VALUES + 1)
            .collect();
        if values.len() > MOST_VALUES {
            let message = format!("'{name}' takes at most {MOST_VALUES} values.");
            return Err(ApiError::field(Code::BadRequest, name, message));
        }
        values.into_iter().map(|value| parse(name, value)).collect()
    }
}

fn parse<T: FromStr<Err: Display>>(name: &str, text: &str) -> ApiResult<T> {
    text.parse().map_err(|error: T::Err| {
        let reason = error.to_string();
        ApiError::field(
            Code::BadRequest,
            name,
            format!("'{name}' cannot be used: {}.", reason.trim_end_matches('.')),
        )
    })
}
