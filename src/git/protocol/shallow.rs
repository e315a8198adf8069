//! Where the history of a shallow client ends, and where it will end after a fetch.

use super::advertisement::Advertisement;
use super::commit_walk::History;
use super::id_set::{IdMap, IdSet};
use super::request::FetchRequest;
use crate::git::{GitError, ObjectId, Repository};
use std::collections::VecDeque;

/// What a deepening, or a client that is shallow already, means for a fetch.
#[derive(Default)]
pub(super) struct Shallow {
    /// Commits at which the history will end newly.
    pub ends: Vec<ObjectId>,
    /// Commits at which it will end no longer.
    pub unshallow: Vec<ObjectId>,
    /// Commits behind which nothing is walked: the client has, or will have, no parents of them. Those that are to be
    /// unshallowed are here too; what lies behind them is wanted by name.
    pub cut: IdSet,
    /// Parents of the commits at which the history ends no longer.
    pub wants: Vec<ObjectId>,
}

impl Repository {
    /// Works out the end of the history after a fetch of these commits.
    pub(super) fn shallow(
        &self,
        request: &FetchRequest,
        wanted: &[ObjectId],
        advertisement: &Advertisement,
    ) -> Result<Shallow, GitError> {
        let client: IdSet = request.shallow.iter().copied().collect();
        let mut result = Shallow {
            cut: client.clone(),
            ..Shallow::default()
        };
        let deepening = &request.deepening;
        if !deepening.is_asked() {
            return Ok(result);
        }
        let (ends, inside) = if deepening.is_endless() {
            (Vec::new(), client.clone())
        } else if let Some(depth) = deepening.depth {
            let (roots, depth) = if deepening.is_relative {
                // Also ends behind references that the client has already, so does not want.
                (self.reachable_of(&client, advertisement)?, depth.saturating_add(1))
            } else {
                (wanted.to_vec(), depth)
            };
            self.within_depth(&roots, depth)?
        } else {
            self.selected(request, wanted, advertisement)?
        };
        for id in ends {
            if !client.contains(&id) {
                result.ends.push(id);
            }
            result.cut.insert(id);
        }
        for id in &request.shallow {
            if inside.contains(id) && !result.unshallow.contains(id) {
                // A client may be shallow at commits that were never here.
                let Some(commit) = self.commit_node(*id)? else { continue };
                result.unshallow.push(*id);
                result.wants.extend(commit.parents);
            }
        }
        Ok(result)
    }

    /// Commits at exactly this depth below the roots, which are at 1, and those above it.
    fn within_depth(&self, roots: &[ObjectId], depth: u32) -> Result<(Vec<ObjectId>, IdSet), GitError> {
        let mut depths: IdMap<u32> = IdMap::default();
        let mut queue: VecDeque<(ObjectId, u32)> = VecDeque::new();
        for root in roots {
            if depths.insert(*root, 1).is_none() {
                queue.push_back((*root, 1));
            }
        }
        let (mut ends, mut inside) = (Vec::new(), IdSet::default());
        // One step after the other, so every commit is first met on its shortest way.
        while let Some((id, here)) = queue.pop_front() {
            if here >= depth {
                ends.push(id);
                continue;
            }
            inside.insert(id);
            for parent in self.known_commit(id)?.parents {
                if depths.insert(parent, here + 1).is_none() {
                    queue.push_back((parent, here + 1));
                }
            }
        }
        Ok((ends, inside))
    }

    /// Commits since a time, without those of certain references: those with a parent that is left out, and the others.
    fn selected(
        &self,
        request: &FetchRequest,
        wanted: &[ObjectId],
        advertisement: &Advertisement,
    ) -> Result<(Vec<ObjectId>, IdSet), GitError> {
        let mut excluded = Vec::new();
        for name in &request.deepening.not {
            let target = advertisement
                .find(name)
                .ok_or_else(|| GitError::protocol(format!("there is no reference '{name}' to deepen to")))?;
            excluded.push(target.peeled.unwrap_or(target.id));
        }
        let history = History {
            repository: self,
            cut: &IdSet::default(),
            since: request.deepening.since,
        };
        let selected = history.between(wanted, &excluded, &mut |_| Ok(()))?.commits;
        if selected.is_empty() {
            return Err(GitError::protocol("no commits are selected by this shallow request"));
        }
        let all: IdSet = selected.iter().map(|(id, _)| *id).collect();
        let (mut ends, mut inside) = (IdSet::default(), IdSet::default());
        for (id, _) in selected {
            let parents = self.known_commit(id)?.parents;
            let is_inside = parents.iter().all(|parent| all.contains(parent));
            if is_inside { &mut inside } else { &mut ends }.insert(id);
        }
        Ok((self.reached(&ends, wanted)?, inside))
    }

    /// Those of the ends that a walk which stops at ends comes to. The client gets no others, and could not live with an end
    /// that it does not have.
    fn reached(&self, ends: &IdSet, wanted: &[ObjectId]) -> Result<Vec<ObjectId>, GitError> {
        let mut seen: IdSet = wanted.iter().copied().collect();
        let mut waiting: Vec<ObjectId> = seen.iter().copied().collect();
        let mut reached = Vec::new();
        while let Some(id) = waiting.pop() {
            if ends.contains(&id) {
                reached.push(id);
                continue;
            }
            for parent in self.known_commit(id)?.parents {
                if seen.insert(parent) {
                    waiting.push(parent);
                }
            }
        }
        Ok(reached)
    }
}

impl Advertisement {
    /// A reference by its full name or the way people shorten it.
    fn find(&self, name: &str) -> Option<&super::advertisement::Advertised> {
        if name == "HEAD" {
            return self.head_target();
        }
        ["", "refs/", "refs/tags/", "refs/heads/"]
            .into_iter()
            .find_map(|prefix| {
                let full = format!("{prefix}{name}");
                let place = self
                    .references
                    .binary_search_by(|reference| reference.name.as_slice().cmp(full.as_bytes()));
                self.references.get(place.ok()?)
            })
    }
}
