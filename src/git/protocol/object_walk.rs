//! From commits to the folders and files that a client lacks.

use super::filter::Filter;
use super::id_set::{IdMap, IdSet};
use crate::git::{GitError, ObjectId, Repository};
use gix::objs::tree::EntryRef;
use gix::objs::{Kind, TreeRefIter};
use std::cmp::Ordering;

/// Folders of the client that are compared with at each step. More of them make a pack smaller now and then, and every walk slower.
const EDGES_MAX: usize = 8;

/// Gathers what is to be sent.
pub(super) struct ObjectWalk<'a> {
    repository: &'a Repository,
    filter: Option<Filter>,
    /// What is to be sent, in no order.
    pub objects: Vec<ObjectId>,
    /// What is sent or was left out for good.
    seen: IdSet,
    /// With a limit on depth: the least depth at which a folder was met.
    depths: IdMap<u64>,
    /// What the client has, as far as the walk met it: what stood at the same path before.
    pub known: IdSet,
    visited: usize,
}

/// A folder to be walked.
struct Step {
    tree: ObjectId,
    depth: u64,
    /// Folders at the same path that the client has.
    edges: Vec<ObjectId>,
}

impl<'a> ObjectWalk<'a> {
    /// A walk that sends nothing yet.
    pub(super) fn new(repository: &'a Repository, filter: Option<Filter>) -> Self {
        Self {
            repository,
            filter,
            objects: Vec::new(),
            seen: IdSet::default(),
            depths: IdMap::default(),
            known: IdSet::default(),
            visited: 0,
        }
    }

    /// Whether the object is to be sent, or was met.
    pub(super) fn has(&self, id: ObjectId) -> bool {
        self.seen.contains(&id)
    }

    /// Sends an object itself.
    pub(super) fn add(&mut self, id: ObjectId) -> bool {
        let is_new = self.seen.insert(id);
        if is_new {
            self.objects.push(id);
        }
        is_new
    }

    /// Sends the root folder of a commit and what is in it, but for what stands at the same path in the edges.
    pub(super) fn add_root(
        &mut self,
        tree: ObjectId,
        edges: &[ObjectId],
        tick: &mut dyn FnMut(usize) -> Result<(), GitError>,
    ) -> Result<(), GitError> {
        if self.filter.is_some_and(|filter| filter.omits_tree(0)) {
            return Ok(());
        }
        let edges: Vec<ObjectId> = edges.iter().copied().take(EDGES_MAX).collect();
        self.known.extend(edges.iter().copied());
        if edges.contains(&tree) {
            return Ok(());
        }
        self.walk(Step { tree, depth: 0, edges }, tick)
    }

    /// Sends a folder that the client asks for by name, and what the filter leaves of its content: as in git, the filter does
    /// not know the folder itself, so its entries are where a root would be.
    pub(super) fn add_wanted_tree(
        &mut self,
        tree: ObjectId,
        tick: &mut dyn FnMut(usize) -> Result<(), GitError>,
    ) -> Result<(), GitError> {
        self.add(tree);
        let folder = self.folder(tree)?;
        for entry in entries(&folder) {
            let entry = entry?;
            if entry.mode.is_tree() {
                self.add_root(entry.oid.into(), &[], tick)?;
            } else {
                self.add_blob(entry.oid.into(), 0)?;
            }
        }
        Ok(())
    }

    fn walk(&mut self, first: Step, tick: &mut dyn FnMut(usize) -> Result<(), GitError>) -> Result<(), GitError> {
        let mut waiting = vec![first];
        while let Some(step) = waiting.pop() {
            if !self.enter(step.tree, step.depth) {
                continue;
            }
            self.visited += 1;
            if self.visited.is_multiple_of(1_024) {
                tick(self.objects.len())?;
            }
            self.enter_folder(&step, &mut waiting)?;
        }
        Ok(())
    }

    /// Sends the files of a folder, and puts its folders on the list.
    fn enter_folder(&mut self, step: &Step, waiting: &mut Vec<Step>) -> Result<(), GitError> {
        let depth = step.depth + 1;
        let folder = self.folder(step.tree)?;
        let edges = step.edges.iter().map(|edge| self.folder(*edge));
        let edges = edges.collect::<Result<Vec<_>, GitError>>()?;
        let edges = edges.iter().map(|edge| entries(edge).collect());
        let edges = edges.collect::<Result<Vec<Vec<EntryRef<'_>>>, GitError>>()?;
        for entry in entries(&folder) {
            let entry = entry?;
            let id = ObjectId::from(entry.oid);
            let before: Vec<_> = edges.iter().filter_map(|edge| same_name(edge, &entry)).collect();
            self.known
                .extend(before.iter().map(|before| ObjectId::from(before.oid)));
            if before.iter().any(|before| before.oid == entry.oid) {
                continue;
            }
            if !entry.mode.is_tree() {
                self.add_blob(id, depth)?;
            } else if !self.filter.is_some_and(|filter| filter.omits_tree(depth)) {
                let edges = before.iter().filter(|before| before.mode.is_tree());
                let edges = edges.map(|before| ObjectId::from(before.oid)).collect();
                waiting.push(Step { tree: id, depth, edges });
            }
        }
        Ok(())
    }

    /// Whether a folder is to be walked: for the first time, or nearer to the root than before when that lets more of it
    /// through the filter.
    fn enter(&mut self, tree: ObjectId, depth: u64) -> bool {
        let is_new = self.add(tree);
        if !matches!(self.filter, Some(Filter::TreeDepth(_))) {
            return is_new;
        }
        let nearest = self.depths.entry(tree).or_insert(u64::MAX);
        let is_nearer = depth < *nearest;
        *nearest = depth.min(*nearest);
        is_nearer
    }

    fn add_blob(&mut self, id: ObjectId, depth: u64) -> Result<(), GitError> {
        if self.seen.contains(&id) {
            return Ok(());
        }
        let is_omitted = match self.filter {
            None => false,
            Some(Filter::NoBlobs) => true,
            Some(Filter::BlobLimit(limit)) => self.repository.header(id)?.size() >= limit,
            Some(filter @ Filter::TreeDepth(_)) => filter.omits_tree(depth),
        };
        if is_omitted {
            return Ok(());
        }
        self.add(id);
        Ok(())
    }

    /// The bytes of a folder.
    fn folder(&self, tree: ObjectId) -> Result<Vec<u8>, GitError> {
        if tree == ObjectId::EMPTY_TREE {
            return Ok(Vec::new());
        }
        let object = self.repository.object(tree)?;
        if object.kind != Kind::Tree {
            return Err(GitError::Damaged(format!("object {tree} is no folder")));
        }
        Ok(object.detach().data)
    }
}

/// The files and folders in a folder; submodules are not of this repository.
fn entries(folder: &[u8]) -> impl Iterator<Item = Result<EntryRef<'_>, GitError>> {
    TreeRefIter::from_bytes(folder, gix::hash::Kind::Sha1)
        .filter(|entry| !entry.as_ref().is_ok_and(|entry| entry.mode.is_commit()))
        .map(|entry| Ok(entry?))
}

/// What stands under the same name, be it a file or a folder; these are sorted differently.
fn same_name<'a, 'b>(entries: &'b [EntryRef<'a>], wanted: &EntryRef<'_>) -> Option<&'b EntryRef<'a>> {
    let as_kind = |is_tree: bool| {
        let place = entries.binary_search_by(|entry| {
            let order = tree_order((entry.filename, entry.mode.is_tree()), (wanted.filename, is_tree));
            order.then(entry.filename.len().cmp(&wanted.filename.len()))
        });
        entries.get(place.ok()?)
    };
    let is_tree = wanted.mode.is_tree();
    as_kind(is_tree).or_else(|| as_kind(!is_tree))
}

/// The order of entries in a folder: as if a slash followed the names of folders.
fn tree_order(left: (&[u8], bool), right: (&[u8], bool)) -> Ordering {
    let common = left.0.len().min(right.0.len());
    let next = |(name, is_tree): (&[u8], bool)| name.get(common).copied().unwrap_or(if is_tree { b'/' } else { 0 });
    left.0[..common]
        .cmp(&right.0[..common])
        .then_with(|| next(left).cmp(&next(right)))
}
