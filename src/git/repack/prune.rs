//! Letting go of what nothing has led to for long enough.

use super::inventory::Inventory;
use super::reach::Reach;
use super::{Reached, Stop};
use crate::base::{RepositoryId, Sha256};
use crate::git::pack::PackWriter;
use crate::git::protocol::id_set::IdSet;
use crate::git::{Git, GitError, ObjectId, Repository, RepositoryGuard};
use gix::objs::Kind;
use std::collections::{BTreeSet, HashMap};
use std::path::PathBuf;

/// Objects whose time is over, which stand in old packs alone.
#[derive(Default)]
pub(super) struct Doomed {
    pub objects: IdSet,
    /// Large content that only they name.
    pub pointers: BTreeSet<Sha256>,
}

/// What [`Pruning::finish`] did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pruned {
    /// Objects that are gone.
    pub objects: usize,
    /// Large content that no object names any more.
    pub unnamed: BTreeSet<Sha256>,
}

/// The last step of a run of [`Git::repack`], if there is anything to let go of. Dropped, it leaves old and new packs, and
/// the next run begins anew.
pub struct Pruning {
    git: Git,
    id: RepositoryId,
    inventory: Inventory,
    kept: Vec<PathBuf>,
    reach: Reach,
    doomed: Doomed,
}

impl Doomed {
    /// Notes the large content that only these objects name.
    pub(super) fn with_pointers(
        mut self,
        repository: &Repository,
        reach: &Reach,
        aside: &HashMap<ObjectId, u32>,
    ) -> Result<Self, GitError> {
        for id in &self.objects {
            self.pointers.extend(pointer_of(repository, *id)?);
        }
        if !self.pointers.is_empty() {
            self.spare(repository, reach.objects.iter())?;
        }
        for id in aside.keys() {
            if self.pointers.is_empty() {
                break;
            }
            if let Some(sha256) = pointer_of(repository, *id)? {
                self.pointers.remove(&sha256);
            }
        }
        Ok(self)
    }

    /// Spares the large content that one of these objects names.
    fn spare<'a>(
        &mut self,
        repository: &Repository,
        objects: impl Iterator<Item = &'a Reached>,
    ) -> Result<(), GitError> {
        for object in objects.filter(|object| object.kind == Kind::Blob) {
            if let Some(sha256) = pointer_of(repository, object.id)? {
                self.pointers.remove(&sha256);
            }
        }
        Ok(())
    }
}

impl Pruning {
    pub(super) const fn new(
        git: Git,
        id: RepositoryId,
        inventory: Inventory,
        kept: Vec<PathBuf>,
        reach: Reach,
        doomed: Doomed,
    ) -> Self {
        Self {
            git,
            id,
            inventory,
            kept,
            reach,
            doomed,
        }
    }

    /// The repository that it is about.
    pub fn repository_id(&self) -> RepositoryId {
        self.id
    }

    /// Removes the old packs. What references, or further roots, have come to lead to since it was judged is kept.
    pub fn finish(self, guard: &RepositoryGuard, roots: &[ObjectId]) -> Result<Pruned, GitError> {
        let Self {
            git,
            id,
            inventory,
            mut kept,
            mut reach,
            mut doomed,
        } = self;
        if guard.repository_id() != id {
            return Err(GitError::engine("the lock of another repository"));
        }
        let repository = git.repository(id)?;
        let stop = Stop(&|| false);
        let before = reach.objects.len();
        let tips = repository.tips(&repository.all_references()?, roots)?;
        reach.extend(&repository, &tips, stop)?;
        let later = &reach.objects[before..];
        let rescued: Vec<ObjectId> = later
            .iter()
            .map(|object| object.id)
            .filter(|id| doomed.objects.contains(id))
            .collect();
        if !doomed.pointers.is_empty() {
            doomed.spare(&repository, later.iter())?;
        }
        let mut writer = PackWriter::apart(git.temporary("gc-"), git.folder(id).join("objects/pack"))?;
        repository.copy(&inventory, rescued.iter().copied(), &mut writer, stop)?;
        kept.extend(writer.finish()?);
        git.remove_old(id, inventory, &kept)?;
        // After the last file is gone: who looks from now on looks at what is left.
        git.note_pruning();
        Ok(Pruned {
            objects: doomed.objects.len() - rescued.len(),
            unnamed: doomed.pointers,
        })
    }
}

fn pointer_of(repository: &Repository, id: ObjectId) -> Result<Option<Sha256>, GitError> {
    if repository.header(id)?.kind() != Kind::Blob {
        return Ok(None);
    }
    Ok(repository.pointer(id)?.map(|pointer| pointer.sha256))
}
