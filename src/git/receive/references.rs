//! Moving several references together: all of them or each by itself, after a look at all of them.

use crate::git::references::{branch_reference, tag_reference};
use crate::git::{GitError, ObjectId, Repository};
use gix::refs::FullName;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeSet, HashMap};

/// Changes from which on they are written as packed references: a file for each costs two waits for the disk, and the
/// packed references of a large repository are some megabytes.
const TOGETHER_FROM: usize = 16;

/// A reference to move, make (`old` is `None`) or delete (`new` is `None`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReferenceChange {
    /// Its full name.
    pub name: String,
    /// What it must hold.
    pub old: Option<ObjectId>,
    /// What it shall hold.
    pub new: Option<ObjectId>,
}

/// Why a reference was not moved.
#[derive(Debug, thiserror::Error)]
pub enum ReferenceRefusal {
    /// It holds something else than the client believes.
    #[error("it has moved meanwhile; fetch and try again")]
    Stale,
    /// `a` and `a/b` cannot stand side by side.
    #[error("it cannot stand beside '{0}', as one name would be a folder of the other")]
    Clash(String),
    /// Another reference of an atomic push was refused.
    #[error("nothing was changed, as another reference of this atomic push was refused")]
    Atomic,
    /// The hub failed.
    #[error(transparent)]
    Git(#[from] GitError),
}

/// The branch that a full name names, if a push may touch it.
pub fn branch_name(name: &str) -> Option<&str> {
    let short = name.strip_prefix("refs/heads/")?;
    branch_reference(short).is_ok().then_some(short)
}

/// The tag that a full name names, if a push may touch it.
pub fn tag_name(name: &str) -> Option<&str> {
    let short = name.strip_prefix("refs/tags/")?;
    tag_reference(short).is_ok().then_some(short)
}

/// Says why a push may not touch a reference of this name, if so.
pub fn pushable_name(name: &str) -> Result<(), &'static str> {
    match (name.starts_with("refs/heads/"), name.starts_with("refs/tags/")) {
        (false, false) => Err("only branches (refs/heads/…) and tags (refs/tags/…) can be pushed"),
        _ if branch_name(name).is_none() && tag_name(name).is_none() => Err("git does not allow this name"),
        _ => Ok(()),
    }
}

impl Repository {
    /// Says which of these changes can be made now, and makes none. References that are where they shall be, but not
    /// where the client believes them to be, have moved.
    pub fn judge_references(
        &self,
        changes: &[ReferenceChange],
        atomic: bool,
    ) -> Result<Vec<Result<(), ReferenceRefusal>>, GitError> {
        let mut answers = self.judged(changes, false)?;
        if atomic {
            refuse_all_for_one(&mut answers);
        }
        Ok(answers)
    }

    /// Moves references that hold what they must and stand in nobody's way; durable when it returns. When `atomic`, one
    /// that is refused, or cannot be written, holds back all.
    ///
    /// A crash in the middle leaves some moved: whoever needs all or none writes down what was meant and calls again.
    /// References that are where they shall be count as moved.
    pub fn change_references(
        &self,
        changes: &[ReferenceChange],
        atomic: bool,
    ) -> Result<Vec<Result<(), ReferenceRefusal>>, GitError> {
        self.git.locks().with_references(self.id, || {
            let mut answers = self.judged(changes, true)?;
            if atomic {
                refuse_all_for_one(&mut answers);
            }
            if self.change_together(changes, &answers)? {
                return Ok(answers);
            }
            let unpacked = self.unpack_deleted(changes, &answers).is_ok();
            // Deletions first: they make room for names below or above theirs.
            for deletions in [true, false] {
                for (change, answer) in changes.iter().zip(&mut answers) {
                    if change.new.is_none() == deletions && answer.is_ok() {
                        *answer = self.apply_change(change, unpacked).map_err(ReferenceRefusal::from);
                    }
                }
            }
            if atomic
                && answers
                    .iter()
                    .any(|answer| matches!(answer, Err(ReferenceRefusal::Git(_))))
            {
                self.take_back(changes)?;
                refuse_all_for_one(&mut answers);
            }
            Ok(answers)
        })
    }

    /// Puts references back to what they held before a change of which a part failed. Where that fails too, whoever wrote
    /// down what was meant has to try again.
    fn take_back(&self, changes: &[ReferenceChange]) -> Result<(), GitError> {
        for deletions in [true, false] {
            for change in changes.iter().filter(|change| change.old.is_none() == deletions) {
                let back = ReferenceChange {
                    name: change.name.clone(),
                    old: change.new,
                    new: change.old,
                };
                self.apply_change(&back, false)?;
            }
        }
        Ok(())
    }

    /// Makes many changes by writing the packed references once, instead of a durable file for each; answers whether it
    /// did. It does not when they are few, or when the packed references cannot be written.
    fn change_together(
        &self,
        changes: &[ReferenceChange],
        answers: &[Result<(), ReferenceRefusal>],
    ) -> Result<bool, GitError> {
        let accepted = changes.iter().zip(answers).filter(|(_, answer)| answer.is_ok());
        let targets = accepted.map(|(change, _)| Ok((full_name(&change.name)?, change.new)));
        let targets = targets.collect::<Result<Vec<_>, GitError>>()?;
        if targets.len() < TOGETHER_FROM || self.pack_targets(&targets).is_err() {
            return Ok(false);
        }
        self.remove_files(targets.iter().map(|(name, _)| name))?;
        Ok(true)
    }

    /// Takes all references that are deleted out of the packed ones at once: each by itself would write the file anew.
    fn unpack_deleted(
        &self,
        changes: &[ReferenceChange],
        answers: &[Result<(), ReferenceRefusal>],
    ) -> Result<(), GitError> {
        let accepted = changes.iter().zip(answers).filter(|(_, answer)| answer.is_ok());
        let deleted = accepted.filter(|(change, _)| change.new.is_none());
        let names = deleted.map(|(change, _)| full_name(&change.name));
        let names = names.collect::<Result<Vec<_>, _>>()?;
        self.remove_packed(&names.iter().collect::<Vec<_>>())
    }

    fn apply_change(&self, change: &ReferenceChange, unpacked: bool) -> Result<(), GitError> {
        let name = full_name(&change.name)?;
        match change.new {
            Some(id) if Some(id) == self.reference_target(&name)? => Ok(()),
            Some(id) => self.write_loose(&name, id),
            None => {
                if !unpacked {
                    self.remove_packed(&[&name])?;
                }
                self.remove_loose(&name)
            }
        }
    }

    fn judged(&self, changes: &[ReferenceChange], again: bool) -> Result<Vec<Result<(), ReferenceRefusal>>, GitError> {
        let mut answers = Vec::with_capacity(changes.len());
        let mut creates = false;
        // One look at all of them costs less than a look at each of many.
        let listed = (changes.len() >= TOGETHER_FROM).then(|| self.all_references());
        let listed: Option<HashMap<String, ObjectId>> = listed.transpose()?.map(|all| all.into_iter().collect());
        for change in changes {
            let name = full_name(&change.name)?;
            let current = match &listed {
                Some(listed) => listed.get(&change.name).copied(),
                None => self.reference_target(&name)?,
            };
            creates |= current.is_none() && change.new.is_some();
            answers.push(if current == change.old || (again && current == change.new) {
                Ok(())
            } else {
                Err(ReferenceRefusal::Stale)
            });
        }
        if creates {
            self.refuse_clashes(changes, &mut answers)?;
        }
        Ok(answers)
    }

    fn refuse_clashes(
        &self,
        changes: &[ReferenceChange],
        answers: &mut [Result<(), ReferenceRefusal>],
    ) -> Result<(), GitError> {
        let mut names: BTreeSet<String> = self.all_references()?.into_iter().map(|(name, _)| name).collect();
        for (change, _) in changes
            .iter()
            .zip(&*answers)
            .filter(|(change, answer)| answer.is_ok() && change.new.is_none())
        {
            names.remove(&change.name);
        }
        for (change, answer) in changes.iter().zip(answers) {
            if answer.is_err() || change.new.is_none() || names.contains(&change.name) {
                continue;
            }
            match clash(&names, &change.name) {
                Some(other) => *answer = Err(ReferenceRefusal::Clash(other)),
                None => drop(names.insert(change.name.clone())),
            }
        }
        Ok(())
    }
}

/// A name that excludes another one.
fn clash(names: &BTreeSet<String>, name: &str) -> Option<String> {
    let below = format!("{name}/");
    let under = names
        .range(below.clone()..)
        .next()
        .filter(|other| other.starts_with(&below));
    let above = || {
        let mut ends = name.match_indices('/').map(|(end, _)| &name[..end]);
        ends.find_map(|folder| names.get(folder))
    };
    under.or_else(above).cloned()
}

fn refuse_all_for_one(answers: &mut [Result<(), ReferenceRefusal>]) {
    if answers.iter().any(Result::is_err) {
        for answer in answers.iter_mut().filter(|answer| answer.is_ok()) {
            *answer = Err(ReferenceRefusal::Atomic);
        }
    }
}

fn full_name(name: &str) -> Result<FullName, GitError> {
    FullName::try_from(name).map_err(|_| GitError::BadReferenceName(name.chars().take(100).collect()))
}
