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

/// Filters of one list at most: each is a condition that the index has to look up.
const MOST_FILTERS: usize = 50;

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
    /// Only for this library.
    library: Option<String>,
    /// Only with so many parameters, as in `min:6B,max:128B`.
    #[param(rename = "num_parameters")]
    num_parameters: Option<String>,
    /// Only those whose content needs access, or only others.
    gated: Option<bool>,
    /// Order: `lastModified`, `createdAt`, `downloads`, `likes` or `trendingScore`.
    sort: Option<String>,
    /// The most repositories of a page.
    limit: Option<usize>,
    /// Whether everything is told, files included.
    full: Option<bool>,
    /// Whether the front matter of cards is told.
    #[param(rename = "cardData")]
    card_data: Option<bool>,
    /// Whether the configuration of models is told.
    config: Option<bool>,
    /// Only these properties.
    expand: Option<Vec<String>>,
    /// Where the page begins, as the header `Link` of the page before says.
    skip: Option<usize>,
}

/// What is listed.
struct Wanted {
    query: RepositoryQuery,
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
        let mut filters: Vec<String> = values("filter")
            .flat_map(|value| value.split(','))
            .filter(|filter| !filter.is_empty())
            .map(str::to_owned)
            .collect();
        if filters.len() > MOST_FILTERS {
            let message = format!("'filter' takes at most {MOST_FILTERS} values.");
            return Err(HfError::new(Code::BadRequest, message));
        }
        filters.extend(last("gated").map(|gated| Gating::label(is_set(gated)).to_owned()));
        let (parameters_min, parameters_max) = parameters(last("num_parameters"))?;
        Ok(Self {
            query: RepositoryQuery {
                text: values("search").collect::<Vec<_>>().join(" "),
                prefix: true,
                filter: RepositoryFilter {
                    families: vec![kind.kind().family()],
                    owners: last("author").map(str::to_owned).into_iter().collect(),
                    labels: filters,
                    pipeline_tags: last("pipeline_tag").map(str::to_owned).into_iter().collect(),
                    libraries: last("library").map(str::to_owned).into_iter().collect(),
                    parameters_min,
                    parameters_max,
                    ..RepositoryFilter::default()
                },
                sort: sort(last("sort"))?,
                limit: number("limit")?.unwrap_or(MOST_PER_PAGE).clamp(1, MOST_PER_PAGE),
                offset: number("skip")?.unwrap_or(0).min(DEEPEST_HIT),
                ..RepositoryQuery::default()
            },
            nothing: last("inference").is_some() || last("inference_provider").is_some(),
        })
    }
}

/// Bounds of the number of parameters, as `min:6B,max:128B` writes them.
fn parameters(text: Option<&str>) -> Result<(Option<u64>, Option<u64>), HfError> {
    let refused = || {
        let message = "'num_parameters' has the form 'min:6B,max:128B'; either of them can be left out.";
        HfError::new(Code::BadRequest, message)
    };
    let (mut min, mut max) = (None, None);
    for part in text.into_iter().flat_map(|text| text.split(',')) {
        let (name, value) = part.trim().split_once(':').ok_or_else(refused)?;
        let value = Some(amount(value).ok_or_else(refused)?);
        match name {
            "min" => min = value,
            "max" => max = value,
            _ => return Err(refused()),
        }
    }
    Ok((min, max))
}

/// A number with K, M, B or T behind it for thousands and more.
fn amount(text: &str) -> Option<u64> {
    let text = text.trim().to_ascii_uppercase();
    let units = [("K", 1e3), ("M", 1e6), ("B", 1e9), ("T", 1e12)];
    let unit = units
        .into_iter()
        .find_map(|(unit, factor)| Some((text.strip_suffix(unit)?, factor)));
    let (digits, factor) = unit.unwrap_or((&text, 1.0));
    let number: f64 = digits.parse().ok().filter(|number| (0.0..1e15).contains(number))?;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "bounded just above, and the cast saturates"
    )]
    let amount = (number * factor) as u64;
    Some(amount)
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
    /// A page of what the caller may see, and where the next one begins. Costs the index one look, and the rows of the
    /// page one snapshot of each slice; git is not asked.
    async fn list(
        &self,
        client: &Client,
        kind: HfKind,
        wanted: &Wanted,
        told: &Told,
    ) -> Result<(Vec<HfInfoView>, Option<usize>), HfError> {
        let audience = Audience::of(&client.caller);
        let (index, query) = (self.search.repositories().clone(), wanted.query.clone());
        let results = blocking(move || index.search(&query, &audience))
            .await
            .map_err(HfError::other)?;
        let next = wanted.query.offset.saturating_add(results.hits.len());
        let is_last = results.hits.is_empty() || next as u64 >= results.total || next >= DEEPEST_HIT;
        // What the caller may no longer see is left out: the index is a moment behind.
        let ids: Vec<_> = results.hits.iter().map(|hit| hit.document.id).collect();
        let proofs = self.repos.readable_among(&client.caller, &ids)?;
        let found = self.infos(kind, &proofs, told).await?;
        Ok((found, Some(next).filter(|_| !is_last)))
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
    let (wanted, told) = (Wanted::of_pairs(kind, &pairs)?, Told::of_list(kind, &pairs)?);
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
