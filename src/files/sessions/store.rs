use super::model::UploadSession;
use crate::base::{Timestamp, UploadId, UserId};
use crate::store::{Entry, Index, ReadRows, Records, Scan, StoreError, Table, WriteTx};
use std::ops::ControlFlow;

const BY_ACCOUNT: Index<UserId, UploadId> = Index::new("upload_sessions_by_account");
const BY_OWNER: Index<(UserId, u64), UploadId> = Index::new("upload_sessions_by_owner");
const BY_EXPIRY: Index<Timestamp, UploadId> = Index::new("upload_sessions_by_expiry");
const SESSIONS: Records<UploadId, UploadSession> = Records::new(
    "upload_sessions",
    filed_under,
    &[
        "upload_sessions_by_account",
        "upload_sessions_by_owner",
        "upload_sessions_by_expiry",
    ],
);
const CHUNKS: Table<(UploadId, u32), ()> = Table::new("upload_chunks");

/// Open sessions are counted and reserve room; all of them expire.
fn filed_under(id: &UploadId, session: &UploadSession) -> Vec<Entry> {
    let mut entries = vec![BY_EXPIRY.entry(&session.expires_at, id)];
    if session.is_open() {
        entries.push(BY_ACCOUNT.entry(&session.account, id));
        entries.push(BY_OWNER.entry(&(session.owner, session.size), id));
    }
    entries
}

pub(super) fn session(tx: &impl ReadRows, id: UploadId) -> Result<Option<UploadSession>, StoreError> {
    SESSIONS.get(tx, &id)
}

pub(super) fn put(tx: &WriteTx<'_>, session: &UploadSession) -> Result<(), StoreError> {
    SESSIONS.put(tx, &session.id, session)
}

/// Removes a session with the rows of its chunks.
pub(super) fn remove(tx: &WriteTx<'_>, id: UploadId) -> Result<(), StoreError> {
    forget_chunks(tx, id)?;
    SESSIONS.delete(tx, &id)?;
    Ok(())
}

/// Open sessions of an account.
pub(super) fn open_count(tx: &impl ReadRows, account: UserId) -> Result<u64, StoreError> {
    BY_ACCOUNT.count(tx, &Scan::prefix(&(account,)))
}

/// Open sessions of an account, the oldest first.
pub(super) fn open_sessions(tx: &impl ReadRows, account: UserId) -> Result<Vec<UploadSession>, StoreError> {
    let ids = BY_ACCOUNT.ids(tx, &Scan::prefix(&(account,)))?;
    let mut sessions = Vec::with_capacity(ids.len());
    for id in ids {
        sessions.extend(SESSIONS.get(tx, &id)?);
    }
    Ok(sessions)
}

/// Bytes that open sessions will store in the repositories of an account; a few hundred rows at most.
pub(super) fn open_bytes(tx: &impl ReadRows, owner: UserId) -> Result<u64, StoreError> {
    let mut bytes = 0_u64;
    BY_OWNER.scan(tx, &Scan::prefix(&(owner,)), |(_, size), _| {
        bytes = bytes.saturating_add(size);
        Ok::<_, StoreError>(ControlFlow::Continue(()))
    })?;
    Ok(bytes)
}

/// Sessions whose time is over, the oldest first.
pub(super) fn expired(tx: &impl ReadRows, now: Timestamp, limit: usize) -> Result<Vec<UploadId>, StoreError> {
    BY_EXPIRY.ids(tx, &Scan::all().below(&(now,)).limit(limit))
}

pub(super) fn put_chunk(tx: &WriteTx<'_>, id: UploadId, number: u32) -> Result<(), StoreError> {
    CHUNKS.put(tx, &(id, number), &())
}

/// Numbers of the chunks that are durable, in order.
pub(super) fn chunks(tx: &impl ReadRows, id: UploadId) -> Result<Vec<u32>, StoreError> {
    let rows = CHUNKS.keys(tx, &Scan::prefix(&(id,)))?;
    Ok(rows.into_iter().map(|(_, number)| number).collect())
}

pub(super) fn forget_chunks(tx: &WriteTx<'_>, id: UploadId) -> Result<(), StoreError> {
    CHUNKS.delete_range(tx, &Scan::prefix(&(id,)))?;
    Ok(())
}

/// Contradictions within the rows of uploads.
pub(in crate::files) fn check(tx: &impl ReadRows) -> Result<Vec<String>, StoreError> {
    let mut problems = SESSIONS.check(tx)?;
    let mut last = None;
    for (id, number) in CHUNKS.keys(tx, &Scan::all())? {
        if last != Some(id) && !SESSIONS.contains(tx, &id)? {
            problems.push(format!("chunk {number} belongs to upload {id}, which does not exist"));
        }
        last = Some(id);
    }
    Ok(problems)
}
