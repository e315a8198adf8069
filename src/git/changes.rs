//! Which paths differ between two trees, without looking into files.

use super::error::GitError;
use super::model::{ChangeKind, EntryKind, FileChange, ObjectId};
use super::repository::Repository;
use gix::bstr::{BStr, BString, ByteSlice, ByteVec};
use gix::diff::tree::visit::{Action, Change};
use gix::objs::{Find, TreeRefIter};
use std::collections::{HashMap, VecDeque};
use std::ops::ControlFlow;

impl Repository {
    /// The files that differ between two commits (`None` is the empty tree), by path. Folders are not listed.
    pub fn changes(&self, old: Option<ObjectId>, new: ObjectId) -> Result<Vec<FileChange>, GitError> {
        let old = old.map_or(Ok(ObjectId::EMPTY_TREE), |commit| self.tree_of(commit))?;
        self.tree_changes(old, self.tree_of(new)?, &HashMap::new(), false)
    }

    /// The paths that differ between two trees, by path. `fresh` holds trees that are not in the repository yet;
    /// `folders` lists changed folders too.
    pub(super) fn tree_changes(
        &self,
        old: ObjectId,
        new: ObjectId,
        fresh: &HashMap<ObjectId, Vec<u8>>,
        folders: bool,
    ) -> Result<Vec<FileChange>, GitError> {
        let objects = WithFresh {
            repository: self,
            fresh,
        };
        let read = |id: ObjectId| match fresh.get(&id) {
            Some(data) => Ok(data.clone()),
            None => self.tree_data(id),
        };
        let (old_data, new_data) = (read(old)?, read(new)?);
        let mut collector = Collector {
            folders,
            ..Collector::default()
        };
        gix::diff::tree(
            TreeRefIter::from_bytes(&old_data, gix::hash::Kind::Sha1),
            TreeRefIter::from_bytes(&new_data, gix::hash::Kind::Sha1),
            gix::diff::tree::State::default(),
            &objects,
            &mut collector,
        )
        .map_err(GitError::engine)?;
        Ok(collector.finish())
    }
}

/// A repository with trees laid over it.
struct WithFresh<'a> {
    repository: &'a Repository,
    fresh: &'a HashMap<ObjectId, Vec<u8>>,
}

impl Find for WithFresh<'_> {
    fn try_find<'a>(&self, id: &gix::oid, buffer: &'a mut Vec<u8>) -> Result<Option<gix::objs::Data<'a>>, gix::Error> {
        let Some(tree) = self.fresh.get(&ObjectId::from(id)) else {
            return self.repository.try_find(id, buffer);
        };
        buffer.clear();
        buffer.extend_from_slice(tree);
        Ok(Some(gix::objs::Data::new(
            buffer,
            gix::objs::Kind::Tree,
            gix::hash::Kind::Sha1,
        )))
    }
}

#[derive(Default)]
struct Collector {
    folders: bool,
    path: BString,
    waiting: VecDeque<BString>,
    changes: Vec<FileChange>,
}

impl Collector {
    /// In place: a commit may change very many files.
    fn finish(self) -> Vec<FileChange> {
        let mut changes = self.changes;
        changes.sort_by(|a, b| a.path.cmp(&b.path));
        // A file that became a folder arrives as a deletion and an addition of one path.
        changes.dedup_by(|next, last| {
            if last.path != next.path {
                return false;
            }
            last.old = last.old.or(next.old);
            last.new = last.new.or(next.new);
            last.kind = kind_of(last.old.is_some(), last.new.is_some());
            true
        });
        changes
    }
}

const fn kind_of(old: bool, new: bool) -> ChangeKind {
    match (old, new) {
        (false, _) => ChangeKind::Added,
        (true, true) => ChangeKind::Modified,
        (true, false) => ChangeKind::Deleted,
    }
}

impl gix::diff::tree::Visit for Collector {
    fn pop_front_tracked_path_and_set_current(&mut self) {
        self.path = self.waiting.pop_front().unwrap_or_default();
    }

    fn push_back_tracked_path_component(&mut self, component: &BStr) {
        self.push_path_component(component);
        self.waiting.push_back(self.path.clone());
    }

    fn push_path_component(&mut self, component: &BStr) {
        if !self.path.is_empty() {
            self.path.push_byte(b'/');
        }
        self.path.push_str(component);
    }

    fn pop_path_component(&mut self) {
        let end = self.path.rfind_byte(b'/').unwrap_or(0);
        self.path.truncate(end);
    }

    fn visit(&mut self, change: Change) -> Action {
        let side = |mode, id: gix::ObjectId| Some((EntryKind::of(mode), ObjectId::from(id)));
        let (mut old, mut new) = match change {
            Change::Addition { entry_mode, oid, .. } => (None, side(entry_mode, oid)),
            Change::Deletion { entry_mode, oid, .. } => (side(entry_mode, oid), None),
            Change::Modification {
                previous_entry_mode,
                previous_oid,
                entry_mode,
                oid,
            } => (side(previous_entry_mode, previous_oid), side(entry_mode, oid)),
        };
        if !self.folders {
            old = old.filter(|(kind, _)| !kind.is_folder());
            new = new.filter(|(kind, _)| !kind.is_folder());
        }
        if old.is_some() || new.is_some() {
            self.changes.push(FileChange {
                path: self.path.to_str_lossy().into_owned(),
                kind: kind_of(old.is_some(), new.is_some()),
                old,
                new,
            });
        }
        ControlFlow::Continue(())
    }
}
