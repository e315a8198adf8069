use std::collections::HashSet;
use std::sync::Arc;

use tokio::sync::watch;

use super::engine::Engine;
use super::{Event, NewEvent, Subject, store};
use crate::base::{Clock, UserId};
use crate::store::{ReadRows, Store, StoreError, WriteTx};

/// The record of events. Cheap to clone.
#[derive(Clone)]
pub struct Events {
    pub(super) shared: Arc<Shared>,
}

pub(super) struct Shared {
    pub(super) store: Store,
    clock: Clock,
    /// The last sequence number that is committed; wakes consumers.
    pub(super) last: watch::Sender<u64>,
    pub(super) engine: Engine,
}

/// Which events to list. What is not given does not matter.
#[derive(Clone, Debug, Default)]
pub struct EventFilter {
    /// Only those of this account.
    pub actor: Option<UserId>,
    /// Only those of this kind.
    pub kind: Option<String>,
    /// Only those about this.
    pub subject: Option<Subject>,
}

impl Events {
    /// The record of this store. No consumer is led before [`run`](Self::run).
    pub fn open(store: Store, clock: Clock) -> Result<Self, StoreError> {
        let last = store.read(store::last)?;
        let shared = Shared {
            store,
            clock,
            last: watch::Sender::new(last),
            engine: Engine::default(),
        };
        Ok(Self {
            shared: Arc::new(shared),
        })
    }

    /// Writes an event in the caller's transaction. Answers its sequence number.
    pub fn record(&self, tx: &WriteTx<'_>, event: NewEvent) -> Result<u64, StoreError> {
        let sequence = store::take_next(tx)?;
        let event = Event {
            sequence,
            time: self.shared.clock.now(),
            actor: event.origin.actor,
            address: event.origin.address,
            request_id: event.origin.request_id,
            kind: event.kind.to_owned(),
            subject: event.subject,
            details: event.details,
        };
        store::EVENTS.put(tx, &sequence, &event)?;
        let shared = Arc::clone(&self.shared);
        tx.after_commit(move || {
            shared.last.send_if_modified(|last| {
                let newer = sequence > *last;
                *last = sequence.max(*last);
                newer
            });
        });
        Ok(sequence)
    }

    /// The last sequence number that is committed; 0 when nothing is recorded.
    pub fn last_sequence(&self) -> u64 {
        *self.shared.last.borrow()
    }

    /// Events behind a position, in order.
    pub fn after(&self, position: u64, limit: usize) -> Result<Vec<Event>, StoreError> {
        self.shared.store.read(|tx| store::behind(tx, position, limit))
    }

    /// A page of events, the newest first, and how many pass the filter in all. Blocking work when there are many.
    pub fn list(&self, filter: &EventFilter, offset: usize, limit: usize) -> Result<(Vec<Event>, usize), StoreError> {
        self.shared.store.read(|tx| {
            let (page, total) = match matching(tx, filter)? {
                Some(all) => (all.iter().skip(offset).take(limit).copied().collect(), all.len()),
                // Without a filter the numbers are known: they have no gaps.
                None => numbers(store::last(tx)?, offset, limit),
            };
            let mut events = Vec::with_capacity(page.len());
            for sequence in page {
                events.extend(store::EVENTS.get(tx, &sequence)?);
            }
            Ok((events, total))
        })
    }
}

/// The page of all sequence numbers, the newest first, and how many there are.
fn numbers(last: u64, offset: usize, limit: usize) -> (Vec<u64>, usize) {
    let newest = last.saturating_sub(offset as u64);
    let page = (1..=newest).rev().take(limit).collect();
    (page, usize::try_from(last).unwrap_or(usize::MAX))
}

/// Sequence numbers that pass the filter, the newest first; none when everything passes.
fn matching(tx: &impl ReadRows, filter: &EventFilter) -> Result<Option<Vec<u64>>, StoreError> {
    let mut lists = Vec::new();
    if let Some(subject) = &filter.subject {
        lists.push(store::of_subject(tx, &subject.to_string())?);
    }
    if let Some(actor) = filter.actor {
        lists.push(store::of_actor(tx, actor)?);
    }
    if let Some(kind) = &filter.kind {
        lists.push(store::of_kind(tx, kind)?);
    }
    let in_both = |kept: Vec<u64>, other: Vec<u64>| {
        let other: HashSet<u64> = other.into_iter().collect();
        kept.into_iter().filter(|sequence| other.contains(sequence)).collect()
    };
    Ok(lists.into_iter().reduce(in_both))
}
