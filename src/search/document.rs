//! A repository as the index takes it, and how it is laid out in fields.

use crate::base::{RepositoryId, RepositoryKind, Timestamp, UserId};
use crate::search::engine::{Change, Columns};
use crate::search::folding::fold_to_string;
use crate::search::live::{Counters, LiveRow, Readers};
use crate::search::schema::{Indexed, Row, cut};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::sync::Arc;

/// README text beyond this many bytes is not searched.
const README_BYTES: usize = 128 << 10;
/// Card text beyond this many bytes is not searched, nor kept for highlights.
const CARD_BYTES: usize = 8 << 10;
/// File names beyond this many bytes are searched in the index of files only.
const FILE_NAMES_BYTES: usize = 32 << 10;

/// Everything the index knows of a repository. Made by whoever owns the facts; the index asks nobody.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RepositoryDocument {
    /// Its id.
    pub id: RepositoryId,
    /// Model, dataset, space, code, workflow or project.
    pub kind: RepositoryKind,
    /// The account that owns it.
    pub owner_id: UserId,
    /// That account's name.
    pub owner: String,
    /// Its name.
    pub name: String,
    /// Title from the card; may be empty.
    pub title: String,
    /// The short sentence kept with the repository.
    pub description: String,
    /// Tags from the card.
    pub tags: Vec<String>,
    /// Licences from the card; mostly one.
    pub licenses: Vec<String>,
    /// Frameworks from the card.
    pub frameworks: Vec<String>,
    /// Tasks from the card.
    pub tasks: Vec<String>,
    /// Library from the card.
    pub library: Option<String>,
    /// Words to filter by, as the Hugging Face Hub writes them. Searchable, not kept.
    #[serde(skip)]
    pub labels: Vec<String>,
    /// The task of the card, or what the files of a model tell of it.
    #[serde(default)]
    pub pipeline_tag: Option<String>,
    /// Parameters, as the headers of a model's weights tell.
    #[serde(default)]
    pub parameters: Option<u64>,
    /// Ids of its classification nodes and of all their ancestors.
    pub classifications: Vec<String>,
    /// Other searchable text of the card: names of classifications, base models, datasets, sensors.
    pub card: String,
    /// The README without its front matter. Searchable, not kept.
    #[serde(skip)]
    pub readme: String,
    /// Paths of its files. Searchable, not kept.
    #[serde(skip)]
    pub file_names: Vec<String>,
    /// Size of all files in bytes.
    pub size_bytes: u64,
    /// Its counters.
    pub counters: Counters,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// Whether an administrator featured it.
    pub featured: bool,
    /// Whether everybody may read it.
    pub public: bool,
    /// Who may read it when it is private: owner, collaborators.
    pub readers: Vec<UserId>,
}

/// Keyword columns, by index into [`RepositoryDocument::KEYWORDS`].
pub(crate) mod keyword {
    pub(crate) const KIND: usize = 0;
    pub(crate) const OWNER: usize = 1;
    pub(crate) const TAG: usize = 2;
    pub(crate) const LICENSE: usize = 3;
    pub(crate) const FRAMEWORK: usize = 4;
    pub(crate) const TASK: usize = 5;
    pub(crate) const LIBRARY: usize = 6;
    pub(crate) const CLASSIFICATION: usize = 7;
    pub(crate) const READER: usize = 8;
    pub(crate) const NAME: usize = 9;
    pub(crate) const FAMILY: usize = 10;
    pub(crate) const FEATURED: usize = 11;
    pub(crate) const LABEL: usize = 12;
    pub(crate) const PIPELINE: usize = 13;
}

/// Number columns, by index into [`RepositoryDocument::NUMBERS`].
pub(crate) mod number {
    pub(crate) const SIZE: usize = 0;
    pub(crate) const CREATED: usize = 1;
    pub(crate) const UPDATED: usize = 2;
    pub(crate) const STARS: usize = 3;
    pub(crate) const DOWNLOADS: usize = 4;
    pub(crate) const VIEWS: usize = 5;
    /// In thousandths.
    pub(crate) const TRENDING: usize = 6;
    /// -1 when unknown.
    pub(crate) const PARAMETERS: usize = 7;
}

/// The reader of public repositories.
pub(crate) const EVERYONE: &str = "*";

/// How exact values are compared: without regard to case, width and accents.
pub(crate) fn keyword_form(value: &str) -> String {
    fold_to_string(value.trim())
}

impl RepositoryDocument {
    fn readers(&self) -> Readers {
        if self.public {
            Readers::Everyone
        } else {
            Readers::Accounts(Arc::from(self.readers.as_slice()))
        }
    }

    fn keywords(&self) -> Vec<(usize, String)> {
        let mut keywords = vec![
            (keyword::KIND, self.kind.as_str().to_owned()),
            (keyword::FAMILY, self.kind.family().number().to_string()),
            (keyword::OWNER, keyword_form(&self.owner)),
            (keyword::NAME, keyword_form(&self.name)),
        ];
        let mut push = |index, values: &mut dyn Iterator<Item = &String>| {
            let distinct: BTreeSet<String> = values
                .map(|value| keyword_form(value))
                .filter(|value| !value.is_empty())
                .collect();
            keywords.extend(distinct.into_iter().map(|value| (index, value)));
        };
        push(keyword::TAG, &mut self.tags.iter());
        push(keyword::LICENSE, &mut self.licenses.iter());
        push(keyword::FRAMEWORK, &mut self.frameworks.iter());
        push(keyword::TASK, &mut self.tasks.iter());
        push(keyword::LIBRARY, &mut self.library.iter());
        push(keyword::LABEL, &mut self.labels.iter());
        push(keyword::PIPELINE, &mut self.pipeline_tag.iter());
        push(keyword::CLASSIFICATION, &mut self.classifications.iter());
        if self.featured {
            keywords.push((keyword::FEATURED, "yes".to_owned()));
        }
        if self.public {
            keywords.push((keyword::READER, EVERYONE.to_owned()));
        } else {
            keywords.extend(self.readers.iter().map(|reader| (keyword::READER, reader.to_string())));
        }
        keywords
    }

    /// Distinct file names and folders, as many as fit.
    fn file_text(&self) -> String {
        let mut distinct = BTreeSet::new();
        let mut text = String::new();
        for part in self.file_names.iter().flat_map(|path| path.split('/')) {
            if text.len() + part.len() > FILE_NAMES_BYTES {
                break;
            }
            if distinct.insert(part) {
                text.push_str(part);
                text.push('\n');
            }
        }
        text
    }
}

impl Indexed for RepositoryDocument {
    const NAME: &'static str = "repositories";
    const VERSION: u32 = 2;
    const KEYWORDS: &'static [(&'static str, bool)] = &[
        ("kind", true),
        ("owner", true),
        ("tag", true),
        ("license", true),
        ("framework", true),
        ("task", true),
        ("library", true),
        ("classification", true),
        ("reader", true),
        ("name", true),
        ("family", false),
        ("featured", false),
        ("label", false),
        ("pipeline", false),
    ];
    const NUMBERS: &'static [&'static str] = &[
        "size",
        "created",
        "updated",
        "stars",
        "downloads",
        "views",
        "trending",
        "parameters",
    ];

    fn id(&self) -> u128 {
        u128::from_be_bytes(*self.id.as_bytes())
    }

    fn keys(&self) -> Vec<String> {
        vec![self.id.to_string()]
    }

    fn row(&self) -> Row {
        let card = cut(&self.card, CARD_BYTES);
        let keywords = [
            self.frameworks.join(" "),
            self.tasks.join(" "),
            self.library.clone().unwrap_or_default(),
        ]
        .join("\n");
        let tags = self.tags.join("\n");
        let integer = |value: u64| i64::try_from(value).unwrap_or(i64::MAX);
        #[expect(clippy::cast_possible_truncation, reason = "a float that does not fit saturates")]
        let trending = (self.counters.trending * 1_000.0) as i64;
        let kept = Self {
            card: card.to_owned(),
            ..self.clone()
        };
        Row {
            text: vec![
                (8, self.name.clone()),
                (6, self.title.clone()),
                (5, tags.clone()),
                (4, self.description.clone()),
                (3, keywords),
                (3, card.to_owned()),
                (2, cut(&self.readme, README_BYTES).to_owned()),
                (2, self.owner.clone()),
                (1, self.file_text()),
            ],
            head: vec![
                (4, self.name.clone()),
                (3, self.title.clone()),
                (2, tags),
                (1, self.owner.clone()),
            ],
            keywords: self.keywords(),
            numbers: vec![
                integer(self.size_bytes),
                self.created_at.as_micros(),
                self.updated_at.as_micros(),
                integer(self.counters.stars),
                integer(self.counters.downloads),
                integer(self.counters.views),
                trending,
                self.parameters.map_or(-1, integer),
            ],
            stored: rmp_serde::to_vec_named(&kept).unwrap_or_default(),
        }
    }

    fn live_change(change: &Change<Self>) -> Option<(u128, LiveRow)> {
        match change {
            Change::Put(thing) => {
                let row = LiveRow {
                    counters: thing.counters,
                    readers: thing.readers(),
                };
                Some((thing.id(), row))
            }
            Change::Delete(key) => {
                let id: RepositoryId = key.parse().ok()?;
                Some((u128::from_be_bytes(*id.as_bytes()), LiveRow::default()))
            }
        }
    }

    fn live_row_of(columns: &Columns, document: u32) -> LiveRow {
        let number = |index: usize| {
            columns.numbers[index]
                .first(document)
                .and_then(|value| u64::try_from(value).ok())
                .unwrap_or(0)
        };
        #[expect(clippy::cast_precision_loss, reason = "trending scores are far below 2^52")]
        let trending = number(number::TRENDING) as f64 / 1_000.0;
        let counters = Counters {
            stars: number(number::STARS),
            downloads: number(number::DOWNLOADS),
            views: number(number::VIEWS),
            trending,
        };
        let readers = columns.keyword_values(keyword::READER, document);
        let readers = if readers.iter().any(|reader| reader == EVERYONE) {
            Readers::Everyone
        } else {
            Readers::Accounts(readers.iter().filter_map(|reader| reader.parse().ok()).collect())
        };
        LiveRow { counters, readers }
    }
}
