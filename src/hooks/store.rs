use super::model::{Attempt, MOST_ATTEMPTS, Watched, Webhook};
use crate::base::{RepositoryId, UserId, WebhookId};
use crate::store::{Descending, Index, ReadRows, Records, Scan, StoreError, Table, TableSpec, WriteTx};
use std::ops::ControlFlow;

/// The tables of this slice.
pub const TABLES: &[TableSpec] = &[
    TableSpec {
        name: "webhooks",
        about: "webhook id -> where it leads, what it watches, its sealed secret",
    },
    TableSpec {
        name: "webhooks_by_owner",
        about: "account id, webhook id",
    },
    TableSpec {
        name: "webhooks_by_repository",
        about: "watched repository id, webhook id",
    },
    TableSpec {
        name: "webhooks_by_account",
        about: "watched account id, webhook id",
    },
    TableSpec {
        name: "webhook_attempts",
        about: "webhook id, newest number first -> what was sent and how it went",
    },
];

const BY_OWNER: Index<UserId, WebhookId> = Index::new("webhooks_by_owner");
const BY_REPOSITORY: Index<RepositoryId, WebhookId> = Index::new("webhooks_by_repository");
const BY_ACCOUNT: Index<UserId, WebhookId> = Index::new("webhooks_by_account");
const WEBHOOKS: Records<WebhookId, Webhook> = Records::new(
    "webhooks",
    |id, webhook| {
        let mut entries = vec![BY_OWNER.entry(&webhook.owner, id)];
        entries.extend(webhook.watched.iter().map(|item| match item.target {
            Watched::Repository(repository) => BY_REPOSITORY.entry(&repository, id),
            Watched::Account(account) => BY_ACCOUNT.entry(&account, id),
        }));
        entries
    },
    &["webhooks_by_owner", "webhooks_by_repository", "webhooks_by_account"],
);
const ATTEMPTS: Table<(WebhookId, Descending<u64>), Attempt> = Table::new("webhook_attempts");

pub(super) fn webhook(tx: &impl ReadRows, id: WebhookId) -> Result<Option<Webhook>, StoreError> {
    WEBHOOKS.get(tx, &id)
}

pub(super) fn put(tx: &WriteTx<'_>, webhook: &Webhook) -> Result<(), StoreError> {
    WEBHOOKS.put(tx, &webhook.id, webhook)
}

pub(super) fn delete(tx: &WriteTx<'_>, id: WebhookId) -> Result<Option<Webhook>, StoreError> {
    ATTEMPTS.delete_range(tx, &Scan::prefix(&(id,)))?;
    WEBHOOKS.delete(tx, &id)
}

/// Those of an account, the oldest first.
pub(super) fn owned(tx: &impl ReadRows, owner: UserId) -> Result<Vec<WebhookId>, StoreError> {
    BY_OWNER.ids(tx, &Scan::prefix(&(owner,)))
}

/// Those that watch a repository or one of these accounts, each once.
pub(super) fn watching(
    tx: &impl ReadRows,
    repository: RepositoryId,
    accounts: impl IntoIterator<Item = UserId>,
) -> Result<Vec<WebhookId>, StoreError> {
    let mut ids = BY_REPOSITORY.ids(tx, &Scan::prefix(&(repository,)))?;
    for account in accounts {
        ids.extend(BY_ACCOUNT.ids(tx, &Scan::prefix(&(account,)))?);
    }
    ids.sort_unstable();
    ids.dedup();
    Ok(ids)
}

/// Writes down an attempt, unless its webhook is gone, and forgets the oldest one beyond those that are kept.
pub(super) fn add_attempt(tx: &WriteTx<'_>, id: WebhookId, mut attempt: Attempt) -> Result<(), StoreError> {
    if !WEBHOOKS.contains(tx, &id)? {
        return Ok(());
    }
    let newest = ATTEMPTS.keys(tx, &Scan::prefix(&(id,)).limit(1))?;
    attempt.number = newest.first().map_or(1, |(_, Descending(number))| number + 1);
    ATTEMPTS.put(tx, &(id, Descending(attempt.number)), &attempt)?;
    if let Some(oldest) = attempt.number.checked_sub(MOST_ATTEMPTS) {
        ATTEMPTS.delete(tx, &(id, Descending(oldest)))?;
    }
    Ok(())
}

/// A page of what was sent to one, the newest first, and how much of it there is.
pub(super) fn attempts(
    tx: &impl ReadRows,
    id: WebhookId,
    offset: usize,
    limit: usize,
) -> Result<(Vec<Attempt>, u64), StoreError> {
    let keys = ATTEMPTS.keys(tx, &Scan::prefix(&(id,)))?;
    let mut page = Vec::new();
    for key in keys.iter().skip(offset).take(limit) {
        page.extend(ATTEMPTS.get(tx, key)?);
    }
    Ok((page, keys.len() as u64))
}

/// One thing that was sent.
pub(super) fn attempt(tx: &impl ReadRows, id: WebhookId, number: u64) -> Result<Option<Attempt>, StoreError> {
    ATTEMPTS.get(tx, &(id, Descending(number)))
}

/// Contradictions between webhooks, their indexes and what was sent.
pub(super) fn check(tx: &impl ReadRows) -> Result<Vec<String>, StoreError> {
    let mut problems = WEBHOOKS.check(tx)?;
    ATTEMPTS.scan(tx, &Scan::all(), |(id, Descending(number)), attempt| {
        if !WEBHOOKS.contains(tx, &id)? || attempt.number != number {
            problems.push(format!("delivery {number} is of no webhook ({id})"));
        }
        Ok::<_, StoreError>(ControlFlow::Continue(()))
    })?;
    Ok(problems)
}
