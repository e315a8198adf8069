//! What the last run left: a note in `objects/info`, which stock git passes over. Without it more is done than needed.

use super::inventory::TIMES;
use super::{RepackOptions, seconds};
use crate::base::{RepositoryId, Timestamp};
use crate::git::durable::{replace, write_new};
use crate::git::maintenance::loose_in;
use crate::git::{Git, GitError, ObjectId};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

const FILE: &str = "info/geoml-hub-gc";
/// Packs from which on a repository is collected, once the small ones have some weight.
const PACKS_DUE: usize = 10;
/// The small packs together have to be the largest one's such part: so a repository is copied once for each such growth.
const PART_DUE: u64 = 4;
/// Objects that are a file each. We write none; stock git at work in the folder does.
const LOOSE_DUE: usize = 256;
/// References that moved may have left something behind, which is looked for so often.
const REST: Duration = Duration::from_hours(7 * 24);

/// What the last run left.
pub(super) struct State {
    /// The name of the pack in which deltas were looked for.
    pub pack: String,
    /// A digest of the references.
    references: String,
    /// When it was, in seconds.
    time: u32,
}

impl State {
    pub(super) fn new(pack: Option<PathBuf>, references: &[(String, ObjectId)], now: Timestamp) -> Self {
        let name = pack.as_deref().and_then(Path::file_name);
        Self {
            pack: name.map_or_else(|| "-".to_owned(), |name| name.to_string_lossy().into_owned()),
            references: digest(references),
            time: seconds(now),
        }
    }

    pub(super) fn read(objects: &Path) -> Option<Self> {
        let text = fs::read_to_string(objects.join(FILE)).ok()?;
        let mut words = text.split_ascii_whitespace().map(str::to_owned);
        Some(Self {
            pack: words.next()?,
            references: words.next()?,
            time: words.next()?.parse().ok()?,
        })
    }

    pub(super) fn write(&self, git: &Git, objects: &Path) -> Result<(), GitError> {
        let temporary = git.temporary("note-");
        let text = format!("{} {} {}\n", self.pack, self.references, self.time);
        write_new(&temporary, text.as_bytes())?;
        let target = objects.join(FILE);
        if let Some(folder) = target.parent() {
            fs::create_dir_all(folder)?;
        }
        Ok(replace(&temporary, &target)?)
    }

    pub(super) fn pack_path(&self, folder: &Path) -> PathBuf {
        folder.join(&self.pack)
    }
}

/// What a look at the folder of packs tells.
#[derive(Default)]
struct Look {
    sizes: Vec<u64>,
    /// When the oldest pack came, in seconds.
    oldest: Option<u64>,
    /// Since when the oldest object is set aside, in seconds.
    aside: Option<u32>,
}

impl Git {
    /// Whether a run of [`Self::repack`] is worth its while. Cheap: no object is read.
    pub fn is_repack_due(&self, id: RepositoryId, options: &RepackOptions<'_>) -> Result<bool, GitError> {
        if !self.exists(id) {
            return Err(GitError::NoRepository);
        }
        let objects = self.folder(id).join("objects");
        let look = look(&objects.join("pack"))?;
        let now = u64::from(seconds(options.now));
        let is_over = |since: u32| {
            options
                .grace
                .is_some_and(|grace| u64::from(since) + grace.as_secs() <= now)
        };
        let largest = look.sizes.iter().max().copied().unwrap_or_default();
        let small = look.sizes.iter().sum::<u64>() - largest;
        if look.aside.is_some_and(is_over)
            || (look.sizes.len() >= PACKS_DUE && small.saturating_mul(PART_DUE) >= largest)
            || loose_in(&objects)?.len() >= LOOSE_DUE
        {
            return Ok(true);
        }
        let state = State::read(&objects);
        let last = state.as_ref().map(|state| u64::from(state.time)).or(look.oldest);
        if last.is_none_or(|last| last + REST.as_secs() > now) {
            return Ok(false);
        }
        let references = digest(&self.repository(id)?.all_references()?);
        Ok(state.is_none_or(|state| state.references != references))
    }

    /// Bytes of the objects of a repository as they lie; `None` when it borrows some.
    pub fn own_bytes(&self, id: RepositoryId) -> Result<Option<u64>, GitError> {
        let objects = self.folder(id).join("objects");
        if objects.join("info/alternates").exists() {
            return Ok(None);
        }
        let mut bytes = 0;
        for file in fs::read_dir(objects.join("pack"))? {
            let path = file?.path();
            if path.extension().is_some_and(|extension| extension == "pack") {
                // Packing may go on meanwhile.
                bytes += path.metadata().map_or(0, |metadata| metadata.len());
            }
        }
        for (_, path) in loose_in(&objects)? {
            bytes += path.metadata().map_or(0, |metadata| metadata.len());
        }
        Ok(Some(bytes))
    }
}

fn look(folder: &Path) -> Result<Look, GitError> {
    let mut look = Look::default();
    for file in fs::read_dir(folder)? {
        let path = file?.path();
        let is_pack = path.extension().is_some_and(|extension| extension == "pack");
        if !is_pack || !path.with_extension("idx").exists() || path.with_extension("keep").exists() {
            continue;
        }
        if let Ok(times) = fs::read(path.with_extension(TIMES)) {
            let end = times.len().saturating_sub(40);
            let times = times.get(12..end).unwrap_or_default().chunks_exact(4);
            let oldest = times.map(|time| u32::from_be_bytes([time[0], time[1], time[2], time[3]]));
            look.aside = look.aside.into_iter().chain(oldest).min();
            continue;
        }
        let Ok(metadata) = path.metadata() else { continue };
        let time = metadata.modified().ok();
        let time = time.and_then(|time| time.duration_since(std::time::UNIX_EPOCH).ok());
        look.oldest = look.oldest.into_iter().chain(time.map(|time| time.as_secs())).min();
        look.sizes.push(metadata.len());
    }
    Ok(look)
}

fn digest(references: &[(String, ObjectId)]) -> String {
    use crate::base::Sha256;
    let lines: Vec<String> = references.iter().map(|(name, id)| format!("{id} {name}\n")).collect();
    Sha256::of(lines.concat().as_bytes()).to_string()
}
