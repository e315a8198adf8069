//! The shape of the source tree, held by machine: which module may use which, where a heavy dependency lives, how long
//! a file may be. Every rule is shown to fail on a made-up file in [`proofs`].

mod proofs;
mod rules;
mod source;

use std::path::{Path, PathBuf};

use source::Source;

/// Modules from the top down. A module may use only modules below it.
const ORDER: &[&str] = &[
    "cli",
    "app",
    "web",
    "hf",
    "transport",
    "admin",
    "search",
    "social",
    "hooks",
    "pulls",
    "editor",
    "files",
    "models",
    "cards",
    "taxonomy",
    "repos",
    "users",
    "git",
    "events",
    "jobs",
    "http",
    "blobs",
    "keys",
    "store",
    "telemetry",
    "config",
    "base",
];

/// A crate whose name begins so may be named only by these modules and, where said so, by files of the API layer:
/// `api.rs` and whatever lies in a folder `api/`.
const HOMES: &[Home] = &[
    Home {
        name: "redb",
        modules: &["store"],
        api_layer: false,
    },
    Home {
        name: "gix",
        modules: &["git"],
        api_layer: false,
    },
    Home {
        name: "tantivy",
        modules: &["search"],
        api_layer: false,
    },
    Home {
        name: "object_store",
        modules: &["blobs"],
        api_layer: false,
    },
    Home {
        name: "clap",
        modules: &["cli"],
        api_layer: false,
    },
    Home {
        name: "notify",
        modules: &["config"],
        api_layer: false,
    },
    Home {
        name: "reqwest",
        modules: &["hooks"],
        api_layer: false,
    },
    Home {
        name: "actix_",
        modules: &["http", "app", "web"],
        api_layer: true,
    },
    Home {
        name: "utoipa",
        modules: &["http", "app", "web"],
        api_layer: true,
    },
];

/// Modules that may start tasks of their own; everything else is run by them.
const TASK_OWNERS: &[&str] = &[
    "app",
    "git",
    "events",
    "jobs",
    "http",
    "blobs",
    "store",
    "telemetry",
    "config",
];

/// Longest file, in lines.
const LONGEST_FILE: usize = 500;

/// Files that are longer, with the length they must not exceed. The list may only shrink.
const LONGER_FILES: &[(&str, usize)] = &[];

/// Where a dependency may be named.
struct Home {
    name: &'static str,
    modules: &'static [&'static str],
    api_layer: bool,
}

#[test]
fn every_module_uses_only_modules_below_it() {
    assert_holds(&production(), rules::imports_go_down);
}

#[test]
fn every_heavy_dependency_has_one_home() {
    assert_holds(&production(), rules::dependencies_stay_home);
}

#[test]
fn no_file_is_too_long() {
    assert_holds(&everything(), rules::files_are_short);
}

#[test]
fn paths_between_modules_are_written_from_the_crate() {
    assert_holds(&production(), rules::paths_are_plain);
}

#[test]
fn nothing_is_left_to_be_done_in_a_comment() {
    assert_holds(&everything(), rules::nothing_is_left_undone);
}

#[test]
fn slices_start_no_tasks_of_their_own() {
    assert_holds(&production(), rules::tasks_have_owners);
}

#[test]
fn objects_of_git_are_looked_for_in_one_place() {
    assert_holds(&production(), rules::objects_are_looked_for_in_one_place);
}

#[test]
fn folders_and_files_have_telling_names() {
    assert_holds(&production(), rules::names_tell);
}

#[test]
fn every_folder_of_the_source_tree_has_its_place_in_the_order() {
    let found: Vec<String> = std::fs::read_dir(root().join("src"))
        .expect("src is readable")
        .map(|entry| entry.expect("src is readable").path())
        .filter(|path| path.file_stem().is_some_and(|stem| stem != "lib" && stem != "main"))
        .map(|path| path.file_stem().expect("named").to_string_lossy().into_owned())
        .collect();
    let strangers: Vec<_> = found.iter().filter(|name| !ORDER.contains(&name.as_str())).collect();
    assert!(
        strangers.is_empty(),
        "not in the order of tests/it/architecture.rs: {strangers:?}"
    );
}

#[test]
fn the_list_of_longer_files_names_only_files_that_are_longer() {
    for (path, _) in LONGER_FILES {
        let text = std::fs::read_to_string(root().join(path)).unwrap_or_default();
        assert!(
            text.lines().count() > LONGEST_FILE,
            "{path} is short enough now: take it off the list"
        );
    }
}

fn assert_holds(sources: &[Source], rule: fn(&Source) -> Vec<String>) {
    let violations: Vec<String> = sources.iter().flat_map(rule).collect();
    assert!(
        !sources.is_empty() && violations.is_empty(),
        "\n\n{}\n",
        violations.join("\n")
    );
}

fn production() -> Vec<Source> {
    sources("src")
}

/// Production and tests. The rules' own folder is left out, because it spells what it forbids.
fn everything() -> Vec<Source> {
    let mut all = production();
    all.extend(
        sources("tests")
            .into_iter()
            .filter(|source| !source.path.starts_with("tests/it/architecture")),
    );
    all
}

fn sources(folder: &str) -> Vec<Source> {
    let mut found = Vec::new();
    collect(&root().join(folder), &mut found);
    found.sort();
    let read = |path: &PathBuf| {
        let text = std::fs::read_to_string(path).expect("a source file is text");
        let path = path
            .strip_prefix(root())
            .expect("inside the repository")
            .to_string_lossy()
            .into_owned();
        Source::new(&path, &text)
    };
    found.iter().map(read).collect()
}

fn collect(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("the folder is readable") {
        let path = entry.expect("the folder is readable").path();
        if path.is_dir() {
            collect(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}
