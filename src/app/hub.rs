use super::data_folder::DataFolder;
use super::error::AppError;
use super::schema::schema;
use crate::base::Clock;
use crate::config::LiveConfig;
use crate::store::Store;

/// Every part of the hub, built in import order. Commands that work on a stopped hub use it too.
pub struct Hub {
    /// The settings as they are now.
    pub config: LiveConfig,
    /// Where the time comes from.
    pub clock: Clock,
    /// Metadata.
    pub store: Store,
    /// Locked as long as any part may use it, so it is dropped last.
    pub data_folder: DataFolder,
}

impl Hub {
    /// Opens the data folder and builds every part. Starts no background work and listens to nothing.
    pub fn open(config: LiveConfig, clock: Clock) -> Result<Self, AppError> {
        let settings = config.current();
        let data_folder = DataFolder::open(&settings.data.folder)?;
        let store = Store::open(&data_folder.database(), &schema(), settings.store.cache_size.length())?;
        Ok(Self {
            config,
            clock,
            store,
            data_folder,
        })
    }

    /// Everything that contradicts something else, as sentences; empty when all is well.
    pub fn check(&self) -> Result<Vec<String>, AppError> {
        let mut problems = Vec::new();
        if !self.store.is_intact()? {
            problems.push("the metadata store has damaged pages".to_owned());
        }
        Ok(problems)
    }

    /// Closes the store, so that the next start needs no repair.
    pub fn close(self) {
        self.store.close();
    }
}
