use super::arguments::HubArguments;
use super::offline::with_hub;
use super::say;
use tokio_util::sync::CancellationToken;

/// What `gc` takes.
#[derive(Debug, clap::Args)]
pub(super) struct Gc {
    #[command(flatten)]
    hub: HubArguments,
    /// Every repository, not only those that have grown many packs or have something to remove.
    #[arg(long)]
    all: bool,
}

impl Gc {
    pub(super) fn run(self) -> anyhow::Result<()> {
        let api = "POST /api/admin/tasks/gc/run";
        let never = CancellationToken::new();
        say(&with_hub(&self.hub, api, async |hub| {
            Ok(hub.collect(self.all, never).await?)
        })?);
        Ok(())
    }
}
