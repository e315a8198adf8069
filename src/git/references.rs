//! Branches, tags and other names of commits: reading.

use super::error::GitError;
use super::model::{ObjectId, Reference};
use super::repository::Repository;
use gix::refs::file::loose;
use gix::refs::{FullName, Target};
use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;

/// Short commit ids begin at four digits, as in git.
const SHORT_ID_MIN: usize = 4;
const ID_LENGTH: usize = 40;

/// The full name of a branch, `refs/heads/…`, when git allows the name.
pub(super) fn branch_reference(name: &str) -> Result<FullName, GitError> {
    reference("refs/heads/", name)
}

/// The full name of a tag, `refs/tags/…`, when git allows the name.
pub(super) fn tag_reference(name: &str) -> Result<FullName, GitError> {
    reference("refs/tags/", name)
}

fn reference(prefix: &str, name: &str) -> Result<FullName, GitError> {
    let bad = || GitError::BadReferenceName(name.chars().take(100).collect());
    // Beside git's own rules: names that commands take for an option or for HEAD, and names no file system can hold.
    let deceiving = name == "HEAD" || name.starts_with('-') || name.starts_with("refs/");
    if deceiving || name.len() > 240 || name.chars().any(char::is_control) {
        return Err(bad());
    }
    FullName::try_from(format!("{prefix}{name}")).map_err(|_| bad())
}

/// Whether the name of a branch matches a pattern, in which `*` stands for anything but a slash and `**` for anything.
pub fn branch_matches(pattern: &str, branch: &str) -> bool {
    let mode = gix::glob::wildmatch::Mode::NO_MATCH_SLASH_LITERAL;
    pattern == branch || gix::glob::wildmatch(pattern.into(), branch.into(), mode)
}

impl Repository {
    /// Finds the commit of a branch, a tag, a full reference name (`refs/…`), `HEAD`, or a full or short commit id.
    /// Annotated tags are followed. A branch wins over a tag of the same name, and a full id over both.
    pub fn resolve(&self, revision: &str) -> Result<ObjectId, GitError> {
        let not_found = || GitError::RevisionNotFound(revision.chars().take(100).collect());
        if revision.len() == ID_LENGTH
            && let Ok(id) = revision.parse::<ObjectId>()
            && let Some(commit) = self.peel_to_commit(id)?
            && let Some(commit) = self.belonging(vec![commit])?.pop()
        {
            return Ok(commit);
        }
        let names: &[String] = if revision.starts_with("refs/") || revision == "HEAD" {
            &[revision.to_owned()]
        } else {
            &[format!("refs/heads/{revision}"), format!("refs/tags/{revision}")]
        };
        for name in names {
            let Ok(name) = FullName::try_from(name.as_str()) else {
                continue;
            };
            if let Some(target) = self.reference_target(&name)? {
                return self.peel_to_commit(target)?.ok_or_else(not_found);
            }
        }
        if revision == "HEAD" && self.branches()?.is_empty() {
            return Err(GitError::Empty);
        }
        self.resolve_short(revision)?.ok_or_else(not_found)
    }

    fn resolve_short(&self, revision: &str) -> Result<Option<ObjectId>, GitError> {
        if !(SHORT_ID_MIN..ID_LENGTH).contains(&revision.len()) {
            return Ok(None);
        }
        let Ok(prefix) = gix::hash::Prefix::from_hex(revision) else {
            return Ok(None);
        };
        let mut commits = Vec::new();
        for id in self.find_by_prefix(prefix)? {
            if self.header(id)?.kind() == gix::objs::Kind::Commit {
                commits.push(id);
            }
        }
        match self.belonging(commits)?[..] {
            [] => Ok(None),
            [one] => Ok(Some(one)),
            _ => Err(GitError::RevisionAmbiguous(revision.to_owned())),
        }
    }

    /// Follows annotated tags to their commit; `None` when the object is absent or leads elsewhere.
    pub(super) fn peel_to_commit(&self, id: ObjectId) -> Result<Option<ObjectId>, GitError> {
        let mut id = id;
        loop {
            let Some(header) = self.find_header(id)? else {
                return Ok(None);
            };
            match header.kind() {
                gix::objs::Kind::Commit => return Ok(Some(id)),
                gix::objs::Kind::Tag => id = self.tag_target(id)?,
                _ => return Ok(None),
            }
        }
    }

    /// What a reference holds (an annotated tag is not followed), symbolic ones followed.
    pub(super) fn reference_target(&self, name: &FullName) -> Result<Option<ObjectId>, GitError> {
        let mut name = name.clone();
        // git allows chains of symbolic references up to five deep.
        for _ in 0..5 {
            let Some(target) = self.direct_target(&name)? else {
                return Ok(None);
            };
            match target {
                Target::Object(id) => return Ok(Some(id.into())),
                Target::Symbolic(next) => name = next,
            }
        }
        Ok(None)
    }

    /// What a reference of this full name holds (an annotated tag is not followed); `None` when it does not exist.
    pub fn held(&self, full_name: &str) -> Result<Option<ObjectId>, GitError> {
        match FullName::try_from(full_name) {
            Ok(name) => self.reference_target(&name),
            Err(_) => Ok(None),
        }
    }

    /// Where a branch stands; `None` when it does not exist.
    pub fn branch(&self, name: &str) -> Result<Option<ObjectId>, GitError> {
        self.reference_target(&branch_reference(name)?)
    }

    /// The commit that a tag leads to; `None` when it does not exist or leads to anything else.
    pub fn tag(&self, name: &str) -> Result<Option<ObjectId>, GitError> {
        match self.reference_target(&tag_reference(name)?)? {
            Some(target) => self.peel_to_commit(target),
            None => Ok(None),
        }
    }

    /// All branches, by name.
    pub fn branches(&self) -> Result<Vec<Reference>, GitError> {
        self.references("refs/heads/")
    }

    /// All tags, by name. Tags of anything but commits are left out.
    pub fn tags(&self) -> Result<Vec<Reference>, GitError> {
        self.references("refs/tags/")
    }

    pub(super) fn references(&self, prefix: &str) -> Result<Vec<Reference>, GitError> {
        let mut references = Vec::new();
        for (name, target) in self.all_references()? {
            let Some(name) = name.strip_prefix(prefix) else {
                continue;
            };
            if let Some(commit) = self.peel_to_commit(target)? {
                let name = name.to_owned();
                references.push(Reference { name, commit });
            }
        }
        Ok(references)
    }

    /// Every reference with its full name and its target, symbolic ones followed, annotated tags not, by name.
    pub fn all_references(&self) -> Result<Vec<(String, ObjectId)>, GitError> {
        let mut references = Vec::new();
        for reference in self.stored_references()? {
            let target = match reference.target {
                Target::Object(id) => Some(id.into()),
                Target::Symbolic(name) => self.reference_target(&name)?,
            };
            references.extend(target.map(|target| (reference.name.to_string(), target)));
        }
        references.sort_unstable();
        Ok(references)
    }

    /// What a reference itself says. Its own file is looked at before the packed ones and not after them, as gix does it:
    /// a reference that is packed between the two looks would be in neither.
    fn direct_target(&self, name: &FullName) -> Result<Option<Target>, GitError> {
        if let Some(loose) = self.loose_reference(name)? {
            return Ok(Some(loose.target));
        }
        Ok(self.packed_target(name)?.map(|target| Target::Object(target.gix())))
    }

    /// What `packed-refs` says of a reference.
    pub(super) fn packed_target(&self, name: &FullName) -> Result<Option<ObjectId>, GitError> {
        let Some(packed) = self.gix.refs.cached_packed_buffer()? else {
            return Ok(None);
        };
        let found = packed.try_find(name.as_ref())?;
        Ok(found.map(|found| found.target().into()))
    }

    /// A reference that is a file of its own.
    pub(super) fn loose_reference(&self, name: &FullName) -> Result<Option<gix::refs::Reference>, GitError> {
        let content = match fs::read(self.loose_path(name)) {
            Err(error) if is_absent(&error) => return Ok(None),
            other => other?,
        };
        let found = loose::Reference::try_from_path(name.clone(), &content, gix::hash::Kind::Sha1)?;
        Ok(Some(found.into()))
    }

    /// Every reference as it is stored, by name; files before packed ones here too.
    pub(super) fn stored_references(&self) -> Result<Vec<gix::refs::Reference>, GitError> {
        let mut references = self.loose_references()?;
        if let Some(packed) = self.gix.refs.cached_packed_buffer()? {
            for reference in packed.iter()? {
                let reference = gix::refs::Reference::from(reference?);
                references.entry(reference.name.clone()).or_insert(reference);
            }
        }
        Ok(references.into_values().collect())
    }

    /// Every reference that is a file of its own. What vanishes meanwhile was deleted or is packed by now.
    pub(super) fn loose_references(&self) -> Result<BTreeMap<FullName, gix::refs::Reference>, GitError> {
        let mut references = BTreeMap::new();
        let mut waiting = vec![(self.folder().join("refs"), "refs".to_owned())];
        while let Some((folder, prefix)) = waiting.pop() {
            let files = match fs::read_dir(&folder) {
                Err(error) if error.kind() == ErrorKind::NotFound => continue,
                other => other?,
            };
            for file in files {
                let file = match file {
                    // The folder became empty and was removed while it was read.
                    Err(error) if error.kind() == ErrorKind::NotFound => break,
                    other => other?,
                };
                // Names that are no text cannot be made by anybody but hand, and are left alone.
                let Ok(name) = file.file_name().into_string() else {
                    continue;
                };
                let name = format!("{prefix}/{name}");
                if file.file_type().is_ok_and(|kind| kind.is_dir()) {
                    waiting.push((file.path(), name));
                } else if let Ok(name) = FullName::try_from(name)
                    && let Some(reference) = self.loose_reference(&name)?
                {
                    references.insert(name, reference);
                }
            }
        }
        Ok(references)
    }

    /// The branch that HEAD names, whether it has a commit or not.
    pub fn default_branch(&self) -> Result<String, GitError> {
        let head = self.gix.head_name()?;
        head.and_then(|name| {
            name.as_bstr()
                .to_string()
                .strip_prefix("refs/heads/")
                .map(str::to_owned)
        })
        .ok_or_else(|| GitError::Damaged("HEAD names no branch".to_owned()))
    }
}

/// Whether a file is not there, a folder in its place or a file in place of its folder included.
pub(super) fn is_absent(error: &std::io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::NotFound | ErrorKind::NotADirectory | ErrorKind::IsADirectory
    )
}
