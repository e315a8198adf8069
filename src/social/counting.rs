//! Views and downloads are gathered in memory and written together.

use super::model::{DayCounters, FileCounters};
use super::{Social, store};
use crate::base::{Day, RepositoryId};
use crate::files::{TrafficEvent, TrafficKind};
use crate::store::{StoreError, WriteTx};
use hmac::{Hmac, KeyInit, Mac};
use std::collections::{HashMap, HashSet};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Visitors of a repository that are told apart in a day. Anybody can invent agents, and each makes a row.
const VISITORS_PER_DAY: u64 = 50_000;

/// Who a visitor is, before it is hashed: address and agent.
type Visitor = (std::net::IpAddr, String);

/// What was gathered since the last flush.
#[derive(Default)]
struct Gathered {
    days: HashMap<(RepositoryId, Day), (DayCounters, HashSet<Visitor>)>,
    files: HashMap<(RepositoryId, String), FileCounters>,
}

impl Gathered {
    fn add(&mut self, event: &TrafficEvent) {
        let (counters, visitors) = self.days.entry((event.repository, event.at.day())).or_default();
        counters.add(event.kind, event.method, 1);
        visitors.insert((event.address, event.user_agent.clone()));
        if let Some(path) = event.path.clone() {
            let file = self.files.entry((event.repository, path)).or_default();
            match event.kind {
                TrafficKind::View => file.views += 1,
                TrafficKind::Download => file.downloads += 1,
            }
        }
    }

    fn write(self, tx: &WriteTx<'_>, fresh_key: [u8; 32], repos: &crate::repos::Repos) -> Result<(), StoreError> {
        for ((id, day), (gathered, visitors)) in self.days {
            if repos.get_in(tx, id)?.is_none() {
                continue;
            }
            let key = store::visitor_key(tx, day, fresh_key)?;
            let mut counters = store::day(tx, id, day)?;
            for visitor in visitors {
                if counters.unique_visitors >= VISITORS_PER_DAY {
                    break;
                }
                counters.unique_visitors += u64::from(store::note_visitor(tx, day, id, hash(&key, &visitor))?);
            }
            counters.views += gathered.views;
            counters.downloads += gathered.downloads;
            let (by, new) = (&mut counters.downloads_by_method, gathered.downloads_by_method);
            by.browser += new.browser;
            by.api += new.api;
            by.client += new.client;
            by.git += new.git;
            by.lfs += new.lfs;
            store::put_day(tx, id, day, counters)?;
            let mut all = store::counters(tx, id)?;
            all.views += gathered.views;
            all.downloads += gathered.downloads;
            all.views_7d += gathered.views;
            all.views_30d += gathered.views;
            all.downloads_7d += gathered.downloads;
            all.downloads_30d += gathered.downloads;
            store::put_counters(tx, id, all.scored())?;
        }
        for ((id, path), gathered) in self.files {
            if repos.get_in(tx, id)?.is_none() {
                continue;
            }
            let mut counters = store::file_counters(tx, id, &path)?;
            counters.views += gathered.views;
            counters.downloads += gathered.downloads;
            store::put_file_counters(tx, id, &path, counters)?;
        }
        Ok(())
    }
}

fn hash(key: &[u8; 32], (address, agent): &Visitor) -> [u8; 16] {
    let mut mac = Hmac::<sha2::Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
    mac.update(address.to_string().as_bytes());
    mac.update(&[0]);
    mac.update(agent.as_bytes());
    let digest = mac.finalize().into_bytes();
    let mut short = [0; 16];
    short.copy_from_slice(&digest[..16]);
    short
}

impl Social {
    /// Writes what was gathered, every `period` or earlier when much has come, until told to stop. The last flush is
    /// the caller's, when no more requests are answered.
    pub async fn count(&self, period: Duration, stop: CancellationToken) {
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(period) => {}
                () = self.traffic.filling() => {}
            }
            if let Err(error) = self.flush().await {
                tracing::warn!(%error, "views and downloads could not be written yet; they are kept and written later");
            }
        }
    }

    /// Writes what was gathered; what cannot be written is kept.
    pub async fn flush(&self) -> Result<(), StoreError> {
        let lost = self.traffic.take_lost();
        if lost > 0 {
            tracing::warn!(lost, "more views and downloads came than could be counted");
        }
        let events = self.traffic.drain();
        if events.is_empty() {
            return Ok(());
        }
        let mut gathered = Gathered::default();
        for event in &events {
            gathered.add(event);
        }
        let changed: Vec<RepositoryId> = gathered.days.keys().map(|(id, _)| *id).collect();
        let mut fresh_key = [0; 32];
        getrandom::fill(&mut fresh_key).map_err(std::io::Error::from)?;
        let repos = self.repos.clone();
        let written = self.store.write(move |tx| gathered.write(tx, fresh_key, &repos)).await;
        if written.is_err() {
            self.traffic.put_back(events);
        }
        written?;
        self.tell_changed(changed);
        Ok(())
    }
}
