use super::days_before;
use super::field::Random;
use crate::app::Hub;
use crate::base::{RepositoryId, Timestamp};
use crate::files::{TrafficEvent, TrafficKind, TrafficMethod};
use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

/// Counted so far back.
const DAYS: u32 = 75;
/// Of so many views, one is a download.
const VIEWS_PER_DOWNLOAD: u64 = 5;

/// A repository as its visitors see it.
pub(super) struct Visited {
    pub(super) id: RepositoryId,
    pub(super) made: u32,
    pub(super) popularity: u32,
    pub(super) paths: Vec<String>,
}

/// Views and downloads of the past weeks, that grow slowly and rest at weekends.
pub(super) async fn count(hub: &Hub, now: Timestamp, visited: &[Visited]) -> anyhow::Result<()> {
    let mut random = Random::new(20_250_601);
    for repository in visited {
        for days in 0..DAYS.min(repository.made) {
            let midday = days_before(now, days);
            let rests = midday.day().number() % 7 < 2;
            let grown = 1.0 - 0.6 * days as f32 / DAYS as f32;
            let usual = repository.popularity as f32 * grown * if rests { 0.45 } else { 1.0 };
            let views = (usual * (0.7 + 0.6 * random.unit())).round() as u32;
            for _ in 0..views {
                hub.traffic.record(visit(&mut random, repository, midday));
            }
        }
    }
    hub.social.flush().await?;
    hub.social.renew_windows().await?;
    Ok(())
}

fn visit(random: &mut Random, repository: &Visited, day: Timestamp) -> TrafficEvent {
    // Some earlier moment of the same day.
    let passed = day.since(day.day().start()).as_secs();
    let kind = if random.below(VIEWS_PER_DOWNLOAD) == 0 {
        TrafficKind::Download
    } else {
        TrafficKind::View
    };
    let method = match (kind, random.below(10)) {
        (TrafficKind::View, _) | (_, 0..=3) => TrafficMethod::Browser,
        (_, 4..=5) => TrafficMethod::Api,
        (_, 6..=7) => TrafficMethod::Client,
        (_, 8) => TrafficMethod::Git,
        _ => TrafficMethod::Lfs,
    };
    let visitor = random.below(90) as u8;
    let path = random.below(2 * repository.paths.len() as u64) as usize;
    TrafficEvent {
        repository: repository.id,
        path: repository.paths.get(path).cloned(),
        kind,
        method,
        address: IpAddr::V4(Ipv4Addr::new(192, 0, 2, visitor)),
        user_agent: String::new(),
        at: day.minus(Duration::from_secs(random.below(passed))),
    }
}
