//! Collecting what a repository no longer needs: one pack with deltas for everything that references lead to, another one
//! for what nothing leads to, which goes after a time of grace.
//!
//! Rules:
//! - New packs are complete and durable before old ones go; what arrives meanwhile is in packs of its own and is not
//!   looked at. Maps of removed files stay valid, and a reader that opens a pack too late finds the new one.
//! - An object that nothing leads to is first set aside, with the time at which that was found; the grace counts from
//!   there, not from when it was made. One that arrives again is new again.
//! - Objects disappear only under the lock of the repository ([`Pruning::finish`] asks for it), after another look at what
//!   references lead to by then. So whoever relies on an object that no reference leads to does it under that lock, from
//!   the look at the object until a reference leads to it. A push, which looks earlier, looks again under the lock when
//!   [`Git::prunings`] has risen meanwhile.
//! - A repository from which others borrow objects is never pruned: its references do not tell what they need.
//!
//! Memory: about 250 bytes for each object, and 64 MiB for the search for deltas. Objects of more than 16 MiB are copied as
//! they lie. Only one run at a time for a repository.

mod delta_index;
mod inventory;
mod plan;
mod prune;
mod reach;
mod search;
mod state;
mod write;

pub(in crate::git) use inventory::{remove_if_there, times_file};
pub use prune::{Pruned, Pruning};

use super::error::GitError;
use super::maintenance::{loose_in, remove_leftovers};
use super::model::ObjectId;
use super::pack::PackWriter;
use super::protocol::pack_cache::PackCache;
use super::repository::{Git, Repository};
use crate::base::{RepositoryId, Timestamp};
use inventory::Inventory;
use plan::Plan;
use prune::Doomed;
use reach::{Reach, Reached};
use search::{Deltas, Search, count_deltas};
use state::State;
use std::collections::HashMap;
use std::path::PathBuf;
use std::time::Duration;

/// Memory for objects that others are deltas of.
const CACHE_BYTES: usize = 32 << 20;
/// Larger objects that are a file each stay so, as they would have to be held whole.
const LOOSE_MAX_BYTES: u64 = 16 << 20;

/// How a repository is collected.
pub struct RepackOptions<'a> {
    /// Objects that are needed beside those that references lead to; those that are missing are passed over.
    pub roots: Vec<ObjectId>,
    /// How long what nothing leads to is kept; without it, for ever.
    pub grace: Option<Duration>,
    /// The time now.
    pub now: Timestamp,
    /// Whether to give up, which leaves everything as it was.
    pub stop: &'a dyn Fn() -> bool,
}

/// What [`Git::repack`] did.
#[derive(Default)]
pub struct Repacked {
    /// Objects that references lead to.
    pub objects: usize,
    /// Those of them that are deltas.
    pub deltas: usize,
    /// Objects that are set aside.
    pub aside: usize,
    /// Bytes of the packs before and after; those that are still to be pruned count to neither.
    pub bytes: (u64, u64),
    /// What is to be done under the lock of the repository, when anything is old enough to go. Until then the old packs
    /// stand beside the new ones.
    pub pruning: Option<Pruning>,
}

/// Asks now and then whether to give up.
#[derive(Clone, Copy)]
struct Stop<'a>(&'a dyn Fn() -> bool);

impl Stop<'_> {
    fn check(self) -> Result<(), GitError> {
        if (self.0)() { Err(GitError::Stopped) } else { Ok(()) }
    }
}

/// Objects that nothing leads to.
#[derive(Default)]
struct Unreachable {
    /// With the time since when they are set aside.
    aside: HashMap<ObjectId, u32>,
    doomed: Doomed,
    /// Whether any of them was found only now.
    is_news: bool,
}

impl Git {
    /// Brings the objects of a repository into order; does nothing when they are. Reads, commits and pushes go on
    /// meanwhile.
    pub fn repack(&self, id: RepositoryId, options: &RepackOptions<'_>) -> Result<Repacked, GitError> {
        let stop = Stop(options.stop);
        let mut repository = self.repository(id)?;
        repository
            .gix
            .objects
            .set_pack_cache(|| Box::new(PackCache::new(CACHE_BYTES)));
        let objects = self.folder(id).join("objects");
        let folder = objects.join("pack");
        remove_leftovers(&folder)?;
        let inventory = Inventory::of(&objects, repository.small_loose()?)?;
        let references = repository.all_references()?;
        let mut reach = Reach::default();
        reach.extend(&repository, &repository.tips(&references, &options.roots)?, stop)?;
        let known = inventory.objects();
        let unreachable = Unreachable::among(&known, &reach, options);
        let old = State::read(&objects);
        let new = |pack: Option<PathBuf>| State::new(pack, &references, options.now);
        if old.as_ref().is_some_and(|old| unreachable.is_settled(&inventory, old)) {
            new(inventory.packs.first().map(|pack| pack.path.clone())).write(self, &objects)?;
            return Ok(Repacked::default());
        }
        let before = inventory.bytes();
        let searched = old.map(|old| old.pack_path(&folder));
        let mut plan = Plan::new(&inventory, reach.objects.iter().copied())?;
        if plan.items.len() + unreachable.aside.len() + unreachable.doomed.objects.len() != known.len() {
            return Err(GitError::Damaged("an object would be lost by packing".to_owned()));
        }
        drop(known);
        let mut deltas = Deltas::new(&self.temporary("deltas-"))?;
        Search::new(&repository, &mut plan, &mut deltas, searched.as_deref()).run(stop)?;
        let mut writer = PackWriter::apart(self.temporary("gc-"), folder)?;
        write::write(&repository, &plan, &mut deltas, &mut writer, stop)?;
        let mut done = Repacked {
            objects: plan.items.len(),
            deltas: count_deltas(&plan),
            aside: unreachable.aside.len(),
            ..Repacked::default()
        };
        drop(plan);
        let pack = writer.finish()?;
        let aside = repository.write_aside(&inventory, &unreachable.aside, stop)?;
        new(pack.clone()).write(self, &objects)?;
        let kept: Vec<PathBuf> = pack.into_iter().chain(aside).collect();
        done.bytes = (before, sizes(&kept)?);
        if unreachable.doomed.objects.is_empty() {
            self.remove_old(id, inventory, &kept)?;
        } else {
            let doomed = unreachable
                .doomed
                .with_pointers(&repository, &reach, &unreachable.aside)?;
            done.pruning = Some(Pruning::new(self.clone(), id, inventory, kept, reach, doomed));
        }
        Ok(done)
    }

    fn remove_old(&self, id: RepositoryId, inventory: Inventory, kept: &[PathBuf]) -> Result<(), GitError> {
        self.forget(id);
        inventory.remove(kept)?;
        super::durable::sync_folder(&self.folder(id).join("objects/pack"))?;
        self.forget(id);
        Ok(())
    }
}

impl Unreachable {
    fn among(known: &super::protocol::id_set::IdMap<Option<u32>>, reach: &Reach, options: &RepackOptions<'_>) -> Self {
        let mut found = Self::default();
        let now = seconds(options.now);
        let is_over = |since: u32| {
            let grace = options.grace?;
            Some(u64::from(since) + grace.as_secs() <= u64::from(now))
        };
        for (id, since) in known.iter().filter(|(id, _)| !reach.contains(**id)) {
            found.is_news |= since.is_none();
            let since = since.unwrap_or(now);
            if is_over(since) == Some(true) {
                found.doomed.objects.insert(*id);
            } else {
                found.aside.insert(*id, since);
            }
        }
        found
    }

    /// Whether everything lies as it would after another run.
    fn is_settled(&self, inventory: &Inventory, state: &State) -> bool {
        let (aside, ordinary): (Vec<_>, Vec<_>) = inventory.packs.iter().partition(|pack| pack.times.is_some());
        let is_ours = |path: &PathBuf| path.file_name().is_some_and(|name| *name == *state.pack);
        ordinary.len() == 1
            && ordinary.iter().all(|pack| is_ours(&pack.path))
            && aside.len() <= 1
            && inventory.loose.is_empty()
            && self.doomed.objects.is_empty()
            && !self.is_news
            && aside
                .iter()
                .all(|pack| pack.index.num_objects() as usize == self.aside.len())
    }
}

impl Repository {
    /// Refuses objects unless everything that they lead to is here. Reads as much as a clone of them would.
    pub fn require_complete(&self, tips: &[ObjectId]) -> Result<(), GitError> {
        Reach::default().extend(self, tips, Stop(&|| false))
    }

    /// What references hold, and those of some other objects that are here.
    fn tips(&self, references: &[(String, ObjectId)], roots: &[ObjectId]) -> Result<Vec<ObjectId>, GitError> {
        let mut tips: Vec<ObjectId> = references.iter().map(|(_, target)| *target).collect();
        for root in roots {
            if self.find_header(*root)?.is_some() {
                tips.push(*root);
            }
        }
        Ok(tips)
    }

    fn small_loose(&self) -> Result<Vec<(ObjectId, PathBuf)>, GitError> {
        let mut loose = loose_in(&self.folder().join("objects"))?;
        let mut sizes = Vec::with_capacity(loose.len());
        for (id, _) in &loose {
            sizes.push(self.header(*id)?.size());
        }
        let mut sizes = sizes.into_iter();
        loose.retain(|_| sizes.next().is_some_and(|size| size <= LOOSE_MAX_BYTES));
        Ok(loose)
    }

    /// Writes a pack of objects that nothing leads to, with their times.
    fn write_aside(
        &self,
        inventory: &Inventory,
        aside: &HashMap<ObjectId, u32>,
        stop: Stop<'_>,
    ) -> Result<Option<PathBuf>, GitError> {
        let mut writer = PackWriter::apart(self.git.temporary("gc-"), self.folder().join("objects/pack"))?;
        self.copy(inventory, aside.keys().copied(), &mut writer, stop)?;
        writer.finish_aside(aside)
    }

    /// Copies objects, without looking for deltas.
    fn copy(
        &self,
        inventory: &Inventory,
        objects: impl Iterator<Item = ObjectId>,
        writer: &mut PackWriter,
        stop: Stop<'_>,
    ) -> Result<(), GitError> {
        let mut reached = Vec::new();
        for id in objects {
            let kind = self.header(id)?.kind();
            reached.push(Reached { id, kind, name: 0 });
        }
        reached.sort_unstable_by_key(|object| object.id);
        let plan = Plan::new(inventory, reached.into_iter())?;
        let mut deltas = Deltas::new(&self.git.temporary("deltas-"))?;
        write::write(self, &plan, &mut deltas, writer, stop)
    }
}

/// Seconds since 1970, as the file of times holds them.
fn seconds(time: Timestamp) -> u32 {
    u32::try_from(time.as_seconds().max(0)).unwrap_or(u32::MAX)
}

fn sizes(packs: &[PathBuf]) -> Result<u64, GitError> {
    let mut bytes = 0;
    for pack in packs {
        bytes += pack.metadata()?.len();
    }
    Ok(bytes)
}
