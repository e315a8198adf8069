//! Append-only record of what happened, by whom, from where: the source of activity, audit and everything derived.
//!
//! An event is a row written in the transaction that caused it, so it exists exactly when the change does. Sequence
//! numbers are given by the one writer: they have no gaps, and who has read up to one has missed none before it.
//!
//! Consumers read the record in order, each from its own position, at least once: after a crash the last batch may
//! come again, so a consumer must be idempotent. One that fails is tried again after a growing pause and holds up only
//! itself; its position and last error are visible.
//!
//! Events are never changed or removed.

/// What reads the record.
mod consumer;
/// Leads each consumer along the record.
mod engine;
/// Writing events and looking at them.
mod log;
/// What an event says.
mod model;
/// Tables and indexes of the record.
mod store;

pub use consumer::{Consumer, ConsumerStatus, Position};
pub use log::{EventFilter, Events};
pub use model::{Event, NewEvent, Origin, Subject};

use crate::store::{ReadRows, StoreError, TableSpec};

/// Tables of this module.
pub const TABLES: &[TableSpec] = &[
    TableSpec {
        name: "events",
        about: "sequence number -> what happened, by whom, from where, to what",
    },
    TableSpec {
        name: "events_by_actor",
        about: "account id, sequence number",
    },
    TableSpec {
        name: "events_by_kind",
        about: "kind, sequence number",
    },
    TableSpec {
        name: "events_by_subject",
        about: "subject, sequence number",
    },
    TableSpec {
        name: "event_sequence",
        about: "(one row) -> the last sequence number",
    },
    TableSpec {
        name: "event_cursors",
        about: "name of a consumer -> the last sequence number it has handled",
    },
];

/// Compares events, their indexes and the counter; a sentence for each difference.
pub fn check(tx: &impl ReadRows) -> Result<Vec<String>, StoreError> {
    store::check(tx)
}
