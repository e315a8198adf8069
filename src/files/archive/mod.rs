//! A folder, or everything, as an archive that is made while it is sent.
//!
//! Names in the archive are paths from the root of the repository, in UTF-8, below the folder that was asked for. Memory is
//! bounded by a few pieces whatever the size of the archive; the work stops when the client goes away.

/// Bytes on their way to the client.
mod pieces;
/// The form of Unix.
mod tar;
/// The form of everybody.
mod zip;

use super::entry::Revision;
use super::error::FilesError;
use super::{Files, listing::ListedEntry};
use crate::base::{RepositoryId, blocking};
use crate::git::{CommitInfo, EntryKind, GitError, ObjectId, Repository};
use crate::repos::ReadContent;
use bytes::Bytes;
use futures_util::Stream;
use pieces::{PIECE_BYTES, Pieces};
use std::collections::HashSet;
use std::future::Future;
use std::io::{self, Write};
use std::pin::Pin;
use std::task::{Context, Poll};
use tar::TarArchive;
use tokio::runtime::Handle;
use tokio::sync::mpsc;
use zip::ZipArchive;

const PIECES: usize = 4;
/// Files that are looked up at once.
const BATCH: usize = 500;
/// The longest target of a symbolic link, as on Linux.
const LINK_MAX_BYTES: u64 = 4_096;

/// The form of an archive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ArchiveFormat {
    /// Zip.
    Zip,
    /// Tar, compressed by gzip.
    TarGz,
}

impl ArchiveFormat {
    /// The end of its file names, without the dot before it.
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Zip => "zip",
            Self::TarGz => "tar.gz",
        }
    }

    /// Its media type.
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Zip => "application/zip",
            Self::TarGz => "application/gzip",
        }
    }

    /// The form whose extension this is.
    pub fn of_extension(text: &str) -> Option<Self> {
        [Self::Zip, Self::TarGz]
            .into_iter()
            .find(|format| format.extension() == text)
    }
}

/// What is to be in an archive.
#[derive(Debug, Clone)]
pub struct WantedArchive {
    /// Its form.
    pub format: ArchiveFormat,
    /// The folder whose files it holds; the root when empty.
    pub folder: String,
    /// The folder in the archive below which everything stands; none when empty.
    pub prefix: String,
}

type Work = Pin<Box<dyn Future<Output = Result<(), FilesError>> + Send>>;

/// The bytes of the archive. Ends with an error when it could not be finished.
pub struct ArchiveStream {
    work: Option<Work>,
    pieces: mpsc::Receiver<Bytes>,
}

impl Files {
    /// The files below a folder as an archive.
    pub async fn archive(
        &self,
        proof: &ReadContent,
        revision: &Revision,
        wanted: WantedArchive,
    ) -> Result<ArchiveStream, FilesError> {
        let (sender, pieces) = mpsc::channel(PIECES);
        let (files, id, commit) = (self.clone(), proof.id(), revision.commit);
        let (git, below) = (self.0.repos.git().clone(), wanted.folder.clone());
        // Before the head is sent, so that a folder that does not exist is an error like any other.
        blocking(move || git.repository(id)?.list(commit, &below)).await?;
        let runtime = Handle::current();
        let work = blocking(move || {
            Archive {
                files,
                runtime,
                id,
                commit,
                wanted,
            }
            .write(sender)
        });
        Ok(ArchiveStream {
            work: Some(Box::pin(work)),
            pieces,
        })
    }
}

impl Stream for ArchiveStream {
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

/// Writes the content of one file.
type Content<'a> = dyn FnMut(&mut dyn Write) -> Result<(), FilesError> + 'a;

/// What is told of a file in an archive.
struct Member<'a> {
    /// Its name in the archive.
    name: &'a str,
    entry: &'a ListedEntry,
}

impl Member<'_> {
    fn mode(&self) -> u32 {
        if self.entry.kind == EntryKind::Executable {
            0o755
        } else {
            0o644
        }
    }
}

/// An archive in the making.
trait Form {
    fn file(&mut self, member: &Member<'_>, content: &mut Content<'_>) -> Result<(), FilesError>;

    fn link(&mut self, member: &Member<'_>, target: &str) -> Result<(), FilesError>;

    /// Ends the archive; its last bytes are not sent yet.
    fn finish(self: Box<Self>) -> Result<Pieces, FilesError>;
}

struct Archive {
    files: Files,
    runtime: Handle,
    id: RepositoryId,
    commit: ObjectId,
    wanted: WantedArchive,
}

impl Archive {
    fn write(&self, sender: mpsc::Sender<Bytes>) -> Result<(), FilesError> {
        let repository = self.files.0.repos.git().repository(self.id)?;
        let commit = repository.commit(self.commit)?;
        // When the client has gone away, nobody is left to tell.
        let outcome = self
            .write_all(&repository, &commit, Pieces::new(sender))
            .and_then(|mut pieces| pieces.send().map_err(failed));
        outcome.or_else(|error| if is_gone(&error) { Ok(()) } else { Err(error) })
    }

    fn write_all(&self, repository: &Repository, commit: &CommitInfo, pieces: Pieces) -> Result<Pieces, FilesError> {
        let mut form: Box<dyn Form> = match self.wanted.format {
            ArchiveFormat::Zip => Box::new(ZipArchive::new(pieces, commit)),
            ArchiveFormat::TarGz => Box::new(TarArchive::new(pieces, commit)?),
        };
        let (mut after, mut names) = (None::<String>, HashSet::new());
        loop {
            let batch = repository.list_files(self.commit, &self.wanted.folder, after.as_deref(), BATCH)?;
            let Some(last) = batch.last() else { break };
            after = Some(last.path.clone());
            for entry in self.files.sized(repository, batch)? {
                if entry.kind.is_blob() && is_safe(&entry.path) && names.insert(entry.path.clone()) {
                    self.write_entry(repository, &mut *form, &entry)?;
                }
            }
        }
        form.finish()
    }

    fn write_entry(&self, repository: &Repository, form: &mut dyn Form, entry: &ListedEntry) -> Result<(), FilesError> {
        let name = match self.wanted.prefix.as_str() {
            "" => entry.path.clone(),
            prefix => format!("{prefix}/{}", entry.path),
        };
        let member = Member { name: &name, entry };
        if entry.kind == EntryKind::Symlink {
            let target = repository.blob(entry.object, LINK_MAX_BYTES)?;
            return form.link(&member, &String::from_utf8_lossy(&target));
        }
        form.file(&member, &mut |out| self.write_content(repository, entry, out))
    }

    fn write_content(
        &self,
        repository: &Repository,
        entry: &ListedEntry,
        out: &mut dyn Write,
    ) -> Result<(), FilesError> {
        if let Some(pointer) = entry.large {
            let reader = self.runtime.block_on(async {
                let reader = self.files.0.blobs.reader(pointer.sha256).await?;
                Ok::<_, FilesError>(reader.cursor())
            });
            let mut content = io::BufReader::with_capacity(PIECE_BYTES, reader?);
            io::copy(&mut content, out).map_err(failed)?;
        } else {
            repository.copy_blob(entry.object, out)?;
        }
        Ok(())
    }
}

/// Nothing that leaves the folder into which somebody unpacks. Trees of pushed repositories may hold such names.
fn is_safe(path: &str) -> bool {
    let drive = path.as_bytes().get(1) == Some(&b':');
    !path.contains(['\\', '\0']) && !drive && path.split('/').all(|part| !matches!(part, "" | "." | ".."))
}

fn failed(error: io::Error) -> FilesError {
    FilesError::Git(GitError::from(error))
}

/// Whether work ended because nobody takes the pieces any more.
fn is_gone(error: &FilesError) -> bool {
    matches!(error, FilesError::Git(GitError::Io(error)) if error.kind() == io::ErrorKind::BrokenPipe)
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
