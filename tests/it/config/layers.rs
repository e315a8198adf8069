use std::time::Duration;

use geoml_hub::config::{Config, Loader, LogFormat, Registration, Size, show};

use super::{flag, load, with_environment, with_file};

#[test]
fn the_defaults_are_usable_as_they_are() {
    let config = Config::default();
    assert_eq!(config.server.listen.to_string(), "127.0.0.1:8000");
    assert_eq!(config.data.folder.to_string_lossy(), "./geoml-hub-data");
    assert_eq!(config.storage.quota, Size::gib(5));
    assert_eq!(config.auth.access_token_lifetime, Duration::from_hours(1));
    assert_eq!(config.auth.refresh_token_lifetime, Duration::from_hours(7 * 24));
    assert_eq!(config.auth.registration, Registration::Open);
    assert_eq!(config.server.public_url, None);
    assert!(config.server.trusted_proxies.is_empty());
}

#[test]
fn flags_win_over_environment_over_file_over_defaults() {
    let (mut loader, _folder) = with_file("[jobs]\nworkers = 3\nkeep_finished_count = 3\nkeep_finished = \"3h\"\n");
    loader.environment = vec![
        ("GEOML_HUB__JOBS__WORKERS".to_owned(), "4".to_owned()),
        ("GEOML_HUB__JOBS__KEEP_FINISHED".to_owned(), "4h".to_owned()),
        ("PATH".to_owned(), "/bin".to_owned()),
    ];
    loader.flags = vec![flag("--workers", "jobs.workers", "5")];
    let loaded = load(&loader);
    assert_eq!(loaded.config.jobs.workers, 5);
    assert_eq!(loaded.config.jobs.keep_finished, Duration::from_hours(4));
    assert_eq!(loaded.config.jobs.keep_finished_count, 3);
    assert_eq!(loaded.config.storage.quota, Size::gib(5));

    let source = |key: &str| loaded.source(key).expect("the setting exists").to_string();
    assert_eq!(source("jobs.workers"), "flag --workers");
    assert_eq!(
        source("jobs.keep_finished"),
        "environment GEOML_HUB__JOBS__KEEP_FINISHED"
    );
    assert!(source("jobs.keep_finished_count").ends_with("hub.toml line 3"));
    assert_eq!(source("storage.quota"), "default");
}

#[test]
fn the_environment_sets_every_kind_of_value() {
    let loader = Loader {
        environment: [
            ("GEOML_HUB__SERVER__TRUSTED_PROXIES", "10.0.0.0/8, 192.168.1.7"),
            ("GEOML_HUB__SERVER__PUBLIC_URL", "https://hub.example.org/"),
            ("GEOML_HUB__BLOBS__S3_PATH_STYLE", "false"),
            ("GEOML_HUB__STORAGE__QUOTA", "100 MB"),
            ("GEOML_HUB__UPLOADS__FILE_SIZE", "2097152"),
            ("GEOML_HUB__LOG__FORMAT", "json"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .to_vec(),
        ..Loader::default()
    };
    let config = load(&loader).config;
    let proxies: Vec<_> = config.server.trusted_proxies.iter().map(ToString::to_string).collect();
    assert_eq!(proxies, ["10.0.0.0/8", "192.168.1.7/32"]);
    assert_eq!(
        config.server.public_url.expect("set").as_str(),
        "https://hub.example.org"
    );
    assert!(!config.blobs.s3_path_style);
    assert_eq!(config.storage.quota.bytes(), 100_000_000);
    assert_eq!(config.uploads.file_size, Size::mib(2));
    assert_eq!(config.log.format, LogFormat::Json);
}

#[test]
fn empty_text_unsets_what_may_be_missing() {
    let (mut loader, _folder) = with_file("[server]\npublic_url = \"https://hub.example.org\"\n");
    loader.environment = vec![("GEOML_HUB__SERVER__PUBLIC_URL".to_owned(), String::new())];
    assert_eq!(load(&loader).config.server.public_url, None);
}

#[test]
fn every_value_is_shown_with_its_source() {
    let loaded = load(&with_environment("GEOML_HUB__JOBS__WORKERS", "7"));
    let text = show(&loaded);
    assert!(
        text.contains("jobs.workers = \"7\"  # environment GEOML_HUB__JOBS__WORKERS\n"),
        "{text}"
    );
    assert!(text.contains("storage.quota = \"5 GiB\"  # default\n"), "{text}");
    assert_eq!(text.lines().count(), Config::settings().len());
}

#[test]
fn a_secret_is_never_shown() {
    let mut loader = with_environment("GEOML_HUB__BLOBS__S3_SECRET_ACCESS_KEY", "hunter2-hunter2");
    loader
        .environment
        .push(("GEOML_HUB__BLOBS__S3_ACCESS_KEY_ID".to_owned(), "someone".to_owned()));
    let loaded = load(&loader);
    let secret = loaded.config.blobs.s3_secret_access_key.clone().expect("set");
    assert_eq!(secret.reveal(), "hunter2-hunter2");
    assert_eq!(serde_json::to_string(&secret).expect("serializes"), "\"***\"");
    assert_eq!(secret.to_string(), "***");
    let shown = show(&loaded);
    assert!(shown.contains("blobs.s3_secret_access_key = \"***\""), "{shown}");
    assert!(!shown.contains("hunter2"), "{shown}");
    assert!(!format!("{:?}", loaded.config).contains("hunter2"));
}
