use super::arguments::HubArguments;
use super::offline::with_hub;
use super::{Outcome, say};

/// What `check` takes.
#[derive(Debug, clap::Args)]
pub(super) struct Check {
    #[command(flatten)]
    hub: HubArguments,
    /// Read and hash all large content too, not only look whether it is there.
    #[arg(long)]
    deep: bool,
}

impl Check {
    pub(super) fn run(self) -> anyhow::Result<Outcome> {
        let problems = with_hub(&self.hub, "POST /api/admin/tasks/check/run", async |hub| {
            let mut problems = hub.check_at_rest()?;
            problems.extend(hub.check(self.deep).await?);
            Ok(problems)
        })?;
        for problem in &problems {
            say(problem);
        }
        if problems.is_empty() {
            say("Everything is consistent.");
            return Ok(Outcome::Done);
        }
        say(&format!("{} problems found.", problems.len()));
        Ok(Outcome::ProblemsFound)
    }
}
