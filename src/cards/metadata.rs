//! The typed view of a card's front matter, and what is wrong with it.

use std::collections::{HashMap, HashSet};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::cards::fields::{self, FIELDS, Field};
use crate::cards::front_matter;
use crate::cards::geo::{self, Band, BoundingBox, Reading, TemporalExtent};
use crate::cards::problem::{CardProblem, Position, Severity};
use crate::cards::yaml::{Content, Document, Entry, Node};

/// Longest text of a card's metadata, in characters.
pub(super) const MAX_TEXT_CHARS: usize = 200;
/// Most texts of one field; lists of languages are the longest in use.
pub(super) const MOST_TEXTS: usize = 200;

/// What a card says, under one name for each thing. A value that makes no sense is left out here and reported.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct CardMetadata {
    /// Title for people.
    pub title: Option<String>,
    /// Keywords.
    pub tags: Vec<String>,
    /// Licences; mostly one.
    pub license: Vec<String>,
    /// Machine-learning frameworks.
    pub framework: Vec<String>,
    /// What it does.
    pub task: Vec<String>,
    /// Models it was made from.
    pub base_model: Vec<String>,
    /// Datasets it was trained or evaluated on.
    pub datasets: Vec<String>,
    /// Languages.
    pub language: Vec<String>,
    /// Metrics.
    pub metrics: Vec<String>,
    /// Classification, first level: slugs or names as written.
    pub classification_1: Vec<String>,
    /// Classification, second level.
    pub classification_2: Vec<String>,
    /// Classification, third level.
    pub classification_3: Vec<String>,
    /// Task by its Hugging Face name; the first task when the card gives none.
    pub pipeline_tag: Option<String>,
    /// Library that loads it; the first framework when the card gives none.
    pub library_name: Option<String>,
    /// Evaluation results, as written.
    pub model_index: Option<Value>,
    /// Extent.
    pub bbox: Option<BoundingBox>,
    /// Time covered.
    pub temporal_extent: Option<TemporalExtent>,
    /// Coordinate reference system.
    pub crs: Option<String>,
    /// Sensors.
    pub sensors: Vec<String>,
    /// Spectral bands.
    pub bands: Vec<Band>,
    /// Ground sample distance in metres.
    pub gsd: Option<f64>,
    /// Fields outside the catalogue, as written.
    pub extra: Map<String, Value>,
}

/// A README read: its metadata and its problems. Never fails.
#[derive(Debug, Clone, PartialEq)]
pub struct ParsedCard {
    /// The README has front matter.
    pub has_front_matter: bool,
    /// The front matter as written, in order; empty when it cannot be read.
    pub document: Map<String, Value>,
    /// The typed view.
    pub metadata: CardMetadata,
    /// What is wrong, in the order of the text.
    pub problems: Vec<CardProblem>,
    /// Where the value of each field stands.
    pub places: HashMap<String, Position>,
}

impl ParsedCard {
    /// True when no problem is an error.
    pub fn is_valid(&self) -> bool {
        self.problems.iter().all(|problem| problem.severity != Severity::Error)
    }
}

/// Reads a README. Blocking for large texts: tens of milliseconds for a megabyte.
pub fn parse(readme: &str) -> ParsedCard {
    let split = front_matter::split(readme);
    let start = Position {
        line: split.yaml_line,
        column: 1,
    };
    let Some(yaml) = split.yaml else {
        let mut card = read(&Document::default(), start, false);
        if split.unclosed {
            card.problems.insert(
                0,
                CardProblem::whole("front matter is opened by `---` but never closed", start),
            );
        }
        return card;
    };
    match Document::parse(&readme[yaml], split.yaml_line) {
        Ok(document) => read(&document, start, true),
        Err(unreadable) => ParsedCard {
            has_front_matter: true,
            document: Map::new(),
            metadata: CardMetadata::default(),
            places: HashMap::new(),
            problems: vec![CardProblem::whole(unreadable.message, unreadable.at)],
        },
    }
}

fn read(document: &Document, start: Position, has_front_matter: bool) -> ParsedCard {
    let mut reader = FieldReader {
        document,
        problems: Vec::new(),
    };
    let metadata = reader.metadata();
    let mut problems = reader.problems;
    for field in FIELDS
        .iter()
        .filter(|field| field.required && find(document, field).is_none())
    {
        problems.push(CardProblem::of_field(
            Severity::Error,
            field.name,
            format!("`{}` is required and missing", field.name),
            start,
        ));
    }
    problems.sort_by_key(|problem| (problem.line, problem.column));
    let place = |entry: &Entry| (entry.key.clone(), entry.node.at);
    ParsedCard {
        has_front_matter,
        document: document.to_json(),
        metadata,
        problems,
        places: document.entries.iter().map(place).collect(),
    }
}

/// The entry that gives a field: under its own name, else under the first other name that has a value.
fn find<'document>(document: &'document Document, field: &Field) -> Option<&'document Entry> {
    std::iter::once(&field.name)
        .chain(field.aliases)
        .find_map(|name| document.get(name).filter(|entry| !entry.node.is_null()))
}

struct FieldReader<'document> {
    document: &'document Document,
    problems: Vec<CardProblem>,
}

impl FieldReader<'_> {
    fn metadata(&mut self) -> CardMetadata {
        CardMetadata {
            title: self.text("title"),
            tags: self.texts("tags"),
            license: self.license(),
            framework: self.texts("framework"),
            task: self.texts("task"),
            base_model: self.texts("base_model"),
            datasets: self.texts("datasets"),
            language: self.texts("language"),
            metrics: self.texts("metrics"),
            classification_1: self.texts("classification_1"),
            classification_2: self.texts("classification_2"),
            classification_3: self.texts("classification_3"),
            pipeline_tag: self.first("pipeline_tag"),
            library_name: self.first("library_name"),
            model_index: self.value("model-index", |node| Ok(node.to_json())),
            bbox: self.value("bbox", geo::bounding_box),
            temporal_extent: self.value("temporal_extent", geo::temporal_extent),
            crs: self.value("crs", geo::reference_system),
            sensors: self.texts("sensors"),
            bands: self.value("bands", geo::bands).unwrap_or_default(),
            gsd: self.value("gsd", geo::ground_sample_distance),
            extra: self.extra(),
        }
    }

    fn value<T>(&mut self, name: &str, read: impl Fn(&Node) -> Reading<T>) -> Option<T> {
        let field = FIELDS.iter().find(|field| field.name == name)?;
        let entry = find(self.document, field)?;
        read(&entry.node)
            .inspect_err(|wrong| {
                let severity = if field.required {
                    Severity::Error
                } else {
                    Severity::Warning
                };
                self.report(severity, entry, wrong);
            })
            .ok()
    }

    fn report(&mut self, severity: Severity, entry: &Entry, wrong: &str) {
        let message = format!("`{}` {wrong}", entry.key);
        let problem = CardProblem::of_field(severity, &entry.key, message, entry.node.at);
        if !self.problems.contains(&problem) {
            self.problems.push(problem);
        }
    }

    fn text(&mut self, name: &str) -> Option<String> {
        self.value(name, |node| match &node.content {
            Content::Scalar { text, .. } if !text.trim().is_empty() => match text.trim() {
                text if is_short(text) => Ok(text.to_owned()),
                _ => Err(format!("must be a text of at most {MAX_TEXT_CHARS} characters")),
            },
            _ => Err("must be a text".to_owned()),
        })
    }

    fn texts(&mut self, name: &str) -> Vec<String> {
        let Some(Texts { kept, left_out }) = self.value(name, texts) else {
            return Vec::new();
        };
        let field = FIELDS.iter().find(|field| field.name == name);
        if left_out && let Some(entry) = field.and_then(|field| find(self.document, field)) {
            let wrong = format!(
                "has values that are left out: read are at most {MOST_TEXTS} of at most {MAX_TEXT_CHARS} characters"
            );
            self.report(Severity::Warning, entry, &wrong);
        }
        kept
    }

    fn first(&mut self, name: &str) -> Option<String> {
        self.value(name, texts)?.kept.into_iter().next()
    }

    /// `license: other` says nothing; the name that goes with it does.
    fn license(&mut self) -> Vec<String> {
        let licenses = self.texts("license");
        let named = self
            .document
            .get("license_name")
            .map(|entry| texts(&entry.node).map_or_else(|_| Vec::new(), |texts| texts.kept));
        match named {
            Some(named) if !named.is_empty() && licenses == ["other"] => named,
            _ => licenses,
        }
    }

    fn extra(&self) -> Map<String, Value> {
        let unknown = self
            .document
            .entries
            .iter()
            .filter(|entry| !fields::is_known(&entry.key));
        unknown.map(|entry| (entry.key.clone(), entry.node.to_json())).collect()
    }
}

/// Texts of a field, within the bounds of what is kept for search and lists.
struct Texts {
    kept: Vec<String>,
    /// There are more, or longer ones.
    left_out: bool,
}

fn is_short(text: &str) -> bool {
    text.chars().nth(MAX_TEXT_CHARS).is_none()
}

/// A text or a list of texts; empty ones and repetitions are left out.
fn texts(node: &Node) -> Reading<Texts> {
    let form = "must be a text or a list of texts";
    let items = match &node.content {
        Content::List(items) => items.as_slice(),
        Content::Scalar { .. } => std::slice::from_ref(node),
        Content::Map(_) => return Err(form.to_owned()),
    };
    let mut seen = HashSet::new();
    let mut texts = Texts {
        kept: Vec::new(),
        left_out: false,
    };
    for item in items {
        match &item.content {
            Content::Scalar { .. } if item.is_null() => {}
            Content::Scalar { text, .. } => {
                let text = text.trim();
                if text.is_empty() || !seen.insert(text) {
                    continue;
                }
                if is_short(text) && texts.kept.len() < MOST_TEXTS {
                    texts.kept.push(text.to_owned());
                } else {
                    texts.left_out = true;
                }
            }
            _ => return Err(form.to_owned()),
        }
    }
    Ok(texts)
}
