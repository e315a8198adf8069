//! Verifying a repository: every reference, every object that can be reached, every hash.

use super::error::GitError;
use super::lfs_pointer::LfsPointer;
use super::model::ObjectId;
use super::pack::object_id;
use super::repository::Repository;
use gix::objs::{CommitRefIter, Kind, TagRef, TreeRefIter};
use std::collections::{BTreeSet, HashSet};

/// What [`Repository::check`] found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CheckReport {
    /// One sentence for each thing that is wrong.
    pub problems: Vec<String>,
    /// The large files that any reachable commit names.
    pub pointers: BTreeSet<LfsPointer>,
    /// Number of objects that were verified.
    pub objects: u64,
}

impl Repository {
    /// Reads everything that references reach and verifies it. Takes as long as `git fsck`.
    pub fn check(&self) -> Result<CheckReport, GitError> {
        self.walk_reachable(true)
    }

    /// The large files that any reachable commit names, history included. Objects are not verified.
    pub fn reachable_pointers(&self) -> Result<BTreeSet<LfsPointer>, GitError> {
        let report = self.walk_reachable(false)?;
        match report.problems.into_iter().next() {
            Some(problem) => Err(GitError::Damaged(problem)),
            None => Ok(report.pointers),
        }
    }

    fn walk_reachable(&self, verify: bool) -> Result<CheckReport, GitError> {
        let mut report = CheckReport::default();
        let mut waiting: Vec<(ObjectId, Option<Kind>)> = Vec::new();
        let mut seen = HashSet::from([ObjectId::EMPTY_TREE]);
        for (name, target) in self.all_references()? {
            if name.starts_with("refs/heads/") && self.peel_to_commit(target).ok().flatten() != Some(target) {
                report
                    .problems
                    .push(format!("'{name}' does not lead to a commit ({target})"));
            }
            if seen.insert(target) {
                waiting.push((target, None));
            }
        }
        while let Some((id, kind)) = waiting.pop() {
            // Blobs that cannot be a pointer are read only to verify them.
            if !verify && kind == Some(Kind::Blob) {
                match self.pointer(id) {
                    Ok(pointer) => report.pointers.extend(pointer),
                    Err(error) => report.problems.push(format!("object {id} cannot be read: {error}")),
                }
                continue;
            }
            if let Err(problem) = self.visit(id, kind, verify, &mut report, &mut seen, &mut waiting) {
                report.problems.push(problem);
            }
        }
        Ok(report)
    }

    fn visit(
        &self,
        id: ObjectId,
        expected: Option<Kind>,
        verify: bool,
        report: &mut CheckReport,
        seen: &mut HashSet<ObjectId>,
        waiting: &mut Vec<(ObjectId, Option<Kind>)>,
    ) -> Result<(), String> {
        let unreadable = |error: &dyn std::fmt::Display| format!("object {id} cannot be read: {error}");
        let object = match self.find_object(id) {
            Ok(Some(object)) => object,
            Ok(None) => return Err(format!("object {id} is missing")),
            Err(error) => return Err(unreadable(&error)),
        };
        report.objects += 1;
        if expected.is_some_and(|expected| expected != object.kind) {
            return Err(format!("object {id} has the wrong kind, {}", object.kind));
        }
        if verify && object_id(object.kind, &object.data).ok() != Some(id) {
            return Err(format!("object {id} has other content than its name says"));
        }
        let mut found: Vec<(ObjectId, Kind)> = Vec::new();
        match object.kind {
            Kind::Blob => report.pointers.extend(LfsPointer::parse(&object.data)),
            Kind::Tree => {
                for entry in TreeRefIter::from_bytes(&object.data, gix::hash::Kind::Sha1) {
                    let entry = entry.map_err(|error| unreadable(&error))?;
                    if entry.mode.is_tree() {
                        found.push((entry.oid.into(), Kind::Tree));
                    } else if !entry.mode.is_commit() {
                        found.push((entry.oid.into(), Kind::Blob));
                    }
                }
            }
            Kind::Commit => {
                let fields = || CommitRefIter::from_bytes(&object.data, gix::hash::Kind::Sha1);
                let tree = fields().tree_id().map_err(|error| unreadable(&error))?;
                found.push((tree.into(), Kind::Tree));
                found.extend(fields().parent_ids().map(|parent| (parent.into(), Kind::Commit)));
            }
            Kind::Tag => {
                let tag =
                    TagRef::from_bytes(&object.data, gix::hash::Kind::Sha1).map_err(|error| unreadable(&error))?;
                found.push((tag.target().into(), tag.target_kind));
            }
        }
        for (id, kind) in found {
            if seen.insert(id) {
                waiting.push((id, Some(kind)));
            }
        }
        Ok(())
    }
}
