//! `.gitattributes`: which files are large files.

use super::error::GitError;
use super::model::ObjectId;
use super::repository::Repository;
use gix::attrs::search::{MetadataCollection, Outcome};
use std::fmt::Write;

/// Larger files are not rules anybody wrote; git ignores them above 100 MiB, we earlier.
const ATTRIBUTES_MAX_BYTES: u64 = 1 << 20;
const LARGE: &str = "filter=lfs diff=lfs merge=lfs -text";

/// Extensions of formats that are large by nature: trained models, arrays and tables, rasters and point clouds, archives,
/// media. Formats that people read and merge as text are not here, however long they grow.
pub const LARGE_EXTENSIONS: &[&str] = &[
    "7z",
    "arrow",
    "avro",
    "bin",
    "bz2",
    "caffemodel",
    "ckpt",
    "ecw",
    "engine",
    "feather",
    "ftz",
    "gguf",
    "ggml",
    "gpkg",
    "grb",
    "grb2",
    "grib",
    "grib2",
    "gz",
    "h5",
    "hdf",
    "hdf4",
    "hdf5",
    "img",
    "jp2",
    "joblib",
    "keras",
    "las",
    "laz",
    "lz4",
    "mat",
    "mdb",
    "mlmodel",
    "model",
    "mp4",
    "msgpack",
    "nc",
    "nc4",
    "npy",
    "npz",
    "onnx",
    "ot",
    "parquet",
    "pb",
    "pickle",
    "pkl",
    "pt",
    "pt2",
    "pth",
    "rar",
    "rds",
    "safetensors",
    "segy",
    "sgy",
    "shp",
    "sid",
    "sqlite",
    "tar",
    "tflite",
    "tgz",
    "tif",
    "tiff",
    "wasm",
    "xz",
    "zarr",
    "zip",
    "zst",
];

/// The `.gitattributes` of a new repository: every extension of [`LARGE_EXTENSIONS`], and checkpoints of TensorFlow.
pub fn default_gitattributes() -> String {
    let mut text = String::new();
    for extension in LARGE_EXTENSIONS {
        let _ = writeln!(text, "*.{extension} {LARGE}");
    }
    let _ = writeln!(text, "saved_model/**/* {LARGE}");
    let _ = writeln!(text, "*tfevents* {LARGE}");
    text
}

/// The rules of one `.gitattributes`, later lines winning over earlier ones.
pub struct Attributes {
    text: Vec<u8>,
    search: gix::attrs::Search,
    outcome: Outcome,
}

impl Attributes {
    /// Reads rules; lines that git would ignore are ignored.
    pub fn parse(text: &[u8]) -> Result<Self, GitError> {
        let mut search = gix::attrs::Search::default();
        let mut names = MetadataCollection::default();
        search.add_patterns_buffer(text, ".gitattributes".into(), None, &mut names, true)?;
        let mut outcome = Outcome::default();
        outcome.initialize_with_selection(&names, ["filter"]);
        Ok(Self {
            text: text.to_owned(),
            search,
            outcome,
        })
    }

    /// Whether the file at a path is to be stored as a large file (`filter=lfs`).
    pub fn is_large(&mut self, path: &str) -> bool {
        self.outcome.reset();
        self.search.pattern_matching_relative_path(
            path.into(),
            gix::glob::pattern::Case::Sensitive,
            Some(false),
            &mut self.outcome,
        );
        self.outcome.iter_selected().any(
            |found| matches!(found.assignment.state, gix::attrs::StateRef::Value(value) if value.as_bstr() == "lfs"),
        )
    }

    /// The rules with lines added so that every path is a large file; `None` when they all are.
    ///
    /// A path with an extension of [`LARGE_EXTENSIONS`] adds `*.extension`; another one adds itself alone, as a rule for
    /// all `*.json` would turn small text files into pointers.
    pub fn covering<'a>(&mut self, paths: impl IntoIterator<Item = &'a str>) -> Result<Option<String>, GitError> {
        let mut text = String::from_utf8_lossy(&self.text).into_owned();
        let before = text.len();
        for path in paths {
            if self.is_large(path) {
                continue;
            }
            if !text.is_empty() && !text.ends_with('\n') {
                text.push('\n');
            }
            let length = text.len();
            let _ = writeln!(text, "{} {LARGE}", pattern_for(path));
            *self = Self::parse(text.as_bytes())?;
            if !self.is_large(path) {
                // The text of an earlier line can say otherwise only for the general pattern's extension in other
                // letters; the path itself, given last, always wins.
                text.truncate(length);
                let _ = writeln!(text, "{} {LARGE}", exact_pattern(path));
                *self = Self::parse(text.as_bytes())?;
            }
        }
        Ok((text.len() != before).then_some(text))
    }
}

fn pattern_for(path: &str) -> String {
    let name = path.rsplit('/').next().unwrap_or(path);
    match name.rsplit_once('.') {
        Some((stem, extension))
            if !stem.is_empty() && LARGE_EXTENSIONS.contains(&extension.to_ascii_lowercase().as_str()) =>
        {
            format!("*.{extension}")
        }
        _ => exact_pattern(path),
    }
}

/// A pattern that matches one path: rooted by `/`, which also hides a leading `#`, `!` or `"`; blanks as a class, because
/// git-lfs and older git do not read quoted patterns.
fn exact_pattern(path: &str) -> String {
    let mut pattern = String::with_capacity(path.len() + 1);
    pattern.push('/');
    for character in path.chars() {
        match character {
            ' ' => pattern.push_str("[[:space:]]"),
            '*' | '?' | '[' | '\\' => {
                pattern.push('\\');
                pattern.push(character);
            }
            _ => pattern.push(character),
        }
    }
    pattern
}

impl Repository {
    /// The rules in the root folder of a commit; without the file, no rules.
    pub fn attributes(&self, commit: ObjectId) -> Result<Attributes, GitError> {
        match self.entry(commit, ".gitattributes")? {
            Some(entry) if entry.kind.is_blob() && entry.size.unwrap_or(0) <= ATTRIBUTES_MAX_BYTES => {
                Attributes::parse(&self.blob(entry.id, ATTRIBUTES_MAX_BYTES)?)
            }
            _ => Attributes::parse(b""),
        }
    }
}
