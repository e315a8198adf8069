//! Large content of a repository: what there is, and taking it away for good.

use super::model::Repository;
use super::protection::require_rewrite;
use super::{AdminRepo, Repos, ReposError, WriteRepo, event, pending_links, store};
use crate::base::{RepositoryId, Sha256, Timestamp, blocking};
use crate::events::{NewEvent, Origin, Subject};
use crate::git::receive::Command;
use crate::git::{LfsPointer, ObjectId, Place, Repository as GitRepository, path_history};
use crate::http::to_the_end;
use crate::store::{ReadRows, StoreError};
use serde_json::json;
use std::collections::{HashMap, HashSet};

/// Folders and commits that are read to find out where contents stand; what takes longer to find stays nameless.
const READS_MAX: usize = 200_000;
/// Contents that are taken away at once.
const REMOVED_MAX: usize = 1_000;

/// Large content that commits of a repository name, or named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LargeFile {
    /// Its digest.
    pub sha256: Sha256,
    /// Its size in bytes.
    pub size: u64,
    /// The full name of a reference and the path at which it, or a commit before it, shows the content; none where that
    /// would take too long to find.
    pub place: Option<(String, String)>,
    /// Since when it is there, at the latest.
    pub since: Timestamp,
}

/// Large content to be taken away.
#[derive(Debug, Clone)]
pub struct LargeRemoval {
    /// Its digests; those of what the repository does not have are passed over.
    pub contents: Vec<Sha256>,
    /// Whether the histories of the branches are written anew without the files that have the content.
    pub rewrite: bool,
    /// From where the request came.
    pub origin: Origin,
}

impl Repos {
    /// A page of the large content of a repository, in the order of the digests and behind the one of the page before; what
    /// still waits for a commit is not in it. Blocking: looks for the files in git.
    pub fn large_files(
        &self,
        proof: &WriteRepo,
        after: Option<Sha256>,
        limit: usize,
    ) -> Result<Vec<LargeFile>, ReposError> {
        let row = self.live(proof)?;
        let links = self.store.read(|tx| settled_page(tx, row.id, after, limit))?;
        if links.is_empty() {
            return Ok(Vec::new());
        }
        let objects = links.iter().map(|(sha256, size)| pointer(*sha256, *size).object());
        let objects = objects.collect::<Result<Vec<ObjectId>, _>>()?;
        let git = self.git.repository(row.id)?;
        let places = git.places_of(&objects.iter().copied().collect(), READS_MAX)?;
        let mut times = HashMap::new();
        let mut files = Vec::with_capacity(links.len());
        for ((sha256, size), object) in links.into_iter().zip(objects) {
            let place = places.get(&object);
            let since = match place {
                Some(place) => self.since(&row, &git, place, object, &mut times)?,
                None => row.updated_at,
            };
            files.push(LargeFile {
                sha256,
                size,
                place: place.map(|place| (place.reference.clone(), place.path.clone())),
                since,
            });
        }
        Ok(files)
    }

    /// When the commit was made that brought a content to its place, as far as that costs no walk.
    fn since(
        &self,
        row: &Repository,
        git: &GitRepository,
        place: &Place,
        object: ObjectId,
        times: &mut HashMap<ObjectId, Timestamp>,
    ) -> Result<Timestamp, ReposError> {
        let mut commit = place.commit;
        if place.reference.strip_prefix("refs/heads/") == Some(row.default_branch.as_str()) {
            let last = self
                .store
                .read(|tx| path_history::last_commit(tx, row.id, &row.default_branch, &place.path))?;
            let last = last.map(|last| last.commit);
            let shows = |commit| Ok::<_, ReposError>(git.entry(commit, &place.path)?.map(|entry| entry.id));
            // The index may be a moment behind the branch, or before it.
            if let Some(last) = last
                && shows(last)? == Some(object)
            {
                commit = last;
            }
        }
        if let Some(time) = times.get(&commit) {
            return Ok(*time);
        }
        let time = git.commit(commit)?.committer.time;
        times.insert(commit, time);
        Ok(time)
    }

    /// Takes large content away from a repository for good, and answers how many of these contents it had. Other
    /// repositories that have them keep them. The branches come first, so that a crash leaves nothing without its content.
    pub async fn remove_large(&self, proof: &AdminRepo, removal: LargeRemoval) -> Result<usize, ReposError> {
        if removal.contents.len() > REMOVED_MAX {
            return Err(ReposError::Invalid {
                field: "sha",
                message: format!("At most {REMOVED_MAX} contents are deleted at once."),
            });
        }
        let (slice, proof) = (self.clone(), proof.clone());
        to_the_end(Box::pin(async move { slice.remove_large_now(&proof, removal).await })).await
    }

    async fn remove_large_now(&self, proof: &AdminRepo, removal: LargeRemoval) -> Result<usize, ReposError> {
        let id = self.live(proof.as_write())?.id;
        let asked: HashSet<Sha256> = removal.contents.into_iter().collect();
        let linked = self.store.read(|tx| linked_among(tx, id, &asked))?;
        if linked.is_empty() {
            return Ok(0);
        }
        let mut written = 0;
        if removal.rewrite {
            let origin = removal.origin.clone();
            written = self.rewrite_without(proof.as_write(), &linked, origin).await?;
        }
        // Under the lock no commit is on its way that counts on the content.
        let _guard = self.git.lock(id).await;
        let (events, origin, rewrite) = (self.events.clone(), removal.origin, removal.rewrite);
        self.store
            .write(move |tx| {
                let found = store::repository(tx, id)?.filter(Repository::is_live);
                let mut repository = found.ok_or_else(|| ReposError::NotFound(id.to_string()))?;
                let (mut removed, mut freed) = (Vec::new(), 0_u64);
                for sha256 in linked.into_keys() {
                    let Some(size) = store::linked_size(tx, id, sha256)? else {
                        continue;
                    };
                    pending_links::settle(tx, id, sha256)?;
                    store::unlink_blob(tx, id, sha256)?;
                    freed = freed.saturating_add(size);
                    removed.push(sha256);
                }
                let stored = repository.stored_bytes.saturating_sub(freed);
                repository.stored_bytes = stored.saturating_add(written);
                store::put(tx, &repository)?;
                let count = removed.len();
                let details = json!({ "contents": removed, "bytes": freed, "rewritten": rewrite });
                let event = NewEvent::new(event::CONTENT_REMOVED, &origin, Subject::Repository(id));
                events.record(tx, event.with(details))?;
                Ok(count)
            })
            .await
    }

    /// Writes the histories of the branches anew without the pointers to these contents, and answers what that added in
    /// bytes. All branches move or none.
    async fn rewrite_without(
        &self,
        proof: &WriteRepo,
        linked: &HashMap<Sha256, u64>,
        origin: Origin,
    ) -> Result<u64, ReposError> {
        let objects = linked.iter().map(|(sha256, size)| pointer(*sha256, *size).object());
        let objects = objects.collect::<Result<HashSet<ObjectId>, _>>()?;
        let (git, id) = (self.git.clone(), proof.repository().id);
        let (branches, bytes) = blocking(move || git.repository(id)?.write_without(&objects)).await?;
        if branches.is_empty() {
            return Ok(0);
        }
        let row = self.live(proof)?;
        for branch in &branches {
            require_rewrite(proof, &row, &branch.name)?;
        }
        let commands = branches.into_iter().map(|branch| Command {
            name: format!("refs/heads/{}", branch.name),
            old: Some(branch.old),
            new: Some(branch.new),
        });
        // What it costs is charged with what it frees: whoever has no room left has to be able to make some.
        self.push_commands(proof, commands.collect(), 0, origin).await?;
        Ok(bytes)
    }
}

fn pointer(sha256: Sha256, size: u64) -> LfsPointer {
    LfsPointer { sha256, size }
}

/// The contents that a repository names behind one, but for those that wait for a commit.
fn settled_page(
    tx: &impl ReadRows,
    id: RepositoryId,
    after: Option<Sha256>,
    limit: usize,
) -> Result<Vec<(Sha256, u64)>, StoreError> {
    let (mut page, mut after) = (Vec::new(), after);
    loop {
        let links = store::links(tx, id, after, limit)?;
        let is_last = links.len() < limit;
        after = links.last().map(|(sha256, _)| *sha256);
        for (sha256, size) in links {
            if page.len() < limit && !pending_links::is_pending(tx, id, sha256)? {
                page.push((sha256, size));
            }
        }
        if is_last || page.len() == limit {
            return Ok(page);
        }
    }
}

fn linked_among(
    tx: &impl ReadRows,
    id: RepositoryId,
    asked: &HashSet<Sha256>,
) -> Result<HashMap<Sha256, u64>, StoreError> {
    let mut linked = HashMap::new();
    for sha256 in asked {
        if let Some(size) = store::linked_size(tx, id, *sha256)? {
            linked.insert(*sha256, size);
        }
    }
    Ok(linked)
}
