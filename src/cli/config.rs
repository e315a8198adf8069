use super::arguments::HubArguments;
use super::say;
use crate::config::{example, show};

/// What `config` takes.
#[derive(Debug, clap::Args)]
pub(super) struct Config {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// List every setting with its value and who set it. Secrets are masked.
    Show(HubArguments),
    /// Say whether the configuration is valid, without starting anything.
    Check(HubArguments),
    /// Print a configuration file with every setting, its description and its default.
    Example,
}

impl Config {
    pub(super) fn run(self) -> anyhow::Result<()> {
        match self.command {
            Command::Show(hub) => say(show(&hub.load()?).trim_end()),
            Command::Check(hub) => {
                hub.load()?;
                say("The configuration is valid.");
            }
            Command::Example => say(example().trim_end()),
        }
        Ok(())
    }
}
