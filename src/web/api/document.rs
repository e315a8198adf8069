use actix_web::web::{Bytes, Data};
use actix_web::{HttpResponse, get};
use utoipa::openapi::OpenApi;
use utoipa_actix_web::service_config::ServiceConfig;

pub(super) fn routes(config: &mut ServiceConfig<'_>) {
    config.service(show_openapi).service(show_docs);
}

/// The description of the API, serialized once.
pub struct ApiDocument {
    json: Bytes,
    page: Bytes,
}

impl ApiDocument {
    /// Serializes the document and renders its page.
    pub fn new(document: &OpenApi) -> Self {
        let json = serde_json::to_value(document).expect("the document has text keys only");
        Self {
            json: json.to_string().into(),
            page: crate::web::docs_page::render(&json).into(),
        }
    }
}

/// The description of the API (OpenAPI 3.1).
#[utoipa::path(tag = "documentation", responses((status = 200, description = "the OpenAPI document")))]
#[get("/api/openapi.json")]
async fn show_openapi(document: Data<ApiDocument>) -> HttpResponse {
    HttpResponse::Ok()
        .content_type("application/json")
        .body(document.json.clone())
}

/// Every endpoint on one page for people.
#[utoipa::path(tag = "documentation", responses((status = 200, description = "an HTML page")))]
#[get("/docs")]
async fn show_docs(document: Data<ApiDocument>) -> HttpResponse {
    HttpResponse::Ok()
        .content_type("text/html; charset=utf-8")
        .insert_header((
            "content-security-policy",
            "default-src 'none'; style-src 'unsafe-inline'",
        ))
        .body(document.page.clone())
}
