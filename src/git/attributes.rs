//! `.gitattributes`: which files are large files.

use super::error::GitError;
use super::model::ObjectId;
use super::repository::Repository;
use gix::attrs::search::{MetadataCollection, Outcome};
use std::collections::{HashMap, HashSet};
use std::fmt::Write;

/// Larger files are not rules anybody wrote; git ignores them above 100 MiB, we earlier.
const ATTRIBUTES_MAX_BYTES: u64 = 1 << 20;
/// Files of one folder and extension that get a rule of their own together.
const SIBLINGS: usize = 20;
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
    /// A path with an extension of [`LARGE_EXTENSIONS`] adds `*.extension`. Another one adds itself alone, as a rule for
    /// all `*.json` would turn small text files into pointers; but [`SIBLINGS`] files of one folder and extension that
    /// come together add one rule for their folder, since git and the hub read all rules for every file.
    pub fn covering<'a>(&mut self, paths: impl IntoIterator<Item = &'a str>) -> Result<Option<String>, GitError> {
        let paths: Vec<&str> = paths.into_iter().filter(|path| !self.is_large(path)).collect();
        if paths.is_empty() {
            return Ok(None);
        }
        let mut siblings: HashMap<(&str, &str), usize> = HashMap::new();
        for path in &paths {
            *siblings.entry(place(path)).or_default() += 1;
        }
        let general = paths.iter().map(|path| {
            let (folder, extension) = place(path);
            if is_large_extension(path) {
                format!("*.{extension}")
            } else if !extension.is_empty() && siblings[&(folder, extension)] >= SIBLINGS {
                format!(
                    "{}*.{}",
                    exact_pattern(folder),
                    exact_pattern(extension).trim_start_matches('/')
                )
            } else {
                exact_pattern(path)
            }
        });
        self.add(general)?;
        // An earlier line can say otherwise only for a general pattern; the path itself, given last, always wins.
        let exact: Vec<String> = paths
            .into_iter()
            .filter(|path| !self.is_large(path))
            .map(exact_pattern)
            .collect();
        self.add(exact)?;
        Ok(Some(String::from_utf8_lossy(&self.text).into_owned()))
    }

    /// Adds a line for each pattern that has none among the new ones yet.
    fn add(&mut self, patterns: impl IntoIterator<Item = String>) -> Result<(), GitError> {
        let mut text = String::from_utf8_lossy(&self.text).into_owned();
        let mut seen = HashSet::new();
        for pattern in patterns {
            if seen.contains(&pattern) {
                continue;
            }
            if !text.is_empty() && !text.ends_with('\n') {
                text.push('\n');
            }
            let _ = writeln!(text, "{pattern} {LARGE}");
            seen.insert(pattern);
        }
        if !seen.is_empty() {
            *self = Self::parse(text.as_bytes())?;
        }
        Ok(())
    }
}

/// The folder of a path with its slash, and the extension of its name; empty when there is none.
fn place(path: &str) -> (&str, &str) {
    let (folder, name) = path.split_at(path.rfind('/').map_or(0, |slash| slash + 1));
    match name.rsplit_once('.') {
        Some((stem, extension)) if !stem.is_empty() => (folder, extension),
        _ => (folder, ""),
    }
}

fn is_large_extension(path: &str) -> bool {
    let (_, extension) = place(path);
    LARGE_EXTENSIONS.contains(&extension.to_ascii_lowercase().as_str())
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
