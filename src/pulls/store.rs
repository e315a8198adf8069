use super::PullsError;
use super::model::{Happening, Pull, PullEvent, PullFilter};
use crate::base::{RepositoryId, Timestamp, UserId};
use crate::store::{Descending, ReadRows, Scan, StoreError, Table, TableSpec, WriteTx};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;

/// The tables of this slice.
pub const TABLES: &[TableSpec] = &[
    TableSpec {
        name: "pulls",
        about: "repository id, number -> a discussion or a pull request",
    },
    TableSpec {
        name: "pull_numbers",
        about: "repository id -> the last number that was given",
    },
    TableSpec {
        name: "pull_events",
        about: "repository id, number, sequence -> what happened in it",
    },
    TableSpec {
        name: "pull_lists",
        about: "repository id, list, newest number first -> nothing",
    },
    TableSpec {
        name: "pull_counts",
        about: "repository id, list -> how many are on it",
    },
    TableSpec {
        name: "pull_openings",
        about: "repository id, number -> nothing, while a pull request is being opened",
    },
];

const PULLS: Table<(RepositoryId, u64), Pull> = Table::new("pulls");
const NUMBERS: Table<RepositoryId, u64> = Table::new("pull_numbers");
const EVENTS: Table<(RepositoryId, u64, u64), PullEvent> = Table::new("pull_events");
const LISTS: Table<(RepositoryId, List, Descending<u64>), ()> = Table::new("pull_lists");
const COUNTS: Table<(RepositoryId, List), u64> = Table::new("pull_counts");
const OPENINGS: Table<(RepositoryId, u64), ()> = Table::new("pull_openings");

/// A list: of everybody or of one author, and which of them.
type List = (UserId, u8);

/// Stands for everybody; no account has it.
const EVERYBODY: UserId = UserId::from_bytes([0; 16]);

fn list_of(filter: &PullFilter) -> List {
    let choice = |choice: Option<bool>| match choice {
        None => 0,
        Some(true) => 1,
        Some(false) => 2,
    };
    let author = filter.author.unwrap_or(EVERYBODY);
    (author, choice(filter.requests) * 3 + choice(filter.open))
}

/// Every list on which one stands.
fn lists(pull: &Pull) -> Vec<List> {
    let (request, open) = (pull.request.is_some(), pull.status.is_open());
    let mut lists = Vec::with_capacity(8);
    for author in [None, Some(pull.author)] {
        for requests in [None, Some(request)] {
            for open in [None, Some(open)] {
                lists.push(list_of(&PullFilter { requests, open, author }));
            }
        }
    }
    lists
}

pub(super) fn pull(tx: &impl ReadRows, id: RepositoryId, number: u64) -> Result<Option<Pull>, StoreError> {
    PULLS.get(tx, &(id, number))
}

/// One that has to be there.
pub(super) fn require(tx: &impl ReadRows, id: RepositoryId, number: u64) -> Result<Pull, PullsError> {
    pull(tx, id, number)?.ok_or(PullsError::NotFound(number))
}

/// Writes one and puts it on the lists on which it stands now.
pub(super) fn put(tx: &WriteTx<'_>, id: RepositoryId, row: &Pull) -> Result<(), StoreError> {
    let before = pull(tx, id, row.number)?
        .map(|before| lists(&before))
        .unwrap_or_default();
    let after = lists(row);
    for list in before.iter().filter(|list| !after.contains(list)) {
        LISTS.delete(tx, &(id, *list, Descending(row.number)))?;
        count(tx, id, *list, |count| count.saturating_sub(1))?;
    }
    for list in after.iter().filter(|list| !before.contains(list)) {
        LISTS.put(tx, &(id, *list, Descending(row.number)), &())?;
        count(tx, id, *list, |count| count + 1)?;
    }
    PULLS.put(tx, &(id, row.number), row)
}

fn count(tx: &WriteTx<'_>, id: RepositoryId, list: List, change: impl Fn(u64) -> u64) -> Result<(), StoreError> {
    let count = COUNTS.get(tx, &(id, list))?.unwrap_or(0);
    COUNTS.put(tx, &(id, list), &change(count))
}

/// Gives the next number of a repository.
pub(super) fn next_number(tx: &WriteTx<'_>, id: RepositoryId) -> Result<u64, StoreError> {
    let number = NUMBERS.get(tx, &id)?.unwrap_or(0) + 1;
    NUMBERS.put(tx, &id, &number)?;
    Ok(number)
}

/// A page of those that fit, the newest first, and how many fit.
pub(super) fn page(
    tx: &impl ReadRows,
    id: RepositoryId,
    filter: &PullFilter,
    offset: usize,
    limit: usize,
) -> Result<(Vec<Pull>, u64), StoreError> {
    let list = list_of(filter);
    let total = COUNTS.get(tx, &(id, list))?.unwrap_or(0);
    if offset as u64 >= total {
        return Ok((Vec::new(), total));
    }
    let scan = Scan::prefix(&(id, list)).limit(offset.saturating_add(limit));
    let mut page = Vec::new();
    for (_, _, Descending(number)) in LISTS.keys(tx, &scan)?.into_iter().skip(offset) {
        page.extend(pull(tx, id, number)?);
    }
    Ok((page, total))
}

/// Writes down that something happened, and counts it in the row, which the caller puts.
pub(super) fn append(
    tx: &WriteTx<'_>,
    id: RepositoryId,
    pull: &mut Pull,
    (author, at): (Option<UserId>, Timestamp),
    what: Happening,
) -> Result<PullEvent, StoreError> {
    pull.events += 1;
    pull.bytes += what.bytes();
    let sequence = pull.events;
    let event = PullEvent {
        sequence,
        author,
        at,
        what,
    };
    EVENTS.put(tx, &(id, pull.number, sequence), &event)?;
    Ok(event)
}

pub(super) fn event(
    tx: &impl ReadRows,
    id: RepositoryId,
    number: u64,
    sequence: u64,
) -> Result<Option<PullEvent>, StoreError> {
    EVENTS.get(tx, &(id, number, sequence))
}

pub(super) fn put_event(tx: &WriteTx<'_>, id: RepositoryId, number: u64, event: &PullEvent) -> Result<(), StoreError> {
    EVENTS.put(tx, &(id, number, event.sequence), event)
}

/// Everything that happened, in order.
pub(super) fn events(tx: &impl ReadRows, id: RepositoryId, number: u64) -> Result<Vec<PullEvent>, StoreError> {
    let rows = EVENTS.list(tx, &Scan::prefix(&(id, number)))?;
    Ok(rows.into_iter().map(|(_, event)| event).collect())
}

pub(super) fn put_opening(tx: &WriteTx<'_>, id: RepositoryId, number: u64) -> Result<(), StoreError> {
    OPENINGS.put(tx, &(id, number), &())
}

pub(super) fn delete_opening(tx: &WriteTx<'_>, id: RepositoryId, number: u64) -> Result<bool, StoreError> {
    OPENINGS.delete(tx, &(id, number))
}

pub(super) fn openings(tx: &impl ReadRows) -> Result<Vec<(RepositoryId, u64)>, StoreError> {
    OPENINGS.keys(tx, &Scan::all())
}

/// Forgets everything about a purged repository.
pub(super) fn forget_repository(tx: &WriteTx<'_>, id: RepositoryId) -> Result<(), StoreError> {
    PULLS.delete_range(tx, &Scan::prefix(&(id,)))?;
    EVENTS.delete_range(tx, &Scan::prefix(&(id,)))?;
    LISTS.delete_range(tx, &Scan::prefix(&(id,)))?;
    COUNTS.delete_range(tx, &Scan::prefix(&(id,)))?;
    OPENINGS.delete_range(tx, &Scan::prefix(&(id,)))?;
    NUMBERS.delete(tx, &id)?;
    Ok(())
}

/// Contradictions between discussions, their lists, their counts and what happened in them.
pub(super) fn check(tx: &impl ReadRows) -> Result<Vec<String>, StoreError> {
    let mut problems = Vec::new();
    let mut wanted: BTreeMap<(RepositoryId, List), u64> = BTreeMap::new();
    let mut listed = 0;
    let mut known: BTreeSet<(RepositoryId, u64)> = BTreeSet::new();
    for ((id, number), pull) in PULLS.list(tx, &Scan::all())? {
        known.insert((id, number));
        for list in lists(&pull) {
            *wanted.entry((id, list)).or_default() += 1;
            listed += 1;
            if !LISTS.contains(tx, &(id, list, Descending(number)))? {
                problems.push(format!("discussion {number} of repository {id} is missing on a list"));
            }
        }
        let events = EVENTS.count(tx, &Scan::prefix(&(id, number)))?;
        if pull.number != number || events != pull.events {
            problems.push(format!(
                "discussion {number} of repository {id} counts {} happenings and has {events}",
                pull.events
            ));
        }
        if NUMBERS.get(tx, &id)?.is_none_or(|last| last < number) {
            problems.push(format!("the number {number} was never given in repository {id}"));
        }
    }
    if LISTS.count(tx, &Scan::all())? != listed {
        problems.push("there are discussions on lists that do not exist".to_owned());
    }
    for ((id, list), count) in COUNTS.list(tx, &Scan::all())? {
        if wanted.remove(&(id, list)).unwrap_or(0) != count {
            problems.push(format!(
                "a list of discussions of repository {id} is not as long as it says"
            ));
        }
    }
    problems.extend(
        wanted
            .keys()
            .map(|(id, _)| format!("a list of discussions of repository {id} is not counted")),
    );
    EVENTS.scan(tx, &Scan::all(), |(id, number, sequence), _| {
        if !known.contains(&(id, number)) {
            problems.push(format!(
                "happening {sequence} of repository {id} is of no discussion ({number})"
            ));
        }
        Ok::<_, StoreError>(ControlFlow::Continue(()))
    })?;
    Ok(problems)
}
