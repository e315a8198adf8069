//! What the name of a file says about its content: kind, media type, language. Never trusted for anything but display.

use serde::{Deserialize, Serialize};

/// What a file is for, as storage is accounted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FileKind {
    /// Weights of a trained model.
    Model,
    /// Arrays, rasters, tables, point clouds, archives of them.
    Dataset,
    /// Pictures.
    Image,
    /// What people read.
    Document,
    /// Everything else, code included.
    Other,
}

const MODELS: &[&str] = &[
    "bin",
    "caffemodel",
    "ckpt",
    "engine",
    "ftz",
    "ggml",
    "gguf",
    "joblib",
    "keras",
    "mlmodel",
    "model",
    "onnx",
    "ot",
    "pb",
    "pickle",
    "pkl",
    "pt",
    "pt2",
    "pth",
    "safetensors",
    "tflite",
];
const DATASETS: &[&str] = &[
    "7z", "arrow", "avro", "bz2", "csv", "dbf", "ecw", "feather", "geojson", "gpkg", "grb", "grb2", "grib", "grib2",
    "gz", "h5", "hdf", "hdf4", "hdf5", "img", "jsonl", "las", "laz", "lz4", "mat", "mdb", "nc", "nc4", "npy", "npz",
    "parquet", "rar", "rds", "segy", "sgy", "shp", "shx", "sid", "sqlite", "tar", "tgz", "tif", "tiff", "tsv", "xz",
    "zarr", "zip", "zst",
];
const IMAGES: &[&str] = &["bmp", "gif", "ico", "jp2", "jpeg", "jpg", "png", "svg", "webp"];
const DOCUMENTS: &[&str] = &[
    "adoc", "doc", "docx", "htm", "html", "ipynb", "md", "odt", "pdf", "pptx", "rst", "tex", "txt", "xlsx",
];

/// Media types that the general list lacks or has otherwise.
const MEDIA_TYPES: &[(&str, &str)] = &[
    ("geojson", "application/geo+json"),
    ("gpkg", "application/geopackage+sqlite3"),
    ("grib", "application/wmo-GRIB2"),
    ("grib2", "application/wmo-GRIB2"),
    ("h5", "application/x-hdf5"),
    ("hdf5", "application/x-hdf5"),
    ("ipynb", "application/x-ipynb+json"),
    ("jl", "text/x-julia"),
    ("jsonl", "application/jsonl"),
    ("las", "application/vnd.las"),
    ("laz", "application/vnd.laszip"),
    ("md", "text/markdown"),
    ("nc", "application/netcdf"),
    ("nc4", "application/netcdf"),
    ("onnx", "application/octet-stream"),
    ("parquet", "application/vnd.apache.parquet"),
    ("py", "text/x-python"),
    ("r", "text/x-r"),
    ("safetensors", "application/octet-stream"),
    ("toml", "application/toml"),
    ("ts", "text/x-typescript"),
    ("yaml", "application/yaml"),
    ("yml", "application/yaml"),
];

const LANGUAGES: &[(&str, &str)] = &[
    ("adoc", "AsciiDoc"),
    ("bash", "Shell"),
    ("bib", "BibTeX"),
    ("c", "C"),
    ("cc", "C++"),
    ("cfg", "INI"),
    ("cpp", "C++"),
    ("cs", "C#"),
    ("css", "CSS"),
    ("csv", "CSV"),
    ("cu", "CUDA"),
    ("f", "Fortran"),
    ("f90", "Fortran"),
    ("geojson", "JSON"),
    ("go", "Go"),
    ("h", "C"),
    ("hpp", "C++"),
    ("htm", "HTML"),
    ("html", "HTML"),
    ("ini", "INI"),
    ("ipynb", "Jupyter Notebook"),
    ("java", "Java"),
    ("jl", "Julia"),
    ("js", "JavaScript"),
    ("json", "JSON"),
    ("jsonl", "JSON"),
    ("lua", "Lua"),
    ("m", "MATLAB"),
    ("md", "Markdown"),
    ("ncl", "NCL"),
    ("php", "PHP"),
    ("pl", "Perl"),
    ("py", "Python"),
    ("pyx", "Cython"),
    ("r", "R"),
    ("rb", "Ruby"),
    ("rmd", "R Markdown"),
    ("rs", "Rust"),
    ("rst", "reStructuredText"),
    ("scala", "Scala"),
    ("sh", "Shell"),
    ("sql", "SQL"),
    ("svelte", "Svelte"),
    ("svg", "SVG"),
    ("tex", "TeX"),
    ("toml", "TOML"),
    ("ts", "TypeScript"),
    ("tsv", "TSV"),
    ("tsx", "TypeScript"),
    ("txt", "Text"),
    ("vue", "Vue"),
    ("xml", "XML"),
    ("yaml", "YAML"),
    ("yml", "YAML"),
];

const NAMED_LANGUAGES: &[(&str, &str)] = &[
    (".gitattributes", "Git Attributes"),
    (".gitignore", "Ignore List"),
    ("cmakelists.txt", "CMake"),
    ("dockerfile", "Dockerfile"),
    ("justfile", "Just"),
    ("license", "Text"),
    ("makefile", "Makefile"),
    ("readme", "Text"),
    ("snakefile", "Snakemake"),
];

impl FileKind {
    /// All kinds, in the order in which they are shown.
    pub const ALL: [Self; 5] = [Self::Model, Self::Dataset, Self::Image, Self::Document, Self::Other];

    /// The kind of the file at a path, by its extension.
    pub fn of(path: &str) -> Self {
        let Some(extension) = extension(path) else {
            return Self::Other;
        };
        let is_in = |list: &[&str]| list.contains(&extension.as_str());
        if is_in(MODELS) {
            Self::Model
        } else if is_in(DATASETS) {
            Self::Dataset
        } else if is_in(IMAGES) {
            Self::Image
        } else if is_in(DOCUMENTS) {
            Self::Document
        } else {
            Self::Other
        }
    }
}

/// The last part of a path.
pub(super) fn file_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// The extension of a path's last part in lower case, without its dot.
pub(super) fn extension(path: &str) -> Option<String> {
    let (stem, extension) = file_name(path).rsplit_once('.')?;
    (!stem.is_empty() && !extension.is_empty()).then(|| extension.to_lowercase())
}

/// The media type of the file at a path; text is announced as UTF-8.
pub(super) fn media_type(path: &str) -> String {
    let extension = extension(path);
    let listed = MEDIA_TYPES
        .iter()
        .find(|(known, _)| extension.as_deref() == Some(known));
    let media = match (listed, language(path)) {
        (Some((_, media)), _) => (*media).to_owned(),
        (None, language) => match mime_guess::from_path(file_name(path)).first() {
            Some(guess) => guess.essence_str().to_owned(),
            None if language.is_some() => "text/plain".to_owned(),
            None => "application/octet-stream".to_owned(),
        },
    };
    let is_text = media.starts_with("text/") || media.ends_with("json") || media.ends_with("xml");
    if is_text {
        format!("{media}; charset=utf-8")
    } else {
        media
    }
}

/// The language that a text file is written in, by its name.
pub(super) fn language(path: &str) -> Option<&'static str> {
    let name = file_name(path).to_lowercase();
    let named = NAMED_LANGUAGES.iter().find(|(known, _)| *known == name);
    let extension = extension(path);
    let found = named.or_else(|| LANGUAGES.iter().find(|(known, _)| extension.as_deref() == Some(known)));
    found.map(|(_, language)| *language)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_kind_type_and_language() {
        let cases = [
            (
                "weights/model.SAFETENSORS",
                FileKind::Model,
                "application/octet-stream",
                None,
            ),
            ("data/era5.nc", FileKind::Dataset, "application/netcdf", None),
            ("map.png", FileKind::Image, "image/png", None),
            (
                "README.md",
                FileKind::Document,
                "text/markdown; charset=utf-8",
                Some("Markdown"),
            ),
            (
                "src/train.py",
                FileKind::Other,
                "text/x-python; charset=utf-8",
                Some("Python"),
            ),
            (
                "Dockerfile",
                FileKind::Other,
                "text/plain; charset=utf-8",
                Some("Dockerfile"),
            ),
            (".hidden", FileKind::Other, "application/octet-stream", None),
        ];
        for (path, kind, media, spoken) in cases {
            assert_eq!(
                (FileKind::of(path), media_type(path).as_str(), language(path)),
                (kind, media, spoken),
                "{path}"
            );
        }
    }
}
