use crate::base::RepositoryId;
use crate::http::{ApiError, ApiResult, Code, PageRange, Problem};
use crate::repos::api::RepositoryView;
use crate::repos::{ReadRepo, Repos, ReposError};
use crate::search::{
    FacetCounts, FileHit, Highlights, RepositoryHit, RepositoryResults, Suggestion, SuggestionKind, UserHit,
};
use crate::social::Social;
use crate::social::api::CountersView;
use crate::users::api::UserView;
use crate::users::{Caller, Users};
use serde::Serialize;
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// A page of found repositories.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct RepositoryPage {
    /// The repositories of this page, in the order that was asked for.
    items: Vec<FoundView>,
    /// Matches in all.
    total: u64,
    /// This page, counted from 1.
    page: usize,
    /// Items per page.
    limit: usize,
    /// By facet (`repo_type`, `owner`, `tags`, `license`, `framework`, `task`, `library`, `classification`): values and
    /// how many matches have them, the most frequent first. A facet that narrows the search already is counted without
    /// its own condition, tags excepted.
    facets: BTreeMap<&'static str, Vec<FacetValue>>,
    /// Whether words that differ by a letter or two were taken as matches, because there were few exact ones.
    corrected: bool,
    /// Whether the index is being filled, so that something may be missing.
    rebuilding: bool,
}

/// A value of a facet.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct FacetValue {
    /// The value, as the filter of the same name takes it.
    value: String,
    /// Matches that have it.
    count: u64,
}

impl RepositoryPage {
    /// Shows results. What the caller may no longer read is left out: the index is a moment behind.
    pub(super) fn new(
        results: RepositoryResults,
        range: PageRange,
        rebuilding: bool,
        view: impl Fn(RepositoryHit) -> ApiResult<Option<FoundView>>,
    ) -> ApiResult<Self> {
        let items = results.hits.into_iter().filter_map(|hit| view(hit).transpose());
        Ok(Self {
            items: items.collect::<ApiResult<_>>()?,
            total: results.total,
            page: range.page,
            limit: range.limit,
            facets: results.facets.into_iter().map(facet_view).collect(),
            corrected: results.corrected,
            rebuilding,
        })
    }
}

fn facet_view(counts: FacetCounts) -> (&'static str, Vec<FacetValue>) {
    let values = counts
        .values
        .into_iter()
        .map(|(value, count)| FacetValue { value, count });
    (counts.facet.as_str(), values.collect())
}

/// A repository that was found.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct FoundView {
    /// The repository.
    #[serde(flatten)]
    repository: RepositoryView,
    /// Title from its card.
    title: Option<String>,
    /// Tags from its card.
    tags: Vec<String>,
    /// Licences from its card.
    license: Vec<String>,
    /// Frameworks from its card.
    framework: Vec<String>,
    /// Tasks from its card.
    task: Vec<String>,
    /// Library from its card.
    library: Option<String>,
    /// Classification nodes, with those above them.
    classifications: Vec<String>,
    /// Its counters.
    counters: CountersView,
    /// How well it matches; 0 when another order was asked for.
    score: f32,
    /// Why it was found.
    highlights: HighlightsView,
}

/// Texts with matches in `<mark>`, the only tag; everything else is escaped. Null where nothing matches.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct HighlightsView {
    /// The name.
    name: Option<String>,
    /// The title.
    title: Option<String>,
    /// A stretch of the description.
    description: Option<String>,
    /// A stretch of the card.
    card: Option<String>,
}

impl From<Highlights> for HighlightsView {
    fn from(
        Highlights {
            name,
            title,
            description,
            card,
        }: Highlights,
    ) -> Self {
        Self {
            name,
            title,
            description,
            card,
        }
    }
}

impl FoundView {
    /// The hit with the repository as it is now; nothing when the caller may not read it.
    pub(super) fn new(hit: RepositoryHit, caller: &Caller, repos: &Repos, social: &Social) -> ApiResult<Option<Self>> {
        let Some(proof) = readable(repos, caller, hit.document.id)? else {
            return Ok(None);
        };
        let document = hit.document;
        Ok(Some(Self {
            repository: RepositoryView::from(&proof),
            title: Some(document.title).filter(|title| !title.is_empty()),
            tags: document.tags,
            license: document.licenses,
            framework: document.frameworks,
            task: document.tasks,
            library: document.library,
            classifications: document.classifications,
            counters: social.counters(proof.id())?.into(),
            score: hit.score,
            highlights: hit.highlights.into(),
        }))
    }
}

fn readable(repos: &Repos, caller: &Caller, id: RepositoryId) -> ApiResult<Option<ReadRepo>> {
    match repos.readable_by_id(caller, id) {
        Ok(proof) => Ok(Some(proof)),
        Err(error) if is_not_found(&error) => Ok(None),
        Err(error) => Err(ApiError::from(error)),
    }
}

fn is_not_found(error: &ReposError) -> bool {
    error.code() == Code::NotFound
}

/// An account that was found.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct UserHitView {
    /// The account.
    #[serde(flatten)]
    user: UserView,
    /// The name with matches in `<mark>`; null where nothing matches.
    username_highlight: Option<String>,
    /// The full name with matches in `<mark>`; null where nothing matches.
    full_name_highlight: Option<String>,
}

impl UserHitView {
    /// The hit with the account as it is now; nothing when it is gone.
    pub(super) fn new(hit: UserHit, users: &Users, caller: &Caller) -> ApiResult<Option<Self>> {
        let Some(account) = users.find(hit.document.id)?.filter(|account| account.is_active) else {
            return Ok(None);
        };
        Ok(Some(Self {
            user: UserView::new(users, &account, caller),
            username_highlight: hit.username_highlight,
            full_name_highlight: hit.full_name_highlight,
        }))
    }
}

/// Suggestions, the most likely first.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct SuggestionsView {
    /// The suggestions.
    items: Vec<SuggestionView>,
}

/// A continuation of what was typed.
#[derive(Debug, Serialize, ToSchema)]
struct SuggestionView {
    /// The text to show and to search for.
    text: String,
    /// `repository`, `title`, `tag` or `owner`.
    kind: &'static str,
    /// The repository, for names and titles.
    #[schema(value_type = Option<String>)]
    repository_id: Option<RepositoryId>,
}

impl From<Vec<Suggestion>> for SuggestionsView {
    fn from(suggestions: Vec<Suggestion>) -> Self {
        let view = |Suggestion { text, kind, repository }| SuggestionView {
            text,
            kind: match kind {
                SuggestionKind::Repository => "repository",
                SuggestionKind::Title => "title",
                SuggestionKind::Tag => "tag",
                SuggestionKind::Owner => "owner",
            },
            repository_id: repository,
        };
        Self {
            items: suggestions.into_iter().map(view).collect(),
        }
    }
}

/// A file that was found.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct FileHitView {
    /// The repository.
    #[schema(value_type = String)]
    repository_id: RepositoryId,
    /// `owner/name` of the repository.
    repository: String,
    /// What the repository is for.
    repo_type: &'static str,
    /// Path inside the repository.
    path: String,
    /// The last part of the path.
    name: String,
    /// What follows the last dot of the name, in lower case.
    extension: String,
    /// Size of the content in bytes.
    size: u64,
    /// The path with matches in `<mark>`; null where nothing matches.
    path_highlight: Option<String>,
}

impl FileHitView {
    /// The hit with the repository as it is now; nothing when the caller may not read it.
    pub(super) fn new(hit: FileHit, caller: &Caller, repos: &Repos) -> ApiResult<Option<Self>> {
        let Some(proof) = readable(repos, caller, hit.document.repository)? else {
            return Ok(None);
        };
        Ok(Some(Self {
            repository_id: proof.id(),
            repository: format!("{}/{}", proof.owner().name, proof.repository().name),
            repo_type: proof.repository().kind.as_str(),
            name: hit.document.name().to_owned(),
            extension: hit.document.extension(),
            size: hit.document.size_bytes,
            path: hit.document.path,
            path_highlight: hit.path_highlight,
        }))
    }
}
