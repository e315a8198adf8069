//! Giving objects of a pack the paths at which its commits show them, for people who know files and not ids.

use super::ReceiveError;
use super::found::Found;
use super::packed::Packed;
use crate::git::tree::join;
use crate::git::{ObjectId, Repository};
use gix::objs::{Find, Kind, TreeRefIter};
use std::collections::{HashMap, HashSet};

/// Files that one message names.
const NAMED_MAX: usize = 10;

/// A file that is too large to be kept in git.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LargeFile {
    /// Where it stands, if that could be found out.
    pub path: Option<String>,
    /// Its size in bytes, if that could be found out.
    pub size: Option<u64>,
}

/// The files above the limit, by size.
pub(super) fn name(
    found: &Found,
    odb: &gix::odb::Handle,
    objects: &[Packed],
    repository: &Repository,
    limit: u64,
) -> Result<Vec<LargeFile>, ReceiveError> {
    let mut sizes: HashMap<ObjectId, Option<u64>> = HashMap::new();
    let mut nameless = Vec::new();
    for object in objects.iter().filter(|object| object.size > limit) {
        match object.id() {
            Some(id) => drop(sizes.insert(id, Some(object.size))),
            None => nameless.push(object.size),
        }
    }
    if !nameless.is_empty() {
        // What folders name and what is nowhere else must be what was not worked out.
        for (id, kind, found) in found.needed() {
            if kind == Kind::Blob && found.is_none() && repository.header(id).is_err() {
                sizes.insert(id, None);
            }
        }
    }
    let paths = paths_of(found, odb, &sizes.keys().copied().collect())?;
    let mut files: Vec<LargeFile> = sizes
        .iter()
        .filter_map(|(id, size)| {
            let path = paths.get(id).cloned();
            (path.is_some() || size.is_some()).then_some(LargeFile { path, size: *size })
        })
        .collect();
    if files.is_empty() {
        files.extend(nameless.into_iter().map(|size| LargeFile {
            path: None,
            size: Some(size),
        }));
    }
    files.sort_by(|one, other| other.size.cmp(&one.size).then_with(|| one.path.cmp(&other.path)));
    files.truncate(NAMED_MAX);
    Ok(files)
}

/// A path for each of these files, as far as the folders of the pack name it.
pub(super) fn paths_of(
    found: &Found,
    odb: &gix::odb::Handle,
    blobs: &HashSet<ObjectId>,
) -> Result<HashMap<ObjectId, String>, ReceiveError> {
    let mut paths = HashMap::new();
    let mut seen = HashSet::new();
    let mut buffer = Vec::new();
    for commit in found.commits.values() {
        let mut waiting = vec![(commit.tree, String::new())];
        while let Some((tree, folder)) = waiting.pop() {
            if paths.len() == blobs.len() {
                return Ok(paths);
            }
            if !seen.insert(tree) {
                continue;
            }
            let data = odb.try_find(&tree.gix(), &mut buffer);
            let Some(data) = data.map_err(|error| ReceiveError::Git(error.into()))? else {
                continue;
            };
            for entry in TreeRefIter::from_bytes(data.data, gix::hash::Kind::Sha1) {
                let entry = entry.map_err(|error| ReceiveError::Git(error.into()))?;
                let id = ObjectId::from(entry.oid);
                if entry.mode.is_tree() {
                    waiting.push((id, join(&folder, entry.filename)));
                } else if blobs.contains(&id) {
                    paths.entry(id).or_insert_with(|| join(&folder, entry.filename));
                }
            }
        }
    }
    Ok(paths)
}
