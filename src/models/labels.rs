use super::model::ModelFacts;
use crate::base::Family;
use crate::cards::CardMetadata;

/// What a card and the files say in words to filter by, as the Hugging Face Hub writes them.
pub fn labels(family: Family, card: &CardMetadata, facts: Option<&ModelFacts>) -> Vec<String> {
    let with = |prefix: &str, values: &[String]| -> Vec<String> {
        values.iter().map(|value| format!("{prefix}{value}")).collect()
    };
    let language = if family == Family::Datasets { "language:" } else { "" };
    let told = |said: &Option<String>, inferred: Option<&String>| -> Vec<String> {
        said.as_ref().or(inferred).cloned().into_iter().collect()
    };
    let formats = facts.map_or_else(Vec::new, |facts| {
        let safetensors = facts.safetensors.as_ref().map(|_| "safetensors".to_owned());
        let gguf = facts.gguf.as_ref().map(|_| "gguf".to_owned());
        let kind = facts.config.get("model_type").and_then(|kind| kind.as_str());
        safetensors
            .into_iter()
            .chain(gguf)
            .chain(kind.map(str::to_owned))
            .collect()
    });
    let groups = [
        told(&card.library_name, facts.and_then(|facts| facts.library_name.as_ref())),
        card.framework.clone(),
        formats,
        card.tags.clone(),
        told(&card.pipeline_tag, facts.and_then(|facts| facts.pipeline_tag.as_ref())),
        with("dataset:", &card.datasets),
        with("base_model:", &card.base_model),
        with(language, &card.language),
        with(
            "task_categories:",
            if family == Family::Datasets { &card.task } else { &[] },
        ),
        with("license:", &card.license),
    ];
    let mut labels: Vec<String> = Vec::new();
    for label in groups.into_iter().flatten() {
        if !labels.contains(&label) {
            labels.push(label);
        }
    }
    labels
}
