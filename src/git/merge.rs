//! Merging: what two histories have changed since they parted, put together in one commit.

use super::blob_stage::BlobStage;
use super::commit::{PreparedCommit, commit_bytes};
use super::error::GitError;
use super::model::{FileChange, ObjectId, Signature};
use super::pack::object_id;
use super::repository::Repository;
use gix::bstr::ByteSlice;
use gix::merge::blob::builtin_driver::text::Labels;
use gix::merge::tree::TreatAsUnresolved;
use gix::objs::{Kind, TreeRefIter};
use std::collections::{BTreeSet, HashMap};

/// Files above this size that both sides changed are not merged line by line, so that the memory stays small.
const MERGED_FILE_MAX: &str = "8m";

/// A merge to be made.
#[derive(Debug, Clone)]
pub struct MergeRequest {
    /// The branch that takes the changes.
    pub branch: String,
    /// The commit that brings them.
    pub theirs: ObjectId,
    /// Who merges.
    pub author: Signature,
    /// The message; a final newline is added.
    pub message: String,
}

/// What became of a merge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Merge {
    /// A commit with two parents, whose objects are on disk and which no reference names yet.
    Prepared(PreparedCommit),
    /// The branch stands here and has everything already.
    Contained(ObjectId),
    /// These files were changed on both sides in ways that exclude each other. Nothing was written.
    Conflicts(Vec<String>),
}

/// Objects of a merge that are not in the repository yet, with their root folder.
struct Merged {
    tree: ObjectId,
    fresh: HashMap<ObjectId, (Kind, Vec<u8>)>,
}

impl Repository {
    /// Merges a commit into a branch, as `git merge --no-ff` does, and writes the objects as one pack, durably. Moves
    /// nothing: that is for [`Self::publish`].
    pub fn prepare_merge(&self, request: MergeRequest) -> Result<Merge, GitError> {
        if request.message.contains('\0') {
            return Err(GitError::BadMessage);
        }
        let ours = self.branch(&request.branch)?.ok_or(GitError::Empty)?;
        if self.is_ancestor(request.theirs, ours)? {
            return Ok(Merge::Contained(ours));
        }
        let merged = match self.merged(ours, request.theirs)? {
            Ok(merged) => merged,
            Err(conflicts) => return Ok(Merge::Conflicts(conflicts)),
        };
        let mut stage = self.stage()?;
        let changes = self.stage_merged(&mut stage, ours, merged.tree, &merged)?;
        let (parents, signed) = ([ours, request.theirs], &request.author);
        let commit = commit_bytes(merged.tree, &parents, signed, signed, &request.message)?;
        let id = object_id(Kind::Commit, &commit)?;
        stage.pack.add(Kind::Commit, id, &commit)?;
        stage.pack.finish()?;
        self.git.pack_added(self.id);
        Ok(Merge::Prepared(PreparedCommit {
            id,
            branch: request.branch,
            parent: Some(ours),
            changes,
        }))
    }

    /// The files in which two commits exclude each other; none when they can be merged.
    pub fn merge_conflicts(&self, ours: ObjectId, theirs: ObjectId) -> Result<Vec<String>, GitError> {
        if self.is_ancestor(theirs, ours)? || self.is_ancestor(ours, theirs)? {
            return Ok(Vec::new());
        }
        Ok(self.merged(ours, theirs)?.err().unwrap_or_default())
    }

    /// The merged tree, or the files in conflict.
    fn merged(&self, ours: ObjectId, theirs: ObjectId) -> Result<Result<Merged, Vec<String>>, GitError> {
        let mut memory = self.gix.clone().with_object_memory();
        let mut config = memory.config_snapshot_mut();
        config
            .set_value(&gix::config::tree::Core::BIG_FILE_THRESHOLD, MERGED_FILE_MAX)
            .map_err(GitError::engine)?;
        config.commit().map_err(GitError::engine)?;
        let options = gix::merge::commit::Options::from(memory.tree_merge_options()?);
        // A branch that was begun anew has nothing in common with what was begun before.
        let options = options.with_allow_missing_merge_base(true);
        let mut outcome = memory.merge_commits(ours.gix(), theirs.gix(), Labels::default(), options)?;
        let how = TreatAsUnresolved::git();
        let unresolved = outcome.tree_merge.conflicts.iter();
        let unresolved = unresolved.filter(|conflict| conflict.is_unresolved(how));
        let paths = unresolved.map(|conflict| conflict.ours.location().to_str_lossy().into_owned());
        let paths: BTreeSet<String> = paths.collect();
        if !paths.is_empty() {
            return Ok(Err(paths.into_iter().collect()));
        }
        let tree = ObjectId::from(outcome.tree_merge.tree.write()?.detach());
        drop(outcome);
        let written = memory.objects.take_object_memory().unwrap_or_default();
        let fresh = written.iter().map(|(id, object)| (ObjectId::from(*id), object.clone()));
        let fresh = fresh.collect();
        Ok(Ok(Merged { tree, fresh }))
    }

    /// Stages what the merged tree needs, and nothing of what only helped to find it.
    fn stage_merged(
        &self,
        stage: &mut BlobStage,
        ours: ObjectId,
        root: ObjectId,
        merged: &Merged,
    ) -> Result<Vec<FileChange>, GitError> {
        let mut trees = HashMap::new();
        let mut waiting = vec![root];
        while let Some(id) = waiting.pop() {
            let Some((kind, data)) = merged.fresh.get(&id) else {
                continue;
            };
            if trees.contains_key(&id) || stage.pack.contains(id) {
                continue;
            }
            stage.pack.add(*kind, id, data)?;
            if *kind != Kind::Tree {
                continue;
            }
            for entry in TreeRefIter::from_bytes(data, gix::hash::Kind::Sha1) {
                waiting.push(entry?.oid.into());
            }
            trees.insert(id, data.clone());
        }
        let changes = self.tree_changes(self.tree_of(ours)?, root, &trees, false)?;
        self.check_special_files(stage, &changes)?;
        Ok(changes)
    }
}
