use crate::events::{ConsumerStatus, Events};
use crate::http::{ApiResult, Json};
use crate::users::Caller;
use actix_web::get;
use actix_web::web::Data;
use serde::Serialize;
use utoipa::ToSchema;

/// Something that follows the record of events, such as the search index.
#[derive(Debug, Serialize, ToSchema)]
struct EventConsumer {
    /// Its name.
    name: &'static str,
    /// Events that it has not handled yet.
    behind: u64,
    /// Failures since it last succeeded.
    failures: u32,
    /// What the last of them said.
    last_error: Option<String>,
}

/// What follows the record of events.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct EventConsumerList {
    /// The consumers.
    items: Vec<EventConsumer>,
}

/// Lists what follows the record of events, how far behind it is and what troubles it.
#[utoipa::path(tag = "administration", security(("bearer" = [])),
    responses((status = 200, body = EventConsumerList), (status = 401), (status = 403)))]
#[get("/api/admin/consumers")]
pub(super) async fn list_consumers(caller: Caller, events: Data<Events>) -> ApiResult<Json<EventConsumerList>> {
    caller.require_admin()?;
    let last = events.last_sequence();
    let view = |status: ConsumerStatus| EventConsumer {
        name: status.name,
        behind: last.saturating_sub(status.position),
        failures: status.failures,
        last_error: status.last_error,
    };
    Ok(Json(EventConsumerList {
        items: events.consumers().into_iter().map(view).collect(),
    }))
}
