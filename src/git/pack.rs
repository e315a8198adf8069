//! Writing packs: many objects as one file with its index (gitformat-pack, version 2).

use super::checksum::Checksum;
use super::durable::{sync_folder, unique_name, write_new};
use super::error::GitError;
use super::model::ObjectId;
use super::pack_index::{IndexEntry, write_index};
use super::repack::{remove_if_there, times_file};
use gix::objs::Kind;
use gix::odb::pack::data::entry::Header;
use gix::zlib::stream::deflate::{Compress, FlushCompress};
use gix::zlib::{Compression, Status};
use std::collections::{HashMap, HashSet};
use std::fs::{self, File};
use std::io::{self, BufReader, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::PathBuf;

/// The prefix of unfinished packs. git gives its own the same, and its `gc` removes them.
pub(super) const TEMPORARY_PREFIX: &str = "tmp_pack_";
const BUFFER: usize = 128 << 10;

/// A pack that grows object by object and appears in the repository when it is finished. Dropped before, it leaves nothing.
pub(super) struct PackWriter {
    folder: PathBuf,
    temporary: PathBuf,
    out: Counted,
    compress: Compress,
    buffer: Vec<u8>,
    objects: Vec<IndexEntry>,
    known: HashSet<ObjectId>,
    /// Where objects begin, gathered when one is read back for the first time.
    places: HashMap<ObjectId, u64>,
}

/// A file that counts what is written and sums it for the index.
struct Counted {
    file: BufWriter<File>,
    offset: u64,
    crc: crc32fast::Hasher,
}

impl Write for Counted {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.crc.update(&bytes[..written]);
        self.offset += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl PackWriter {
    /// Begins a pack in the folder `objects/pack` of a repository.
    pub(super) fn new(folder: PathBuf) -> Result<Self, GitError> {
        let temporary = folder.join(unique_name(TEMPORARY_PREFIX));
        Self::apart(temporary, folder)
    }

    /// Begins a pack in a file elsewhere on the same file system, which is to go to a folder `objects/pack`.
    pub(super) fn apart(temporary: PathBuf, folder: PathBuf) -> Result<Self, GitError> {
        let file = File::options()
            .create_new(true)
            .read(true)
            .write(true)
            .open(&temporary)?;
        let mut writer = Self {
            folder,
            temporary,
            out: Counted {
                file: BufWriter::with_capacity(BUFFER, file),
                offset: 0,
                crc: crc32fast::Hasher::new(),
            },
            compress: Compress::new(Compression::DEFAULT),
            buffer: vec![0; BUFFER],
            objects: Vec::new(),
            known: HashSet::new(),
            places: HashMap::new(),
        };
        // The number of objects is filled in at the end.
        writer.out.write_all(b"PACK\0\0\0\x02\0\0\0\0")?;
        Ok(writer)
    }

    /// The number of objects so far.
    pub(super) fn len(&self) -> usize {
        self.objects.len()
    }

    /// Where the next object begins.
    pub(super) fn offset(&self) -> u64 {
        self.out.offset
    }

    /// Whether the pack holds the object.
    pub(super) fn contains(&self, id: ObjectId) -> bool {
        self.known.contains(&id)
    }

    /// Reads back a blob that was added, unless it is larger than `limit` bytes; `None` when the pack lacks it.
    pub(super) fn read_blob(&mut self, id: ObjectId, limit: u64) -> Result<Option<Vec<u8>>, GitError> {
        if self.places.len() != self.objects.len() {
            let places = self.objects.iter().map(|object| (object.id, object.offset));
            self.places = places.collect();
        }
        let Some(offset) = self.places.get(&id).copied() else {
            return Ok(None);
        };
        self.out.flush()?;
        let mut file = File::open(&self.temporary)?;
        file.seek(SeekFrom::Start(offset))?;
        let mut file = BufReader::new(file);
        let entry = gix::odb::pack::data::Entry::from_read(&mut file, offset, 20)?;
        let size = entry.decompressed_size;
        if size > limit {
            return Err(GitError::TooLarge { size, limit });
        }
        let mut content = Vec::new();
        super::objects::inflate(&mut file, size, &mut content)?;
        Ok(Some(content))
    }

    /// Adds an object under the id that [`object_id`] computes for it; does nothing when the pack holds it.
    pub(super) fn add(&mut self, kind: Kind, id: ObjectId, data: &[u8]) -> Result<(), GitError> {
        if !self.known.insert(id) {
            return Ok(());
        }
        let offset = self.begin(header_of(kind), data.len() as u64)?;
        self.deflate(data, true)?;
        self.end(id, offset);
        Ok(())
    }

    /// Adds a blob of known size from a reader, without holding it. A blob that the pack holds is taken back.
    pub(super) fn add_blob_stream(&mut self, size: u64, from: &mut dyn Read) -> Result<ObjectId, GitError> {
        let mut hasher = gix::hash::hasher(gix::hash::Kind::Sha1);
        hasher.update(format!("blob {size}\0").as_bytes());
        let offset = self.begin(Header::Blob, size)?;
        let mut piece = vec![0; BUFFER];
        let mut left = size;
        while left > 0 {
            let wanted = usize::try_from(left).unwrap_or(BUFFER).min(BUFFER);
            let read = from.read(&mut piece[..wanted])?;
            if read == 0 {
                return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
            }
            hasher.update(&piece[..read]);
            self.deflate(&piece[..read], false)?;
            left -= read as u64;
        }
        self.deflate(&[], true)?;
        let id = ObjectId::from(hasher.try_finalize()?);
        if self.known.insert(id) {
            self.end(id, offset);
        } else {
            self.out.flush()?;
            self.out.file.get_mut().set_len(offset)?;
            self.out.file.seek(SeekFrom::Start(offset))?;
            self.out.offset = offset;
        }
        Ok(id)
    }

    /// Adds an object as it stands in another pack, still compressed.
    pub(super) fn add_compressed(
        &mut self,
        id: ObjectId,
        header: Header,
        size: u64,
        compressed: &[u8],
    ) -> Result<(), GitError> {
        let offset = self.begin(header, size)?;
        self.out.write_all(compressed)?;
        self.known.insert(id);
        self.end(id, offset);
        Ok(())
    }

    fn begin(&mut self, header: Header, size: u64) -> Result<u64, GitError> {
        let offset = self.out.offset;
        self.out.crc = crc32fast::Hasher::new();
        self.compress.reset();
        header.write_to(size, &mut self.out)?;
        Ok(offset)
    }

    fn end(&mut self, id: ObjectId, offset: u64) {
        let crc = std::mem::take(&mut self.out.crc).finalize();
        self.objects.push(IndexEntry { id, offset, crc });
    }

    fn deflate(&mut self, mut data: &[u8], last: bool) -> Result<(), GitError> {
        let flush = if last {
            FlushCompress::Finish
        } else {
            FlushCompress::None
        };
        loop {
            let (read, written) = (self.compress.total_in(), self.compress.total_out());
            let status = self.compress.compress(data, &mut self.buffer, flush)?;
            let consumed = usize::try_from(self.compress.total_in() - read).unwrap_or(data.len());
            let produced = usize::try_from(self.compress.total_out() - written).unwrap_or(self.buffer.len());
            data = &data[consumed..];
            self.out.write_all(&self.buffer[..produced])?;
            match status {
                Status::StreamEnd => return Ok(()),
                // Without the final flush zlib keeps what it has until more comes.
                _ if !last && data.is_empty() => return Ok(()),
                _ if consumed == 0 && produced == 0 => {
                    return Err(io::Error::other("compression made no progress").into());
                }
                _ => {}
            }
        }
    }

    /// Completes the pack, makes it durable and shows it to readers; answers its path, or `None` when it is empty.
    pub(super) fn finish(self) -> Result<Option<PathBuf>, GitError> {
        self.complete(None)
    }

    /// The same for objects that nothing leads to, with the time in seconds since when each is set aside.
    pub(super) fn finish_aside(self, times: &HashMap<ObjectId, u32>) -> Result<Option<PathBuf>, GitError> {
        self.complete(Some(times))
    }

    fn complete(mut self, times: Option<&HashMap<ObjectId, u32>>) -> Result<Option<PathBuf>, GitError> {
        if self.objects.is_empty() {
            return Ok(None);
        }
        self.out.flush()?;
        let count = u32::try_from(self.objects.len()).map_err(GitError::engine)?;
        let file = self.out.file.get_mut();
        file.seek(SeekFrom::Start(8))?;
        file.write_all(&count.to_be_bytes())?;
        let pack_hash = hash_from_start(file)?;
        file.write_all(&pack_hash)?;
        file.sync_all()?;

        self.objects.sort_unstable_by_key(|object| object.id);
        let temporary_index = self.temporary.with_extension("idx");
        let name = format!("pack-{}", hex::encode(pack_hash));
        let target = self.folder.join(format!("{name}.pack"));
        if times.is_none() {
            // The very same pack may lie there as one of objects that nothing leads to.
            remove_if_there(&target.with_extension("mtimes"))?;
        }
        if let Some(times) = times {
            let times = self.objects.iter().map(|object| times.get(&object.id).copied());
            let file = times_file(times.map(Option::unwrap_or_default), &pack_hash);
            let temporary_times = self.temporary.with_extension("mtimes");
            write_new(&temporary_times, &file)?;
            fs::rename(&temporary_times, target.with_extension("mtimes"))?;
        }
        write_index(&temporary_index, self.objects.iter().copied(), &pack_hash)
            // Readers look for indexes, so the pack comes first.
            .and_then(|()| fs::rename(&self.temporary, &target))
            .and_then(|()| fs::rename(&temporary_index, target.with_extension("idx")))
            .and_then(|()| sync_folder(&self.folder))
            .inspect_err(|_| {
                let _ = fs::remove_file(&temporary_index);
            })?;
        Ok(Some(target))
    }
}

impl Drop for PackWriter {
    fn drop(&mut self) {
        // Absent after a successful end.
        let _ = fs::remove_file(&self.temporary);
    }
}

pub(super) fn hash_from_start(file: &mut File) -> Result<[u8; 20], GitError> {
    let mut checksum = Checksum::new();
    file.seek(SeekFrom::Start(0))?;
    let mut buffer = vec![0; BUFFER];
    loop {
        let read = file.read(&mut buffer)?;
        if read == 0 {
            break;
        }
        checksum.update(&buffer[..read]);
    }
    Ok(checksum.finish())
}

pub(super) const fn header_of(kind: Kind) -> Header {
    match kind {
        Kind::Commit => Header::Commit,
        Kind::Tree => Header::Tree,
        Kind::Blob => Header::Blob,
        Kind::Tag => Header::Tag,
    }
}

/// The id of an object.
pub(super) fn object_id(kind: Kind, data: &[u8]) -> Result<ObjectId, GitError> {
    Ok(gix::objs::compute_hash(gix::hash::Kind::Sha1, kind, data)?.into())
}
