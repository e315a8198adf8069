use std::fs::File;
use std::io::{self, IoSliceMut};
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use futures_util::Stream;
use futures_util::stream::BoxStream;
use rustix::io::ReadWriteFlags;
use tokio::task::JoinHandle;

use super::BlobError;
use crate::base::Sha256;

/// Bytes read at once. Measured: 64 KiB halves the throughput of one connection, 1 MiB gains nothing.
const PIECE: usize = 256 * 1024;

/// Content as it is read, in pieces of at most 256 KiB (from disk) or as S3 sends them.
///
/// Ends after the requested range, or with one error.
pub struct BlobStream(Source);

enum Source {
    Local(LocalStream),
    Remote(BoxStream<'static, Result<Bytes, BlobError>>),
}

impl BlobStream {
    pub(in crate::blobs) fn local(file: Arc<File>, sha256: Sha256, range: Range<u64>) -> Self {
        let stream = LocalStream {
            file,
            sha256,
            position: range.start,
            end: range.end,
            spare: None,
            waiting: None,
        };
        Self(Source::Local(stream))
    }

    pub(in crate::blobs) fn remote(stream: BoxStream<'static, Result<Bytes, BlobError>>) -> Self {
        Self(Source::Remote(stream))
    }
}

impl Stream for BlobStream {
    type Item = Result<Bytes, BlobError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        match &mut self.0 {
            Source::Local(stream) => stream.poll(context),
            Source::Remote(stream) => stream.as_mut().poll_next(context),
        }
    }
}

/// Reads what the page cache holds at once, on the thread that asks (`RWF_NOWAIT`, `preadv2(2)`), and leaves everything
/// else, errors included, to a blocking thread. File systems without `RWF_NOWAIT`, such as tmpfs, take the second way.
struct LocalStream {
    file: Arc<File>,
    sha256: Sha256,
    position: u64,
    end: u64,
    /// The buffer handed out last. Once its receiver has let go of it, it is filled again: a new one would have to be
    /// cleared first, which costs a tenth of the throughput.
    spare: Option<Bytes>,
    waiting: Option<JoinHandle<io::Result<Vec<u8>>>>,
}

impl LocalStream {
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, BlobError>>> {
        if self.waiting.is_none() {
            if self.position == self.end {
                return Poll::Ready(None);
            }
            let wanted = usize::try_from(self.end - self.position).map_or(PIECE, |left| left.min(PIECE));
            let mut buffer = self.buffer(wanted);
            match read_cached(&self.file, &mut buffer[..wanted], self.position) {
                Some(count) => return Poll::Ready(Some(Ok(self.hand_out(buffer, count)))),
                None => self.waiting = Some(read_later(Arc::clone(&self.file), buffer, wanted, self.position)),
            }
        }
        let Some(task) = self.waiting.as_mut() else {
            return Poll::Ready(None);
        };
        let result = ready!(Pin::new(task).poll(context));
        self.waiting = None;
        let read = result.unwrap_or_else(|stopped| Err(io::Error::other(stopped)));
        Poll::Ready(Some(match read {
            Ok(buffer) => {
                let wanted = usize::try_from(self.end - self.position).map_or(PIECE, |left| left.min(PIECE));
                Ok(self.hand_out(buffer, wanted))
            }
            Err(error) => {
                self.position = self.end;
                Err(self.failure(error))
            }
        }))
    }

    /// A buffer of at least `wanted` bytes.
    fn buffer(&mut self, wanted: usize) -> Vec<u8> {
        match self.spare.take() {
            Some(spare) if spare.is_unique() && spare.len() >= wanted => Vec::from(spare),
            _ => vec![0; wanted],
        }
    }

    fn hand_out(&mut self, buffer: Vec<u8>, count: usize) -> Bytes {
        let whole = Bytes::from(buffer);
        let piece = whole.slice(..count);
        self.position += count as u64;
        if self.position < self.end {
            self.spare = Some(whole);
        }
        piece
    }

    fn failure(&self, error: io::Error) -> BlobError {
        if error.kind() == io::ErrorKind::UnexpectedEof {
            tracing::error!(sha256 = %self.sha256, "a stored blob is shorter than its size");
            return BlobError::Damaged { sha256: self.sha256 };
        }
        BlobError::at(self.sha256.to_string().as_ref())(error)
    }
}

/// Reads without waiting; `None` when nothing is at hand, for whatever reason.
pub(in crate::blobs) fn read_cached(file: &File, buffer: &mut [u8], position: u64) -> Option<usize> {
    let buffers = &mut [IoSliceMut::new(buffer)];
    let count = rustix::io::preadv2(file, buffers, position, ReadWriteFlags::NOWAIT).ok()?;
    (count > 0).then_some(count)
}

fn read_later(file: Arc<File>, mut buffer: Vec<u8>, wanted: usize, position: u64) -> JoinHandle<io::Result<Vec<u8>>> {
    // Not `base::blocking`: the handle is kept between polls.
    tokio::task::spawn_blocking(move || {
        file.read_exact_at(&mut buffer[..wanted], position)?;
        Ok(buffer)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::StreamExt;

    #[tokio::test]
    async fn a_stream_reuses_its_buffer_once_the_receiver_has_let_go() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("content");
        let content: Vec<u8> = (0..=250).cycle().take(3 * PIECE + 7).collect();
        std::fs::write(&path, &content).unwrap();
        let file = Arc::new(File::open(&path).unwrap());
        let end = content.len() as u64;
        let mut stream = BlobStream::local(file, Sha256::of(b""), 5..end);
        let (mut read, mut addresses) = (Vec::new(), Vec::new());
        while let Some(piece) = stream.next().await {
            let piece = piece.unwrap();
            addresses.push(piece.as_ptr());
            read.extend_from_slice(&piece);
        }
        assert_eq!(read, content[5..]);
        addresses.dedup();
        assert!(addresses.len() < 4, "{addresses:?}");
    }
}
