//! Large content that people sent who may not write to a repository, to propose it in a pull request. It counts against the
//! quota of the owner like all content, and together no more than a share of its own, so that strangers cannot use up the
//! quota. It counts as theirs until it is removed, is merged, or somebody who may write commits it.

use super::{Repos, ReposError, WriteRepo};
use crate::base::{RepositoryId, Sha256};
use crate::store::{ReadRows, Scan, StoreError, Table, TableSpec, WriteTx};
use std::collections::HashMap;
use std::ops::ControlFlow;

/// The tables.
pub const TABLES: &[TableSpec] = &[
    TableSpec {
        name: "contributed_links",
        about: "repository id, SHA-256 -> bytes that count for a blob that somebody sent who only contributes",
    },
    TableSpec {
        name: "contributed_bytes",
        about: "repository id -> sum of its contributed links",
    },
];

/// What a content counts beside its bytes, so that there cannot be very many rows.
const ROW_BYTES: u64 = 4_096;

const CONTRIBUTED: Table<(RepositoryId, Sha256), u64> = Table::new("contributed_links");
const TOTALS: Table<RepositoryId, u64> = Table::new("contributed_bytes");

impl Repos {
    /// Bytes that the actor may still send to the repository without a right to write to it; none for whoever may write.
    pub fn room_to_contribute(&self, proof: &WriteRepo) -> Result<Option<u64>, StoreError> {
        if !proof.only_contributes() {
            return Ok(None);
        }
        let total = self.store.read(|tx| TOTALS.get(tx, &proof.repository().id))?;
        let limit = self.users.contribution_bytes();
        Ok(Some(limit.saturating_sub(total.unwrap_or(0)).saturating_sub(ROW_BYTES)))
    }

    /// Notes a new link and the bytes that its content takes, if it is of somebody who only contributes and fits.
    pub(super) fn note_contributed(
        &self,
        tx: &WriteTx<'_>,
        proof: &WriteRepo,
        (sha256, bytes): (Sha256, u64),
    ) -> Result<(), ReposError> {
        if !proof.only_contributes() {
            return Ok(());
        }
        let (id, cost) = (proof.repository().id, bytes.saturating_add(ROW_BYTES));
        let total = TOTALS.get(tx, &id)?.unwrap_or(0).saturating_add(cost);
        if total > self.users.contribution_bytes() {
            return Err(ReposError::ContributionsFull);
        }
        CONTRIBUTED.put(tx, &(id, sha256), &cost)?;
        Ok(TOTALS.put(tx, &id, &total)?)
    }
}

/// The content counts as the repository's own from now on.
pub(super) fn take_over(tx: &WriteTx<'_>, id: RepositoryId, sha256: Sha256) -> Result<(), StoreError> {
    forget(tx, id, sha256)?;
    crate::blobs::take_over(tx, id, sha256)
}

/// The content does not count as contributed any more.
pub(super) fn forget(tx: &WriteTx<'_>, id: RepositoryId, sha256: Sha256) -> Result<(), StoreError> {
    let Some(cost) = CONTRIBUTED.get(tx, &(id, sha256))? else {
        return Ok(());
    };
    CONTRIBUTED.delete(tx, &(id, sha256))?;
    match TOTALS.get(tx, &id)?.unwrap_or(0).saturating_sub(cost) {
        0 => TOTALS.delete(tx, &id).map(drop),
        left => TOTALS.put(tx, &id, &left),
    }
}

/// Removes the rows of a repository that is gone.
pub(super) fn forget_repository(tx: &WriteTx<'_>, id: RepositoryId) -> Result<(), StoreError> {
    CONTRIBUTED.delete_range(tx, &Scan::prefix(&(id,)))?;
    TOTALS.delete(tx, &id).map(drop)
}

/// Totals that are no sums, and rows without a link.
pub(super) fn check(tx: &impl ReadRows) -> Result<Vec<String>, StoreError> {
    let (mut problems, mut sums) = (Vec::new(), HashMap::new());
    CONTRIBUTED.scan(tx, &Scan::all(), |(id, sha256), cost| {
        *sums.entry(id).or_insert(0_u64) += cost;
        if !super::blob_is_linked(tx, id, sha256)? {
            problems.push(format!(
                "blob {sha256} was contributed to repository {id} and has no link"
            ));
        }
        Ok::<_, StoreError>(ControlFlow::Continue(()))
    })?;
    for (id, total) in TOTALS.list(tx, &Scan::all())? {
        let expected = sums.remove(&id).unwrap_or(0);
        if total != expected {
            problems.push(format!(
                "{total} bytes were contributed to repository {id}, its rows say {expected}"
            ));
        }
    }
    let without = sums.into_keys();
    problems.extend(without.map(|id| format!("what was contributed to repository {id} has no total")));
    Ok(problems)
}
