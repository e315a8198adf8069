use crate::cards::{Band, BoundingBox, Card, CardMetadata, CardProblem, Severity, TemporalExtent};
use crate::git::ObjectId;
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

/// What a card says, under one name for each thing. A value that makes no sense is left out and reported.
#[derive(Debug, Serialize, ToSchema)]
pub struct CardView {
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
    /// Classification, first level, as written.
    pub classification_1: Vec<String>,
    /// Classification, second level.
    pub classification_2: Vec<String>,
    /// Classification, third level.
    pub classification_3: Vec<String>,
    /// Task by its Hugging Face name.
    pub pipeline_tag: Option<String>,
    /// Library that loads it.
    pub library_name: Option<String>,
    /// Evaluation results, as written.
    #[serde(rename = "model-index")]
    #[schema(value_type = Option<Object>)]
    pub model_index: Option<Value>,
    /// West, south, east and north in degrees; west is greater than east when it crosses the antimeridian.
    #[schema(value_type = Option<[f64; 4]>)]
    pub bbox: Option<[f64; 4]>,
    /// Time covered.
    pub temporal_extent: Option<TemporalExtentView>,
    /// Coordinate reference system.
    pub crs: Option<String>,
    /// Sensors.
    pub sensors: Vec<String>,
    /// Spectral bands.
    pub bands: Vec<BandView>,
    /// Ground sample distance in metres.
    pub gsd: Option<f64>,
    /// Other fields, as written.
    #[schema(value_type = Object)]
    pub extra: Map<String, Value>,
}

/// A time span; an end that is null is open.
#[derive(Debug, Serialize, ToSchema)]
pub struct TemporalExtentView {
    /// First moment: year, month, day or time as written.
    pub start: Option<String>,
    /// Last moment.
    pub end: Option<String>,
}

/// A spectral band.
#[derive(Debug, Serialize, ToSchema)]
pub struct BandView {
    /// Its name.
    pub name: String,
    /// Centre wavelength in micrometres.
    pub wavelength_um: Option<f64>,
    /// Everything else that the card says about it.
    #[schema(value_type = Object)]
    pub details: Map<String, Value>,
}

/// What is wrong with a card, and where.
#[derive(Debug, Serialize, ToSchema)]
pub struct ProblemView {
    /// `error` when the card is incomplete or cannot be read, `warning` when a value was passed over.
    #[schema(value_type = String)]
    pub severity: Severity,
    /// The field; none when the front matter as a whole cannot be read.
    pub field: Option<String>,
    /// A sentence.
    pub message: String,
    /// Line in README.md, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
}

/// A card that was read.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ReadView {
    /// No problem is an error.
    pub valid: bool,
    /// There is front matter.
    pub has_front_matter: bool,
    /// The front matter as written, in order; empty when it cannot be read.
    #[schema(value_type = Object)]
    pub metadata: Map<String, Value>,
    /// What it says, under one name for each thing.
    pub card: CardView,
    /// What is wrong, in the order of the text.
    pub problems: Vec<ProblemView>,
}

/// The card of a repository.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct MetadataView {
    /// The commit that was read; none in an empty repository.
    #[schema(value_type = Option<String>)]
    pub commit: Option<ObjectId>,
    #[serde(flatten)]
    pub read: ReadView,
}

impl From<CardMetadata> for CardView {
    fn from(card: CardMetadata) -> Self {
        Self {
            title: card.title,
            tags: card.tags,
            license: card.license,
            framework: card.framework,
            task: card.task,
            base_model: card.base_model,
            datasets: card.datasets,
            language: card.language,
            metrics: card.metrics,
            classification_1: card.classification_1,
            classification_2: card.classification_2,
            classification_3: card.classification_3,
            pipeline_tag: card.pipeline_tag,
            library_name: card.library_name,
            model_index: card.model_index,
            bbox: card.bbox.map(
                |BoundingBox {
                     west,
                     south,
                     east,
                     north,
                 }| [west, south, east, north],
            ),
            temporal_extent: card.temporal_extent.map(Into::into),
            crs: card.crs,
            sensors: card.sensors,
            bands: card.bands.into_iter().map(Into::into).collect(),
            gsd: card.gsd,
            extra: card.extra,
        }
    }
}

impl From<TemporalExtent> for TemporalExtentView {
    fn from(TemporalExtent { start, end }: TemporalExtent) -> Self {
        Self { start, end }
    }
}

impl From<Band> for BandView {
    fn from(
        Band {
            name,
            wavelength_um,
            details,
        }: Band,
    ) -> Self {
        Self {
            name,
            wavelength_um,
            details,
        }
    }
}

impl From<CardProblem> for ProblemView {
    fn from(problem: CardProblem) -> Self {
        Self {
            severity: problem.severity,
            field: problem.field,
            message: problem.message,
            line: problem.line,
            column: problem.column,
        }
    }
}

impl From<Card> for ReadView {
    fn from(card: Card) -> Self {
        Self {
            valid: card.is_valid(),
            has_front_matter: card.has_front_matter,
            metadata: card.document,
            card: card.metadata.into(),
            problems: card.problems.into_iter().map(Into::into).collect(),
        }
    }
}
