use super::collections;
use super::model::{Counters, DayCounters, FileCounters};
use crate::base::{Day, RepositoryId, Timestamp, UserId};
use crate::store::{Descending, ReadRows, Scan, StoreError, Table, TableSpec, WriteTx};
use std::cmp::Reverse;
use std::collections::{BTreeSet, HashMap};
use std::ops::ControlFlow;

/// The tables of this slice.
pub const TABLES: &[TableSpec] = &[
    TableSpec {
        name: "stars",
        about: "repository id, account id -> when it was starred",
    },
    TableSpec {
        name: "stars_by_account",
        about: "account id, newest first, repository id -> nothing",
    },
    TableSpec {
        name: "follows",
        about: "follower, followed -> since when",
    },
    TableSpec {
        name: "followers",
        about: "followed, follower -> since when",
    },
    TableSpec {
        name: "collections",
        about: "collection id -> title, owner and repositories of a collection",
    },
    TableSpec {
        name: "collections_by_owner",
        about: "account id, newest change first, collection id -> nothing",
    },
    TableSpec {
        name: "collections_by_repository",
        about: "repository id, collection id -> nothing",
    },
    TableSpec {
        name: "collections_public",
        about: "newest change first, id of a public collection -> nothing",
    },
    TableSpec {
        name: "counters",
        about: "repository id -> counters and their windows",
    },
    TableSpec {
        name: "day_counters",
        about: "repository id, day -> what was counted on that day",
    },
    TableSpec {
        name: "active_days",
        about: "day, repository id -> nothing, when something was counted",
    },
    TableSpec {
        name: "file_counters",
        about: "repository id, path -> views and downloads",
    },
    TableSpec {
        name: "visitor_keys",
        about: "day -> the key of its visitors' hashes, until the day is over",
    },
    TableSpec {
        name: "visitors",
        about: "day, repository id, hash of a visitor -> nothing, until the day is over",
    },
];

const STARS: Table<(RepositoryId, UserId), Timestamp> = Table::new("stars");
const STARS_BY_ACCOUNT: Table<(UserId, Descending<Timestamp>, RepositoryId), ()> = Table::new("stars_by_account");
const FOLLOWS: Table<(UserId, UserId), Timestamp> = Table::new("follows");
const FOLLOWERS: Table<(UserId, UserId), Timestamp> = Table::new("followers");
const COUNTERS: Table<RepositoryId, Counters> = Table::new("counters");
const DAYS: Table<(RepositoryId, Day), DayCounters> = Table::new("day_counters");
const ACTIVE_DAYS: Table<(Day, RepositoryId), ()> = Table::new("active_days");
const FILES: Table<(RepositoryId, String), FileCounters> = Table::new("file_counters");
const VISITOR_KEYS: Table<Day, [u8; 32]> = Table::new("visitor_keys");
const VISITORS: Table<(Day, RepositoryId, [u8; 16]), ()> = Table::new("visitors");

pub(super) fn counters(tx: &impl ReadRows, id: RepositoryId) -> Result<Counters, StoreError> {
    Ok(COUNTERS.get(tx, &id)?.unwrap_or_default())
}

pub(super) fn put_counters(tx: &WriteTx<'_>, id: RepositoryId, counters: Counters) -> Result<(), StoreError> {
    COUNTERS.put(tx, &id, &counters)
}

pub(super) fn file_counters(tx: &impl ReadRows, id: RepositoryId, path: &str) -> Result<FileCounters, StoreError> {
    Ok(FILES.get(tx, &(id, path.to_owned()))?.unwrap_or_default())
}

pub(super) fn put_file_counters(
    tx: &WriteTx<'_>,
    id: RepositoryId,
    path: &str,
    counters: FileCounters,
) -> Result<(), StoreError> {
    FILES.put(tx, &(id, path.to_owned()), &counters)
}

/// The files with the most downloads, then views. Remembers no more than it answers, however many files there are.
pub(super) fn top_files(
    tx: &impl ReadRows,
    id: RepositoryId,
    count: usize,
) -> Result<Vec<(String, FileCounters)>, StoreError> {
    let mut top = BTreeSet::new();
    FILES.scan(tx, &Scan::prefix(&(id,)), |(_, path), counters| {
        top.insert((Reverse((counters.downloads, counters.views)), path));
        if top.len() > count {
            top.pop_last();
        }
        Ok::<_, StoreError>(ControlFlow::Continue(()))
    })?;
    let counters = |Reverse((downloads, views))| FileCounters { views, downloads };
    Ok(top.into_iter().map(|(rank, path)| (path, counters(rank))).collect())
}

/// Gives the counters of one file to another, which may be in another repository and have counters already.
pub(super) fn move_file_counters(
    tx: &WriteTx<'_>,
    (from, old_path): (RepositoryId, &str),
    (to, new_path): (RepositoryId, &str),
) -> Result<(), StoreError> {
    let key = (from, old_path.to_owned());
    let Some(moved) = FILES.get(tx, &key)? else {
        return Ok(());
    };
    FILES.delete(tx, &key)?;
    let mut counters = file_counters(tx, to, new_path)?;
    counters.views += moved.views;
    counters.downloads += moved.downloads;
    put_file_counters(tx, to, new_path, counters)
}

pub(super) fn day(tx: &impl ReadRows, id: RepositoryId, day: Day) -> Result<DayCounters, StoreError> {
    Ok(DAYS.get(tx, &(id, day))?.unwrap_or_default())
}

pub(super) fn put_day(tx: &WriteTx<'_>, id: RepositoryId, day: Day, counters: DayCounters) -> Result<(), StoreError> {
    DAYS.put(tx, &(id, day), &counters)?;
    ACTIVE_DAYS.put(tx, &(day, id), &())
}

/// The days from `first` on, in order, on which something was counted.
pub(super) fn days_since(
    tx: &impl ReadRows,
    id: RepositoryId,
    first: Day,
) -> Result<Vec<(Day, DayCounters)>, StoreError> {
    let rows = DAYS.list(tx, &Scan::prefix(&(id,)).at_least(&(id, first)))?;
    Ok(rows.into_iter().map(|((_, day), counters)| (day, counters)).collect())
}

/// Repositories whose windows may change: of which something was counted from `first` on, or whose windows tell of
/// earlier days.
pub(super) fn active_since(tx: &impl ReadRows, first: Day) -> Result<BTreeSet<RepositoryId>, StoreError> {
    let keys = ACTIVE_DAYS.keys(tx, &Scan::all().at_least(&(first,)))?;
    let mut active: BTreeSet<RepositoryId> = keys.into_iter().map(|(_, id)| id).collect();
    COUNTERS.scan(tx, &Scan::all(), |id, counters| {
        if counters.has_windows() {
            active.insert(id);
        }
        Ok::<_, StoreError>(ControlFlow::Continue(()))
    })?;
    Ok(active)
}

/// The key of a day's visitor hashes; `fresh` becomes it when the day has none.
pub(super) fn visitor_key(tx: &WriteTx<'_>, day: Day, fresh: [u8; 32]) -> Result<[u8; 32], StoreError> {
    if let Some(key) = VISITOR_KEYS.get(tx, &day)? {
        return Ok(key);
    }
    VISITOR_KEYS.put(tx, &day, &fresh)?;
    Ok(fresh)
}

/// Notes a visitor; answers whether it is the first visit of that day.
pub(super) fn note_visitor(
    tx: &WriteTx<'_>,
    day: Day,
    id: RepositoryId,
    visitor: [u8; 16],
) -> Result<bool, StoreError> {
    let key = (day, id, visitor);
    let known = VISITORS.contains(tx, &key)?;
    if !known {
        VISITORS.put(tx, &key, &())?;
    }
    Ok(!known)
}

/// Throws away the keys of days before `day`, and at most `limit` of their hashes; answers how many those were.
pub(super) fn forget_visitors_before(tx: &WriteTx<'_>, day: Day, limit: usize) -> Result<usize, StoreError> {
    VISITOR_KEYS.delete_range(tx, &Scan::all().below(&day))?;
    VISITORS.delete_range(tx, &Scan::all().below(&(day,)).limit(limit))
}

pub(super) fn star(tx: &impl ReadRows, id: RepositoryId, account: UserId) -> Result<Option<Timestamp>, StoreError> {
    STARS.get(tx, &(id, account))
}

pub(super) fn put_star(tx: &WriteTx<'_>, id: RepositoryId, account: UserId, now: Timestamp) -> Result<(), StoreError> {
    STARS.put(tx, &(id, account), &now)?;
    STARS_BY_ACCOUNT.put(tx, &(account, Descending(now), id), &())
}

pub(super) fn delete_star(
    tx: &WriteTx<'_>,
    id: RepositoryId,
    account: UserId,
    since: Timestamp,
) -> Result<(), StoreError> {
    STARS.delete(tx, &(id, account))?;
    STARS_BY_ACCOUNT.delete(tx, &(account, Descending(since), id))?;
    Ok(())
}

/// Accounts that starred a repository, from the `offset`-th on.
pub(super) fn stargazers(
    tx: &impl ReadRows,
    id: RepositoryId,
    offset: usize,
    limit: usize,
) -> Result<Vec<(UserId, Timestamp)>, StoreError> {
    let rows = STARS.list(tx, &Scan::prefix(&(id,)).limit(offset.saturating_add(limit)))?;
    let page = rows.into_iter().skip(offset);
    Ok(page.map(|((_, account), since)| (account, since)).collect())
}

pub(super) fn starred(tx: &impl ReadRows, account: UserId) -> Result<Vec<(RepositoryId, Timestamp)>, StoreError> {
    let keys = STARS_BY_ACCOUNT.keys(tx, &Scan::prefix(&(account,)))?;
    Ok(keys.into_iter().map(|(_, Descending(since), id)| (id, since)).collect())
}

pub(super) fn follows(tx: &impl ReadRows, follower: UserId, followed: UserId) -> Result<bool, StoreError> {
    FOLLOWS.contains(tx, &(follower, followed))
}

pub(super) fn put_follow(
    tx: &WriteTx<'_>,
    follower: UserId,
    followed: UserId,
    now: Timestamp,
) -> Result<(), StoreError> {
    FOLLOWS.put(tx, &(follower, followed), &now)?;
    FOLLOWERS.put(tx, &(followed, follower), &now)
}

pub(super) fn delete_follow(tx: &WriteTx<'_>, follower: UserId, followed: UserId) -> Result<(), StoreError> {
    FOLLOWS.delete(tx, &(follower, followed))?;
    FOLLOWERS.delete(tx, &(followed, follower))?;
    Ok(())
}

/// A page of accounts, and how many there are in all.
pub(super) type AccountPage = (Vec<UserId>, u64);

/// Accounts that an account follows.
pub(super) fn following(
    tx: &impl ReadRows,
    follower: UserId,
    offset: usize,
    limit: usize,
) -> Result<AccountPage, StoreError> {
    others(tx, &FOLLOWS, follower, offset, limit)
}

/// Accounts that follow an account.
pub(super) fn followers(
    tx: &impl ReadRows,
    followed: UserId,
    offset: usize,
    limit: usize,
) -> Result<AccountPage, StoreError> {
    others(tx, &FOLLOWERS, followed, offset, limit)
}

fn others(
    tx: &impl ReadRows,
    table: &Table<(UserId, UserId), Timestamp>,
    account: UserId,
    offset: usize,
    limit: usize,
) -> Result<AccountPage, StoreError> {
    let all = Scan::prefix(&(account,));
    let total = table.count(tx, &all)?;
    let keys = table.keys(tx, &all.limit(offset.saturating_add(limit)))?;
    let page = keys.into_iter().skip(offset).map(|(_, other)| other);
    Ok((page.collect(), total))
}

/// Forgets everything about a purged repository.
pub(super) fn forget_repository(tx: &WriteTx<'_>, id: RepositoryId) -> Result<(), StoreError> {
    collections::forget_repository(tx, id)?;
    for (account, since) in stargazers(tx, id, 0, usize::MAX)? {
        delete_star(tx, id, account, since)?;
    }
    for (_, day) in DAYS.keys(tx, &Scan::prefix(&(id,)))? {
        ACTIVE_DAYS.delete(tx, &(day, id))?;
        VISITORS.delete_range(tx, &Scan::prefix(&(day, id)))?;
    }
    DAYS.delete_range(tx, &Scan::prefix(&(id,)))?;
    FILES.delete_range(tx, &Scan::prefix(&(id,)))?;
    COUNTERS.delete(tx, &id)?;
    Ok(())
}

/// Contradictions between stars, follows and counters.
pub(super) fn check(tx: &impl ReadRows) -> Result<Vec<String>, StoreError> {
    let mut problems = collections::check(tx)?;
    let mut stars: HashMap<RepositoryId, u64> = HashMap::new();
    for ((id, account), since) in STARS.list(tx, &Scan::all())? {
        *stars.entry(id).or_default() += 1;
        if !STARS_BY_ACCOUNT.contains(tx, &(account, Descending(since), id))? {
            problems.push(format!(
                "the star of account {account} for repository {id} has no way back"
            ));
        }
    }
    for (id, counters) in COUNTERS.list(tx, &Scan::all())? {
        let rows = stars.remove(&id).unwrap_or(0);
        if counters.stars != rows {
            problems.push(format!(
                "repository {id} counts {} stars and has {rows}",
                counters.stars
            ));
        }
    }
    problems.extend(
        stars
            .keys()
            .map(|id| format!("repository {id} has stars and counts none")),
    );
    for (what, forth, back) in [
        (
            "stars",
            STARS.count(tx, &Scan::all())?,
            STARS_BY_ACCOUNT.count(tx, &Scan::all())?,
        ),
        (
            "follows",
            FOLLOWS.count(tx, &Scan::all())?,
            FOLLOWERS.count(tx, &Scan::all())?,
        ),
    ] {
        if forth != back {
            problems.push(format!("{forth} {what} lead forth and {back} back"));
        }
    }
    Ok(problems)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{Schema, Store};

    fn store() -> Store {
        let schema = Schema {
            tables: TABLES.to_vec(),
            migrations: &[],
        };
        Store::in_memory(&schema).unwrap()
    }

    #[tokio::test]
    async fn windows_of_a_repository_that_nobody_visits_any_more_are_renewed_too() {
        let store = store();
        let [quiet, never] = [1, 2].map(|byte| RepositoryId::from_bytes([byte; 16]));
        let written = store.write(move |tx| {
            let counters = Counters {
                views: 9,
                views_30d: 9,
                ..Counters::default()
            };
            put_counters(tx, quiet, counters)?;
            put_counters(tx, never, Counters::default())
        });
        written.await.unwrap();
        let active = store.read(|tx| active_since(tx, Day::from_number(100))).unwrap();
        assert_eq!(active, BTreeSet::from([quiet]));
        store.close();
    }

    #[tokio::test]
    async fn visitors_of_days_that_are_over_are_forgotten_piece_by_piece() {
        let store = store();
        let id = RepositoryId::from_bytes([1; 16]);
        let (yesterday, today) = (Day::from_number(99), Day::from_number(100));
        let written = store.write(move |tx| {
            for number in 0..5 {
                note_visitor(tx, yesterday, id, [number; 16])?;
            }
            note_visitor(tx, today, id, [1; 16])
        });
        assert!(written.await.unwrap());
        for forgotten in [3, 2, 0] {
            let forget = store.write(move |tx| forget_visitors_before(tx, today, 3));
            assert_eq!(forget.await.unwrap(), forgotten);
        }
        let known = store.write(move |tx| note_visitor(tx, today, id, [1; 16]));
        assert!(!known.await.unwrap());
        store.close();
    }
}
