use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use geoml_hub::config::{Config, ConfigWatcher, LiveConfig, Size};
use tokio_util::sync::CancellationToken;

use super::{load, with_file};
use crate::support::PATIENCE;

/// Starts watching a file with this text, gives the test the file and the live settings, and stops at its end.
async fn watched(text: &str, test: impl AsyncFnOnce(&Path, &LiveConfig)) {
    let (loader, _folder) = with_file(text);
    let file = loader.file.clone().expect("a file");
    let loaded = load(&loader);
    let live = LiveConfig::new(loaded.config.clone());
    let watcher = ConfigWatcher::start(loader, loaded, live.clone())
        .expect("watches")
        .expect("there is a file");
    let stop = CancellationToken::new();
    let task = tokio::spawn(watcher.run(stop.clone()));
    test(&file, &live).await;
    stop.cancel();
    task.await.expect("ends without a panic");
}

async fn until(live: &LiveConfig, wanted: impl Fn(&Config) -> bool) -> Arc<Config> {
    let mut changes = live.changes();
    let found = tokio::time::timeout(PATIENCE, changes.wait_for(|config| wanted(config))).await;
    Arc::clone(&found.expect("the change is seen").expect("the sender lives"))
}

#[tokio::test]
async fn a_saved_change_is_in_effect_at_once_and_one_that_needs_a_restart_is_not() {
    watched("[storage]\nquota = \"1 GiB\"\n", async |file, live| {
        std::fs::write(file, "[storage]\nquota = \"2 GiB\"\n[jobs]\nworkers = 9\n").expect("writable");
        let config = until(live, |config| config.storage.quota == Size::gib(2)).await;
        assert_eq!(config.jobs.workers, Config::default().jobs.workers);
    })
    .await;
}

#[tokio::test]
async fn a_file_put_in_the_old_ones_place_is_seen() {
    watched("[storage]\nquota = \"1 GiB\"\n", async |file, live| {
        let new = file.with_extension("new");
        std::fs::write(&new, "[storage]\nquota = \"3 GiB\"\n").expect("writable");
        std::fs::rename(&new, file).expect("renamed");
        until(live, |config| config.storage.quota == Size::gib(3)).await;
    })
    .await;
}

#[tokio::test]
async fn a_bad_file_changes_nothing_and_the_next_good_one_does() {
    watched("[storage]\nquota = \"1 GiB\"\n", async |file, live| {
        std::fs::write(file, "[storage]\nquota = \"many\"\n").expect("writable");
        tokio::time::sleep(Duration::from_millis(400)).await;
        assert_eq!(live.current().storage.quota, Size::gib(1));
        std::fs::write(file, "[storage]\nquota = \"4 GiB\"\n").expect("writable");
        until(live, |config| config.storage.quota == Size::gib(4)).await;
    })
    .await;
}

#[tokio::test]
async fn without_a_file_there_is_nothing_to_watch() {
    let loader = geoml_hub::config::Loader::default();
    let loaded = load(&loader);
    assert!(
        ConfigWatcher::start(loader, loaded, LiveConfig::default())
            .expect("no trouble")
            .is_none()
    );
}
