//! From commits to the folders and files that a client lacks.

use super::filter::Filter;
use super::id_set::{IdMap, IdSet};
use crate::git::generations::Generations;
use crate::git::tree_layout::KeptLayout;
use crate::git::{GitError, ObjectId, Repository};
use gix::objs::TreeRefIter;
use gix::objs::tree::EntryRef;
use std::cmp::Ordering;
use std::sync::Arc;

/// Folders of the client that are compared with at each step. More of them make a pack smaller now and then, and every walk slower.
const EDGES_MAX: usize = 8;
/// Memory for folders that the next commits are likely to be compared with.
const RECENT_BYTES: usize = 8 << 20;

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
    known: IdSet,
    visited: usize,
    recent: Generations<ObjectId, Arc<Folder>>,
    /// The root folder that was walked last. Commits that follow each other differ in little.
    last_root: Option<ObjectId>,
}

/// A folder that was read.
struct Folder {
    content: Vec<u8>,
    layout: KeptLayout,
}

/// A folder to be walked.
struct Step {
    tree: ObjectId,
    depth: u64,
    /// Folders at the same path that the client has.
    edges: Vec<ObjectId>,
    /// The folder at the same path that was walked before, with all that is in it.
    beside: Option<ObjectId>,
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
            recent: Generations::new(RECENT_BYTES, |folder: &Arc<Folder>| folder.content.len()),
            last_root: None,
        }
    }

    /// What is to be sent, and what the client has; everything else that the walk holds is let go.
    pub(super) fn end(self) -> (Vec<ObjectId>, IdSet) {
        (self.objects, self.known)
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
        // How deep a folder stands decides what of it is sent, so it is not enough that it was walked.
        let beside = self.last_root.replace(tree).filter(|_| !self.minds_depth());
        let first = Step {
            tree,
            depth: 0,
            edges,
            beside,
        };
        self.walk(first, tick)
    }

    fn minds_depth(&self) -> bool {
        matches!(self.filter, Some(Filter::TreeDepth(_)))
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
        for entry in entries(&folder.content) {
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
        let folder = self.folder(step.tree)?;
        let before = step.beside.and_then(|beside| self.recent.get(beside).cloned());
        let edges = step.edges.iter().map(|edge| self.folder(*edge));
        let edges = edges.collect::<Result<Vec<_>, GitError>>()?;
        if let Some(before) = &before
            && let Some(layout) = before.layout.of(&before.content)
            && let Some(places) = layout.differing(&before.content, &folder.content)
        {
            for place in places {
                let beside = layout.id(&before.content, place);
                for entry in entries(layout.entry(&folder.content, place)) {
                    self.meet(step, &entry?, &edges, beside, waiting)?;
                }
            }
            folder.layout.share(layout);
            return Ok(());
        }
        for entry in entries(&folder.content) {
            let entry = entry?;
            let beside = match &before {
                Some(before) if entry.mode.is_tree() => before.same_name(&entry)?.map(|before| before.oid.into()),
                _ => None,
            };
            self.meet(step, &entry, &edges, beside, waiting)?;
        }
        Ok(())
    }

    /// Sends a file, or puts a folder on the list, unless the client has it.
    fn meet(
        &mut self,
        step: &Step,
        entry: &EntryRef<'_>,
        edges: &[Arc<Folder>],
        beside: Option<ObjectId>,
        waiting: &mut Vec<Step>,
    ) -> Result<(), GitError> {
        let (id, depth) = (ObjectId::from(entry.oid), step.depth + 1);
        // Whoever was met is sent or was left out for good.
        if self.seen.contains(&id) && !self.minds_depth() {
            return Ok(());
        }
        let had = edges.iter().map(|edge| edge.same_name(entry));
        let had = had.collect::<Result<Vec<_>, GitError>>()?;
        let had: Vec<_> = had.into_iter().flatten().collect();
        self.known.extend(had.iter().map(|had| ObjectId::from(had.oid)));
        if had.iter().any(|had| had.oid == entry.oid) {
            return Ok(());
        }
        if !entry.mode.is_tree() {
            return self.add_blob(id, depth);
        }
        if !self.filter.is_some_and(|filter| filter.omits_tree(depth)) {
            let edges = had.iter().filter(|had| had.mode.is_tree());
            waiting.push(Step {
                tree: id,
                depth,
                edges: edges.map(|had| ObjectId::from(had.oid)).collect(),
                beside: beside.filter(|_| !self.minds_depth()),
            });
        }
        Ok(())
    }

    /// Whether a folder is to be walked: for the first time, or nearer to the root than before when that lets more of it
    /// through the filter.
    fn enter(&mut self, tree: ObjectId, depth: u64) -> bool {
        let is_new = self.add(tree);
        if !self.minds_depth() {
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

    /// Reads a folder.
    fn folder(&mut self, tree: ObjectId) -> Result<Arc<Folder>, GitError> {
        if let Some(folder) = self.recent.get(tree) {
            return Ok(Arc::clone(folder));
        }
        let folder = Arc::new(Folder {
            content: self.repository.tree_data(tree)?,
            layout: KeptLayout::default(),
        });
        self.recent.keep(tree, Arc::clone(&folder));
        Ok(folder)
    }
}

impl Folder {
    /// What stands under the same name, be it a file or a folder; these are sorted differently.
    fn same_name(&self, wanted: &EntryRef<'_>) -> Result<Option<EntryRef<'_>>, GitError> {
        let Some(layout) = self.layout.of(&self.content) else {
            return Ok(None);
        };
        let is_tree = wanted.mode.is_tree();
        for as_tree in [is_tree, !is_tree] {
            let (mut low, mut high) = (0, layout.len());
            while low < high {
                let middle = low.midpoint(high);
                let mut entry = TreeRefIter::from_bytes(layout.entry(&self.content, middle), gix::hash::Kind::Sha1);
                let Some(found) = entry.next().transpose()? else {
                    return Ok(None);
                };
                let order = tree_order((found.filename, found.mode.is_tree()), (wanted.filename, as_tree));
                match order.then(found.filename.len().cmp(&wanted.filename.len())) {
                    Ordering::Less => low = middle + 1,
                    Ordering::Greater => high = middle,
                    Ordering::Equal => return Ok(Some(found).filter(|found| !found.mode.is_commit())),
                }
            }
        }
        Ok(None)
    }
}

/// The files and folders in a folder; submodules are not of this repository.
fn entries(folder: &[u8]) -> impl Iterator<Item = Result<EntryRef<'_>, GitError>> {
    TreeRefIter::from_bytes(folder, gix::hash::Kind::Sha1)
        .filter(|entry| !entry.as_ref().is_ok_and(|entry| entry.mode.is_commit()))
        .map(|entry| Ok(entry?))
}

/// The order of entries in a folder: as if a slash followed the names of folders.
fn tree_order(left: (&[u8], bool), right: (&[u8], bool)) -> Ordering {
    let common = left.0.len().min(right.0.len());
    let next = |(name, is_tree): (&[u8], bool)| name.get(common).copied().unwrap_or(if is_tree { b'/' } else { 0 });
    left.0[..common]
        .cmp(&right.0[..common])
        .then_with(|| next(left).cmp(&next(right)))
}
