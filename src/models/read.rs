//! Reads what the files of a commit say: names from the root folder, configuration as JSON, headers of weights by range.

use super::model::{GgufFacts, ModelFacts, SafetensorsFacts};
use super::{Models, ModelsError, gguf, inference, safetensors, store};
use crate::base::{RepositoryId, blocking};
use crate::blobs::BlobError;
use crate::git::{GitError, LfsPointer, ObjectId, POINTER_MAX_BYTES, TreeEntry};
use crate::repos::{ReadContent, ReadRepo, blob_is_linked};
use crate::store::StoreError;
use serde_json::{Map, Value};
use std::collections::BTreeSet;
use std::io::{Cursor, Read};

/// Configuration of more bytes is not read.
const JSON_MAX_BYTES: u64 = 8 << 20;
/// Weights that stand in git itself are read whole, so larger ones are not read.
const PLAIN_MAX_BYTES: u64 = 64 << 20;
/// Values of configuration that are longer as JSON are left out.
const VALUE_MAX_BYTES: usize = 16 << 10;
/// Files of weights of one model at most.
const MOST_SHARDS: usize = 1_000;
/// Files that could not be read and are told at most.
const MOST_PROBLEMS: usize = 10;

/// What is kept of configuration files, and under which name; those of `config.json` under none.
const KEPT: &[(&str, Option<&str>, &[&str])] = &[
    (
        "config.json",
        None,
        &[
            "architectures",
            "model_type",
            "auto_map",
            "quantization_config",
            "sklearn",
            "pretrained_cfg",
        ],
    ),
    (
        "tokenizer_config.json",
        Some("tokenizer_config"),
        &[
            "bos_token",
            "eos_token",
            "pad_token",
            "unk_token",
            "cls_token",
            "sep_token",
            "mask_token",
            "chat_template",
            "tokenizer_class",
        ],
    ),
    (
        "adapter_config.json",
        Some("peft"),
        &["base_model_name_or_path", "task_type"],
    ),
    ("model_index.json", Some("diffusers"), &["_class_name"]),
];

/// A file that can be read from its beginning.
struct Source {
    content: Box<dyn Read + Send>,
    size: u64,
}

impl Models {
    /// What the files of a commit say. What cannot be read is told in the answer; only faults of the hub are errors.
    pub(super) async fn read(&self, id: RepositoryId, commit: ObjectId) -> Result<ModelFacts, ModelsError> {
        let git = self.repos.git().clone();
        let entries = blocking(move || git.repository(id)?.list(commit, "")).await?;
        let files: Vec<TreeEntry> = entries.into_iter().filter(|entry| entry.kind.is_blob()).collect();
        let mut facts = ModelFacts {
            commit: Some(commit),
            ..ModelFacts::default()
        };
        let has = |name: &str| files.iter().any(|file| file.path == name);
        for (name, under, fields) in KEPT {
            if !has(name) {
                continue;
            }
            if let Some(document) = self.document(id, commit, name, &mut facts.problems).await? {
                keep(&mut facts.config, *under, fields, document);
            }
        }
        let names: Vec<&str> = files.iter().map(|file| file.path.as_str()).collect();
        let library = inference::library(&names, &facts.config);
        facts.pipeline_tag = inference::task(library, &facts.config);
        facts.library_name = library.map(str::to_owned);
        facts.transformers = inference::transformers(&facts.config);
        facts.config.remove("pretrained_cfg");
        facts.safetensors = self.safetensors(id, commit, &names, &mut facts.problems).await?;
        facts.gguf = self.gguf(id, commit, &names, &mut facts.problems).await?;
        facts.problems.truncate(MOST_PROBLEMS);
        Ok(facts)
    }

    /// What the files of several repositories say, in their order.
    pub fn rows(&self, proofs: &[ReadRepo]) -> Result<Vec<Option<ModelFacts>>, StoreError> {
        self.store
            .read(|tx| proofs.iter().map(|proof| store::facts(tx, proof.id())).collect())
    }

    /// The header of one safetensors file as it is.
    pub async fn safetensors_header(
        &self,
        proof: &ReadContent,
        commit: ObjectId,
        path: &str,
    ) -> Result<safetensors::SafetensorsHeader, ModelsError> {
        let source = self.source(proof.id(), commit, path).await?;
        let name = path.to_owned();
        blocking(move || {
            let header = safetensors::header(source.content, source.size)?;
            serde_json::from_slice(&header).map_err(|error| format!("its header is no header ({error})"))
        })
        .await
        .map_err(|reason| ModelsError::Unreadable { path: name, reason })
    }

    async fn safetensors(
        &self,
        id: RepositoryId,
        commit: ObjectId,
        names: &[&str],
        problems: &mut Vec<String>,
    ) -> Result<Option<SafetensorsFacts>, ModelsError> {
        let index = names.iter().find(|name| name.ends_with(".safetensors.index.json"));
        let mut shards: Vec<String> = Vec::new();
        if let Some(index) = index {
            let document = self.document(id, commit, index, problems).await?.unwrap_or_default();
            let map = document.get("weight_map").and_then(Value::as_object);
            let named: BTreeSet<&str> = map
                .into_iter()
                .flat_map(Map::values)
                .filter_map(Value::as_str)
                .collect();
            shards.extend(named.into_iter().map(str::to_owned));
        }
        if shards.is_empty() {
            let whole = ["model.safetensors", "adapter_model.safetensors"];
            let whole = whole.into_iter().find(|name| names.contains(name));
            let is_shard = |name: &&&str| name.ends_with(".safetensors") && whole.is_none_or(|whole| whole == **name);
            shards.extend(names.iter().filter(is_shard).map(|name| (*name).to_owned()));
        }
        let mut sum = None::<SafetensorsFacts>;
        for shard in shards.iter().take(MOST_SHARDS) {
            let count = |source: Source| safetensors::count(&safetensors::header(source.content, source.size)?);
            match self.header(id, commit, shard, count, problems).await? {
                Some(facts) => sum.get_or_insert_default().add(&facts),
                // A part of the parameters would be taken for all of them.
                None => return Ok(None),
            }
        }
        Ok(sum)
    }

    async fn gguf(
        &self,
        id: RepositoryId,
        commit: ObjectId,
        names: &[&str],
        problems: &mut Vec<String>,
    ) -> Result<Option<GgufFacts>, ModelsError> {
        let is_gguf = |name: &&&str| name.to_ascii_lowercase().ends_with(".gguf") && !name.contains("mmproj");
        let Some(first) = names.iter().find(is_gguf) else {
            return Ok(None);
        };
        // The parts of one model are named `….-00001-of-00003.gguf`; other files are the same model in other precision.
        let stem = first.split("-00001-of-").next().unwrap_or(first);
        let is_split = stem.len() < first.len();
        let parts = names
            .iter()
            .filter(|name| *name == first || (is_split && name.starts_with(stem)));
        let mut sum = None::<GgufFacts>;
        for part in parts.take(MOST_SHARDS) {
            let Some(facts) = self
                .header(id, commit, part, |source| gguf::read(source.content), problems)
                .await?
            else {
                return Ok(None);
            };
            let total = facts.total.saturating_add(sum.as_ref().map_or(0, |sum| sum.total));
            sum = Some(GgufFacts {
                total,
                ..sum.unwrap_or(facts)
            });
        }
        Ok(sum)
    }

    async fn document(
        &self,
        id: RepositoryId,
        commit: ObjectId,
        path: &str,
        problems: &mut Vec<String>,
    ) -> Result<Option<Map<String, Value>>, ModelsError> {
        let read = |source: Source| {
            if source.size > JSON_MAX_BYTES {
                return Err(format!("it has more than {JSON_MAX_BYTES} bytes"));
            }
            let mut text = Vec::new();
            let read = source.content.take(JSON_MAX_BYTES).read_to_end(&mut text);
            read.map_err(|error| error.to_string())?;
            serde_json::from_slice(&text).map_err(|error| format!("it is no JSON object ({error})"))
        };
        self.header(id, commit, path, read, problems).await
    }

    /// Reads something of a file, off the async threads; nothing, and why, when it is not as it should be.
    async fn header<T: Send + 'static>(
        &self,
        id: RepositoryId,
        commit: ObjectId,
        path: &str,
        read: impl FnOnce(Source) -> Result<T, String> + Send + 'static,
        problems: &mut Vec<String>,
    ) -> Result<Option<T>, ModelsError> {
        let reason = match self.source(id, commit, path).await {
            Ok(source) => match blocking(move || read(source)).await {
                Ok(value) => return Ok(Some(value)),
                Err(reason) => format!("'{path}': {reason}"),
            },
            Err(
                error @ (ModelsError::Git(
                    GitError::PathNotFound(_) | GitError::IsFolder(_) | GitError::TooLarge { .. },
                )
                | ModelsError::Blob(BlobError::NotFound { .. })),
            ) => format!("'{path}': {error}"),
            Err(error) => return Err(error),
        };
        problems.push(reason);
        Ok(None)
    }

    async fn source(&self, id: RepositoryId, commit: ObjectId, path: &str) -> Result<Source, ModelsError> {
        let (git, path) = (self.repos.git().clone(), path.to_owned());
        let content = blocking(move || {
            let repository = git.repository(id)?;
            let entry = repository.file(commit, &path)?;
            repository.blob(entry.id, PLAIN_MAX_BYTES)
        })
        .await?;
        let is_small = content.len() as u64 <= POINTER_MAX_BYTES;
        if let Some(pointer) = is_small.then(|| LfsPointer::parse(&content)).flatten()
            // A pointer to what the repository has no right to is the text that it is.
            && self.store.read(|tx| blob_is_linked(tx, id, pointer.sha256))?
        {
            let reader = self.blobs.reader(pointer.sha256).await?;
            return Ok(Source {
                size: reader.size(),
                content: Box::new(reader.cursor()),
            });
        }
        Ok(Source {
            size: content.len() as u64,
            content: Box::new(Cursor::new(content)),
        })
    }
}

fn keep(config: &mut Map<String, Value>, under: Option<&str>, fields: &[&str], document: Map<String, Value>) {
    let is_kept =
        |(name, value): &(String, Value)| fields.contains(&name.as_str()) && value.to_string().len() <= VALUE_MAX_BYTES;
    let kept: Map<String, Value> = document.into_iter().filter(is_kept).collect();
    match under {
        Some(name) => {
            config.insert(name.to_owned(), Value::Object(kept));
        }
        None => config.extend(kept),
    }
}
