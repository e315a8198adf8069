use std::collections::HashSet;
use std::fs::{self, File, FileTimes, Permissions};
use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rustix::fs::{CWD, Mode, OFlags, RenameFlags, ResolveFlags};
use rustix::io::Errno;

use super::BlobError;
use super::key::{Collection, StorageKey};
use crate::base::{Sha256, Timestamp};

/// Blobs, or xorbs, as files of the data folder. Everything here blocks, except [`LocalDisk::open_cached`].
///
/// The modification time of a blob is the last time that somebody counted on it ([`LocalDisk::place`],
/// [`LocalDisk::adopt`]); the sweeper goes by it.
pub(in crate::blobs) struct LocalDisk {
    data: PathBuf,
    of: Collection,
    /// The data folder itself, for lookups that must not block.
    folder: File,
    /// Drawers that are known to be on disk with their parents since the start.
    durable: Mutex<HashSet<(u8, u8)>>,
}

/// A blob as the sweeper sees it.
#[derive(Clone, Copy, Debug)]
pub(in crate::blobs) struct Found {
    pub(in crate::blobs) sha256: Sha256,
    pub(in crate::blobs) size: u64,
    /// Last time that somebody counted on it.
    pub(in crate::blobs) modified: Timestamp,
}

impl LocalDisk {
    /// Opens a collection of a data folder, making its folder.
    pub(in crate::blobs) fn open(data: &Path, of: Collection) -> Result<Self, BlobError> {
        make_folder(&StorageKey::All(of).under(data))?;
        let folder = File::open(data).map_err(BlobError::at(data))?;
        let disk = Self {
            data: data.to_owned(),
            of,
            folder,
            durable: Mutex::default(),
        };
        let (blobs, uploads) = (StorageKey::All(of).under(data), StorageKey::Uploads.under(data));
        let device = |path: &Path| fs::metadata(path).map(|facts| facts.dev()).map_err(BlobError::at(path));
        if device(&blobs)? == device(&uploads)? {
            Ok(disk)
        } else {
            Err(BlobError::SplitFolders {
                first: blobs,
                second: uploads,
            })
        }
    }

    /// Opens a blob when its path is in the kernel's cache (`RESOLVE_CACHED`, Linux 5.12), which takes microseconds and
    /// never waits for the disk. `None` says nothing about the blob: ask [`Self::file`] off the async threads.
    pub(in crate::blobs) fn open_cached(&self, sha256: &Sha256) -> Option<File> {
        let path = self.key(sha256).path();
        let flags = OFlags::RDONLY | OFlags::CLOEXEC;
        let descriptor = rustix::fs::openat2(&self.folder, path, flags, Mode::empty(), ResolveFlags::CACHED).ok()?;
        Some(File::from(descriptor))
    }

    /// Opens a blob; `None` when there is none.
    pub(in crate::blobs) fn file(&self, sha256: &Sha256) -> Result<Option<File>, BlobError> {
        let path = self.key(sha256).under(&self.data);
        match File::open(&path) {
            Ok(file) => Ok(Some(file)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(BlobError::at(&path)(error)),
        }
    }

    /// Moves a staged file to its place and returns after that is on disk; `true` when the content was there already,
    /// in which case the staged file stays. The caller holds the blob's lock.
    pub(in crate::blobs) fn place(
        &self,
        staged: &Path,
        sha256: &Sha256,
        size: u64,
        now: Timestamp,
    ) -> Result<bool, BlobError> {
        if self.adopt(sha256, Some(size), now)?.is_some() {
            return Ok(true);
        }
        let target = self.key(sha256).under(&self.data);
        let file = File::open(staged).map_err(BlobError::at(staged))?;
        file.set_permissions(Permissions::from_mode(0o440))
            .map_err(BlobError::at(staged))?;
        file.set_times(modified_at(now)).map_err(BlobError::at(staged))?;
        file.sync_all().map_err(BlobError::at(staged))?;
        self.make_drawer(sha256)?;
        rename_new(staged, &target)?;
        sync_folder(&StorageKey::drawer_of(self.of, sha256).under(&self.data))?;
        Ok(false)
    }

    /// Renews the age of a blob and makes sure that it is durable; gives its size, or `None` when there is none. A blob
    /// of another than the `expected` size is damaged: it is removed, so that sound content can take its place.
    pub(in crate::blobs) fn adopt(
        &self,
        sha256: &Sha256,
        expected: Option<u64>,
        now: Timestamp,
    ) -> Result<Option<u64>, BlobError> {
        let Some(file) = self.file(sha256)? else {
            return Ok(None);
        };
        let path = self.key(sha256).under(&self.data);
        let size = file.metadata().map_err(BlobError::at(&path))?.len();
        if expected.is_some_and(|expected| expected != size) {
            tracing::error!(%sha256, size, ?expected, "a stored blob has the wrong size; it is replaced");
            fs::remove_file(&path).map_err(BlobError::at(&path))?;
            return Ok(None);
        }
        file.set_times(modified_at(now)).map_err(BlobError::at(&path))?;
        // The process that placed it may have died between its rename and its answer.
        self.make_drawer(sha256)?;
        sync_folder(&StorageKey::drawer_of(self.of, sha256).under(&self.data))?;
        Ok(Some(size))
    }

    /// Removes a blob; no failure when there is none.
    pub(in crate::blobs) fn remove(&self, sha256: &Sha256) -> Result<(), BlobError> {
        let path = self.key(sha256).under(&self.data);
        ignore_missing(fs::remove_file(&path)).map_err(BlobError::at(&path))
    }

    /// Size and age of a blob.
    pub(in crate::blobs) fn look_at(&self, sha256: &Sha256) -> Result<Option<Found>, BlobError> {
        let path = self.key(sha256).under(&self.data);
        match fs::metadata(&path) {
            Ok(facts) => Ok(Some(Found {
                sha256: *sha256,
                size: facts.len(),
                modified: modified(&facts),
            })),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(BlobError::at(&path)(error)),
        }
    }

    /// Lists the blobs whose digest begins with `first`.
    pub(in crate::blobs) fn shelf(&self, first: u8) -> Result<Vec<Found>, BlobError> {
        let shelf = StorageKey::Shelf(self.of, first);
        let mut found = Vec::new();
        for drawer in names_in(&shelf.under(&self.data))? {
            let drawer = format!("{}/{drawer}", shelf.path());
            for name in names_in(&self.data.join(&drawer))? {
                if let Some(sha256) = StorageKey::name_at(self.of, &format!("{drawer}/{name}")) {
                    found.extend(self.look_at(&sha256)?);
                }
            }
        }
        Ok(found)
    }

    fn key(&self, name: &Sha256) -> StorageKey {
        StorageKey::Kept(self.of, *name)
    }

    fn make_drawer(&self, sha256: &Sha256) -> Result<(), BlobError> {
        let [first, second, ..] = *sha256.as_bytes();
        let known = |durable: &Mutex<HashSet<(u8, u8)>>| {
            durable
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .contains(&(first, second))
        };
        if !known(&self.durable) {
            // Folders that exist may have been made a moment ago by a writer that has not synced their parents yet.
            make_folder(&StorageKey::Shelf(self.of, first).under(&self.data))?;
            make_folder(&StorageKey::Drawer(self.of, first, second).under(&self.data))?;
            self.durable
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .insert((first, second));
        }
        Ok(())
    }
}

/// The names in a folder; none when there is no folder, or when it is a file.
fn names_in(folder: &Path) -> Result<Vec<String>, BlobError> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            return Ok(Vec::new());
        }
        Err(error) => return Err(BlobError::at(folder)(error)),
    };
    let mut names = Vec::new();
    for entry in entries {
        let name = entry.map_err(BlobError::at(folder))?.file_name();
        names.extend(name.into_string());
    }
    Ok(names)
}

/// Makes a folder unless it exists, and syncs its parent in either case.
pub(in crate::blobs) fn make_folder(path: &Path) -> Result<(), BlobError> {
    match fs::create_dir(path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(BlobError::at(path)(error)),
        Ok(()) | Err(_) => {}
    }
    sync_folder(path.parent().unwrap_or(path))
}

/// Makes the names in a folder durable.
pub(in crate::blobs) fn sync_folder(path: &Path) -> Result<(), BlobError> {
    File::open(path)
        .and_then(|folder| folder.sync_all())
        .map_err(BlobError::at(path))
}

/// Takes a missing file for success.
pub(in crate::blobs) fn ignore_missing(result: io::Result<()>) -> io::Result<()> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

/// The modification time of a file.
pub(in crate::blobs) fn modified(facts: &fs::Metadata) -> Timestamp {
    let micros = facts
        .mtime()
        .saturating_mul(1_000_000)
        .saturating_add(facts.mtime_nsec() / 1_000);
    Timestamp::from_micros(micros)
}

/// Renames without ever replacing. File systems without `RENAME_NOREPLACE` get a plain rename, which is as safe here:
/// the caller holds the blob's lock and has seen that there is none.
fn rename_new(from: &Path, to: &Path) -> Result<(), BlobError> {
    let renamed = match rustix::fs::renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE) {
        Err(Errno::INVAL | Errno::NOSYS) => fs::rename(from, to),
        other => other.map_err(io::Error::from),
    };
    renamed.map_err(BlobError::at(to))
}

fn modified_at(now: Timestamp) -> FileTimes {
    let since_epoch = Duration::from_micros(u64::try_from(now.as_micros()).unwrap_or(0));
    let time: SystemTime = UNIX_EPOCH + since_epoch;
    FileTimes::new().set_modified(time)
}
