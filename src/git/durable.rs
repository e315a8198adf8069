//! Writes that are on the disk when they return. gix calls no fsync anywhere, so every file that it or we write goes through here.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

/// Makes the names in a folder durable: creations, renames and removals.
pub(super) fn sync_folder(folder: &Path) -> io::Result<()> {
    // Windows cannot open a folder for this, and flushes names with the files.
    if cfg!(unix) {
        File::open(folder)?.sync_all()
    } else {
        Ok(())
    }
}

/// Creates a file with its content and makes both durable.
pub(super) fn write_new(path: &Path, content: &[u8]) -> io::Result<()> {
    let mut file = File::create_new(path)?;
    file.write_all(content)?;
    file.sync_all()
}

/// Puts a durable file in place of another in one step.
pub(super) fn replace(temporary: &Path, target: &Path) -> io::Result<()> {
    fs::rename(temporary, target)?;
    target.parent().map_or(Ok(()), sync_folder)
}

/// Creates a folder with its missing parents, durable up to and including `root`, which exists.
pub(super) fn create_folders(root: &Path, folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    let mut current = folder;
    while current != root {
        let Some(parent) = current.parent() else { break };
        sync_folder(parent)?;
        current = parent;
    }
    Ok(())
}

/// A file name that no other caller of this process gets.
pub(super) fn unique_name(prefix: &str) -> PathBuf {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let mut random = [0; 6];
    // Without randomness the counter and the process id still tell callers of one machine apart.
    let _ = getrandom::fill(&mut random);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    PathBuf::from(format!(
        "{prefix}{}_{number}_{}",
        std::process::id(),
        hex::encode(random)
    ))
}
