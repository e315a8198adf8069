use crate::git::ObjectId;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// What the files of a model say.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ModelFacts {
    /// The commit whose files were read; none when there is none.
    pub commit: Option<ObjectId>,
    /// The library that loads it.
    pub library_name: Option<String>,
    /// Its task.
    pub pipeline_tag: Option<String>,
    /// What its configuration says of architecture, tokenizer and adapter.
    pub config: Map<String, Value>,
    /// How the library transformers loads it.
    pub transformers: Option<TransformersFacts>,
    /// The headers of its safetensors files.
    pub safetensors: Option<SafetensorsFacts>,
    /// The header of its GGUF file.
    pub gguf: Option<GgufFacts>,
    /// Files that could not be read, and why.
    pub problems: Vec<String>,
}

impl ModelFacts {
    /// How many parameters it has, as far as the headers of its weights tell.
    pub fn parameters(&self) -> Option<u64> {
        let gguf = || self.gguf.as_ref().map(|gguf| gguf.total);
        self.safetensors.as_ref().map(|header| header.total).or_else(gguf)
    }
}

/// How the library transformers loads a model.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TransformersFacts {
    /// The class that chooses the model's own.
    pub auto_model: String,
    /// The task of that class.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub pipeline_tag: Option<String>,
}

/// Parameters as the headers of safetensors files have them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SafetensorsFacts {
    /// Parameters by type.
    pub parameters: BTreeMap<String, u64>,
    /// Parameters in all.
    pub total: u64,
}

impl SafetensorsFacts {
    /// Adds those of another file.
    pub(super) fn add(&mut self, other: &Self) {
        for (kind, count) in &other.parameters {
            let sum = self.parameters.entry(kind.clone()).or_default();
            *sum = sum.saturating_add(*count);
        }
        self.total = self.total.saturating_add(other.total);
    }
}

/// What the header of a GGUF file says.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct GgufFacts {
    /// Parameters in all.
    pub total: u64,
    /// The architecture.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub architecture: Option<String>,
    /// The longest context in tokens.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub context_length: Option<u64>,
}
