//! Which deleted file an added one was, by the same content first and by similar lines then.

use super::is_binary;
use crate::git::{ChangeKind, EntryKind, FileChange, GitError, ObjectId, Repository};
use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};

/// Pairs that are compared by content at most; beyond, only identical files are paired, as in git.
const PAIRS_MAX: usize = 10_000;
/// Half of the content has to be the same, as in git.
const SIMILARITY_MIN: u8 = 50;

/// Where a renamed file came from.
pub(super) struct Source {
    pub(super) path: String,
    pub(super) kind: EntryKind,
    pub(super) id: ObjectId,
    /// Percentage of the content that is the same.
    pub(super) similarity: u8,
}

impl Repository {
    /// Takes deletions that are the source of a rename out of the list and hands them to their target.
    pub(super) fn pair_renames(
        &self,
        changes: Vec<FileChange>,
        limit: u64,
    ) -> Result<Vec<(FileChange, Option<Source>)>, GitError> {
        let of = |kind| {
            changes
                .iter()
                .enumerate()
                .filter(move |(_, change)| change.kind == kind)
        };
        let mut deleted: Vec<usize> = of(ChangeKind::Deleted).map(|(place, _)| place).collect();
        let mut added: Vec<usize> = of(ChangeKind::Added).map(|(place, _)| place).collect();
        let mut sources: HashMap<usize, (usize, u8)> = HashMap::new();
        pair_identical(&changes, &mut deleted, &mut added, &mut sources);
        if deleted.len() * added.len() <= PAIRS_MAX {
            self.pair_similar(&changes, &deleted, &added, limit, &mut sources)?;
        }
        let taken: HashMap<usize, (String, (EntryKind, ObjectId))> = sources
            .values()
            .filter_map(|(from, _)| Some((*from, (changes[*from].path.clone(), changes[*from].old?))))
            .collect();
        let mut paired = Vec::with_capacity(changes.len());
        for (place, change) in changes.into_iter().enumerate() {
            if taken.contains_key(&place) {
                continue;
            }
            let source = sources.get(&place).and_then(|(from, similarity)| {
                let (path, (kind, id)) = taken.get(from)?.clone();
                Some(Source {
                    path,
                    kind,
                    id,
                    similarity: *similarity,
                })
            });
            paired.push((change, source));
        }
        Ok(paired)
    }

    fn pair_similar(
        &self,
        changes: &[FileChange],
        deleted: &[usize],
        added: &[usize],
        limit: u64,
        sources: &mut HashMap<usize, (usize, u8)>,
    ) -> Result<(), GitError> {
        let hasher = RandomState::new();
        let profiles = |places: &[usize], new: bool| -> Result<Vec<(usize, Profile)>, GitError> {
            let mut profiles = Vec::new();
            for &place in places {
                let side = if new { changes[place].new } else { changes[place].old };
                let Some((kind, id)) = side.filter(|(kind, _)| *kind != EntryKind::Symlink && kind.is_blob()) else {
                    continue;
                };
                debug_assert!(kind.is_blob());
                if self.blob_size(id)? <= limit {
                    let content = self.blob(id, limit)?;
                    if !content.is_empty() && !is_binary(&content) {
                        profiles.push((place, Profile::of(&content, &hasher)));
                    }
                }
            }
            Ok(profiles)
        };
        let (old, new) = (profiles(deleted, false)?, profiles(added, true)?);
        let mut scored = Vec::new();
        for (from, old) in &old {
            for (to, new) in &new {
                let similarity = old.similarity(new);
                if similarity >= SIMILARITY_MIN {
                    scored.push((similarity, *from, *to));
                }
            }
        }
        scored.sort_unstable_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)).then(a.2.cmp(&b.2)));
        let mut used = std::collections::HashSet::new();
        for (similarity, from, to) in scored {
            if !sources.contains_key(&to) && used.insert(from) {
                sources.insert(to, (from, similarity));
            }
        }
        Ok(())
    }
}

/// Pairs files of one content, those with the same name first.
fn pair_identical(
    changes: &[FileChange],
    deleted: &mut Vec<usize>,
    added: &mut Vec<usize>,
    sources: &mut HashMap<usize, (usize, u8)>,
) {
    let mut by_id: HashMap<ObjectId, Vec<usize>> = HashMap::new();
    for place in deleted.iter() {
        if let Some((_, id)) = changes[*place].old {
            by_id.entry(id).or_default().push(*place);
        }
    }
    let name = |place: usize| changes[place].path.rsplit('/').next();
    for same_name in [true, false] {
        added.retain(|to| {
            let Some(waiting) = changes[*to].new.and_then(|(_, id)| by_id.get_mut(&id)) else {
                return true;
            };
            let found = waiting.iter().position(|from| !same_name || name(*from) == name(*to));
            if let Some(found) = found {
                sources.insert(*to, (waiting.remove(found), 100));
            }
            found.is_none()
        });
    }
    deleted.retain(|place| !sources.values().any(|(from, _)| from == place));
}

/// How many bytes a text has in lines of each hash.
struct Profile {
    bytes_by_line: HashMap<u64, u64>,
    size: u64,
}

impl Profile {
    fn of(content: &[u8], hasher: &RandomState) -> Self {
        let mut bytes_by_line = HashMap::new();
        for line in content.split_inclusive(|byte| *byte == b'\n') {
            *bytes_by_line.entry(hasher.hash_one(line)).or_insert(0) += line.len() as u64;
        }
        let size = content.len() as u64;
        Self { bytes_by_line, size }
    }

    /// Percentage of the larger text that stands in the other one too; below 100, as identical files were paired before.
    fn similarity(&self, other: &Self) -> u8 {
        let larger = self.size.max(other.size);
        if self.size.min(other.size) * 100 < larger * u64::from(SIMILARITY_MIN) {
            return 0;
        }
        let lines = self.bytes_by_line.iter();
        let common: u64 = lines
            .map(|(line, bytes)| other.bytes_by_line.get(line).map_or(0, |others| *bytes.min(others)))
            .sum();
        u8::try_from((common * 100 / larger.max(1)).min(99)).unwrap_or(99)
    }
}
