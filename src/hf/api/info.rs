use super::asked::{Asked, HfKind, RepositoryPath, values};
use super::gating::HfGated;
use super::refusal::HfError;
use super::tree::{HfLfsView, is_set};
use crate::base::{RepositoryId, Timestamp};
use crate::cards::Card;
use crate::files::{ListedEntry, Revision, TreeQuery};
use crate::git::{GitError, ObjectId};
use crate::hf::HfParts;
use crate::http::{Code, Path, Query};
use crate::models::{GgufFacts, ModelFacts, SafetensorsFacts, TransformersFacts, labels};
use crate::repos::{ReadRepo, Visibility};
use crate::social::Counters;
use actix_web::web::Data;
use actix_web::{HttpResponse, get};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::{IntoParams, ToSchema};

/// Clients list the tree in place of the siblings when there are more than 50,000.
const MOST_SIBLINGS: usize = 50_001;
/// What every kind of repository can be asked for.
const PROPERTIES: &[&str] = &[
    "author",
    "cardData",
    "createdAt",
    "disabled",
    "downloads",
    "downloadsAllTime",
    "gated",
    "lastModified",
    "likes",
    "private",
    "resourceGroup",
    "sha",
    "siblings",
    "tags",
    "trendingScore",
    "usedStorage",
    "xetEnabled",
];
const MODEL_PROPERTIES: &[&str] = &[
    "baseModels",
    "childrenModelCount",
    "config",
    "evalResults",
    "gguf",
    "inference",
    "inferenceProviderMapping",
    "library_name",
    "mask_token",
    "model-index",
    "pipeline_tag",
    "safetensors",
    "securityRepoStatus",
    "spaces",
    "transformersInfo",
    "widgetData",
];
const DATASET_PROPERTIES: &[&str] = &["citation", "description", "mainSize", "paperswithcode_id"];
const SPACE_PROPERTIES: &[&str] = &["datasets", "models", "region", "runtime", "sdk", "subdomain"];

/// A file as the description of a repository names it.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct HfSiblingView {
    /// Its path.
    rfilename: String,
    /// Bytes of its content.
    #[serde(skip_serializing_if = "Option::is_none")]
    size: Option<u64>,
    /// Its object in git.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    blob_id: Option<ObjectId>,
    /// Where the content of a large file is.
    #[serde(skip_serializing_if = "Option::is_none")]
    lfs: Option<HfLfsView>,
}

impl From<ListedEntry> for HfSiblingView {
    fn from(entry: ListedEntry) -> Self {
        Self {
            size: entry.size,
            blob_id: Some(entry.object),
            lfs: entry.large.map(HfLfsView::named_sha256),
            rfilename: entry.path,
        }
    }
}

/// A repository in the words of the Hugging Face Hub (§5 of the contract).
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct HfInfoView {
    /// Its id in this hub.
    #[serde(rename = "_id")]
    #[schema(value_type = String)]
    internal_id: RepositoryId,
    /// `owner/name`.
    id: String,
    /// The same, of models.
    #[serde(skip_serializing_if = "Option::is_none")]
    model_id: Option<String>,
    /// The account that owns it.
    author: String,
    /// The commit that was asked for; none in an empty repository.
    #[schema(value_type = Option<String>)]
    sha: Option<ObjectId>,
    /// When its newest commit was made.
    #[schema(value_type = String, format = DateTime)]
    last_modified: Timestamp,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// Whether only some may see it.
    private: bool,
    /// Nobody switches repositories off here.
    disabled: bool,
    /// Whether readers ask for access to content first: `false`, `auto` or `manual`.
    #[schema(value_type = Value)]
    gated: HfGated,
    /// What its card says, as words to filter by.
    tags: Vec<String>,
    /// Downloads of the last 30 days.
    downloads: u64,
    /// Downloads since it was made.
    downloads_all_time: u64,
    /// Stars.
    likes: u64,
    /// How much it is looked at these days.
    trending_score: f64,
    /// The task of a model.
    #[serde(rename = "pipeline_tag", skip_serializing_if = "Option::is_none")]
    pipeline_tag: Option<String>,
    /// The library that loads a model.
    #[serde(rename = "library_name", skip_serializing_if = "Option::is_none")]
    library_name: Option<String>,
    /// Results of evaluations, as the card of a model has them.
    #[serde(rename = "model-index", skip_serializing_if = "Option::is_none")]
    model_index: Option<Value>,
    /// A short sentence about a dataset.
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    /// What a space is made with.
    #[serde(skip_serializing_if = "Option::is_none")]
    sdk: Option<Value>,
    /// What the configuration of a model says of architecture, tokenizer and adapter.
    #[serde(skip_serializing_if = "Option::is_none")]
    config: Option<Map<String, Value>>,
    /// Parameters of a model by type, as the headers of its safetensors files have them.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    safetensors: Option<SafetensorsFacts>,
    /// What the header of a model's GGUF file says.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    gguf: Option<GgufFacts>,
    /// How the library transformers loads a model.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    transformers_info: Option<TransformersFacts>,
    /// What stands for a hidden word in texts for a model.
    #[serde(rename = "mask_token", skip_serializing_if = "Option::is_none")]
    mask_token: Option<Value>,
    /// The front matter of the card.
    card_data: Map<String, Value>,
    /// Bytes of every version of every file.
    used_storage: u64,
    /// The files.
    #[serde(skip_serializing_if = "Option::is_none")]
    siblings: Option<Vec<HfSiblingView>>,
}

/// What is to be told.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Told {
    /// Only these properties; all when absent.
    expand: Option<Vec<String>>,
    /// Whether files are told with sizes and objects.
    blobs: bool,
    /// Whether files are told though no property asks for them.
    siblings: bool,
    /// Properties that are not told without being asked for.
    hidden: Vec<&'static str>,
}

impl Told {
    /// Reads it from the pairs of a query, in which names may be repeated.
    pub(super) fn of_pairs(kind: HfKind, pairs: &[(String, String)], siblings: bool) -> Result<Self, HfError> {
        let values = |name: &'static str| values(pairs, name);
        let own = match kind {
            HfKind::Model => MODEL_PROPERTIES,
            HfKind::Dataset => DATASET_PROPERTIES,
            HfKind::Space => SPACE_PROPERTIES,
        };
        let known: Vec<&str> = PROPERTIES.iter().chain(own).copied().collect();
        let named: Vec<String> = values("expand").chain(values("expand[]")).map(str::to_owned).collect();
        if named.iter().any(|property| !known.contains(&property.as_str())) {
            let list = known
                .iter()
                .map(|property| format!("\"{property}\""))
                .collect::<Vec<_>>();
            let message = format!("\"expand\" is expected one of {}", list.join("|"));
            return Err(HfError::new(Code::BadRequest, message));
        }
        Ok(Self {
            siblings: if named.is_empty() {
                siblings
            } else {
                named.iter().any(|name| name == "siblings")
            },
            expand: Some(named).filter(|named| !named.is_empty()),
            blobs: values("blobs").any(is_set),
            hidden: Vec::new(),
        })
    }

    /// The same for a list, which tells of cards and configuration only when asked.
    pub(super) fn of_list(kind: HfKind, pairs: &[(String, String)]) -> Result<Self, HfError> {
        let asked = |name: &'static str| values(pairs, name).any(is_set);
        let full = asked("full");
        let mut told = Self::of_pairs(kind, pairs, full)?;
        for (property, is_asked) in [("cardData", full || asked("cardData")), ("config", asked("config"))] {
            if !is_asked && told.expand.is_none() {
                told.hidden.push(property);
            }
        }
        Ok(told)
    }

    /// The description with what is to be told of it.
    pub(super) fn view(&self, info: &HfInfoView) -> Result<Value, HfError> {
        let unwritable = |_| HfError::new(Code::Internal, "The description cannot be written as JSON.");
        let mut value = serde_json::to_value(info).map_err(unwritable)?;
        if let (Some(expand), Value::Object(fields)) = (&self.expand, &mut value) {
            fields.retain(|name, _| matches!(name.as_str(), "_id" | "id" | "modelId") || expand.contains(name));
        } else if let Value::Object(fields) = &mut value {
            fields.retain(|name, _| !self.hidden.contains(&name.as_str()));
        }
        Ok(value)
    }
}

/// All that is known of a repository, before it is put in the words of the Hugging Face Hub.
struct Described<'a> {
    proof: &'a ReadRepo,
    commit: Option<ObjectId>,
    card: Card,
    facts: Option<ModelFacts>,
    counters: Counters,
    siblings: Option<Vec<HfSiblingView>>,
}

impl Described<'_> {
    fn view(self, kind: HfKind) -> HfInfoView {
        let repository = self.proof.repository();
        let id = format!("{}/{}", self.proof.owner().name, repository.name);
        let (model, counters) = (kind == HfKind::Model, self.counters);
        let tags = labels(kind.kind().family(), &self.card.metadata, self.facts.as_ref());
        let Card { document, metadata, .. } = self.card;
        let facts = self.facts.unwrap_or_default();
        let tokenizer = facts.config.get("tokenizer_config");
        HfInfoView {
            internal_id: repository.id,
            model_id: model.then(|| id.clone()),
            id,
            author: self.proof.owner().name.to_string(),
            sha: self.commit,
            last_modified: repository
                .last_commit
                .as_ref()
                .map_or(repository.created_at, |commit| commit.time),
            created_at: repository.created_at,
            private: repository.visibility == Visibility::Private,
            disabled: false,
            gated: HfGated(repository.gating),
            tags,
            downloads: counters.downloads_30d,
            downloads_all_time: counters.downloads,
            likes: counters.stars,
            trending_score: counters.trending_score,
            pipeline_tag: metadata.pipeline_tag.or(facts.pipeline_tag).filter(|_| model),
            library_name: metadata.library_name.or(facts.library_name).filter(|_| model),
            model_index: metadata.model_index.filter(|_| model),
            description: (kind == HfKind::Dataset).then(|| repository.description.clone()),
            sdk: document.get("sdk").filter(|_| kind == HfKind::Space).cloned(),
            mask_token: tokenizer.and_then(|tokenizer| tokenizer.get("mask_token")).cloned(),
            config: Some(facts.config).filter(|config| model && !config.is_empty()),
            safetensors: facts.safetensors,
            gguf: facts.gguf,
            transformers_info: facts.transformers,
            card_data: document,
            used_storage: repository.stored_bytes,
            siblings: self.siblings,
        }
    }
}

impl HfParts {
    /// Describes a repository at a revision, or where its default branch stands, if it has a commit.
    pub(super) async fn info(
        &self,
        kind: HfKind,
        proof: &ReadRepo,
        revision: Option<&Revision>,
        told: &Told,
    ) -> Result<HfInfoView, HfError> {
        let repository = proof.repository();
        let commit = revision.map(|revision| revision.commit);
        let revision_name = commit.map(|commit| commit.to_string());
        let read = self
            .cards
            .read(proof, revision_name.as_deref())
            .await
            .map_err(HfError::other)?;
        let siblings = match revision {
            Some(revision) if told.siblings => Some(self.siblings(proof, revision, told.blobs).await?),
            None if told.siblings => Some(Vec::new()),
            _ => None,
        };
        let is_newest = commit == repository.last_commit.as_ref().map(|commit| commit.id);
        let facts = self.models.rows(std::slice::from_ref(proof))?.pop().flatten();
        let described = Described {
            proof,
            commit,
            card: read.card,
            facts: facts.filter(|facts| is_newest || facts.commit == commit),
            counters: self.social.counters(repository.id)?,
            siblings,
        };
        Ok(described.view(kind))
    }

    /// Describes repositories where their default branches stand, from rows alone; only lists of files are read from git.
    pub(super) async fn infos(
        &self,
        kind: HfKind,
        proofs: &[ReadRepo],
        told: &Told,
    ) -> Result<Vec<HfInfoView>, HfError> {
        let ids: Vec<RepositoryId> = proofs.iter().map(ReadRepo::id).collect();
        let (cards, facts) = (self.cards.rows(proofs)?, self.models.rows(proofs)?);
        let counters = self.social.counters_of(&ids)?;
        let mut views = Vec::with_capacity(proofs.len());
        for (((proof, card), facts), counters) in proofs.iter().zip(cards).zip(facts).zip(counters) {
            let siblings = if !told.siblings {
                None
            } else if let Some(revision) = self.revision(proof, None).await? {
                Some(self.siblings(proof, &revision, told.blobs).await?)
            } else {
                Some(Vec::new())
            };
            let described = Described {
                proof,
                commit: proof.repository().last_commit.as_ref().map(|commit| commit.id),
                card,
                facts,
                counters,
                siblings,
            };
            views.push(described.view(kind));
        }
        Ok(views)
    }

    async fn siblings(
        &self,
        proof: &ReadRepo,
        revision: &Revision,
        blobs: bool,
    ) -> Result<Vec<HfSiblingView>, HfError> {
        if !blobs {
            let paths = self.files.paths(proof, revision, MOST_SIBLINGS).await?;
            let sibling = |rfilename| HfSiblingView {
                rfilename,
                size: None,
                blob_id: None,
                lfs: None,
            };
            return Ok(paths.into_iter().map(sibling).collect());
        }
        let everything = TreeQuery {
            recursive: true,
            limit: MOST_SIBLINGS,
            ..TreeQuery::default()
        };
        let page = self.files.tree(proof, revision, everything).await?;
        let files = page.entries.into_iter().filter(|entry| entry.kind.is_blob());
        Ok(files.map(HfSiblingView::from).collect())
    }

    /// A revision, or where the default branch stands; nothing when the repository has no commit yet.
    pub(super) async fn revision(&self, proof: &ReadRepo, name: Option<&str>) -> Result<Option<Revision>, HfError> {
        let default = &proof.repository().default_branch;
        let is_default = name.is_none_or(|name| name == default);
        match self.files.revision(proof, name.map(bare)).await.map_err(HfError::from) {
            Ok(revision) => Ok(Some(revision)),
            Err(HfError::RevisionNotFound(_)) if is_default => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The same of a revision that has to have a commit.
    pub(super) async fn existing_revision(&self, proof: &ReadRepo, name: &str) -> Result<Revision, HfError> {
        let found = self.revision(proof, Some(name)).await?;
        found.ok_or_else(|| GitError::Empty.into())
    }
}

/// A branch by its name when it was named in full.
pub(super) fn bare(revision: &str) -> &str {
    revision.strip_prefix("refs/heads/").unwrap_or(revision)
}

/// What to tell of a repository.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes pairs of the query, of which some are repeated")]
struct InfoQuery {
    /// Only these properties.
    expand: Option<Vec<String>>,
    /// Whether files are told with sizes and objects.
    blobs: Option<bool>,
}

#[derive(Debug, Deserialize)]
struct RevisionPath {
    revision: String,
}

/// A repository in the words of the Hugging Face Hub.
#[utoipa::path(tag = "hugging face", path = "/api/{family}/{owner}/{repo}", params(RepositoryPath, InfoQuery),
    responses((status = 200, body = HfInfoView), (status = 400), (status = 401), (status = 404)))]
#[get("/api/{family:models|datasets|spaces}/{owner}/{repo}")]
pub(super) async fn hf_info(
    asked: Asked,
    pairs: Query<Vec<(String, String)>>,
    parts: Data<HfParts>,
) -> Result<HttpResponse, HfError> {
    let proof = asked.readable(&parts.repos)?;
    let revision = parts.revision(&proof, None).await?;
    answer(&asked, &proof, revision, &pairs.0, &parts).await
}

/// A repository at a revision in the words of the Hugging Face Hub.
#[utoipa::path(tag = "hugging face", path = "/api/{family}/{owner}/{repo}/revision/{revision}",
    params(RepositoryPath, InfoQuery, ("revision" = String, Path, description = "a branch, a tag or a commit")),
    responses((status = 200, body = HfInfoView), (status = 400), (status = 401), (status = 404)))]
#[get("/api/{family:models|datasets|spaces}/{owner}/{repo}/revision/{revision}")]
pub(super) async fn hf_info_at(
    asked: Asked,
    path: Path<RevisionPath>,
    pairs: Query<Vec<(String, String)>>,
    parts: Data<HfParts>,
) -> Result<HttpResponse, HfError> {
    let proof = asked.readable(&parts.repos)?;
    let revision = parts.revision(&proof, Some(&path.0.revision)).await?;
    answer(&asked, &proof, revision, &pairs.0, &parts).await
}

async fn answer(
    asked: &Asked,
    proof: &ReadRepo,
    revision: Option<Revision>,
    pairs: &[(String, String)],
    parts: &HfParts,
) -> Result<HttpResponse, HfError> {
    let told = Told::of_pairs(asked.kind, pairs, true)?;
    let info = parts.info(asked.kind, proof, revision.as_ref(), &told).await?;
    Ok(HttpResponse::Ok().json(told.view(&info)?))
}
