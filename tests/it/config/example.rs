use geoml_hub::config::{Config, Loader, example};

use super::{load, repository_file, with_file};

#[test]
fn the_committed_example_file_is_what_the_program_makes() {
    let path = repository_file("config/example.toml");
    if std::env::var_os("UPDATE_SNAPSHOTS").is_some() {
        std::fs::write(&path, example()).expect("writable");
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        committed == example(),
        "config/example.toml is stale: run the test with UPDATE_SNAPSHOTS=1"
    );
}

#[test]
fn the_example_with_every_key_uncommented_is_the_default_configuration() {
    let keys: Vec<String> = Config::settings()
        .iter()
        .map(|setting| setting.key.rsplit('.').next().expect("a key").to_owned())
        .collect();
    let uncomment = |line: &str| match line.strip_prefix("# ") {
        Some(rest) if keys.iter().any(|key| rest.starts_with(&format!("{key} = "))) => rest.to_owned(),
        _ => line.to_owned(),
    };
    let text: Vec<String> = example().lines().map(uncomment).collect();
    let (loader, _folder) = with_file(&text.join("\n"));
    assert_eq!(load(&loader).config, Config::default());
}

#[test]
fn every_setting_is_described_by_whole_sentences() {
    for setting in Config::settings() {
        let about = setting.about.concat();
        assert!(about.trim_end().ends_with('.'), "{}: {about}", setting.key);
    }
}

#[test]
fn the_development_configuration_is_valid() {
    let loader = Loader {
        file: Some(repository_file("config/development.toml")),
        ..Loader::default()
    };
    load(&loader);
}
