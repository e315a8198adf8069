use super::{Repos, ReposError, WriteRepo, pending_links, store};
use crate::base::{RepositoryId, Sha256, UserId};
use crate::store::StoreError;
use crate::users::Account;
use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};

/// Links that are looked at in one transaction.
const BATCH: usize = 500;

/// Blobs that commits of repositories name.
#[derive(Debug)]
pub struct SettledLinks {
    /// The repository, the blob, its bytes.
    pub settled: Vec<(RepositoryId, Sha256, u64)>,
    /// From where the next batch goes on.
    pub next: Option<(RepositoryId, Sha256)>,
}

impl Repos {
    /// Bytes that count against the quota of an account: every version of every file in all its repositories, deleted
    /// ones too until they are purged.
    pub fn usage(&self, account: UserId) -> Result<u64, StoreError> {
        self.store.read(|tx| store::usage(tx, account))
    }

    /// Refuses an upload before its first byte when it cannot fit the owner's quota.
    pub fn require_room(&self, proof: &WriteRepo, bytes: u64) -> Result<(), ReposError> {
        let owner = proof.as_read().owner();
        let used = self.usage(owner.id)?;
        self.within_quota(owner, used.saturating_add(bytes))
    }

    /// Refuses a total that is more than the account's quota.
    pub(super) fn within_quota(&self, owner: &Account, needed: u64) -> Result<(), ReposError> {
        let quota = self.users.quota_bytes(owner);
        if needed > quota {
            Err(ReposError::QuotaExceeded { needed, quota })
        } else {
            Ok(())
        }
    }

    /// Those of some blobs that a commit of any repository names; the sweeper keeps them.
    pub fn named_among(&self, blobs: &[Sha256]) -> Result<HashSet<Sha256>, StoreError> {
        self.store.read(|tx| {
            let mut named = HashSet::new();
            for sha256 in blobs {
                if store::blob_is_named(tx, *sha256)? {
                    named.insert(*sha256);
                }
            }
            Ok(named)
        })
    }

    /// A batch of the blobs that commits name of repositories that are not deleted, in the order of the repositories, and
    /// from where the next batch goes on; none behind the last.
    pub fn settled_links(&self, after: Option<(RepositoryId, Sha256)>) -> Result<SettledLinks, StoreError> {
        self.store.read(|tx| {
            let links = store::all_links(tx, after, BATCH)?;
            let next = links.last().map(|(key, _)| *key);
            let (mut settled, mut live) = (Vec::new(), HashMap::new());
            for ((id, sha256), size) in links {
                let is_live = match live.entry(id) {
                    Entry::Occupied(known) => *known.get(),
                    Entry::Vacant(new) => *new.insert(store::repository(tx, id)?.is_some_and(|row| row.is_live())),
                };
                if is_live && !pending_links::is_pending(tx, id, sha256)? {
                    settled.push((id, sha256, size));
                }
            }
            Ok(SettledLinks { settled, next })
        })
    }

    /// Every blob that a commit of any repository names, and its size in bytes.
    pub fn named_blobs(&self) -> Result<HashMap<Sha256, u64>, StoreError> {
        self.store.read(store::linked_blobs)
    }
}
