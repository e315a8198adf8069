//! The hub that `geoml-hub serve --demo` shows to a newcomer: believable repositories of the geosciences, made by the
//! hub's own use-cases on a clock that runs through the past year. Everything is made from seeds, so two demos differ
//! only in their keys.

/// Numbers that look like nature.
mod field;
/// Files of scientific formats.
mod formats;
/// Pictures.
mod pictures;
/// What the demo consists of.
mod plan;
/// Making it, in the order of time.
mod story;
/// Series and tables.
mod tables;
/// Views and downloads.
mod visits;

use crate::app::{DataFolder, Hub};
use crate::base::{AccountName, Clock, Timestamp};
use crate::config::LiveConfig;
use plan::Plan;
use std::time::Duration;
use story::Story;

/// The account to try things with.
pub(super) const ACCOUNT: &str = "demo";
/// Known to everybody, which is why a demo listens only where its user lets it.
pub(super) const PASSWORD: &str = "geoml-hub-demo";

const DAY: Duration = Duration::from_hours(24);
/// The story begins so long ago.
const BEGINS: u32 = 335;

/// Fills an empty hub. A folder that was filled by an earlier start is left as it is; any other is refused.
pub(super) async fn fill(config: &LiveConfig) -> anyhow::Result<()> {
    let now = Clock::system().now();
    let folder = DataFolder::open(&config.current().data.folder)?;
    let clock = Clock::manual(days_before(now, BEGINS));
    let hub = Hub::open(&folder, config.clone(), clock)?;
    let filled = fill_hub(&hub, now).await;
    hub.flush().await;
    hub.close();
    filled
}

async fn fill_hub(hub: &Hub, now: Timestamp) -> anyhow::Result<()> {
    hub.heal().await?;
    if hub.users.is_empty()? {
        let plan = Plan::embedded()?;
        Story::new(hub, now).tell(&plan).await?;
        // Consumers would do it in the first seconds; the first page that is opened is to show it all.
        hub.reindex().await?;
        return Ok(());
    }
    let name: AccountName = ACCOUNT.parse()?;
    // The story ends with it.
    if hub.users.get(&name).is_ok_and(|account| account.is_verified) {
        return Ok(());
    }
    anyhow::bail!(
        "--demo fills an empty hub, and this one holds accounts already: name another folder with --data, or start \
         without --demo."
    )
}

fn days_before(moment: Timestamp, days: u32) -> Timestamp {
    moment.minus(DAY * days)
}
