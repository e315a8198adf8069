use super::pictures;
use crate::base::RepositoryKind;
use rust_embed::Embed;
use serde::Deserialize;
use std::collections::BTreeMap;

#[derive(Embed)]
#[folder = "assets/demo/"]
struct Texts;

/// The whole demo. Days count back from the day on which it is made.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Plan {
    pub(super) accounts: Vec<PlannedAccount>,
    /// Whom an account follows.
    pub(super) follows: BTreeMap<String, Vec<String>>,
    pub(super) repositories: Vec<PlannedRepository>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PlannedAccount {
    pub(super) name: String,
    pub(super) full_name: String,
    #[serde(default)]
    pub(super) bio: Option<String>,
    #[serde(default)]
    pub(super) location: Option<String>,
    #[serde(default)]
    pub(super) website: Option<String>,
    pub(super) joined: u32,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PlannedRepository {
    pub(super) owner: String,
    pub(super) name: String,
    pub(super) kind: RepositoryKind,
    pub(super) description: String,
    #[serde(default)]
    pub(super) private: bool,
    pub(super) made: u32,
    /// Views on a working day of the present.
    pub(super) popularity: u32,
    pub(super) stars: Vec<String>,
    pub(super) commits: Vec<PlannedCommit>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PlannedCommit {
    pub(super) days: u32,
    pub(super) by: String,
    pub(super) message: String,
    #[serde(default)]
    pub(super) files: Vec<PlannedFile>,
    /// A change in a text that the demo holds.
    #[serde(default)]
    pub(super) edit: Option<Edit>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Edit {
    pub(super) path: String,
    pub(super) from: String,
    pub(super) to: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct PlannedFile {
    pub(super) path: String,
    #[serde(flatten)]
    pub(super) content: Content,
}

/// From what a file is made. Boxes are west, south, east and north in degrees.
#[derive(Debug, Deserialize)]
#[serde(tag = "make", rename_all = "snake_case")]
pub(super) enum Content {
    /// A text beside the plan, of the file's own path or another one.
    Text {
        #[serde(default)]
        from: Option<String>,
    },
    /// The text itself.
    Inline { text: String },
    /// Weights of convolutions between layers of so many channels, as safetensors.
    Weights { seed: u64, layers: Vec<usize> },
    /// GeoTIFF.
    Raster {
        seed: u64,
        size: [usize; 2],
        bands: u16,
        bbox: [f64; 4],
    },
    /// NetCDF: days of precipitation.
    Grid {
        seed: u64,
        days_covered: usize,
        bbox: [f64; 4],
        step: f64,
    },
    /// PNG of a field in colours.
    Picture {
        seed: u64,
        size: [u32; 2],
        palette: pictures::Palette,
    },
    /// PNG of a terrain under the sun.
    Hillshade { seed: u64, size: [u32; 2] },
    /// PNG of three curves over time.
    Traces { seed: u64, size: [u32; 2] },
    /// CSV of an earthquake's waveform.
    Waveform { seed: u64, rows: usize },
    /// CSV of picked arrivals.
    Picks { seed: u64 },
    /// CSV of daily discharge, precipitation and evaporation.
    Runoff {
        seed: u64,
        start: String,
        rows: usize,
        mean: f64,
    },
    /// CSV of numbers, by day where it has a start.
    Table {
        seed: u64,
        rows: usize,
        columns: Vec<String>,
        #[serde(default)]
        start: Option<String>,
    },
}

impl Plan {
    /// The plan that the program carries.
    pub(super) fn embedded() -> anyhow::Result<Self> {
        Ok(serde_yaml::from_str(&text("demo.yaml")?)?)
    }
}

/// A text beside the plan.
pub(super) fn text(path: &str) -> anyhow::Result<String> {
    let file = Texts::get(path).ok_or_else(|| anyhow::anyhow!("the demo has no text {path}"))?;
    Ok(String::from_utf8(file.data.into_owned())?)
}
