use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use notify::{EventKind, RecommendedWatcher, RecursiveMode, Watcher};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::{ConfigError, LiveConfig, Loaded, Loader};

/// An editor writes a file in several steps; it is read when it has been quiet for so long.
const QUIET: Duration = Duration::from_millis(150);

/// Follows the configuration file and publishes what can change while the hub runs.
///
/// A file that cannot be used is told once and changes nothing; so does a file that is gone.
pub struct ConfigWatcher {
    loader: Loader,
    current: Loaded,
    live: LiveConfig,
    changed: Arc<Notify>,
    /// Dropping it ends the watching.
    _watcher: RecommendedWatcher,
    last_problem: Option<String>,
}

impl ConfigWatcher {
    /// Begins to watch; none when there is no file. Nothing is published before [`run`](Self::run).
    pub fn start(loader: Loader, current: Loaded, live: LiveConfig) -> Result<Option<Self>, ConfigError> {
        let Some(file) = loader.file.clone() else {
            return Ok(None);
        };
        let changed = Arc::new(Notify::new());
        let watcher = watch(&file, Arc::clone(&changed)).map_err(|error| ConfigError::Unwatchable {
            path: file,
            reason: error.to_string(),
        })?;
        Ok(Some(Self {
            loader,
            current,
            live,
            changed,
            _watcher: watcher,
            last_problem: None,
        }))
    }

    /// Follows changes until told to stop.
    pub async fn run(mut self, stop: CancellationToken) {
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                () = self.changed.notified() => {}
            }
            while tokio::time::timeout(QUIET, self.changed.notified()).await.is_ok() {}
            self.reload().await;
        }
    }

    async fn reload(&mut self) {
        let loader = self.loader.clone();
        let newer = crate::base::blocking(move || loader.load()).await;
        match newer.and_then(|newer| self.current.renewed(&newer)) {
            Ok(renewed) => {
                self.last_problem = None;
                self.current = renewed.loaded;
                if !renewed.applied.is_empty() {
                    self.live.publish(self.current.config.clone());
                    tracing::info!(settings = renewed.applied.join(", "), "changed settings are in effect");
                }
                if !renewed.waiting.is_empty() {
                    tracing::warn!(
                        settings = renewed.waiting.join(", "),
                        "changed settings wait for a restart"
                    );
                }
            }
            Err(error) => {
                let problem = error.to_string();
                if self.last_problem.as_ref() != Some(&problem) {
                    tracing::error!(
                        problem,
                        "the changed configuration file is not used; the settings stay as they were"
                    );
                }
                self.last_problem = Some(problem);
            }
        }
    }
}

/// Watches the folder, because editors put a new file in the old one's place.
fn watch(file: &Path, changed: Arc<Notify>) -> notify::Result<RecommendedWatcher> {
    let file = std::path::absolute(file)?;
    let folder = file.parent().map_or_else(|| PathBuf::from("/"), Path::to_path_buf);
    // Where the file is a symbolic link (as container platforms mount it), what changes has another name.
    let is_link = file.is_symlink();
    let name = file.file_name().map(OsStr::to_os_string);
    let mut watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
        let concerns_us = event.is_ok_and(|event| {
            let modifies = !matches!(event.kind, EventKind::Access(_));
            modifies && (is_link || event.paths.iter().any(|path| path.file_name() == name.as_deref()))
        });
        if concerns_us {
            changed.notify_one();
        }
    })?;
    watcher.watch(&folder, RecursiveMode::NonRecursive)?;
    Ok(watcher)
}
