use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::fs::FileExt;

use bytes::Bytes;
use tokio::runtime::Handle;

use super::BlobReader;

/// How much is read ahead: from disk a few pages, from S3 enough to make a request worth its delay.
const LOCAL_WINDOW: u64 = 64 * 1024;
const REMOTE_WINDOW: u64 = 1024 * 1024;

/// A blob as `Read + Seek`, for code that blocks. Short reads and small steps are served from a window in memory.
pub struct BlobCursor {
    reader: BlobReader,
    runtime: Handle,
    position: u64,
    /// Bytes in memory and where they begin.
    window: Bytes,
    window_start: u64,
}

impl BlobCursor {
    pub(in crate::blobs) fn new(reader: BlobReader) -> Self {
        Self {
            reader,
            runtime: Handle::current(),
            position: 0,
            window: Bytes::new(),
            window_start: 0,
        }
    }

    fn fill(&mut self, at_least: usize) -> io::Result<()> {
        let left = self.reader.size() - self.position;
        let at_least = at_least as u64;
        self.window_start = self.position;
        self.window = if let Some(file) = self.reader.file() {
            let length = at_least.clamp(LOCAL_WINDOW, LOCAL_WINDOW * 16).min(left);
            let mut content = vec![0; usize::try_from(length).unwrap_or(usize::MAX)];
            file.read_exact_at(&mut content, self.position)?;
            Bytes::from(content)
        } else {
            let length = at_least.clamp(REMOTE_WINDOW, REMOTE_WINDOW * 8).min(left);
            let range = self.position..self.position + length;
            self.runtime
                .block_on(self.reader.bytes(range))
                .map_err(io::Error::other)?
        };
        Ok(())
    }
}

impl Read for BlobCursor {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() || self.position >= self.reader.size() {
            return Ok(0);
        }
        let window_end = self.window_start + self.window.len() as u64;
        if !(self.window_start..window_end).contains(&self.position) {
            self.fill(buffer.len())?;
        }
        let skipped = usize::try_from(self.position - self.window_start).map_err(io::Error::other)?;
        let available = &self.window[skipped..];
        let count = available.len().min(buffer.len());
        buffer[..count].copy_from_slice(&available[..count]);
        self.position += count as u64;
        Ok(count)
    }
}

impl Seek for BlobCursor {
    fn seek(&mut self, target: SeekFrom) -> io::Result<u64> {
        let position = match target {
            SeekFrom::Start(position) => Some(position),
            SeekFrom::End(offset) => self.reader.size().checked_add_signed(offset),
            SeekFrom::Current(offset) => self.position.checked_add_signed(offset),
        };
        self.position = position.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.position)
    }
}
