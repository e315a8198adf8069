use super::model::{Counters, DayCounters};
use super::{Social, store};
use crate::base::{Day, RepositoryId, blocking};
use crate::repos::ReadRepo;
use crate::store::{StoreError, WriteTx};
use std::collections::HashMap;

/// Repositories whose windows are written in one transaction.
const BATCH: usize = 500;
/// Visitors of days that are over that one transaction forgets, so that others need not wait long.
const VISITORS_AT_ONCE: usize = 10_000;

impl Social {
    /// Computes the windows of 7 and 30 days and the trending score anew, and throws away the visitors of days that are
    /// over. Answers how many repositories it looked at.
    pub async fn renew_windows(&self) -> Result<usize, StoreError> {
        let today = self.clock.now().day();
        let (slice, first) = (self.clone(), today.minus(31));
        let active = blocking(move || slice.store.read(|tx| store::active_since(tx, first))).await?;
        let active: Vec<RepositoryId> = active.into_iter().collect();
        for batch in active.chunks(BATCH) {
            let batch = batch.to_vec();
            let changed = self.store.write(move |tx| {
                let mut changed = Vec::new();
                for id in batch {
                    let before = store::counters(tx, id)?;
                    let after = windows(before, today, &store::days_since(tx, id, today.minus(29))?).scored();
                    if before != after {
                        store::put_counters(tx, id, after)?;
                        changed.push(id);
                    }
                }
                Ok::<_, StoreError>(changed)
            });
            self.tell_changed(changed.await?);
        }
        loop {
            let forget = move |tx: &WriteTx<'_>| store::forget_visitors_before(tx, today, VISITORS_AT_ONCE);
            if self.store.write(forget).await? < VISITORS_AT_ONCE {
                return Ok(active.len());
            }
        }
    }

    /// What was counted on each of the last days, today included.
    pub fn last_days(&self, proof: &ReadRepo, length: u32) -> Result<Vec<(Day, DayCounters)>, StoreError> {
        let first = self.clock.now().day().minus(length.saturating_sub(1));
        self.store.read(|tx| store::days_since(tx, proof.id(), first))
    }

    /// The same with the days on which nothing was counted, in order.
    pub fn every_day(&self, proof: &ReadRepo, length: u32) -> Result<Vec<(Day, DayCounters)>, StoreError> {
        let counted: HashMap<Day, DayCounters> = self.last_days(proof, length)?.into_iter().collect();
        let today = self.clock.now().day();
        let days = (0..length).rev().map(|back| today.minus(back));
        Ok(days
            .map(|day| (day, counted.get(&day).copied().unwrap_or_default()))
            .collect())
    }
}

fn windows(mut counters: Counters, today: Day, days: &[(Day, DayCounters)]) -> Counters {
    let sum = |length: u32, value: fn(&DayCounters) -> u64| {
        days.iter()
            .filter(|(day, _)| *day > today.minus(length))
            .map(|(_, counted)| value(counted))
            .sum()
    };
    counters.views_7d = sum(7, |counted| counted.views);
    counters.downloads_7d = sum(7, |counted| counted.downloads);
    counters.views_30d = sum(30, |counted| counted.views);
    counters.downloads_30d = sum(30, |counted| counted.downloads);
    counters
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_count_today_and_the_days_before_it() {
        let today = Day::from_number(100);
        let one = DayCounters {
            views: 1,
            ..DayCounters::default()
        };
        let days: Vec<_> = (60..=100).map(|day| (Day::from_number(day), one)).collect();
        let counters = windows(Counters::default(), today, &days);
        assert_eq!((counters.views_7d, counters.views_30d), (7, 30));
    }
}
