//! Layers, refusals, secrets, the example file and changes while the hub runs.

mod example;
mod layers;
mod refusals;
mod watching;

use std::path::PathBuf;

use geoml_hub::config::{Flag, Loaded, Loader};
use tempfile::TempDir;

/// A loader whose file holds this text. The folder goes when it is dropped.
fn with_file(text: &str) -> (Loader, TempDir) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("hub.toml");
    std::fs::write(&path, text).expect("writable");
    let loader = Loader {
        file: Some(path),
        ..Loader::default()
    };
    (loader, folder)
}

fn with_environment(variable: &str, value: &str) -> Loader {
    Loader {
        environment: vec![(variable.to_owned(), value.to_owned())],
        ..Loader::default()
    }
}

fn flag(name: &'static str, key: &'static str, value: &str) -> Flag {
    Flag {
        name,
        key,
        value: value.to_owned(),
    }
}

fn load(loader: &Loader) -> Loaded {
    loader.load().unwrap_or_else(|error| panic!("{error}"))
}

fn refusal(loader: &Loader) -> String {
    match loader.load() {
        Ok(_) => panic!("the configuration was accepted"),
        Err(error) => error.to_string(),
    }
}

fn repository_file(path: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(path)
}
