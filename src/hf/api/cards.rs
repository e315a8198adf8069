use super::refusal::HfError;
use crate::cards::{CardProblem, Cards, Severity};
use crate::http::Json;
use actix_web::web::Data;
use actix_web::{HttpResponse, post};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A README.md before it is sent.
#[derive(Debug, Deserialize, ToSchema)]
pub(super) struct HfValidateYaml {
    /// The text.
    content: String,
}

/// What is wrong with a card (§2 of the contract).
#[derive(Debug, Serialize, ToSchema)]
struct HfValidationView {
    /// Why it cannot be read. With an error the clients do not send the card.
    errors: Vec<HfMessageView>,
    /// What could be better; the clients show it and go on.
    warnings: Vec<HfMessageView>,
}

/// A sentence.
#[derive(Debug, Serialize, ToSchema)]
struct HfMessageView {
    /// The sentence.
    message: String,
}

impl From<CardProblem> for HfMessageView {
    fn from(problem: CardProblem) -> Self {
        let place = format!("line {}, column {}", problem.line, problem.column);
        Self {
            message: format!("{} ({place})", problem.message),
        }
    }
}

/// Looks at the metadata of a README.md before a Hugging Face client sends it. What the hub asks of a card beyond being
/// readable is a warning, because no card blocks a commit.
#[utoipa::path(tag = "hugging face", request_body = HfValidateYaml,
    responses((status = 200, body = HfValidationView), (status = 400, body = HfValidationView)))]
#[post("/api/validate-yaml")]
pub(super) async fn hf_validate_yaml(body: Json<HfValidateYaml>, cards: Data<Cards>) -> Result<HttpResponse, HfError> {
    let card = cards.examine(body.0.content).await.map_err(HfError::other)?;
    let is_unreadable =
        |problem: &CardProblem| card.has_front_matter && problem.severity == Severity::Error && problem.field.is_none();
    let (errors, warnings): (Vec<_>, Vec<_>) = card.problems.into_iter().partition(is_unreadable);
    let mut warnings: Vec<HfMessageView> = warnings.into_iter().map(HfMessageView::from).collect();
    if !card.has_front_matter {
        let message = "empty or missing yaml metadata in repo card".to_owned();
        warnings.insert(0, HfMessageView { message });
    }
    let mut response = if errors.is_empty() {
        HttpResponse::Ok()
    } else {
        HttpResponse::BadRequest()
    };
    Ok(response.json(HfValidationView {
        errors: errors.into_iter().map(HfMessageView::from).collect(),
        warnings,
    }))
}
