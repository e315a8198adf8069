//! Tar as POSIX.1-2001 describes it ("pax"), in the choices that `git archive` makes: what the old header cannot hold stands
//! in a header of its own before it.

use super::pieces::Pieces;
use super::{Content, Form, Member, failed};
use crate::files::FilesError;
use crate::git::CommitInfo;
use flate2::Compression;
use flate2::write::GzEncoder;
use std::io::{self, Write};
use tar::{Builder, EntryType, Header};

const BLOCK: usize = 512;
/// Eleven octal digits.
const NUMBER_MAX: u64 = 0o777_7777_7777;

/// A tar in a gzip.
pub(super) struct TarArchive {
    out: Builder<GzEncoder<Pieces>>,
    time: u64,
}

impl TarArchive {
    /// Begins with the name of the commit, which `git get-tar-commit-id` reads.
    pub(super) fn new(pieces: Pieces, commit: &CommitInfo) -> Result<Self, FilesError> {
        let time = u64::try_from(commit.committer.time.as_seconds()).unwrap_or(0);
        let mut archive = Self {
            // Large files are compressed by nature, so that looking longer for repetitions would be in vain.
            out: Builder::new(GzEncoder::new(pieces, Compression::fast())),
            time: time.min(NUMBER_MAX),
        };
        // A line `length comment=id`, where the length counts its own digits too.
        let comment = format!("52 comment={}\n", commit.id);
        let mut header = archive.header(EntryType::XGlobalHeader, 0o644, comment.len() as u64);
        header.set_path("pax_global_header").map_err(failed)?;
        header.set_cksum();
        archive.out.append(&header, comment.as_bytes()).map_err(failed)?;
        Ok(archive)
    }

    fn header(&self, kind: EntryType, mode: u32, size: u64) -> Header {
        let mut header = Header::new_ustar();
        header.set_entry_type(kind);
        header.set_mode(mode);
        header.set_uid(0);
        header.set_gid(0);
        header.set_mtime(self.time);
        header.set_size(size);
        header
    }

    /// Writes the header of a member, and before it what it has no room for.
    fn begin(&mut self, mut header: Header, name: &str, target: &str) -> io::Result<()> {
        let size = header.entry_size()?.to_string();
        let mut more: Vec<(&str, &[u8])> = Vec::new();
        if header.set_path(name).is_err() {
            more.push(("path", name.as_bytes()));
        }
        if header.set_link_name_literal(target).is_err() {
            more.push(("linkpath", target.as_bytes()));
        }
        if header.entry_size()? > NUMBER_MAX {
            more.push(("size", size.as_bytes()));
            header.set_size(0);
        }
        if !more.is_empty() {
            self.out.append_pax_extensions(more)?;
        }
        header.set_cksum();
        self.out.get_mut().write_all(header.as_bytes())
    }
}

impl Form for TarArchive {
    fn file(&mut self, member: &Member<'_>, content: &mut Content<'_>) -> Result<(), FilesError> {
        let size = member.entry.size.unwrap_or(0);
        let header = self.header(EntryType::Regular, member.mode(), size);
        self.begin(header, member.name, "").map_err(failed)?;
        let mut counted = Counted {
            out: self.out.get_mut(),
            bytes: 0,
        };
        content(&mut counted)?;
        if counted.bytes != size {
            let message = format!("{} has {} bytes, not {size}", member.name, counted.bytes);
            return Err(failed(io::Error::other(message)));
        }
        let beyond = usize::try_from(size % BLOCK as u64).unwrap_or(0);
        let fill = if beyond == 0 { &[][..] } else { &[0; BLOCK][beyond..] };
        self.out.get_mut().write_all(fill).map_err(failed)
    }

    fn link(&mut self, member: &Member<'_>, target: &str) -> Result<(), FilesError> {
        let header = self.header(EntryType::Symlink, 0o777, 0);
        self.begin(header, member.name, target).map_err(failed)
    }

    fn finish(self: Box<Self>) -> Result<Pieces, FilesError> {
        let ended = self.out.into_inner();
        ended.and_then(GzEncoder::finish).map_err(failed)
    }
}

struct Counted<'a> {
    out: &'a mut GzEncoder<Pieces>,
    bytes: u64,
}

impl Write for Counted<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.out.write(bytes)?;
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}
