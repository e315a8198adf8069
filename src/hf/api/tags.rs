use super::refusal::HfError;
use crate::hf::HfParts;
use actix_web::web::Data;
use actix_web::{HttpResponse, get};
use serde::Serialize;
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// The most values of a type.
const MOST_VALUES: usize = 1_000;
/// Types of tags of models with the fields of cards that they come from, and what stands before their values.
const OF_MODELS: &[(&str, &str, &str)] = &[
    ("pipeline_tag", "pipeline_tag", ""),
    ("library", "library_name", ""),
    ("language", "language", ""),
    ("license", "license", "license:"),
    ("dataset", "datasets", "dataset:"),
    ("other", "tags", ""),
];
/// The same of datasets.
const OF_DATASETS: &[(&str, &str, &str)] = &[
    ("task_categories", "task", "task_categories:"),
    ("language", "language", "language:"),
    ("license", "license", "license:"),
    ("other", "tags", ""),
];

/// A tag that cards of public repositories have (§5 of the contract).
#[derive(Debug, Serialize, ToSchema)]
struct HfTagView {
    /// The word to filter by.
    id: String,
    /// The value as a card writes it.
    label: String,
    /// Its type.
    r#type: &'static str,
}

type TagsByType = BTreeMap<&'static str, Vec<HfTagView>>;

impl HfParts {
    fn tags_by_type(&self, types: &[(&'static str, &str, &str)]) -> Result<TagsByType, HfError> {
        let mut tags = TagsByType::new();
        for (word, field, prefix) in types {
            let values = self
                .cards
                .usage(Some(field), MOST_VALUES)?
                .into_iter()
                .flat_map(|usage| usage.values);
            let view = |(label, _): (String, u64)| HfTagView {
                id: format!("{prefix}{label}"),
                label,
                r#type: word,
            };
            tags.insert(word, values.map(view).collect());
        }
        Ok(tags)
    }
}

/// The tags of models by type.
#[utoipa::path(tag = "hugging face", responses((status = 200, body = BTreeMap<String, Vec<HfTagView>>)))]
#[get("/api/models-tags-by-type")]
pub(super) async fn hf_list_model_tags(parts: Data<HfParts>) -> Result<HttpResponse, HfError> {
    Ok(HttpResponse::Ok().json(parts.tags_by_type(OF_MODELS)?))
}

/// The tags of datasets by type.
#[utoipa::path(tag = "hugging face", responses((status = 200, body = BTreeMap<String, Vec<HfTagView>>)))]
#[get("/api/datasets-tags-by-type")]
pub(super) async fn hf_list_dataset_tags(parts: Data<HfParts>) -> Result<HttpResponse, HfError> {
    Ok(HttpResponse::Ok().json(parts.tags_by_type(OF_DATASETS)?))
}
