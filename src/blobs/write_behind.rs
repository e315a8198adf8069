use std::fs::File;
use std::io;
use std::thread::{self, JoinHandle};

/// So much is written before the disk is told to begin with it.
const STEP_BYTES: u64 = 64 << 20;

/// Puts the beginning of a large file on the disk while the rest of it is still arriving, so that the sync at its end, for
/// which its sender waits, finds little to do. By itself Linux begins only after half a minute or some gigabytes.
///
/// What the disk refuses is told to one of those who sync a file, so it is kept for [`Self::finish`].
#[derive(Default)]
pub(in crate::blobs) struct WriteBehind {
    waiting: u64,
    syncing: Option<JoinHandle<io::Result<()>>>,
}

impl WriteBehind {
    /// Called after so many bytes have been written; does not wait for the disk.
    pub(in crate::blobs) fn wrote(&mut self, file: &File, bytes: u64) -> io::Result<()> {
        self.waiting += bytes;
        if self.waiting < STEP_BYTES || self.syncing.as_ref().is_some_and(|syncing| !syncing.is_finished()) {
            return Ok(());
        }
        self.end()?;
        let file = file.try_clone()?;
        self.syncing = Some(thread::spawn(move || file.sync_data()));
        self.waiting = 0;
        Ok(())
    }

    /// Waits for the disk. Content written since the last step may still have to be synced.
    pub(in crate::blobs) fn finish(mut self) -> io::Result<()> {
        self.end()
    }

    fn end(&mut self) -> io::Result<()> {
        self.syncing.take().map_or(Ok(()), |syncing| {
            syncing.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::OpenOptions;
    use std::io::Write;

    #[test]
    fn small_files_start_nothing_and_large_ones_are_synced_while_they_grow() {
        let mut file = tempfile::tempfile().unwrap();
        let mut behind = WriteBehind::default();
        file.write_all(b"small").unwrap();
        behind.wrote(&file, 5).unwrap();
        assert!(behind.syncing.is_none());
        behind.wrote(&file, STEP_BYTES).unwrap();
        assert!(behind.syncing.is_some());
        behind.finish().unwrap();
    }

    #[test]
    fn what_the_disk_refuses_is_told() {
        let pipe = OpenOptions::new().write(true).open("/dev/null").unwrap();
        let mut behind = WriteBehind::default();
        behind.wrote(&pipe, STEP_BYTES).unwrap();
        assert_eq!(behind.finish().unwrap_err().kind(), io::ErrorKind::InvalidInput);
    }
}
