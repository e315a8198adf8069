use super::Event;
use crate::base::UserId;
use crate::store::{Entry, Index, ReadRows, Records, Scan, StoreError, Table, WriteTx};

const BY_ACTOR: Index<UserId, u64> = Index::new("events_by_actor");
const BY_KIND: Index<String, u64> = Index::new("events_by_kind");
const BY_SUBJECT: Index<String, u64> = Index::new("events_by_subject");

pub(super) const EVENTS: Records<u64, Event> = Records::new(
    "events",
    filed_under,
    &["events_by_actor", "events_by_kind", "events_by_subject"],
);

/// (one row) -> the last sequence number
const SEQUENCE: Table<(), u64> = Table::new("event_sequence");

/// name of a consumer -> the last sequence number it has handled
pub(super) const CURSORS: Table<String, u64> = Table::new("event_cursors");

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "records of every key type are filed this way"
)]
fn filed_under(sequence: &u64, event: &Event) -> Vec<Entry> {
    let mut entries = vec![BY_KIND.entry(&event.kind.clone(), sequence)];
    entries.extend(event.actor.map(|actor| BY_ACTOR.entry(&actor, sequence)));
    entries.extend(
        event
            .subject
            .as_ref()
            .map(|subject| BY_SUBJECT.entry(&subject.to_string(), sequence)),
    );
    entries
}

/// The last sequence number; 0 when nothing is recorded.
pub(super) fn last(tx: &impl ReadRows) -> Result<u64, StoreError> {
    Ok(SEQUENCE.get(tx, &())?.unwrap_or(0))
}

/// Takes the next sequence number.
pub(super) fn take_next(tx: &WriteTx<'_>) -> Result<u64, StoreError> {
    let next = last(tx)? + 1;
    SEQUENCE.put(tx, &(), &next)?;
    Ok(next)
}

/// Events behind a position, in order.
pub(super) fn behind(tx: &impl ReadRows, position: u64, limit: usize) -> Result<Vec<Event>, StoreError> {
    let rows = EVENTS.list(tx, &Scan::all().after(&position).limit(limit))?;
    Ok(rows.into_iter().map(|(_, event)| event).collect())
}

/// Sequence numbers of an account's events, the newest first.
pub(super) fn of_actor(tx: &impl ReadRows, actor: UserId) -> Result<Vec<u64>, StoreError> {
    BY_ACTOR.ids(tx, &Scan::prefix(&actor).reverse())
}

/// Sequence numbers of a kind's events, the newest first.
pub(super) fn of_kind(tx: &impl ReadRows, kind: &str) -> Result<Vec<u64>, StoreError> {
    BY_KIND.ids(tx, &Scan::prefix(&kind).reverse())
}

/// Sequence numbers of a subject's events, the newest first.
pub(super) fn of_subject(tx: &impl ReadRows, subject: &str) -> Result<Vec<u64>, StoreError> {
    BY_SUBJECT.ids(tx, &Scan::prefix(&subject).reverse())
}

/// Compares events, their indexes and the counter.
pub(super) fn check(tx: &impl ReadRows) -> Result<Vec<String>, StoreError> {
    let mut problems = EVENTS.check(tx)?;
    let (counted, last) = (EVENTS.count(tx, &Scan::all())?, last(tx)?);
    if counted != last {
        problems.push(format!("the record counts {last} events, but holds {counted}"));
    }
    Ok(problems)
}
