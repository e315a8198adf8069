//! Folders of repositories and the handles to read them.

use super::branch_walk::WalkCache;
use super::durable::{create_folders, replace, sync_folder, unique_name, write_new};
use super::error::GitError;
use super::locks::Locks;
use super::lookup::Reopened;
use super::protocol::pack_cache::PackCache;
use super::protocol::reachable::ReachCache;
use super::references::branch_reference;
use crate::base::RepositoryId;
use std::cell::RefCell;
use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Opened repositories that are kept. Each holds a few file maps; a handle of a kept one takes 0.6 µs, opening anew
/// parses the configuration and lists the packs.
const OPENED_MAX: usize = 128;
/// Our own packs after which a kept handle is opened anew: gix sizes its table of packs when it opens (at least
/// [`PACK_SLOTS_MIN`] places) and fails beyond.
const PACKS_BEFORE_REOPEN: u32 = 64;
const PACK_SLOTS_MIN: usize = 1_024;

const CONFIG: &str = "[core]\n\trepositoryformatversion = 0\n\tfilemode = true\n\tbare = true\n";

/// All git repositories of the hub, in one folder. Cheap to clone.
#[derive(Clone)]
pub struct Git(Arc<Inner>);

struct Inner {
    root: PathBuf,
    locks: Locks,
    opened: Mutex<Opened>,
    walks: WalkCache,
    reached: ReachCache,
    prunings: AtomicU64,
}

#[derive(Default)]
struct Opened {
    repositories: HashMap<RepositoryId, Kept>,
    uses: u64,
    /// Times that a kept handle was to be dropped.
    forgotten: u64,
}

struct Kept {
    handle: Arc<gix::ThreadSafeRepository>,
    packs_added: u32,
    last_use: u64,
    /// Those whose objects it borrows.
    lenders: Vec<RepositoryId>,
}

/// A repository, opened for one caller on one thread. It sees what is on disk at each call; it is not a snapshot.
/// Opening is cheap, so take one per piece of work: a handle kept while a thousand packs are added stops working.
pub struct Repository {
    pub(super) git: Git,
    pub(super) id: RepositoryId,
    pub(super) gix: gix::Repository,
    /// What [`Git::forgotten`] said when it was opened or found still right.
    pub(super) forgotten: u64,
    pub(super) reopened: RefCell<Option<Reopened>>,
}

impl Git {
    /// Opens the folder, creating it when it is absent, and removes what a crash left half-made.
    pub fn open(root: impl Into<PathBuf>) -> Result<Self, GitError> {
        let root = root.into();
        fs::create_dir_all(&root)?;
        let temporary = root.join("tmp");
        match fs::remove_dir_all(&temporary) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error.into()),
            _ => fs::create_dir_all(&temporary)?,
        }
        sync_folder(&root)?;
        Ok(Self(Arc::new(Inner {
            root,
            locks: Locks::default(),
            opened: Mutex::default(),
            walks: WalkCache::default(),
            reached: ReachCache::default(),
            prunings: AtomicU64::default(),
        })))
    }

    /// The folder of a repository, whether it exists or not.
    pub fn folder(&self, id: RepositoryId) -> PathBuf {
        let name = id.to_string();
        let shard = &name[name.len() - 2..];
        self.0.root.join(shard).join(format!("{name}.git"))
    }

    /// Makes an empty repository whose HEAD names `default_branch`. It appears whole or not at all.
    pub fn create(&self, id: RepositoryId, default_branch: &str) -> Result<(), GitError> {
        self.make(id, default_branch, &|_| Ok(()))
    }

    /// The same with what `fill` writes, durably, into the folder before it appears.
    pub(super) fn make(
        &self,
        id: RepositoryId,
        default_branch: &str,
        fill: &dyn Fn(&Path) -> Result<(), GitError>,
    ) -> Result<(), GitError> {
        let branch = branch_reference(default_branch)?;
        let target = self.folder(id);
        if target.exists() {
            return Err(GitError::RepositoryExists);
        }
        let temporary = self.temporary("new-");
        for folder in ["objects/pack", "objects/info", "refs/heads", "refs/tags"] {
            create_folders(&self.0.root, &temporary.join(folder))?;
        }
        write_new(&temporary.join("HEAD"), format!("ref: {branch}\n").as_bytes())?;
        write_new(&temporary.join("config"), CONFIG.as_bytes())?;
        fill(&temporary)?;
        sync_folder(&temporary)?;
        let shard = target.parent().unwrap_or(&self.0.root);
        create_folders(&self.0.root, shard)?;
        replace(&temporary, &target).map_err(|error| {
            // Two callers with one id: the second rename meets a folder that is not empty.
            if target.exists() {
                GitError::RepositoryExists
            } else {
                error.into()
            }
        })
    }

    /// Whether the repository has a folder.
    pub fn exists(&self, id: RepositoryId) -> bool {
        self.folder(id).is_dir()
    }

    /// Removes a repository for good; does nothing when it is absent. It disappears in one step, then its files go.
    pub fn remove(&self, id: RepositoryId) -> Result<(), GitError> {
        let folder = self.folder(id);
        let grave = self.temporary("gone-");
        self.forget(id);
        match fs::rename(&folder, &grave) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
            other => other?,
        }
        if let Some(shard) = folder.parent() {
            sync_folder(shard)?;
        }
        self.forget(id);
        Ok(fs::remove_dir_all(&grave)?)
    }

    /// A path for something in the making, on the same file system; what a crash leaves there goes at the next start.
    pub(super) fn temporary(&self, prefix: &str) -> PathBuf {
        self.0.root.join("tmp").join(unique_name(prefix))
    }

    /// All repositories that have a folder, in no order.
    pub fn list(&self) -> Result<Vec<RepositoryId>, GitError> {
        let mut ids = Vec::new();
        for shard in fs::read_dir(&self.0.root)? {
            let shard = shard?;
            if !shard.file_type()?.is_dir() || shard.file_name() == "tmp" {
                continue;
            }
            for folder in fs::read_dir(shard.path())? {
                let name = folder?.file_name();
                let id = name.to_str().and_then(|name| name.strip_suffix(".git"));
                ids.extend(id.and_then(|id| id.parse::<RepositoryId>().ok()));
            }
        }
        Ok(ids)
    }

    /// Opens some repositories for the calling thread.
    pub fn repositories(&self, ids: &[RepositoryId]) -> Result<Vec<Repository>, GitError> {
        ids.iter().map(|id| self.repository(*id)).collect()
    }

    /// Opens a repository for the calling thread.
    pub fn repository(&self, id: RepositoryId) -> Result<Repository, GitError> {
        let (handle, forgotten) = match self.kept(id) {
            Some(kept) => kept,
            None => self.open_and_keep(id)?,
        };
        Ok(Repository {
            git: self.clone(),
            id,
            gix: to_local(&handle),
            forgotten,
            reopened: RefCell::default(),
        })
    }

    fn kept(&self, id: RepositoryId) -> Option<(Arc<gix::ThreadSafeRepository>, u64)> {
        let mut opened = self.opened();
        opened.uses += 1;
        let (use_number, forgotten) = (opened.uses, opened.forgotten);
        let kept = opened.repositories.get_mut(&id)?;
        kept.last_use = use_number;
        Some((Arc::clone(&kept.handle), forgotten))
    }

    fn open_and_keep(&self, id: RepositoryId) -> Result<(Arc<gix::ThreadSafeRepository>, u64), GitError> {
        let forgotten = self.opened().forgotten;
        let handle = Arc::new(open_isolated(&self.folder(id))?);
        let lenders = self.lenders(id)?;
        let mut opened = self.opened();
        // It may have seen what went away since.
        if opened.forgotten != forgotten {
            return Ok((handle, forgotten));
        }
        let last_use = opened.uses;
        if opened.repositories.len() >= OPENED_MAX {
            let oldest = opened.repositories.iter().min_by_key(|(_, kept)| kept.last_use);
            if let Some(oldest) = oldest.map(|(id, _)| *id) {
                opened.repositories.remove(&oldest);
            }
        }
        let kept = Kept {
            handle: Arc::clone(&handle),
            packs_added: 0,
            last_use,
            lenders,
        };
        opened.repositories.insert(id, kept);
        Ok((handle, forgotten))
    }

    /// Notes that a pack was added by us. New packs are found by kept handles themselves, at the price of reading the
    /// pack folder once.
    pub(super) fn pack_added(&self, id: RepositoryId) {
        self.opened().repositories.retain(|other, kept| {
            if *other == id || kept.lenders.contains(&id) {
                kept.packs_added += 1;
            }
            kept.packs_added < PACKS_BEFORE_REOPEN
        });
    }

    /// Drops the kept handles that look into a folder. To be called before packs or the whole of it go away, so that who
    /// misses something meanwhile looks again (see `super::lookup`), and after it.
    pub(super) fn forget(&self, id: RepositoryId) {
        let looks = |other: RepositoryId, kept: &Kept| other == id || kept.lenders.contains(&id);
        let mut opened = self.opened();
        opened.repositories.retain(|other, kept| !looks(*other, kept));
        opened.forgotten += 1;
    }

    /// How often kept handles were dropped, in any repository, since the start.
    pub(super) fn forgotten(&self) -> u64 {
        self.opened().forgotten
    }

    /// How often objects that nothing led to were removed, in any repository, since the start.
    pub fn prunings(&self) -> u64 {
        self.0.prunings.load(Ordering::SeqCst)
    }

    pub(super) fn note_pruning(&self) {
        self.0.prunings.fetch_add(1, Ordering::SeqCst);
    }

    pub(super) fn locks(&self) -> &Locks {
        &self.0.locks
    }

    pub(super) fn walks(&self) -> &WalkCache {
        &self.0.walks
    }

    /// Where walks from all references stopped.
    pub(super) fn reached(&self) -> &ReachCache {
        &self.0.reached
    }

    fn opened(&self) -> MutexGuard<'_, Opened> {
        self.0.opened.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Repository {
    /// The id under which it was opened.
    pub fn id(&self) -> RepositoryId {
        self.id
    }

    /// The same, remembering within so many bytes what deltas are made from: for whoever reads many objects.
    pub(super) fn keeping_bases(mut self, bytes: usize) -> Self {
        self.gix.objects.set_pack_cache(move || Box::new(PackCache::new(bytes)));
        self
    }

    /// Its folder on disk.
    pub fn folder(&self) -> &Path {
        self.gix.git_dir()
    }
}

/// Opens without the configuration of the user and the system, without includes and without looking at the environment:
/// what a repository does depends on its folder alone. Full trust, as the folder may belong to another account of the
/// machine (a container's volume) and is ours nevertheless.
pub(super) fn open_isolated(folder: &Path) -> Result<gix::ThreadSafeRepository, GitError> {
    if !folder.is_dir() {
        return Err(GitError::NoRepository);
    }
    let options = gix::open::Options::isolated()
        .with(gix::sec::Trust::Full)
        .open_path_as_is(true)
        .object_store_slots(gix::odb::store::init::Slots::AsNeededByDiskState {
            multiplier: 1.5,
            minimum: PACK_SLOTS_MIN,
        });
    Ok(options.open(folder)?)
}

/// A handle for one thread, which finds packs that are added.
pub(super) fn to_local(handle: &gix::ThreadSafeRepository) -> gix::Repository {
    let mut gix = handle.to_thread_local();
    gix.objects.refresh = gix::odb::store::RefreshMode::AfterAllIndicesLoaded;
    gix
}
