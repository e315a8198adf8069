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
/// Rules that one commit adds at most: each is held against every file, by git and here.
const RULES_ADDED_MAX: usize = 1_000;
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
    /// come together add one rule for their folder, since git and the hub read all rules for every file. Where that makes too
    /// many rules, files of one extension below one folder of the root share one; where that still does, it is refused.
    pub fn covering<'a>(&mut self, paths: impl IntoIterator<Item = &'a str>) -> Result<Option<String>, GitError> {
        let paths: Vec<&str> = paths.into_iter().filter(|path| !self.is_large(path)).collect();
        if paths.is_empty() {
            return Ok(None);
        }
        let rules = Rules::of(&paths, place).or_else(|| Rules::of(&paths, wide_place));
        let rules = rules.ok_or_else(too_many_rules)?;
        self.add(rules.patterns)?;
        // An earlier line can say otherwise only for a general pattern; the path itself, given last, always wins.
        let exact: Vec<String> = rules
            .general
            .into_iter()
            .filter(|path| !self.is_large(path))
            .map(exact_pattern)
            .collect();
        if exact.len() > RULES_ADDED_MAX {
            return Err(too_many_rules());
        }
        self.add(exact)?;
        if self.text.len() as u64 > ATTRIBUTES_MAX_BYTES {
            return Err(too_many_rules());
        }
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

/// Patterns that make paths large files.
struct Rules<'a> {
    patterns: Vec<String>,
    /// The paths whose pattern is not they themselves.
    general: Vec<&'a str>,
}

impl<'a> Rules<'a> {
    /// Patterns for paths of which those of one place share one; none when there are too many.
    fn of(paths: &[&'a str], place_of: fn(&str) -> (&str, &str)) -> Option<Self> {
        let mut siblings: HashMap<(&str, &str), usize> = HashMap::new();
        for path in paths {
            *siblings.entry(place_of(path)).or_default() += 1;
        }
        let (mut patterns, mut general, mut seen) = (Vec::new(), Vec::new(), HashSet::new());
        for path in paths.iter().copied() {
            let (folder, extension) = place_of(path);
            let pattern = if is_large_extension(path) {
                format!("*.{extension}")
            } else if !extension.is_empty() && siblings[&(folder, extension)] >= SIBLINGS {
                let below = if folder.ends_with('/') && path[folder.len()..].contains('/') {
                    "**/"
                } else {
                    ""
                };
                let extension = exact_pattern(extension);
                format!(
                    "{}{below}*.{}",
                    exact_pattern(folder),
                    extension.trim_start_matches('/')
                )
            } else {
                exact_pattern(path)
            };
            if pattern != exact_pattern(path) {
                general.push(path);
            }
            if seen.insert(pattern.clone()) {
                patterns.push(pattern);
            }
            if patterns.len() > RULES_ADDED_MAX {
                return None;
            }
        }
        Some(Self { patterns, general })
    }
}

fn too_many_rules() -> GitError {
    GitError::BadContent {
        path: ".gitattributes".to_owned(),
        reason: format!(
            "the large files of this commit would need more than {RULES_ADDED_MAX} rules or {} MiB of them. Give them \
             common extensions or folders, or send a '.gitattributes' that covers them in the same commit",
            ATTRIBUTES_MAX_BYTES >> 20
        ),
    }
}

/// The first folder of a path with its slash, and the extension of its name.
fn wide_place(path: &str) -> (&str, &str) {
    let (_, extension) = place(path);
    (&path[..path.find('/').map_or(0, |slash| slash + 1)], extension)
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
