use crate::config::{Flag, Loaded, Loader};
use std::path::PathBuf;

/// Which hub a command is about.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct HubArguments {
    /// The data folder [default: ./geoml-hub-data].
    #[arg(long, value_name = "DIR")]
    pub(super) data: Option<PathBuf>,
    /// A configuration file; see `geoml-hub config example`.
    #[arg(long, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
}

impl HubArguments {
    /// The layers of the configuration under these arguments and further flags.
    pub(super) fn loader(&self, further: impl IntoIterator<Item = Flag>) -> Loader {
        let data = self.data.as_ref().map(|folder| Flag {
            name: "--data",
            key: "data.folder",
            value: folder.to_string_lossy().into_owned(),
        });
        Loader::of_process(self.config.clone(), data.into_iter().chain(further).collect())
    }

    /// The configuration under these arguments.
    pub(super) fn load(&self) -> anyhow::Result<Loaded> {
        Ok(self.loader([]).load()?)
    }
}
