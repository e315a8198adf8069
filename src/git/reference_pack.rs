//! References that have long stood still, or that move together, as lines of one file, `packed-refs`, instead of a file each
//! (git-pack-refs).
//!
//! A reference is in `packed-refs`, durably, before its own file goes, and readers look at its own file first, so it is
//! always found. Its own file goes only while it says what was packed; a newer one stays and wins.

use super::durable::sync_folder;
use super::error::GitError;
use super::lock_file::LockFile;
use super::model::ObjectId;
use super::references::is_absent;
use super::repository::{Git, Repository};
use crate::base::RepositoryId;
use gix::refs::{FullName, Target};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::fmt::Write;
use std::fs;
use std::io::ErrorKind;
use std::path::PathBuf;

const FILE: &str = "packed-refs";
const HEADER: &str = "# pack-refs with: peeled fully-peeled sorted \n";
/// Said by a file in which every annotated tag has a line about where it leads.
const FULLY_PEELED: &str = " fully-peeled ";

/// A reference that is a file of its own.
struct Loose {
    name: FullName,
    target: ObjectId,
    /// Where an annotated tag leads.
    peeled: Option<ObjectId>,
}

/// The lines of `packed-refs`: what each reference holds, and where it leads if that is an annotated tag.
type Packed = BTreeMap<String, (ObjectId, Option<ObjectId>)>;

impl Git {
    /// Packs all references that are files of their own if there are at least so many; answers how many were packed.
    /// Others may move references meanwhile.
    pub fn pack_references(&self, id: RepositoryId, at_least: usize) -> Result<usize, GitError> {
        let repository = self.repository(id)?;
        let loose = repository.packable()?;
        if loose.is_empty() || loose.len() < at_least {
            return Ok(0);
        }
        let packed = self.locks().with_references(id, || repository.write_packed(loose))?;
        let mut folders = HashSet::new();
        for reference in &packed {
            if self
                .locks()
                .with_references(id, || repository.remove_if_packed(reference))?
            {
                folders.extend(repository.loose_path(&reference.name).parent().map(PathBuf::from));
            }
        }
        // A file that came back after a power cut would be found before what is packed.
        for folder in folders {
            match sync_folder(&folder) {
                Err(error) if error.kind() != ErrorKind::NotFound => return Err(error.into()),
                _ => {}
            }
            let below = folder.join("any");
            self.locks()
                .with_references(id, || repository.remove_empty_parents(&below));
        }
        Ok(packed.len())
    }
}

fn text_of(packed: &Packed) -> String {
    let mut text = HEADER.to_owned();
    for (name, (target, peeled)) in packed {
        // Writing to a text cannot fail.
        let _ = writeln!(text, "{target} {name}");
        if let Some(peeled) = peeled {
            let _ = writeln!(text, "^{peeled}");
        }
    }
    text
}

impl Repository {
    /// References that can be packed, with where they lead; what leads to nothing stays as it is, as in git.
    fn packable(&self) -> Result<Vec<Loose>, GitError> {
        let mut packable = Vec::new();
        for (name, reference) in self.loose_references()? {
            let Target::Object(target) = reference.target else {
                continue;
            };
            let private = name.category().is_some_and(|category| category.is_worktree_private());
            let target = ObjectId::from(target);
            if let Some(peeled) = self.peeled(target)?.filter(|_| !private) {
                packable.push(Loose {
                    name,
                    target,
                    peeled: Some(peeled).filter(|peeled| *peeled != target),
                });
            }
        }
        Ok(packable)
    }

    /// Adds references to the packed ones, durably, as far as they still say the same; answers which.
    fn write_packed(&self, loose: Vec<Loose>) -> Result<Vec<Loose>, GitError> {
        let path = self.folder().join(FILE);
        let lock = LockFile::take(&path)?;
        let mut all = self.read_packed()?;
        let mut packed = Vec::with_capacity(loose.len());
        for reference in loose {
            if self.says(&reference)? {
                all.insert(reference.name.to_string(), (reference.target, reference.peeled));
                packed.push(reference);
            }
        }
        if !packed.is_empty() {
            lock.commit_later(text_of(&all).as_bytes())?;
        }
        Ok(packed)
    }

    /// Writes what references hold from now on into the packed ones, durably, and takes out those that hold nothing. What
    /// files of their own say is found before it until [`Self::remove_files`]. Only while no other reference can move.
    pub(super) fn pack_targets(&self, targets: &[(FullName, Option<ObjectId>)]) -> Result<(), GitError> {
        let lock = LockFile::take(&self.folder().join(FILE))?;
        let mut all = self.read_packed()?;
        let mut ends = HashMap::new();
        for (name, target) in targets {
            let Some(target) = *target else {
                all.remove(&name.to_string());
                continue;
            };
            // Many references often hold one object.
            let end = if let Some(end) = ends.get(&target) {
                *end
            } else {
                let missing = || GitError::RevisionNotFound(target.to_string());
                *ends.entry(target).or_insert(self.peeled(target)?.ok_or_else(missing)?)
            };
            all.insert(name.to_string(), (target, Some(end).filter(|end| *end != target)));
        }
        lock.commit_later(text_of(&all).as_bytes())
    }

    /// Removes the own files of references of which the packed ones say everything; durable when it returns. Only while
    /// no other reference can move.
    pub(super) fn remove_files<'a>(&self, names: impl Iterator<Item = &'a FullName>) -> Result<(), GitError> {
        let mut folders = BTreeSet::new();
        for name in names {
            let path = self.loose_path(name);
            match fs::remove_file(&path) {
                Err(error) if !is_absent(&error) => return Err(error.into()),
                _ => {}
            }
            folders.extend(path.parent().map(PathBuf::from));
        }
        // Also where nothing was: packing may have removed it just now, and it must not come back after a power cut.
        for folder in folders.iter().filter(|folder| folder.is_dir()) {
            sync_folder(folder)?;
        }
        for folder in folders.iter().rev() {
            self.remove_empty_parents(&folder.join("any"));
        }
        Ok(())
    }

    fn says(&self, reference: &Loose) -> Result<bool, GitError> {
        let found = self.loose_reference(&reference.name)?;
        Ok(found.is_some_and(|found| found.target == Target::Object(reference.target.gix())))
    }

    /// Removes the file of a packed reference unless it says something newer, or stock git is about to write it. The
    /// reference may have been deleted and made again since it was packed, so both places are looked at.
    fn remove_if_packed(&self, reference: &Loose) -> Result<bool, GitError> {
        let path = self.loose_path(&reference.name);
        if !path.exists() {
            return Ok(false);
        }
        let Some(_lock) = LockFile::try_take(&path)? else {
            return Ok(false);
        };
        if !self.says(reference)? || self.packed_target(&reference.name)? != Some(reference.target) {
            return Ok(false);
        }
        fs::remove_file(&path)?;
        Ok(true)
    }

    fn read_packed(&self) -> Result<Packed, GitError> {
        let damaged = || GitError::Damaged(format!("'{FILE}' cannot be read"));
        let text = match fs::read_to_string(self.folder().join(FILE)) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Packed::new()),
            other => other?,
        };
        let mut packed = Packed::new();
        let mut last: Option<&str> = None;
        let mut fully_peeled = false;
        for line in text.lines() {
            if line.starts_with('#') {
                fully_peeled |= line.contains(FULLY_PEELED);
            } else if let Some(peeled) = line.strip_prefix('^') {
                let peeled = peeled.parse().map_err(|_| damaged())?;
                let tag = last.and_then(|name| packed.get_mut(name)).ok_or_else(damaged)?;
                tag.1 = Some(peeled);
            } else {
                let (target, name) = line.split_once(' ').ok_or_else(damaged)?;
                packed.insert(name.to_owned(), (target.parse().map_err(|_| damaged())?, None));
                last = Some(name);
            }
        }
        if !fully_peeled {
            for (target, peeled) in packed.values_mut().filter(|(_, peeled)| peeled.is_none()) {
                *peeled = self.peeled(*target)?.filter(|end| end != target);
            }
        }
        Ok(packed)
    }

    /// Takes references out of `packed-refs`, durably. Only while no other reference can move.
    pub(super) fn remove_packed(&self, names: &[&FullName]) -> Result<(), GitError> {
        let path = self.folder().join(FILE);
        if names.is_empty() || !path.exists() {
            return Ok(());
        }
        let lock = LockFile::take(&path)?;
        let text = fs::read(&path)?;
        let wanted: HashSet<&[u8]> = names.iter().map(|name| name.as_bstr().as_ref()).collect();
        let mut kept = Vec::with_capacity(text.len());
        let (mut found, mut skipping) = (false, false);
        for line in text.split_inclusive(|byte| *byte == b'\n') {
            // A line `^…` belongs to the annotated tag before it.
            if !line.starts_with(b"^") {
                let name = line.split(|byte| *byte == b' ').nth(1).map(<[u8]>::trim_ascii_end);
                skipping = !line.starts_with(b"#") && name.is_some_and(|name| wanted.contains(name));
                found |= skipping;
            }
            if !skipping {
                kept.extend_from_slice(line);
            }
        }
        if found { lock.commit_later(&kept) } else { Ok(()) }
    }
}
