use super::{Attempt, Hooks};
use crate::base::Timestamp;
use crate::http::{ApiResult, Json, Page, PageQuery, Path, Query};
use crate::users::{Caller, Scope};
use actix_web::web::Data;
use actix_web::{HttpResponse, get, post};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

/// The routes. Webhooks themselves are made and changed at the addresses of the Hugging Face Hub.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(list_webhook_deliveries)
        .service(show_webhook_delivery)
        .service(repeat_webhook_delivery)
        .service(ping_webhook);
}

/// One attempt to send something to a webhook.
#[derive(Debug, Serialize, ToSchema)]
struct WebhookDeliveryView {
    /// Its number at its webhook, from 1.
    number: u64,
    /// When it began.
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// The `X-GeoML-Delivery` that was sent with it; the same for every attempt to tell the same.
    delivery_id: String,
    /// What was told, such as `update repo.content`; `ping webhook` for a test.
    event: String,
    /// Which attempt to tell that, from 1.
    attempt: u32,
    /// The status of the answer, if there was one.
    status: Option<u16>,
    /// Why it did not arrive; null when it did.
    error: Option<String>,
    /// How long it took, in milliseconds.
    milliseconds: u64,
    /// Whether it may be told once more; a test may not.
    repeatable: bool,
}

/// One attempt, with what was sent.
#[derive(Debug, Serialize, ToSchema)]
struct WebhookDeliveryDetail {
    #[serde(flatten)]
    delivery: WebhookDeliveryView,
    /// The document that was sent; null when it was too long to be remembered.
    payload: Option<String>,
}

impl From<Attempt> for WebhookDeliveryView {
    fn from(attempt: Attempt) -> Self {
        Self {
            repeatable: attempt.is_repeatable(),
            number: attempt.number,
            at: attempt.at,
            delivery_id: attempt.delivery,
            event: attempt.event,
            attempt: attempt.attempt,
            status: attempt.status,
            error: attempt.error,
            milliseconds: attempt.milliseconds,
        }
    }
}

/// Lists the latest attempts to send something to a webhook of the caller's own, the newest first.
#[utoipa::path(tag = "webhooks", security(("bearer" = [])),
    params(("webhook_id" = String, Path, description = "its id"), PageQuery),
    responses((status = 200, body = Page<WebhookDeliveryView>), (status = 401), (status = 403), (status = 404)))]
#[get("/api/v1/webhooks/{webhook_id}/deliveries")]
async fn list_webhook_deliveries(
    hooks: Data<Hooks>,
    caller: Caller,
    id: Path<String>,
    page: Query<PageQuery>,
) -> ApiResult<Json<Page<WebhookDeliveryView>>> {
    let own = hooks.own(&caller, &id.0, Scope::Read)?;
    let range = page.0.range()?;
    let (attempts, total) = hooks.attempts(&own, range.offset(), range.limit)?;
    Ok(Json(Page::new(attempts, total, range).map(WebhookDeliveryView::from)))
}

/// One attempt, with what was sent.
#[utoipa::path(tag = "webhooks", security(("bearer" = [])),
    params(("webhook_id" = String, Path, description = "its id"), ("number" = u64, Path, description = "the attempt's")),
    responses((status = 200, body = WebhookDeliveryDetail), (status = 401), (status = 403), (status = 404)))]
#[get("/api/v1/webhooks/{webhook_id}/deliveries/{number}")]
async fn show_webhook_delivery(
    hooks: Data<Hooks>,
    caller: Caller,
    path: Path<(String, u64)>,
) -> ApiResult<Json<WebhookDeliveryDetail>> {
    let Path((id, number)) = path;
    let own = hooks.own(&caller, &id, Scope::Read)?;
    let mut attempt = hooks.attempt(&own, number)?;
    let payload = attempt.body.take();
    let delivery = attempt.into();
    Ok(Json(WebhookDeliveryDetail { delivery, payload }))
}

/// Tells a webhook once more, soon, what an attempt told. The delivery keeps its id.
#[utoipa::path(tag = "webhooks", security(("bearer" = [])),
    params(("webhook_id" = String, Path, description = "its id"), ("number" = u64, Path, description = "the attempt's")),
    responses((status = 202), (status = 401), (status = 403), (status = 404), (status = 409)))]
#[post("/api/v1/webhooks/{webhook_id}/deliveries/{number}/redeliver")]
async fn repeat_webhook_delivery(
    hooks: Data<Hooks>,
    caller: Caller,
    path: Path<(String, u64)>,
) -> ApiResult<HttpResponse> {
    let Path((id, number)) = path;
    let own = hooks.own(&caller, &id, Scope::Write)?;
    hooks.repeat(&own, number).await?;
    Ok(HttpResponse::Accepted().finish())
}

/// Sends a test to a webhook, soon; its owner sees among the deliveries whether it arrived.
#[utoipa::path(tag = "webhooks", security(("bearer" = [])),
    params(("webhook_id" = String, Path, description = "its id")),
    responses((status = 202), (status = 401), (status = 403), (status = 404)))]
#[post("/api/v1/webhooks/{webhook_id}/ping")]
async fn ping_webhook(hooks: Data<Hooks>, caller: Caller, id: Path<String>) -> ApiResult<HttpResponse> {
    let own = hooks.own(&caller, &id.0, Scope::Write)?;
    hooks.ping(&own).await?;
    Ok(HttpResponse::Accepted().finish())
}
