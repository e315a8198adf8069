use super::views::ReadView;
use crate::base::blocking;
use crate::cards::{Cards, FieldUse, schema};
use crate::http::{ApiError, ApiResult, Code, Json, Page, PageQuery, Query};
use crate::repos::api::RepositoryView;
use crate::users::Caller;
use actix_web::web::Data;
use actix_web::{get, post};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::{IntoParams, ToSchema};

/// The JSON Schema of a card's front matter: required and known fields with their other names. Other fields are allowed.
#[utoipa::path(tag = "metadata", responses((status = 200, body = Object)))]
#[get("/api/metadata/schema")]
pub(super) async fn show_metadata_schema() -> Json<Value> {
    Json(schema::document())
}

/// What to validate: exactly one of the fields.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ValidateMetadata {
    /// A whole README.md.
    readme: Option<String>,
    /// The YAML of the front matter without its fences.
    yaml: Option<String>,
    /// The metadata as JSON.
    #[schema(value_type = Option<Object>)]
    metadata: Option<Map<String, Value>>,
}

impl ValidateMetadata {
    /// The README to read. The fence takes the first line of the YAML's place, so its lines are counted from 2.
    fn into_readme(self) -> ApiResult<String> {
        match (self.readme, self.yaml, self.metadata) {
            (Some(readme), None, None) => Ok(readme),
            (None, Some(yaml), None) => Ok(format!("---\n{}\n---\n", yaml.trim_end())),
            (None, None, Some(metadata)) => Ok(crate::cards::apply("---\n---\n", &metadata)
                .map_err(|wrong| ApiError::field(Code::Invalid, "metadata", wrong.to_string()))?),
            _ => Err(ApiError::field(
                Code::BadRequest,
                "readme",
                "Give exactly one of 'readme', 'yaml' and 'metadata'.",
            )),
        }
    }
}

/// Reads metadata without storing anything, and tells what is wrong with line and column.
///
/// Lines are those of a README.md: front matter that is given as YAML begins on line 2, behind its fence.
#[utoipa::path(tag = "metadata", request_body = ValidateMetadata,
    security(("bearer" = [])),
    responses((status = 200, body = ReadView), (status = 400), (status = 401), (status = 422)))]
#[post("/api/metadata/validate")]
pub(super) async fn validate_metadata(
    caller: Caller,
    body: Json<ValidateMetadata>,
    cards: Data<Cards>,
) -> ApiResult<Json<ReadView>> {
    // Reading takes time of a processor, which strangers have no right to.
    caller.require_account()?;
    let readme = blocking(move || body.0.into_readme()).await?;
    Ok(Json(cards.examine(readme).await?.into()))
}

/// Which cards to find.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct MetadataQuery {
    /// A field of the front matter, such as `license`.
    field: String,
    /// A value of it, without regard to case; any value when absent.
    value: Option<String>,
}

/// Repositories whose card has a value in a field: private ones of the caller first, then public ones, the newest first.
#[utoipa::path(tag = "metadata", params(MetadataQuery, PageQuery),
    responses((status = 200, body = Page<RepositoryView>), (status = 400)))]
#[get("/api/metadata/search")]
pub(super) async fn search_metadata(
    caller: Caller,
    query: Query<MetadataQuery>,
    page: Query<PageQuery>,
    cards: Data<Cards>,
) -> ApiResult<Json<Page<RepositoryView>>> {
    let range = page.0.range()?;
    let MetadataQuery { field, value } = query.0;
    let (found, total) = cards
        .find(&caller, &field, value.as_deref(), range.offset(), range.limit)
        .await?;
    let views = found.iter().map(RepositoryView::from).collect();
    Ok(Json(Page::new(views, total, range)))
}

/// What to count.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct StatisticsQuery {
    /// Only this field.
    field: Option<String>,
    /// Values per field, 1 to 100; 10 when absent.
    limit: Option<usize>,
}

/// How often a value is used.
#[derive(Debug, Serialize, ToSchema)]
struct ValueUseView {
    /// The value as some card writes it.
    value: String,
    /// Public repositories whose cards have it.
    count: u64,
}

/// How often a field is used, and with which values.
#[derive(Debug, Serialize, ToSchema)]
struct FieldUseView {
    /// The field.
    field: String,
    /// Public repositories whose cards have it.
    count: u64,
    /// The most frequent values.
    values: Vec<ValueUseView>,
}

impl From<FieldUse> for FieldUseView {
    fn from(used: FieldUse) -> Self {
        let value = |(value, count)| ValueUseView { value, count };
        Self {
            field: used.field,
            count: used.repositories,
            values: used.values.into_iter().map(value).collect(),
        }
    }
}

/// How often each field and value is used by the cards of public repositories, the most frequent first.
#[utoipa::path(tag = "metadata", params(StatisticsQuery),
    responses((status = 200, body = Vec<FieldUseView>), (status = 400)))]
#[get("/api/metadata/stats")]
pub(super) async fn show_metadata_statistics(
    query: Query<StatisticsQuery>,
    cards: Data<Cards>,
) -> ApiResult<Json<Vec<FieldUseView>>> {
    let limit = query.0.limit.unwrap_or(10);
    if !(1..=100).contains(&limit) {
        return Err(ApiError::field(
            Code::BadRequest,
            "limit",
            "'limit' lies between 1 and 100.",
        ));
    }
    let (cards, field) = (cards.get_ref().clone(), query.0.field);
    let used = blocking(move || cards.usage(field.as_deref(), limit)).await?;
    Ok(Json(used.into_iter().map(Into::into).collect()))
}
