use bytes::Bytes;
use std::io::{self, Write};
use tokio::sync::mpsc;

/// Bytes that are handed over at once.
pub(super) const PIECE_BYTES: usize = 128 * 1024;

/// Gathers small writes into pieces and waits while the client is behind.
pub(super) struct Pieces {
    sender: mpsc::Sender<Bytes>,
    buffer: Vec<u8>,
    gone: bool,
}

impl Pieces {
    pub(super) fn new(sender: mpsc::Sender<Bytes>) -> Self {
        Self {
            sender,
            buffer: Vec::with_capacity(PIECE_BYTES),
            gone: false,
        }
    }

    /// Fails once when nobody takes the pieces any more, and swallows what comes then: writers finish their archive when
    /// they are dropped, and complain to standard error when they cannot.
    pub(super) fn send(&mut self) -> io::Result<()> {
        if self.buffer.is_empty() {
            return Ok(());
        }
        if self.gone {
            self.buffer.clear();
            return Ok(());
        }
        let piece = std::mem::replace(&mut self.buffer, Vec::with_capacity(PIECE_BYTES));
        self.gone = self.sender.blocking_send(piece.into()).is_err();
        if self.gone {
            Err(io::ErrorKind::BrokenPipe.into())
        } else {
            Ok(())
        }
    }
}

impl Write for Pieces {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.buffer.extend_from_slice(bytes);
        if self.buffer.len() >= PIECE_BYTES {
            self.send()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
