//! A folder, or everything, as a zip that is made while it is sent.
//!
//! Names in the archive are paths from the root of the repository, in UTF-8. Memory is bounded by a few pieces whatever
//! the size of the archive; the work stops when the client goes away.

use super::entry::Revision;
use super::error::FilesError;
use super::{Files, listing::ListedEntry};
use crate::base::{RepositoryId, Timestamp, blocking};
use crate::git::{EntryKind, LARGE_EXTENSIONS, ObjectId, Repository};
use crate::repos::ReadRepo;
use bytes::Bytes;
use futures_util::Stream;
use std::collections::HashSet;
use std::future::Future;
use std::io::{self, Write};
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::runtime::Handle;
use tokio::sync::mpsc;
use zip::write::{SimpleFileOptions, StreamWriter};
use zip::{CompressionMethod, ZipWriter};

const PIECE_BYTES: usize = 128 * 1024;
const PIECES: usize = 4;
/// Files that are looked up at once.
const BATCH: usize = 500;
/// From this size on an entry needs the 64-bit form (APPNOTE 4.4.1.4); the margin costs nothing.
const ZIP64_FROM: u64 = 4_000_000_000;

type Work = Pin<Box<dyn Future<Output = Result<(), FilesError>> + Send>>;

/// The bytes of the archive. Ends with an error when it could not be finished.
pub struct ZipStream {
    work: Option<Work>,
    pieces: mpsc::Receiver<Bytes>,
}

impl Files {
    /// The files below a folder (the root when it is empty) as a zip.
    pub async fn archive(&self, proof: &ReadRepo, revision: &Revision, folder: &str) -> Result<ZipStream, FilesError> {
        let (sender, pieces) = mpsc::channel(PIECES);
        let (files, id, commit) = (self.clone(), proof.id(), revision.commit);
        let (git, below) = (self.0.repos.git().clone(), folder.to_owned());
        // Before the head is sent, so that a folder that does not exist is an error like any other.
        blocking(move || git.repository(id)?.list(commit, &below)).await?;
        let runtime = Handle::current();
        let folder = folder.to_owned();
        let work = blocking(move || {
            Archive {
                files,
                runtime,
                id,
                commit,
            }
            .write(&folder, sender)
        });
        Ok(ZipStream {
            work: Some(Box::pin(work)),
            pieces,
        })
    }
}

impl Stream for ZipStream {
    type Item = Result<Bytes, io::Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        // The first poll starts the work, which hands over pieces as fast as they are taken.
        if let Some(work) = &mut self.work
            && let Poll::Ready(result) = work.as_mut().poll(context)
        {
            self.work = None;
            if let Err(error) = result {
                tracing::error!(%error, "an archive could not be finished");
                self.pieces.close();
                return Poll::Ready(Some(Err(io::Error::other(error))));
            }
        }
        self.pieces.poll_recv(context).map(|piece| piece.map(Ok))
    }
}

struct Archive {
    files: Files,
    runtime: Handle,
    id: RepositoryId,
    commit: ObjectId,
}

type Writer = ZipWriter<StreamWriter<Pieces>>;

impl Archive {
    fn write(&self, folder: &str, sender: mpsc::Sender<Bytes>) -> Result<(), FilesError> {
        let repository = self.files.0.repos.git().repository(self.id)?;
        let time = repository.commit(self.commit)?.committer.time;
        let mut zip = ZipWriter::new_stream(Pieces {
            sender,
            buffer: Vec::with_capacity(PIECE_BYTES),
            gone: false,
        });
        let (mut after, mut names) = (None::<String>, HashSet::new());
        let outcome = loop {
            let batch = repository.list_files(self.commit, folder, after.as_deref(), BATCH)?;
            let Some(last) = batch.last() else { break Ok(()) };
            after = Some(last.path.clone());
            let entries = self.files.sized(&repository, batch)?;
            if let Err(error) = self.write_batch(&repository, &mut zip, entries, time, &mut names) {
                break Err(error);
            }
        };
        // The client has gone away: nobody is left to tell.
        match outcome.and_then(|()| zip.finish().map(StreamWriter::into_inner).map_err(failed)) {
            Ok(mut pieces) => pieces.send().or_else(gone),
            Err(error) => Err(error),
        }
        .or_else(|error| if is_gone(&error) { Ok(()) } else { Err(error) })
    }

    fn write_batch(
        &self,
        repository: &Repository,
        zip: &mut Writer,
        entries: Vec<ListedEntry>,
        time: Timestamp,
        names: &mut HashSet<String>,
    ) -> Result<(), FilesError> {
        for entry in entries {
            if entry.kind.is_blob() && is_safe(&entry.path) && names.insert(entry.path.clone()) {
                self.write_file(repository, zip, &entry, time)?;
            }
        }
        Ok(())
    }

    fn write_file(
        &self,
        repository: &Repository,
        zip: &mut Writer,
        entry: &ListedEntry,
        time: Timestamp,
    ) -> Result<(), FilesError> {
        zip.start_file(entry.path.as_str(), options(entry, time))
            .map_err(failed)?;
        if let Some(pointer) = entry.large {
            let reader = self.runtime.block_on(async {
                let reader = self.files.0.blobs.reader(pointer.sha256).await?;
                Ok::<_, FilesError>(reader.cursor())
            });
            let mut content = io::BufReader::with_capacity(PIECE_BYTES, reader?);
            io::copy(&mut content, zip).map_err(|error| failed(error.into()))?;
        } else {
            repository.copy_blob(entry.object, zip)?;
        }
        Ok(())
    }
}

fn options(entry: &ListedEntry, time: Timestamp) -> SimpleFileOptions {
    let extension = super::formats::extension(&entry.path).unwrap_or_default();
    // What is large here is compressed by nature, or so large that compressing would be slower than any network.
    let packed = entry.large.is_some() || LARGE_EXTENSIONS.contains(&extension.as_str());
    let images = ["jpg", "jpeg", "png", "webp", "gif"].contains(&extension.as_str());
    let method = if packed || images {
        CompressionMethod::Stored
    } else {
        CompressionMethod::Deflated
    };
    let mode = if entry.kind == EntryKind::Executable {
        0o755
    } else {
        0o644
    };
    let options = SimpleFileOptions::default()
        .compression_method(method)
        .unix_permissions(mode)
        .large_file(entry.size.unwrap_or(0) >= ZIP64_FROM);
    match moment(time) {
        Some(moment) => options.last_modified_time(moment),
        None => options,
    }
}

/// Zip knows the years 1980 to 2107.
fn moment(time: Timestamp) -> Option<zip::DateTime> {
    let civil = time.to_jiff().to_zoned(jiff::tz::TimeZone::UTC).datetime();
    let part = |number: i8| u8::try_from(number).ok();
    zip::DateTime::from_date_and_time(
        u16::try_from(civil.year()).ok()?,
        part(civil.month())?,
        part(civil.day())?,
        part(civil.hour())?,
        part(civil.minute())?,
        part(civil.second())?,
    )
    .ok()
}

/// Nothing that leaves the folder into which somebody unpacks. Trees of pushed repositories may hold such names.
fn is_safe(path: &str) -> bool {
    let drive = path.as_bytes().get(1) == Some(&b':');
    !path.contains(['\\', '\0']) && !drive && path.split('/').all(|part| !matches!(part, "" | "." | ".."))
}

fn failed(error: zip::result::ZipError) -> FilesError {
    match error {
        zip::result::ZipError::Io(error) => FilesError::Git(crate::git::GitError::from(error)),
        other => FilesError::Git(crate::git::GitError::Io(io::Error::other(other))),
    }
}

fn gone(error: io::Error) -> Result<(), FilesError> {
    Err(failed(error.into()))
}

/// Whether work ended because nobody takes the pieces any more.
fn is_gone(error: &FilesError) -> bool {
    matches!(error, FilesError::Git(crate::git::GitError::Io(error)) if error.kind() == io::ErrorKind::BrokenPipe)
}

/// Gathers small writes into pieces and waits while the client is behind.
struct Pieces {
    sender: mpsc::Sender<Bytes>,
    buffer: Vec<u8>,
    gone: bool,
}

impl Pieces {
    /// Fails once when nobody takes the pieces any more, and swallows what comes then: the writer finishes its archive
    /// when it is dropped, and complains to standard error when it cannot.
    fn send(&mut self) -> io::Result<()> {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_leave_the_target_folder_are_not_safe() {
        for path in ["../x", "a/../../x", "/etc/passwd", "C:/x", "a\\..\\x", "a//b", "./x"] {
            assert!(!is_safe(path), "{path}");
        }
        assert!(is_safe("数据/a..b.nc"));
    }
}
