use super::pieces::Pieces;
use super::{Content, Form, Member, failed};
use crate::base::Timestamp;
use crate::files::FilesError;
use crate::files::formats::extension;
use crate::files::listing::ListedEntry;
use crate::git::{CommitInfo, LARGE_EXTENSIONS};
use std::io;
use zip::result::ZipError;
use zip::write::{SimpleFileOptions, StreamWriter};
use zip::{CompressionMethod, ZipWriter};

/// From this size on an entry needs the 64-bit form (APPNOTE 4.4.1.4); the margin costs nothing.
const ZIP64_FROM: u64 = 4_000_000_000;

/// A zip whose end is written last.
pub(super) struct ZipArchive {
    zip: ZipWriter<StreamWriter<Pieces>>,
    time: Option<zip::DateTime>,
}

impl ZipArchive {
    pub(super) fn new(pieces: Pieces, commit: &CommitInfo) -> Self {
        Self {
            zip: ZipWriter::new_stream(pieces),
            time: moment(commit.committer.time),
        }
    }

    fn options(&self, member: &Member<'_>) -> SimpleFileOptions {
        let options = SimpleFileOptions::default()
            .compression_method(method(member.entry))
            .unix_permissions(member.mode())
            .large_file(member.entry.size.unwrap_or(0) >= ZIP64_FROM);
        match self.time {
            Some(time) => options.last_modified_time(time),
            None => options,
        }
    }
}

impl Form for ZipArchive {
    fn file(&mut self, member: &Member<'_>, content: &mut Content<'_>) -> Result<(), FilesError> {
        let options = self.options(member);
        self.zip.start_file(member.name, options).map_err(broken)?;
        content(&mut self.zip)
    }

    fn link(&mut self, member: &Member<'_>, target: &str) -> Result<(), FilesError> {
        // What a link points at has rights of its own.
        let options = self.options(member).unix_permissions(0o777);
        self.zip.add_symlink(member.name, target, options).map_err(broken)
    }

    fn finish(self: Box<Self>) -> Result<Pieces, FilesError> {
        self.zip.finish().map(StreamWriter::into_inner).map_err(broken)
    }
}

fn method(entry: &ListedEntry) -> CompressionMethod {
    let extension = extension(&entry.path).unwrap_or_default();
    // What is large here is compressed by nature, or so large that compressing would be slower than any network.
    let packed = entry.large.is_some() || LARGE_EXTENSIONS.contains(&extension.as_str());
    let images = ["jpg", "jpeg", "png", "webp", "gif"].contains(&extension.as_str());
    if packed || images {
        CompressionMethod::Stored
    } else {
        CompressionMethod::Deflated
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

fn broken(error: ZipError) -> FilesError {
    match error {
        ZipError::Io(error) => failed(error),
        other => failed(io::Error::other(other)),
    }
}
