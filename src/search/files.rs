//! The index of file names on default branches.
//!
//! Whether a repository may be seen is asked of [`RepositoryIndex`] while searching, so that hiding a repository rewrites
//! none of its files here.

use crate::base::{RepositoryId, Sha256};
use crate::search::collect::{Gate, Order};
use crate::search::document::keyword_form;
use crate::search::engine::{Change, Engine};
use crate::search::error::SearchError;
use crate::search::find::{Find, find};
use crate::search::query::{any_of, filter};
use crate::search::repositories::{Audience, RepositoryIndex, size_clause};
use crate::search::schema::{Indexed, Row};
use serde::{Deserialize, Serialize};
use std::ops::Deref;
use std::path::Path;
use std::sync::Arc;
use tantivy::query::Occur;

/// A file of a repository.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileDocument {
    /// The repository.
    pub repository: RepositoryId,
    /// Path inside it.
    pub path: String,
    /// Size of the content in bytes.
    pub size_bytes: u64,
}

const REPOSITORY: usize = 0;
const EXTENSION: usize = 1;
const NAME: usize = 2;
const SIZE: usize = 0;

impl FileDocument {
    fn key_of(repository: RepositoryId, path: &str) -> Sha256 {
        Sha256::of([repository.as_bytes().as_slice(), path.as_bytes()].concat().as_slice())
    }

    /// The last part of the path.
    pub fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or(&self.path)
    }

    /// The part of the name after its last dot, in lower case; empty without one.
    pub fn extension(&self) -> String {
        self.name()
            .rsplit_once('.')
            .map(|(_, extension)| keyword_form(extension))
            .unwrap_or_default()
    }
}

impl Indexed for FileDocument {
    const NAME: &'static str = "files";
    const VERSION: u32 = 1;
    const KEYWORDS: &'static [(&'static str, bool)] = &[("repository", true), ("extension", false), ("name", true)];
    const NUMBERS: &'static [&'static str] = &["size"];

    fn id(&self) -> u128 {
        let digest = Self::key_of(self.repository, &self.path);
        digest
            .as_bytes()
            .iter()
            .take(16)
            .fold(0, |id, byte| (id << 8) | u128::from(*byte))
    }

    fn keys(&self) -> Vec<String> {
        vec![
            Self::key_of(self.repository, &self.path).to_string(),
            self.repository.to_string(),
        ]
    }

    fn row(&self) -> Row {
        let folder = self.path.strip_suffix(self.name()).unwrap_or_default();
        Row {
            text: vec![(8, self.name().to_owned()), (1, folder.to_owned())],
            head: vec![(1, self.name().to_owned())],
            keywords: vec![
                (REPOSITORY, self.repository.to_string()),
                (EXTENSION, self.extension()),
                (NAME, keyword_form(self.name())),
            ],
            numbers: vec![i64::try_from(self.size_bytes).unwrap_or(i64::MAX)],
            stored: rmp_serde::to_vec_named(self).unwrap_or_default(),
        }
    }
}

/// Order of the files that were found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum FileSort {
    /// The best match first.
    #[default]
    Relevance,
    /// The largest first.
    Size,
    /// By name, ascending.
    Name,
}

/// A search for files.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FileQuery {
    /// Words of the name or of the folders; empty matches all.
    pub text: String,
    /// Whether the last word may go on.
    pub prefix: bool,
    /// Only in this repository.
    pub repository: Option<RepositoryId>,
    /// Only files with any of these extensions, without dot.
    pub extensions: Vec<String>,
    /// Smallest size in bytes.
    pub size_min: Option<u64>,
    /// Largest size in bytes.
    pub size_max: Option<u64>,
    /// Order.
    pub sort: FileSort,
    /// Hits to pass over.
    pub offset: usize,
    /// Hits wanted.
    pub limit: usize,
}

/// A file that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileHit {
    /// As indexed.
    pub document: FileDocument,
    /// The path with matches in `<mark>`, when there are.
    pub path_highlight: Option<String>,
}

/// A change of the index of files.
#[derive(Debug, Clone)]
pub enum FileChange {
    /// Adds a file or replaces what is known of it.
    Put(FileDocument),
    /// Removes a file.
    Delete(RepositoryId, String),
    /// Removes all files of a repository.
    DeleteRepository(RepositoryId),
}

/// The index of file names. Cheap to clone.
#[derive(Clone)]
pub struct FileIndex {
    engine: Engine<FileDocument>,
    repositories: RepositoryIndex,
}

impl Deref for FileIndex {
    type Target = Engine<FileDocument>;

    fn deref(&self) -> &Engine<FileDocument> {
        &self.engine
    }
}

impl FileIndex {
    /// Opens the index below a folder; one that cannot be used is replaced by an empty one that asks to be rebuilt.
    pub fn open(folder: &Path, repositories: RepositoryIndex) -> Result<Self, SearchError> {
        Ok(Self {
            engine: Engine::open(folder, None)?,
            repositories,
        })
    }

    /// Takes changes, in order; they are searchable within 50 ms, and durable together with the cursor.
    pub async fn apply(&self, changes: Vec<FileChange>, cursor: Option<u64>) -> Result<(), SearchError> {
        let changes = changes.into_iter().map(|change| match change {
            FileChange::Put(document) => Change::Put(Box::new(document)),
            FileChange::Delete(repository, path) => Change::Delete(FileDocument::key_of(repository, &path).to_string()),
            FileChange::DeleteRepository(repository) => Change::Delete(repository.to_string()),
        });
        self.engine.change(changes.collect(), cursor).await
    }

    /// Files in repositories that the audience may read, and how many there are in all.
    pub fn search(&self, query: &FileQuery, audience: &Audience) -> Result<(Vec<FileHit>, u64), SearchError> {
        let fields = &self.engine.shared.fields;
        let mut conditions = Vec::new();
        if let Some(repository) = query.repository {
            conditions.push((
                Occur::Must,
                filter(fields.keyword_term(REPOSITORY, &repository.to_string())),
            ));
        }
        let extension = |extension: &String| {
            filter(fields.keyword_term(EXTENSION, &keyword_form(extension.trim_start_matches('.'))))
        };
        if !query.extensions.is_empty() {
            conditions.push((Occur::Must, any_of(query.extensions.iter().map(extension).collect())));
        }
        conditions.extend(size_clause(fields, SIZE, query.size_min, query.size_max));
        let wanted = Find {
            text: &query.text,
            prefix: query.prefix,
            order: match query.sort {
                FileSort::Relevance => Order::Relevance,
                FileSort::Size => Order::Number(SIZE),
                FileSort::Name => Order::Keyword(NAME),
            },
            conditions,
            gate: Some(self.gate(audience.clone())),
            offset: query.offset,
            limit: query.limit,
        };
        let found = find::<FileDocument, FileDocument>(&self.engine, &wanted)?;
        let hit = |document: FileDocument| FileHit {
            path_highlight: found.marker.whole(&document.path),
            document,
        };
        Ok((found.things.into_iter().map(hit).collect(), found.total))
    }

    fn gate(&self, audience: Audience) -> Gate {
        let repositories = self.repositories.clone();
        let opens = move |id: &str| id.parse().is_ok_and(|id| repositories.is_readable(id, &audience));
        Gate {
            keyword: REPOSITORY,
            opens: Arc::new(opens),
        }
    }
}
