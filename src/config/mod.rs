//! Layered configuration.
//!
//! A value comes from the highest layer that names it: defaults in code, then one TOML file, then environment variables
//! `GEOML_HUB__SECTION__KEY`, then command-line flags. Every value remembers that layer. A key nobody knows is refused,
//! and a value that does not fit is refused with a sentence naming the key, the value and where it was written.
//!
//! One list per section (`sections`) gives the type, the default, the description and whether a change applies while
//! the hub runs; the structs, the loader, `config show` and the example file all come from it.
//!
//! Nothing else in the program reads the environment, and there is no global: whoever needs a setting is handed it,
//! or the [`LiveConfig`] when it may change.

mod sections;
mod value;

mod blobs;
mod error;
mod example;
mod layers;
mod live;
mod loader;
mod setting;
mod watch;

pub use blobs::{BlobBackend, BlobsConfig};
pub use error::ConfigError;
pub use example::{example, show};
pub use layers::{Flag, Source};
pub use live::LiveConfig;
pub use loader::{Loaded, Loader};
pub use sections::{
    AuthConfig, Config, DataConfig, HooksConfig, JobsConfig, LogConfig, ServerConfig, StatisticsConfig, StorageConfig,
    StoreConfig, UploadsConfig,
};
pub use setting::{Applies, Setting};
pub use value::{LogFilter, LogFormat, PrivateHost, PublicUrl, Registration, Secret, Size};
pub use watch::ConfigWatcher;
