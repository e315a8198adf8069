use super::arguments::HubArguments;
use super::offline::with_hub;
use super::say;

/// What `reindex` takes.
#[derive(Debug, clap::Args)]
pub(super) struct Reindex {
    #[command(flatten)]
    hub: HubArguments,
}

impl Reindex {
    pub(super) fn run(self) -> anyhow::Result<()> {
        let api = "POST /api/admin/tasks/reindex/run";
        say(&with_hub(&self.hub, api, async |hub| Ok(hub.reindex().await?))?);
        Ok(())
    }
}
