use super::arguments::HubArguments;
use crate::app::{AppError, DataFolder, Hub, block_on};
use crate::base::Clock;
use crate::config::{LiveConfig, LogFilter};
use crate::telemetry;

/// Opens the hub of a stopped server, does one piece of work and closes it.
///
/// `api` names what does the same when a server holds the data folder.
pub(super) fn with_hub<T>(
    arguments: &HubArguments,
    api: &str,
    work: impl AsyncFnOnce(&Hub) -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    let mut config = arguments.load()?.config;
    if !config.data.folder.is_dir() {
        anyhow::bail!(
            "There is no data folder {}: name it with --data, or run `geoml-hub serve` to make it.",
            config.data.folder.display()
        );
    }
    config.log.level = LogFilter::warnings();
    telemetry::start(&config.log);
    block_on(async {
        let folder = DataFolder::open(&config.data.folder).map_err(|error| held(error, api))?;
        let hub = Hub::open(&folder, LiveConfig::new(config), Clock::system())?;
        hub.heal().await?;
        let answer = work(&hub).await;
        hub.flush().await;
        hub.close();
        answer
    })
}

fn held(error: AppError, api: &str) -> anyhow::Error {
    match error {
        AppError::InUse(_) => anyhow::anyhow!("{error} While it runs, {api} does the same."),
        other => other.into(),
    }
}
