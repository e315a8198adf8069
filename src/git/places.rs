//! Where contents stand, for people who know files and not ids.

use super::error::GitError;
use super::model::ObjectId;
use super::repository::Repository;
use super::tree::join;
use gix::objs::TreeRefIter;
use std::collections::{HashMap, HashSet, VecDeque};

/// A place of a content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The full name of a reference that leads there.
    pub reference: String,
    /// A commit that shows it.
    pub commit: ObjectId,
    /// The path.
    pub path: String,
}

/// A look at the folders of many commits, each once.
struct Search<'a> {
    repository: &'a Repository,
    wanted: &'a HashSet<ObjectId>,
    found: HashMap<ObjectId, Place>,
    seen: HashSet<ObjectId>,
    /// Folders and commits that may still be read.
    left: usize,
}

impl Repository {
    /// A place for each of these contents, as far as one is found by reading so many folders and commits: where branches,
    /// tags and pull requests stand now, the default branch before all others, and then where they stood before.
    pub fn places_of(
        &self,
        wanted: &HashSet<ObjectId>,
        reads_max: usize,
    ) -> Result<HashMap<ObjectId, Place>, GitError> {
        let mut search = Search {
            repository: self,
            wanted,
            found: HashMap::new(),
            seen: HashSet::new(),
            left: reads_max,
        };
        let tips = self.named_commits()?;
        for (reference, commit) in &tips {
            search.look(reference, *commit)?;
        }
        for (reference, commit) in &tips {
            search.look_back(reference, *commit)?;
        }
        Ok(search.found)
    }

    /// The references that lead to commits, the default branch first, then branches, tags and all others.
    fn named_commits(&self) -> Result<Vec<(String, ObjectId)>, GitError> {
        let default = format!("refs/heads/{}", self.default_branch()?);
        let mut tips = Vec::new();
        for (name, target) in self.all_references()? {
            tips.extend(self.peel_to_commit(target)?.map(|commit| (name, commit)));
        }
        tips.sort_by_key(|(name, _)| match name {
            name if *name == default => 0,
            name if name.starts_with("refs/heads/") => 1,
            name if name.starts_with("refs/tags/") => 2,
            _ => 3,
        });
        Ok(tips)
    }
}

impl Search<'_> {
    fn is_over(&self) -> bool {
        self.left == 0 || self.found.len() == self.wanted.len()
    }

    /// Looks at the folders of a commit that were not seen before.
    fn look(&mut self, reference: &str, commit: ObjectId) -> Result<(), GitError> {
        if self.is_over() {
            return Ok(());
        }
        let mut waiting = vec![(self.repository.tree_of(commit)?, String::new())];
        while let Some((tree, folder)) = waiting.pop() {
            if self.is_over() {
                return Ok(());
            }
            if !self.seen.insert(tree) {
                continue;
            }
            self.left -= 1;
            let data = self.repository.tree_data(tree)?;
            for entry in TreeRefIter::from_bytes(&data, gix::hash::Kind::Sha1) {
                let entry = entry?;
                let id = ObjectId::from(entry.oid);
                if entry.mode.is_tree() {
                    waiting.push((id, join(&folder, entry.filename)));
                } else if self.wanted.contains(&id) && !self.found.contains_key(&id) {
                    let (reference, path) = (reference.to_owned(), join(&folder, entry.filename));
                    self.found.insert(
                        id,
                        Place {
                            reference,
                            commit,
                            path,
                        },
                    );
                }
            }
        }
        Ok(())
    }

    /// Looks at the commits before one, the nearest first.
    fn look_back(&mut self, reference: &str, tip: ObjectId) -> Result<(), GitError> {
        let mut waiting = VecDeque::from([tip]);
        while let Some(commit) = waiting.pop_front() {
            if self.is_over() {
                return Ok(());
            }
            self.left -= 1;
            if self.seen.insert(commit) {
                self.look(reference, commit)?;
                waiting.extend(self.repository.commit(commit)?.parents);
            }
        }
        Ok(())
    }
}
