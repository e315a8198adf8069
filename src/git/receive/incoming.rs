//! A pack on its way into a repository.

use super::connectivity::Connectivity;
use super::deltas::Deltas;
use super::found::Found;
use super::large_files;
use super::naming::Naming;
use super::pack_stream;
use super::packed::{Extent, Form, Packed};
use super::{FoundPointer, ReceiveError};
use crate::base::RepositoryId;
use crate::git::durable::sync_folder;
use crate::git::pack::{hash_from_start, header_of};
use crate::git::pack_index::{IndexEntry, write_index};
use crate::git::special_files::{self, SPECIAL_FILE_MAX_BYTES};
use crate::git::{Git, GitError, ObjectId, Repository};
use gix::objs::Find;
use gix::odb::pack::data::entry::Header;
use std::collections::{HashMap, HashSet};
use std::fs::{self, File};
use std::io::{Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// The prefix of the folders in which packs arrive.
const PREFIX: &str = "incoming-";
const PACK: &str = "arriving.pack";
const INDEX: &str = "arriving.idx";
/// Work that any push may cause, and what every received byte adds to it: bytes made from deltas.
const WORK_BYTES: u64 = 32 << 30;
const WORK_PER_BYTE: u64 = 256;
const EARLY_WORK_BYTES: u64 = 32 << 20;
const EARLY_WORK_PER_BYTE: u64 = 64;
/// What reading the end of a chain of deltas may take, as a multiple of the largest object.
const CHAIN_COST: u64 = 64;
/// Folders in folders; git itself reads 2,048 by default.
const FOLDER_DEPTH_MAX: u16 = 2_048;

/// What one push may bring.
#[derive(Debug, Clone, Copy)]
pub struct ReceiveLimits {
    /// Bytes of one file.
    pub object_bytes: u64,
    /// Bytes of the pack: the room that the owner's quota leaves.
    pub pack_bytes: u64,
    /// Objects.
    pub objects: u32,
}

impl ReceiveLimits {
    pub(super) fn work_bytes(received: u64) -> u64 {
        WORK_BYTES.saturating_add(received.saturating_mul(WORK_PER_BYTE))
    }

    /// Bytes that may be made from deltas before all have come, and before it is known what they make together: a bomb
    /// is refused before it has cost much.
    pub(super) fn early_work_bytes(received: u64) -> u64 {
        EARLY_WORK_BYTES.saturating_add(received.saturating_mul(EARLY_WORK_PER_BYTE))
    }

    /// Bytes that reading the end of a chain of deltas may take.
    pub(super) fn chain_bytes(&self) -> u64 {
        self.object_bytes.saturating_mul(CHAIN_COST)
    }
}

/// A pack that has arrived, in a folder that no reader looks into. Dropped before [`Self::keep`], it leaves nothing.
pub struct Incoming {
    git: Git,
    id: RepositoryId,
    folder: PathBuf,
    found: Found,
    /// The checksum of the pack, which names it; `None` when it holds nothing.
    checksum: Option<[u8; 20]>,
    bytes: u64,
}

impl Repository {
    /// Reads a pack from a client into a folder of its own and checks everything about it but what it needs from the
    /// repository; that is the business of [`Incoming::check_complete`].
    pub fn receive(&self, input: &mut dyn std::io::Read, limits: ReceiveLimits) -> Result<Incoming, ReceiveError> {
        let folder = self.git.temporary(PREFIX);
        fs::create_dir_all(folder.join("pack")).map_err(ReceiveError::own)?;
        let mut incoming = Incoming {
            git: self.git.clone(),
            id: self.id,
            folder,
            found: Found::default(),
            checksum: None,
            bytes: 0,
        };
        incoming.fill(self, input, limits)?;
        Ok(incoming)
    }
}

impl Incoming {
    /// Bytes that the repository grows by.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Whether it brought any object.
    pub fn is_empty(&self) -> bool {
        self.checksum.is_none()
    }

    /// The files among its objects that stand for large ones.
    pub fn pointers(&self) -> Vec<FoundPointer> {
        let pointer = |(blob, pointer): (&ObjectId, &_)| FoundPointer {
            blob: *blob,
            pointer: *pointer,
        };
        self.found.pointers.iter().map(pointer).collect()
    }

    /// The paths at which new commits show new files, one for each that is found.
    pub fn paths_of(&self, blobs: &HashSet<ObjectId>) -> Result<HashMap<ObjectId, String>, ReceiveError> {
        large_files::paths_of(&self.found, &self.objects()?, blobs)
    }

    /// Checks that everything the new tips lead to is in the pack or complete in the repository. A tip of a branch, which
    /// is marked by `true`, has to be a commit. A repository that borrows has what its branches and tags lead to, and what
    /// those of these lenders lead to.
    pub fn check_complete(&self, tips: &[(ObjectId, bool)], lenders: &[RepositoryId]) -> Result<(), ReceiveError> {
        let repository = self.git.repository(self.id)?;
        let lenders = self.git.repositories(lenders)?;
        let objects = self.objects()?;
        Connectivity::new(&self.found, &objects, &repository, &lenders).check(tips)
    }

    /// Whether a commit is the other one or an ancestor of it, of which both may be new.
    pub fn is_ancestor(&self, ancestor: ObjectId, descendant: ObjectId) -> Result<bool, ReceiveError> {
        let repository = self.git.repository(self.id)?;
        let mut seen = HashSet::from([descendant]);
        let mut waiting = vec![descendant];
        let mut known = Vec::new();
        while let Some(id) = waiting.pop() {
            if id == ancestor {
                return Ok(true);
            }
            match self.found.commits.get(&id) {
                Some(commit) => waiting.extend(commit.parents.iter().filter(|parent| seen.insert(**parent))),
                None => known.push(id),
            }
        }
        if self.found.commits.contains_key(&ancestor) {
            return Ok(false);
        }
        for id in known {
            if repository.is_ancestor(ancestor, id)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Makes the objects part of the repository, durably.
    pub fn keep(self) -> Result<(), GitError> {
        let Some(checksum) = self.checksum else { return Ok(()) };
        let arrived = self.folder.join("pack");
        for name in [PACK, INDEX] {
            File::open(arrived.join(name))?.sync_all()?;
        }
        let target = self.git.folder(self.id).join("objects/pack");
        let name = format!("pack-{}", hex::encode(checksum));
        // Readers look for indexes, so the pack comes first.
        fs::rename(arrived.join(PACK), target.join(format!("{name}.pack")))?;
        fs::rename(arrived.join(INDEX), target.join(format!("{name}.idx")))?;
        sync_folder(&target)?;
        self.git.pack_added(self.id);
        Ok(())
    }

    fn fill(
        &mut self,
        repository: &Repository,
        input: &mut dyn std::io::Read,
        limits: ReceiveLimits,
    ) -> Result<(), ReceiveError> {
        let path = self.folder.join("pack").join(PACK);
        let file = File::create_new(&path).map_err(ReceiveError::own)?;
        let streamed = pack_stream::receive(input, file, limits)?;
        self.found = streamed.found;
        let mut objects = streamed.objects;
        if objects.is_empty() {
            return Ok(());
        }
        let bases = if objects.iter().all(|object| object.id().is_some()) {
            Vec::new()
        } else {
            resolve(
                &path,
                &mut objects,
                &mut self.found,
                limits,
                repository,
                streamed.length,
            )?
        };
        self.bytes = streamed.length;
        let checksum = complete(&path, streamed.length, objects.len(), &bases)?;
        self.write_index(&mut objects, &checksum)?;
        let unresolved = objects.iter().any(|object| object.id().is_none());
        if streamed.oversized || objects.iter().any(|object| object.size > limits.object_bytes) {
            let odb = self.objects()?;
            let files = large_files::name(&self.found, &odb, &objects, repository, limits.object_bytes)?;
            return Err(ReceiveError::LargeFiles {
                files,
                limit: limits.object_bytes,
            });
        }
        if unresolved {
            return Err(ReceiveError::pack("a delta has no base"));
        }
        if !self.found.deepest_folder_is_within(FOLDER_DEPTH_MAX) {
            let reason = format!("folders stand in each other more than {FOLDER_DEPTH_MAX} deep");
            return Err(ReceiveError::TooManyObjects(reason));
        }
        self.check_special_files()?;
        self.checksum = Some(checksum);
        Ok(())
    }

    /// Writes the index, for which the objects are sorted by their names.
    fn write_index(&self, objects: &mut [Packed], checksum: &[u8; 20]) -> Result<(), ReceiveError> {
        objects.sort_unstable_by_key(Packed::id);
        let entries = objects.iter().filter_map(|object| {
            Some(IndexEntry {
                id: object.id()?,
                offset: object.offset,
                crc: object.crc,
            })
        });
        let path = self.folder.join("pack").join(INDEX);
        write_index(&path, entries, checksum).map_err(ReceiveError::own)
    }

    /// Its objects alone, without those of the repository.
    fn objects(&self) -> Result<gix::odb::Handle, ReceiveError> {
        gix::odb::at(&self.folder, gix::hash::Kind::Sha1).map_err(|error| ReceiveError::Git(error.into()))
    }

    /// Holds files that git obeys to git's rules.
    fn check_special_files(&self) -> Result<(), ReceiveError> {
        let objects = self.objects()?;
        let mut buffer = Vec::new();
        for (id, name) in &self.found.special {
            // Files of earlier pushes were looked at then.
            let found = objects.try_find(&id.gix(), &mut buffer);
            let Some(object) = found.map_err(|error| ReceiveError::Git(error.into()))? else {
                continue;
            };
            let too_large = object.data.len() as u64 > SPECIAL_FILE_MAX_BYTES;
            let checked = if too_large {
                Err("it is too large for a file of rules".to_owned())
            } else {
                special_files::check(name, object.data)
            };
            checked.map_err(|reason| ReceiveError::BadObject {
                id: id.to_string(),
                reason: format!("as {name}, {reason}"),
            })?;
        }
        Ok(())
    }
}

impl Drop for Incoming {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_dir_all(&self.folder) {
            tracing::warn!(folder = %self.folder.display(), %error, "what a push left could not be removed");
        }
    }
}

/// A base that a thin pack leaves out, to be written behind its entries.
struct AddedBase {
    header: Header,
    size: u64,
    compressed: Vec<u8>,
}

/// Works out all deltas; bases that are in the repository alone become objects of the pack.
fn resolve(
    path: &Path,
    objects: &mut Vec<Packed>,
    found: &mut Found,
    limits: ReceiveLimits,
    repository: &Repository,
    length: u64,
) -> Result<Vec<AddedBase>, ReceiveError> {
    std::thread::scope(move |scope| {
        let naming = Naming::begin(scope, found)?;
        let mut deltas = Deltas::new(path, objects, naming, limits)?;
        let bases = resolve_all(&mut deltas, limits, repository, length);
        // What is wrong with an object comes before what is wrong behind it.
        deltas.end()?;
        bases
    })
}

fn resolve_all(
    deltas: &mut Deltas<'_, '_>,
    limits: ReceiveLimits,
    repository: &Repository,
    length: u64,
) -> Result<Vec<AddedBase>, ReceiveError> {
    deltas.resolve()?;
    let (mut bases, mut end) = (Vec::new(), length);
    for id in deltas.missing_bases() {
        // Another base may have led to it meanwhile.
        if !deltas.lacks(id) {
            continue;
        }
        let Some(object) = repository.find_object(id)? else {
            continue;
        };
        let (kind, content) = (object.kind, object.detach().data);
        if content.len() as u64 > limits.object_bytes {
            return Err(ReceiveError::pack(
                "a delta has a base that is larger than any object may be",
            ));
        }
        let size = content.len() as u64;
        let base = AddedBase {
            header: header_of(kind),
            size,
            compressed: deflated(&content)?,
        };
        let mut head = Vec::new();
        base.header.write_to(size, &mut head).map_err(ReceiveError::own)?;
        let mut crc = crc32fast::Hasher::new();
        crc.update(&head);
        crc.update(&base.compressed);
        let extent = Extent {
            offset: end,
            head: u8::try_from(head.len()).map_err(|_| ReceiveError::pack("a header is too long"))?,
            inflated: size,
            crc: crc.finalize(),
        };
        let place = deltas.add(Packed::new(extent, Form::Whole(kind), size, Some(id)));
        end += (head.len() + base.compressed.len()) as u64;
        bases.push(base);
        deltas.resolve_from(place, kind, id, content)?;
    }
    match deltas.missing_bases().first() {
        Some(id) => Err(ReceiveError::pack(format!(
            "a delta needs object {id}, which is nowhere"
        ))),
        None => Ok(bases),
    }
}

fn deflated(content: &[u8]) -> Result<Vec<u8>, ReceiveError> {
    let mut out = gix::zlib::stream::deflate::Write::new(Vec::new(), gix::zlib::Compression::DEFAULT);
    out.write_all(content)
        .and_then(|()| out.flush())
        .map_err(ReceiveError::own)?;
    Ok(out.into_inner())
}

/// Writes the bases behind the entries, with the new number of objects and the new checksum, which is answered.
fn complete(path: &Path, length: u64, count: usize, bases: &[AddedBase]) -> Result<[u8; 20], ReceiveError> {
    let mut file = File::options()
        .read(true)
        .write(true)
        .open(path)
        .map_err(ReceiveError::own)?;
    if bases.is_empty() {
        let mut checksum = [0; 20];
        file.seek(SeekFrom::Start(length)).map_err(ReceiveError::own)?;
        std::io::Read::read_exact(&mut file, &mut checksum).map_err(ReceiveError::own)?;
        return Ok(checksum);
    }
    let count = u32::try_from(count).map_err(|_| ReceiveError::pack("it has too many objects"))?;
    let mut write = || -> std::io::Result<()> {
        file.set_len(length)?;
        file.seek(SeekFrom::Start(8))?;
        file.write_all(&count.to_be_bytes())?;
        file.seek(SeekFrom::Start(length))?;
        for base in bases {
            base.header.write_to(base.size, &mut file)?;
            file.write_all(&base.compressed)?;
        }
        Ok(())
    };
    write().map_err(ReceiveError::own)?;
    let checksum = hash_from_start(&mut file)?;
    file.write_all(&checksum).map_err(ReceiveError::own)?;
    Ok(checksum)
}
