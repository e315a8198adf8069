use super::direct::DirectRow;
use super::facts::FactsRow;
use super::locks::PathLock;
use super::space::SpaceRow;
use crate::base::{LockId, RepositoryId, Sha256, Timestamp, UploadId, UserId};
use crate::repos::{MovedFile, blob_is_linked};
use crate::store::{Index, ReadRows, Records, Scan, StoreError, Table, TableSpec, Unique, WriteTx};
use std::collections::BTreeMap;
use std::ops::ControlFlow;

/// The tables of this slice.
pub const TABLES: &[TableSpec] = &[
    TableSpec {
        name: "file_facts",
        about: "repository id, path -> what people say about the file",
    },
    TableSpec {
        name: "file_space",
        about: "repository id -> files and bytes by kind at a commit of the default branch",
    },
    TableSpec {
        name: "path_locks",
        about: "lock id -> lock on a path",
    },
    TableSpec {
        name: "path_locks_by_path",
        about: "repository id, path -> lock id",
    },
    TableSpec {
        name: "direct_uploads",
        about: "upload id -> large content that its sender puts into the object store",
    },
    TableSpec {
        name: "direct_uploads_by_owner",
        about: "owner of the repository, repository id, SHA-256, bytes, upload id -> nothing",
    },
    TableSpec {
        name: "direct_uploads_by_expiry",
        about: "time of expiry, upload id -> nothing",
    },
    TableSpec {
        name: "upload_sessions",
        about: "upload id -> chunked upload",
    },
    TableSpec {
        name: "upload_sessions_by_account",
        about: "account id, id of an open upload -> nothing",
    },
    TableSpec {
        name: "upload_sessions_by_owner",
        about: "owner of the repository, bytes, id of an open upload -> nothing",
    },
    TableSpec {
        name: "upload_sessions_by_expiry",
        about: "time of expiry, upload id -> nothing",
    },
    TableSpec {
        name: "upload_chunks",
        about: "upload id, number of a chunk that is durable -> nothing",
    },
];

const FACTS: Table<(RepositoryId, String), FactsRow> = Table::new("file_facts");
const SPACE: Table<RepositoryId, SpaceRow> = Table::new("file_space");
const DIRECT_BY_EXPIRY: Index<Timestamp, UploadId> = Index::new("direct_uploads_by_expiry");
const DIRECT_BY_OWNER: Index<(UserId, RepositoryId, Sha256, u64), UploadId> = Index::new("direct_uploads_by_owner");
const DIRECT: Records<UploadId, DirectRow> = Records::new(
    "direct_uploads",
    |id, row| {
        let mut entries = vec![DIRECT_BY_EXPIRY.entry(&row.expires_at, id)];
        let reserved = row.owner.map(|owner| (owner, row.repository, row.sha256, row.size));
        entries.extend(reserved.map(|key| DIRECT_BY_OWNER.entry(&key, id)));
        entries
    },
    &["direct_uploads_by_expiry", "direct_uploads_by_owner"],
);
const LOCKS_BY_PATH: Unique<(RepositoryId, String), LockId> = Unique::new("path_locks_by_path");
const LOCKS: Records<LockId, PathLock> = Records::new(
    "path_locks",
    |id, lock| vec![LOCKS_BY_PATH.entry(&(lock.repository, lock.path.clone()), id)],
    &["path_locks_by_path"],
);

pub(super) fn facts(tx: &impl ReadRows, id: RepositoryId, path: &str) -> Result<Option<FactsRow>, StoreError> {
    FACTS.get(tx, &(id, path.to_owned()))
}

/// Writes what is known of a file; nothing known is no row.
pub(super) fn put_facts(tx: &WriteTx<'_>, id: RepositoryId, path: &str, row: &FactsRow) -> Result<(), StoreError> {
    if *row == FactsRow::default() {
        return delete_facts(tx, id, path);
    }
    FACTS.put(tx, &(id, path.to_owned()), row)
}

pub(super) fn delete_facts(tx: &WriteTx<'_>, id: RepositoryId, path: &str) -> Result<(), StoreError> {
    FACTS.delete(tx, &(id, path.to_owned()))?;
    Ok(())
}

/// Lets what people say about a file, and its lock, go with it.
pub(super) fn move_what_follows(tx: &WriteTx<'_>, id: RepositoryId, moved: &MovedFile) -> Result<(), StoreError> {
    let row = facts(tx, id, &moved.from)?.unwrap_or_default();
    delete_facts(tx, id, &moved.from)?;
    put_facts(tx, moved.to_repository, &moved.to, &row)?;
    move_lock(tx, id, moved)
}

pub(super) fn space(tx: &impl ReadRows, id: RepositoryId) -> Result<Option<SpaceRow>, StoreError> {
    SPACE.get(tx, &id)
}

pub(super) fn put_space(tx: &WriteTx<'_>, id: RepositoryId, row: &SpaceRow) -> Result<(), StoreError> {
    SPACE.put(tx, &id, row)
}

/// Removes what is known of the files of a repository that is gone.
pub(super) fn forget_repository(tx: &WriteTx<'_>, id: RepositoryId) -> Result<(), StoreError> {
    FACTS.delete_range(tx, &Scan::prefix(&(id,)))?;
    SPACE.delete(tx, &id)?;
    crate::blobs::forget_holder(tx, id)?;
    for (_, lock) in LOCKS_BY_PATH.list(tx, &Scan::prefix(&(id,)))? {
        LOCKS.delete(tx, &lock)?;
    }
    Ok(())
}

pub(super) fn lock(tx: &impl ReadRows, id: LockId) -> Result<Option<PathLock>, StoreError> {
    LOCKS.get(tx, &id)
}

/// The lock on a path.
pub(super) fn lock_on(tx: &impl ReadRows, id: RepositoryId, path: &str) -> Result<Option<PathLock>, StoreError> {
    match LOCKS_BY_PATH.get(tx, &(id, path.to_owned()))? {
        Some(lock) => LOCKS.get(tx, &lock),
        None => Ok(None),
    }
}

/// The locks of a repository in the order of their paths, from a path on.
pub(super) fn locks(
    tx: &impl ReadRows,
    id: RepositoryId,
    from: Option<&str>,
    limit: usize,
) -> Result<Vec<PathLock>, StoreError> {
    let scan = Scan::prefix(&(id,)).limit(limit);
    let scan = match from {
        Some(path) => scan.at_least(&(id, path.to_owned())),
        None => scan,
    };
    let mut locks = Vec::new();
    for (_, lock) in LOCKS_BY_PATH.list(tx, &scan)? {
        locks.extend(LOCKS.get(tx, &lock)?);
    }
    Ok(locks)
}

pub(super) fn put_lock(tx: &WriteTx<'_>, lock: &PathLock) -> Result<(), StoreError> {
    LOCKS.put(tx, &lock.id, lock)
}

pub(super) fn delete_lock(tx: &WriteTx<'_>, id: LockId) -> Result<(), StoreError> {
    LOCKS.delete(tx, &id)?;
    Ok(())
}

/// Gives the lock of a moved file to its new path. Where that path has a lock already, that one stays.
fn move_lock(tx: &WriteTx<'_>, id: RepositoryId, moved: &MovedFile) -> Result<(), StoreError> {
    let Some(lock) = lock_on(tx, id, &moved.from)? else {
        return Ok(());
    };
    if lock_on(tx, moved.to_repository, &moved.to)?.is_some() {
        return delete_lock(tx, lock.id);
    }
    let lock = PathLock {
        repository: moved.to_repository,
        path: moved.to.clone(),
        ..lock
    };
    put_lock(tx, &lock)
}

/// Contradictions within the rows of this file.
pub(super) fn check(tx: &impl ReadRows) -> Result<Vec<String>, StoreError> {
    Ok([LOCKS.check(tx)?, DIRECT.check(tx)?].concat())
}

pub(super) fn direct(tx: &impl ReadRows, id: UploadId) -> Result<Option<DirectRow>, StoreError> {
    DIRECT.get(tx, &id)
}

pub(super) fn put_direct(tx: &WriteTx<'_>, id: UploadId, row: &DirectRow) -> Result<(), StoreError> {
    DIRECT.put(tx, &id, row)
}

pub(super) fn delete_direct(tx: &WriteTx<'_>, id: UploadId) -> Result<(), StoreError> {
    DIRECT.delete(tx, &id)?;
    Ok(())
}

/// Bytes that senders may put into the object store for the repositories of an account, but for those that are excepted.
/// A client that begins again leaves its first upload behind: what comes twice to one repository counts once, and not at
/// all when it is there.
pub(super) fn direct_bytes(
    tx: &impl ReadRows,
    owner: UserId,
    except: impl Fn(RepositoryId, Sha256) -> bool,
) -> Result<u64, StoreError> {
    let mut sizes = BTreeMap::new();
    DIRECT_BY_OWNER.scan(tx, &Scan::prefix(&(owner,)), |(_, repository, sha256, size), _| {
        if !except(repository, sha256) {
            sizes.insert((repository, sha256), size);
        }
        Ok::<_, StoreError>(ControlFlow::Continue(()))
    })?;
    let mut bytes = 0_u64;
    for ((repository, sha256), size) in sizes {
        if !blob_is_linked(tx, repository, sha256)? {
            bytes = bytes.saturating_add(size);
        }
    }
    Ok(bytes)
}

/// Uploads whose time is over, the oldest first.
pub(super) fn expired_direct(
    tx: &impl ReadRows,
    now: Timestamp,
    limit: usize,
) -> Result<Vec<(UploadId, DirectRow)>, StoreError> {
    let ids = DIRECT_BY_EXPIRY.ids(tx, &Scan::all().below(&(now,)).limit(limit))?;
    let rows = ids.into_iter().map(|id| Ok(DIRECT.get(tx, &id)?.map(|row| (id, row))));
    rows.filter_map(Result::transpose).collect()
}
