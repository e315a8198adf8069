//! The file that a pack is written to while it arrives, with its checksum, on a thread of its own: summing the pack takes as
//! long as inflating it.

use super::ReceiveError;
use crate::git::checksum::Checksum;
use std::fs::File;
use std::io::{self, Write};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{Scope, ScopedJoinHandle};

/// Pieces on the way to the disk.
const PIECES: usize = 4;

/// Takes the bytes of a pack in their order.
pub(super) struct PackFile<'scope> {
    pieces: SyncSender<Vec<u8>>,
    /// Pieces that were written, to be filled again.
    spare: Receiver<Vec<u8>>,
    thread: ScopedJoinHandle<'scope, Result<(File, Checksum), io::Error>>,
}

impl<'scope> PackFile<'scope> {
    pub(super) fn begin<'env>(scope: &'scope Scope<'scope, 'env>, mut file: File) -> io::Result<Self> {
        let (pieces, arriving) = sync_channel::<Vec<u8>>(PIECES);
        let (written, spare) = sync_channel(PIECES);
        let thread = std::thread::Builder::new().name("pack-file".to_owned());
        let thread = thread.spawn_scoped(scope, move || {
            let mut checksum = Checksum::new();
            for piece in arriving {
                file.write_all(&piece).map_err(|error| match error.kind() {
                    // The disk's own quota is not the account's.
                    io::ErrorKind::QuotaExceeded => io::ErrorKind::StorageFull.into(),
                    _ => error,
                })?;
                checksum.update(&piece);
                // Enough spare pieces are there when this one finds no room.
                let _ = written.try_send(piece);
            }
            Ok((file, checksum))
        })?;
        Ok(Self { pieces, spare, thread })
    }

    /// Takes the next bytes; false when the file cannot be written any more, of which [`Self::end`] says why.
    pub(super) fn put(&self, bytes: &[u8]) -> bool {
        let mut piece = self.spare.try_recv().unwrap_or_default();
        piece.clear();
        piece.extend_from_slice(bytes);
        self.pieces.send(piece).is_ok()
    }

    /// Waits until everything is written; answers the file and the sum of its bytes.
    pub(super) fn end(self) -> Result<(File, Checksum), ReceiveError> {
        drop(self.pieces);
        match self.thread.join() {
            Ok(written) => written.map_err(ReceiveError::own),
            Err(panic) => std::panic::resume_unwind(panic),
        }
    }
}
