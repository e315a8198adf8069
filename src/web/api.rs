use crate::http::Json;
use actix_web::web::{Bytes, Data};
use actix_web::{HttpResponse, get};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa::openapi::OpenApi;
use utoipa_actix_web::service_config::ServiceConfig;

/// The routes of this front door.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config.service(show_health).service(show_openapi);
}

/// The description of the API, serialized once.
pub struct ApiDocument(Bytes);

impl ApiDocument {
    /// Serializes the document.
    pub fn new(document: &OpenApi) -> Self {
        Self(
            serde_json::to_vec(document)
                .expect("the document has text keys only")
                .into(),
        )
    }
}

/// That the hub answers.
#[derive(Debug, Serialize, ToSchema)]
pub struct Health {
    /// Always `ok`: a hub that is not does not answer.
    pub status: &'static str,
    /// The version of the program.
    pub version: &'static str,
}

/// Answers when the hub is alive.
#[utoipa::path(tag = "administration", responses((status = 200, body = Health)))]
#[get("/health")]
async fn show_health() -> Json<Health> {
    Json(Health {
        status: "ok",
        version: env!("CARGO_PKG_VERSION"),
    })
}

/// The description of the API (OpenAPI 3.1).
#[utoipa::path(tag = "administration", responses((status = 200, description = "the OpenAPI document")))]
#[get("/api/openapi.json")]
async fn show_openapi(document: Data<ApiDocument>) -> HttpResponse {
    HttpResponse::Ok()
        .content_type("application/json")
        .body(document.0.clone())
}
