use super::asked::{Client, HfKind, values};
use super::info::{HfInfoView, Told};
use super::refusal::HfError;
use super::tree::is_set;
use crate::base::blocking;
use crate::hf::HfParts;
use crate::http::{Code, Query};
use crate::repos::Gating;
use crate::search::{Audience, DEEPEST_HIT, MOST_PER_PAGE, RepositoryFilter, RepositoryQuery, RepositorySort};
use actix_web::http::header::LINK;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, get};
use utoipa::IntoParams;

/// Repositories of a page when the caller names no number, and at most.
const PAGE: usize = 100;
/// Repositories that are looked at for one page: those that do not fit take time, too.
const MOST_LOOKED_AT: usize = 1_000;

/// Which repositories to list (§5 of the contract).
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes pairs of the query, of which some are repeated")]
struct ListQuery {
    /// Words to look for.
    search: Option<Vec<String>>,
    /// Only of this account.
    author: Option<String>,
    /// Only with all of these tags.
    filter: Option<Vec<String>>,
    /// Only for this task.
    #[param(rename = "pipeline_tag")]
    pipeline_tag: Option<String>,
    /// Only those whose content needs access, or only others.
    gated: Option<bool>,
    /// Order: `lastModified`, `createdAt`, `downloads`, `likes` or `trendingScore`.
    sort: Option<String>,
    /// The most repositories of a page.
    limit: Option<usize>,
    /// Whether everything is told, files included.
    full: Option<bool>,
    /// Only these properties.
    expand: Option<Vec<String>>,
    /// Where the page begins, as the header `Link` of the page before says.
    skip: Option<usize>,
}

/// What is listed.
struct Wanted {
    query: RepositoryQuery,
    filters: Vec<String>,
    pipeline_tag: Option<String>,
    limit: usize,
    skip: usize,
    /// Only gated ones, or only others.
    gated: Option<bool>,
    /// Whether it is asked for what no repository of this hub is: served by others.
    nothing: bool,
}

impl Wanted {
    fn of_pairs(kind: HfKind, pairs: &[(String, String)]) -> Result<Self, HfError> {
        let values = |name: &'static str| values(pairs, name);
        let last = |name: &'static str| values(name).last().filter(|value| !value.is_empty());
        let number = |name: &'static str| -> Result<Option<usize>, HfError> {
            let refused = |_| HfError::new(Code::BadRequest, format!("'{name}' is a number."));
            last(name).map(|text| text.parse().map_err(refused)).transpose()
        };
        Ok(Self {
            query: RepositoryQuery {
                text: values("search").collect::<Vec<_>>().join(" "),
                prefix: true,
                filter: RepositoryFilter {
                    families: vec![kind.kind().family()],
                    owners: last("author").map(str::to_owned).into_iter().collect(),
                    ..RepositoryFilter::default()
                },
                sort: sort(last("sort"))?,
                limit: MOST_PER_PAGE,
                ..RepositoryQuery::default()
            },
            filters: values("filter")
                .flat_map(|value| value.split(','))
                .map(str::to_lowercase)
                .collect(),
            pipeline_tag: last("pipeline_tag").map(str::to_lowercase),
            limit: number("limit")?.unwrap_or(PAGE).clamp(1, PAGE),
            skip: number("skip")?.unwrap_or(0),
            gated: last("gated").map(is_set),
            nothing: last("inference").is_some() || last("inference_provider").is_some(),
        })
    }

    /// Whether a repository has all that is asked for.
    fn fits(&self, info: &HfInfoView) -> bool {
        let has = |filter: &String| {
            let language = filter.strip_prefix("language:").unwrap_or(filter);
            info.tags
                .iter()
                .map(|tag| tag.to_lowercase())
                .any(|tag| tag == *filter || tag == language)
        };
        let is_gated = info.gated.0 != Gating::Off;
        if self.gated.is_some_and(|wanted| wanted != is_gated) {
            return false;
        }
        let task = info.pipeline_tag.as_deref().map(str::to_lowercase);
        self.filters.iter().all(has) && (self.pipeline_tag.is_none() || self.pipeline_tag == task)
    }
}

fn sort(word: Option<&str>) -> Result<RepositorySort, HfError> {
    Ok(match word {
        None | Some("trendingScore" | "trending_score") => RepositorySort::Trending,
        Some("lastModified" | "last_modified") => RepositorySort::Updated,
        Some("createdAt" | "created_at") => RepositorySort::Created,
        Some("downloads") => RepositorySort::Downloads,
        Some("likes") => RepositorySort::Stars,
        Some(_) => {
            let message =
                "'sort' is expected one of \"lastModified\"|\"createdAt\"|\"downloads\"|\"likes\"|\"trendingScore\".";
            return Err(HfError::new(Code::BadRequest, message));
        }
    })
}

impl HfParts {
    /// A page of what the caller may see, and where the next one begins.
    async fn list(
        &self,
        client: &Client,
        kind: HfKind,
        wanted: &Wanted,
        told: &Told,
    ) -> Result<(Vec<HfInfoView>, Option<usize>), HfError> {
        let audience = Audience::of(&client.caller);
        let (mut found, mut at) = (Vec::new(), wanted.skip);
        while at < DEEPEST_HIT && at - wanted.skip < MOST_LOOKED_AT {
            let (index, mut query) = (self.search.repositories().clone(), wanted.query.clone());
            query.offset = at;
            let results = blocking(move || index.search(&query, audience))
                .await
                .map_err(HfError::other)?;
            if results.hits.is_empty() {
                return Ok((found, None));
            }
            for hit in results.hits {
                if found.len() == wanted.limit {
                    return Ok((found, Some(at)));
                }
                at += 1;
                // What the caller may no longer see is left out: the index is a moment behind.
                let Ok(proof) = self.repos.readable_by_id(&client.caller, hit.document.id) else {
                    continue;
                };
                let revision = self.revision(&proof, None).await?;
                let info = self.info(kind, &proof, revision.as_ref(), told).await?;
                if wanted.fits(&info) {
                    found.push(info);
                }
            }
        }
        Ok((found, Some(at).filter(|at| *at < DEEPEST_HIT)))
    }
}

/// Lists the models, the datasets or the spaces that the caller may see.
#[utoipa::path(tag = "hugging face", path = "/api/{family}", params(ListQuery,
        ("family" = String, Path, description = "`models`, `datasets` or `spaces`")),
    responses((status = 200, body = Vec<HfInfoView>), (status = 400), (status = 401)))]
#[get("/api/{family:models|datasets|spaces}")]
pub(super) async fn hf_list(
    client: Client,
    request: HttpRequest,
    pairs: Query<Vec<(String, String)>>,
    parts: Data<HfParts>,
) -> Result<HttpResponse, HfError> {
    let kind = HfKind::of_segment(request.match_info().get("family").unwrap_or_default());
    let mut pairs = pairs.0;
    let full = values(&pairs, "full").any(is_set);
    let (wanted, told) = (Wanted::of_pairs(kind, &pairs)?, Told::of_pairs(kind, &pairs, full)?);
    if wanted.nothing {
        return Ok(HttpResponse::Ok().json([(); 0]));
    }
    let (found, next) = parts.list(&client, kind, &wanted, &told).await?;
    let mut response = HttpResponse::Ok();
    if let Some(next) = next {
        pairs.retain(|(name, _)| name != "skip");
        pairs.push(("skip".to_owned(), next.to_string()));
        response.insert_header((LINK, client.next_page(request.path(), &pairs)));
    }
    let views = found
        .iter()
        .map(|info| told.view(info))
        .collect::<Result<Vec<_>, _>>()?;
    Ok(response.json(views))
}
