use crate::base::blocking;
use crate::cards::{LinkBase, Rendered, render, split};
use crate::http::{ApiResult, Json};
use crate::users::Caller;
use actix_web::post;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Markdown to look at before it is stored.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PreviewMarkdown {
    /// The text; front matter at its beginning is left out.
    text: String,
}

/// Markdown as it will look.
#[derive(Debug, Serialize, ToSchema)]
struct PreviewView {
    /// HTML that is safe to show. Formulas are `<span data-math-style>`, with `inline` or `display`.
    html: String,
    /// The text is so long that the HTML ends early.
    is_truncated: bool,
}

/// Renders Markdown as the hub renders a README. Relative links and images stay as they are.
#[utoipa::path(tag = "metadata", request_body = PreviewMarkdown, security(("bearer" = [])),
    responses((status = 200, body = PreviewView), (status = 401), (status = 413)))]
#[post("/api/markdown")]
pub(super) async fn preview_markdown(caller: Caller, body: Json<PreviewMarkdown>) -> ApiResult<Json<PreviewView>> {
    // Rendering takes time of a processor, which strangers have no right to.
    caller.require_account()?;
    let text = body.0.text;
    let rendered = blocking(move || render(&text[split(&text).body], &LinkBase::default())).await;
    let Rendered {
        html,
        truncated: is_truncated,
    } = rendered;
    Ok(Json(PreviewView { html, is_truncated }))
}
