use super::model::{Intent, PushJournal, Repository};
use super::{access_requests, borrowing, collaborators, contributed, pending_links};
use crate::base::{Family, RepositoryId, RepositoryName, Sha256, Timestamp, UserId};
use crate::git::ObjectId;
use crate::store::{Descending, Entry, Index, ReadRows, Records, Scan, StoreError, Table, TableSpec, Unique, WriteTx};
use std::collections::HashMap;
use std::ops::ControlFlow;

/// The tables of this slice.
pub const TABLES: &[TableSpec] = &[
    TableSpec {
        name: "repositories",
        about: "repository id -> repository",
    },
    TableSpec {
        name: "repositories_by_name",
        about: "owner, family, lower-case name -> live repository id",
    },
    TableSpec {
        name: "repositories_by_owner",
        about: "owner, newest change first, repository id -> nothing",
    },
    TableSpec {
        name: "repositories_public",
        about: "newest change first, id of a live public repository -> nothing",
    },
    TableSpec {
        name: "repository_redirects",
        about: "owner, family, lower-case old name -> repository id",
    },
    TableSpec {
        name: "blob_links",
        about: "repository id, SHA-256 -> size in bytes of a blob that a commit names, or will name",
    },
    TableSpec {
        name: "blob_links_by_blob",
        about: "SHA-256, repository id -> nothing",
    },
    TableSpec {
        name: "pending_links",
        about: "repository id, SHA-256 -> since when the link waits for a commit that names the blob",
    },
    TableSpec {
        name: "pending_links_by_time",
        about: "time, repository id, SHA-256 -> nothing",
    },
    TableSpec {
        name: "collaborators",
        about: "repository id, account id -> what the account may do with it",
    },
    TableSpec {
        name: "collaborators_by_account",
        about: "account id, repository id -> nothing",
    },
    TableSpec {
        name: "access_requests",
        about: "repository id, account id -> its request for access to the content",
    },
    TableSpec {
        name: "access_requests_by_status",
        about: "repository id, status, newest first, account id -> nothing",
    },
    TableSpec {
        name: "repositories_by_origin",
        about: "id of what was forked, id of a live fork -> nothing",
    },
    TableSpec {
        name: "borrowers",
        about: "id of a repository that lends objects, id of one that borrows them -> nothing",
    },
    TableSpec {
        name: "lenders",
        about: "id of a repository that borrows objects, id of one that lends them -> nothing",
    },
    TableSpec {
        name: "commit_intents",
        about: "repository id, branch -> the move of the branch that is under way",
    },
    TableSpec {
        name: "push_journals",
        about: "repository id -> the references that a push is moving",
    },
    TableSpec {
        name: "storage_usage",
        about: "account id -> bytes stored in all its repositories",
    },
];

type NameKey = (UserId, u8, String);

const BY_NAME: Unique<NameKey, RepositoryId> = Unique::new("repositories_by_name");
const BY_OWNER: Index<(UserId, Descending<Timestamp>), RepositoryId> = Index::new("repositories_by_owner");
const PUBLIC: Index<Descending<Timestamp>, RepositoryId> = Index::new("repositories_public");
const BY_ORIGIN: Index<RepositoryId, RepositoryId> = Index::new("repositories_by_origin");
const REPOSITORIES: Records<RepositoryId, Repository> = Records::new(
    "repositories",
    filed_under,
    &[
        "repositories_by_name",
        "repositories_by_owner",
        "repositories_public",
        "repositories_by_origin",
    ],
);
const REDIRECTS: Table<NameKey, RepositoryId> = Table::new("repository_redirects");
type LinkKey = (RepositoryId, Sha256);

const LINKS: Table<LinkKey, u64> = Table::new("blob_links");
const LINKS_BY_BLOB: Table<(Sha256, RepositoryId), ()> = Table::new("blob_links_by_blob");
const INTENTS: Table<(RepositoryId, String), Intent> = Table::new("commit_intents");
const JOURNALS: Table<RepositoryId, PushJournal> = Table::new("push_journals");
const USAGE: Table<UserId, u64> = Table::new("storage_usage");

fn filed_under(id: &RepositoryId, repository: &Repository) -> Vec<Entry> {
    let newest_first = Descending(repository.updated_at);
    let mut entries = vec![BY_OWNER.entry(&(repository.owner, newest_first), id)];
    if repository.is_live() {
        let name = name_key(repository.owner, repository.kind.family(), &repository.name);
        entries.push(BY_NAME.entry(&name, id));
        entries.extend(repository.forked_from.map(|origin| BY_ORIGIN.entry(&origin, id)));
    }
    if repository.is_public() {
        entries.push(PUBLIC.entry(&newest_first, id));
    }
    entries
}

fn name_key(owner: UserId, family: Family, name: &RepositoryName) -> NameKey {
    (owner, family.number(), name.key())
}

/// A repository by its id, deleted ones too.
pub fn repository(tx: &impl ReadRows, id: RepositoryId) -> Result<Option<Repository>, StoreError> {
    REPOSITORIES.get(tx, &id)
}

/// In which way a name belongs to a repository.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Named {
    /// It has the name.
    Now,
    /// It had the name, and nobody has it now.
    Once,
}

/// A live repository by owner, family and name.
pub(super) fn find(
    tx: &impl ReadRows,
    owner: UserId,
    family: Family,
    name: &RepositoryName,
    named: Named,
) -> Result<Option<Repository>, StoreError> {
    let key = name_key(owner, family, name);
    let id = match named {
        Named::Now => BY_NAME.get(tx, &key)?,
        Named::Once => REDIRECTS.get(tx, &key)?,
    };
    let found = id.map(|id| REPOSITORIES.get(tx, &id)).transpose()?.flatten();
    Ok(found.filter(Repository::is_live))
}

/// Whether a live repository has this very name; redirects do not count.
pub(super) fn name_is_taken(
    tx: &impl ReadRows,
    owner: UserId,
    family: Family,
    name: &RepositoryName,
) -> Result<bool, StoreError> {
    Ok(BY_NAME.get(tx, &name_key(owner, family, name))?.is_some())
}

/// The repositories of an account, the newest change first, deleted ones too.
pub(super) fn owned(tx: &impl ReadRows, owner: UserId) -> Result<Vec<Repository>, StoreError> {
    let ids = BY_OWNER.ids(tx, &Scan::prefix(&(owner,)))?;
    ids.into_iter()
        .filter_map(|id| REPOSITORIES.get(tx, &id).transpose())
        .collect()
}

/// How many live repositories were forked from one.
pub(super) fn forks(tx: &impl ReadRows, origin: RepositoryId) -> Result<u64, StoreError> {
    BY_ORIGIN.count(tx, &Scan::prefix(&(origin,)))
}

/// The live repositories that were forked from one, in the order in which they were made.
pub(super) fn forks_of(tx: &impl ReadRows, origin: RepositoryId) -> Result<Vec<Repository>, StoreError> {
    let ids = BY_ORIGIN.ids(tx, &Scan::prefix(&(origin,)))?;
    ids.into_iter()
        .filter_map(|id| REPOSITORIES.get(tx, &id).transpose())
        .collect()
}

/// Visits every repository, deleted ones too; for rebuilding what is derived from them.
pub fn all_repositories<E: From<StoreError>>(
    tx: &impl ReadRows,
    mut visit: impl FnMut(Repository) -> Result<ControlFlow<()>, E>,
) -> Result<(), E> {
    REPOSITORIES.scan(tx, &Scan::all(), |_, repository| visit(repository))
}

/// Writes a repository; the usage of its owner, and of the one before, follows its stored bytes.
pub(super) fn put(tx: &WriteTx<'_>, repository: &Repository) -> Result<(), StoreError> {
    let old = REPOSITORIES.get(tx, &repository.id)?;
    let before = match &old {
        Some(old) if old.owner == repository.owner => old.stored_bytes,
        Some(old) => {
            change_usage(tx, old.owner, old.stored_bytes, 0)?;
            0
        }
        None => 0,
    };
    change_usage(tx, repository.owner, before, repository.stored_bytes)?;
    REPOSITORIES.put(tx, &repository.id, repository)
}

/// Removes a repository with its links, redirects and collaborators.
pub(super) fn remove(tx: &WriteTx<'_>, id: RepositoryId) -> Result<Option<Repository>, StoreError> {
    let Some(repository) = REPOSITORIES.delete(tx, &id)? else {
        return Ok(None);
    };
    change_usage(tx, repository.owner, repository.stored_bytes, 0)?;
    for (_, sha256) in LINKS.keys(tx, &Scan::prefix(&(id,)))? {
        LINKS_BY_BLOB.delete(tx, &(sha256, id))?;
    }
    LINKS.delete_range(tx, &Scan::prefix(&(id,)))?;
    INTENTS.delete_range(tx, &Scan::prefix(&(id,)))?;
    borrowing::forget_borrower(tx, id)?;
    collaborators::forget_repository(tx, id)?;
    access_requests::forget_repository(tx, id)?;
    JOURNALS.delete(tx, &id)?;
    pending_links::forget_repository(tx, id)?;
    contributed::forget_repository(tx, id)?;
    for owner in repository.former_owners.iter().chain([&repository.owner]) {
        for (key, target) in REDIRECTS.list(tx, &Scan::prefix(&(*owner,)))? {
            if target == id {
                REDIRECTS.delete(tx, &key)?;
            }
        }
    }
    Ok(Some(repository))
}

fn change_usage(tx: &WriteTx<'_>, owner: UserId, before: u64, after: u64) -> Result<(), StoreError> {
    if before == after {
        return Ok(());
    }
    let usage = usage(tx, owner)?;
    USAGE.put(tx, &owner, &(usage.saturating_sub(before) + after))
}

/// Bytes that count against the quota of an account.
pub(super) fn usage(tx: &impl ReadRows, owner: UserId) -> Result<u64, StoreError> {
    Ok(USAGE.get(tx, &owner)?.unwrap_or(0))
}

/// Leads an old name in an owner's namespace to its repository, and stops leading the new one elsewhere.
pub(super) fn redirect(
    tx: &WriteTx<'_>,
    repository: &Repository,
    owner: UserId,
    old: &RepositoryName,
) -> Result<(), StoreError> {
    let family = repository.kind.family();
    REDIRECTS.put(tx, &name_key(owner, family, old), &repository.id)?;
    take_name(tx, repository.owner, family, &repository.name)
}

/// Ends the redirect of a name that a repository now has itself.
pub(super) fn take_name(
    tx: &WriteTx<'_>,
    owner: UserId,
    family: Family,
    name: &RepositoryName,
) -> Result<(), StoreError> {
    REDIRECTS.delete(tx, &name_key(owner, family, name))?;
    Ok(())
}

/// Whether a commit of this repository names the blob, or is going to: the right to read it through this repository.
pub fn blob_is_linked(tx: &impl ReadRows, id: RepositoryId, sha256: Sha256) -> Result<bool, StoreError> {
    LINKS.contains(tx, &(id, sha256))
}

/// Size in bytes of a blob that the repository has a right to.
pub(super) fn linked_size(tx: &impl ReadRows, id: RepositoryId, sha256: Sha256) -> Result<Option<u64>, StoreError> {
    LINKS.get(tx, &(id, sha256))
}

/// The blobs that commits of a repository name, and how many bytes those have that still wait for one.
pub(super) fn settled_links(tx: &impl ReadRows, id: RepositoryId) -> Result<(Vec<(Sha256, u64)>, u64), StoreError> {
    let (mut settled, mut waiting) = (Vec::new(), 0);
    for ((_, sha256), size) in LINKS.list(tx, &Scan::prefix(&(id,)))? {
        if pending_links::is_pending(tx, id, sha256)? {
            waiting += size;
        } else {
            settled.push((sha256, size));
        }
    }
    Ok((settled, waiting))
}

/// Some of the blobs that a repository has a right to, behind one, and their sizes.
pub(super) fn links(
    tx: &impl ReadRows,
    id: RepositoryId,
    after: Option<Sha256>,
    limit: usize,
) -> Result<Vec<(Sha256, u64)>, StoreError> {
    let mut scan = Scan::prefix(&(id,)).limit(limit);
    if let Some(after) = after {
        scan = scan.after(&(id, after));
    }
    let links = LINKS.list(tx, &scan)?;
    Ok(links.into_iter().map(|((_, sha256), size)| (sha256, size)).collect())
}

/// Some of the blobs that any repository has a right to, behind one, in the order of the repositories.
pub(super) fn all_links(
    tx: &impl ReadRows,
    after: Option<LinkKey>,
    limit: usize,
) -> Result<Vec<(LinkKey, u64)>, StoreError> {
    let scan = Scan::all().limit(limit);
    let scan = match after {
        Some(key) => scan.after(&key),
        None => scan,
    };
    LINKS.list(tx, &scan)
}

/// Bytes of all blobs that a repository has a right to.
pub(super) fn linked_bytes(tx: &impl ReadRows, id: RepositoryId) -> Result<u64, StoreError> {
    let mut bytes = 0_u64;
    LINKS.scan(tx, &Scan::prefix(&(id,)), |_, size| {
        bytes = bytes.saturating_add(size);
        Ok::<_, StoreError>(ControlFlow::Continue(()))
    })?;
    Ok(bytes)
}

/// Some of the repositories that name a blob.
pub(super) fn repositories_of(
    tx: &impl ReadRows,
    sha256: Sha256,
    limit: usize,
) -> Result<Vec<RepositoryId>, StoreError> {
    let keys = LINKS_BY_BLOB.keys(tx, &Scan::prefix(&(sha256,)).limit(limit))?;
    Ok(keys.into_iter().map(|(_, id)| id).collect())
}

/// Whether any repository names the blob; the sweeper keeps those.
pub(super) fn blob_is_named(tx: &impl ReadRows, sha256: Sha256) -> Result<bool, StoreError> {
    Ok(!LINKS_BY_BLOB.keys(tx, &Scan::prefix(&(sha256,)).limit(1))?.is_empty())
}

/// Every blob that a commit names, and its size.
pub(super) fn linked_blobs(tx: &impl ReadRows) -> Result<HashMap<Sha256, u64>, StoreError> {
    let mut blobs = HashMap::new();
    LINKS.scan(tx, &Scan::all(), |(_, sha256), size| {
        blobs.insert(sha256, size);
        Ok::<_, StoreError>(ControlFlow::Continue(()))
    })?;
    Ok(blobs)
}

/// Links a blob to a repository because a commit names it; answers whether the link is new. One that came before the
/// commit stays for good now.
pub(super) fn link_blob(tx: &WriteTx<'_>, id: RepositoryId, sha256: Sha256, size: u64) -> Result<bool, StoreError> {
    if LINKS.contains(tx, &(id, sha256))? {
        pending_links::settle(tx, id, sha256)?;
        return Ok(false);
    }
    LINKS.put(tx, &(id, sha256), &size)?;
    LINKS_BY_BLOB.put(tx, &(sha256, id), &())?;
    Ok(true)
}

/// Ends a link.
pub(super) fn unlink_blob(tx: &WriteTx<'_>, id: RepositoryId, sha256: Sha256) -> Result<(), StoreError> {
    contributed::forget(tx, id, sha256)?;
    LINKS.delete(tx, &(id, sha256))?;
    LINKS_BY_BLOB.delete(tx, &(sha256, id))?;
    Ok(())
}

/// Announces the move of a branch.
pub(super) fn put_intent(tx: &WriteTx<'_>, id: RepositoryId, branch: &str, intent: &Intent) -> Result<(), StoreError> {
    INTENTS.put(tx, &(id, branch.to_owned()), intent)
}

/// The move of a branch that is under way, or was when the hub stopped.
pub(super) fn intent(tx: &impl ReadRows, id: RepositoryId, branch: &str) -> Result<Option<Intent>, StoreError> {
    INTENTS.get(tx, &(id, branch.to_owned()))
}

/// Every move of a branch that is under way.
pub(super) fn intents(tx: &impl ReadRows) -> Result<Vec<(RepositoryId, String)>, StoreError> {
    INTENTS.keys(tx, &Scan::all())
}

/// What the moves of branches and the push that are under way in a repository are about to name.
pub(super) fn announced(tx: &impl ReadRows, id: RepositoryId) -> Result<Vec<ObjectId>, StoreError> {
    let mut objects = Vec::new();
    for (_, intent) in INTENTS.list(tx, &Scan::prefix(&(id,)))? {
        objects.extend([intent.old, Some(intent.new)].into_iter().flatten());
    }
    if let Some(journal) = JOURNALS.get(tx, &id)? {
        let changes = journal.changes.into_iter();
        objects.extend(changes.flat_map(|change| [change.old, change.new]).flatten());
    }
    Ok(objects)
}

/// Ends the announcement of a move.
pub(super) fn delete_intent(tx: &WriteTx<'_>, id: RepositoryId, branch: &str) -> Result<(), StoreError> {
    INTENTS.delete(tx, &(id, branch.to_owned()))?;
    Ok(())
}

/// Announces a push.
pub(super) fn put_journal(tx: &WriteTx<'_>, id: RepositoryId, journal: &PushJournal) -> Result<(), StoreError> {
    JOURNALS.put(tx, &id, journal)
}

/// The push that is under way, or was when the hub stopped.
pub(super) fn journal(tx: &impl ReadRows, id: RepositoryId) -> Result<Option<PushJournal>, StoreError> {
    JOURNALS.get(tx, &id)
}

/// Every repository with a push under way.
pub(super) fn journals(tx: &impl ReadRows) -> Result<Vec<RepositoryId>, StoreError> {
    JOURNALS.keys(tx, &Scan::all())
}

/// Ends the announcement of a push.
pub(super) fn delete_journal(tx: &WriteTx<'_>, id: RepositoryId) -> Result<(), StoreError> {
    JOURNALS.delete(tx, &id)?;
    Ok(())
}

/// The tips that rows know for the default branches, to compare with git.
pub(super) fn known_tips(tx: &impl ReadRows) -> Result<Vec<(RepositoryId, String, Option<ObjectId>)>, StoreError> {
    let mut tips = Vec::new();
    REPOSITORIES.scan(tx, &Scan::all(), |id, repository| {
        tips.push((
            id,
            repository.default_branch,
            repository.last_commit.map(|commit| commit.id),
        ));
        Ok::<_, StoreError>(ControlFlow::Continue(()))
    })?;
    Ok(tips)
}

/// Contradictions within the rows of this slice.
pub(super) fn check(tx: &impl ReadRows) -> Result<Vec<String>, StoreError> {
    let mut problems = REPOSITORIES.check(tx)?;
    let mut usage: HashMap<UserId, u64> = HashMap::new();
    REPOSITORIES.scan(tx, &Scan::all(), |_, repository| {
        *usage.entry(repository.owner).or_default() += repository.stored_bytes;
        Ok::<_, StoreError>(ControlFlow::Continue(()))
    })?;
    for (owner, bytes) in USAGE.list(tx, &Scan::all())? {
        let expected = usage.remove(&owner).unwrap_or(0);
        if bytes != expected {
            problems.push(format!(
                "account {owner} is charged {bytes} bytes, but its repositories hold {expected}"
            ));
        }
    }
    problems.extend(
        usage.into_iter().filter(|(_, bytes)| *bytes > 0).map(|(owner, bytes)| {
            format!("account {owner} is charged nothing, but its repositories hold {bytes} bytes")
        }),
    );
    let links = LINKS.keys(tx, &Scan::all())?;
    let reverse = LINKS_BY_BLOB.count(tx, &Scan::all())?;
    for (id, sha256) in &links {
        if !LINKS_BY_BLOB.contains(tx, &(*sha256, *id))? {
            problems.push(format!("the link of repository {id} to blob {sha256} has no way back"));
        }
        if !REPOSITORIES.contains(tx, id)? {
            problems.push(format!(
                "blob {sha256} is linked to repository {id}, which does not exist"
            ));
        }
    }
    if reverse != links.len() as u64 {
        problems.push(format!("{} blob links lead forth and {reverse} back", links.len()));
    }
    problems.extend(borrowing::check(tx)?);
    problems.extend(collaborators::check(tx)?);
    problems.extend(access_requests::check(tx)?);
    problems.extend(pending_links::check(tx)?);
    problems.extend(contributed::check(tx)?);
    Ok(problems)
}
