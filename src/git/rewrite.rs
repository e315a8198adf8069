//! Histories written anew. Only objects are written here, durably; moving the branches is for whoever asked.

use super::commit::commit_bytes;
use super::error::GitError;
use super::model::{ObjectId, Signature};
use super::pack::{PackWriter, object_id};
use super::repository::Repository;
use gix::objs::{CommitRefIter, Kind, TreeRefIter};
use std::collections::{HashMap, HashSet};

/// Folders that are remembered at once, about 40 MB; what is forgotten is looked at again.
const FOLDERS_MAX: usize = 500_000;
const ID_BYTES: usize = 20;

/// A branch whose history was written anew.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RewrittenBranch {
    /// Its name.
    pub name: String,
    /// Where it stands.
    pub old: ObjectId,
    /// Where it would stand.
    pub new: ObjectId,
}

impl Repository {
    /// Writes a commit with the files of another one and without a history. Answers it and its size in bytes.
    pub fn write_squashed(
        &self,
        commit: ObjectId,
        author: &Signature,
        message: &str,
    ) -> Result<(ObjectId, u64), GitError> {
        if message.contains('\0') {
            return Err(GitError::BadMessage);
        }
        let bytes = commit_bytes(self.tree_of(commit)?, &[], author, author, message)?;
        let id = object_id(Kind::Commit, &bytes)?;
        let mut pack = PackWriter::new(self.folder().join("objects/pack"))?;
        pack.add(Kind::Commit, id, &bytes)?;
        pack.finish()?;
        self.git.pack_added(self.id);
        Ok((id, bytes.len() as u64))
    }

    /// Writes the histories of all branches as if files with these contents had never been in them. Answers the branches
    /// that change, and the bytes of what was written. Commits keep their authors, times and messages; the signature of one
    /// that changes is left out, as it would be wrong. Folders that become empty go, commits stay.
    pub fn write_without(&self, contents: &HashSet<ObjectId>) -> Result<(Vec<RewrittenBranch>, u64), GitError> {
        let mut rewriting = Rewriting {
            repository: self,
            contents,
            pack: PackWriter::new(self.folder().join("objects/pack"))?,
            folders: HashMap::new(),
            commits: HashMap::new(),
        };
        let mut branches = Vec::new();
        for branch in self.branches()? {
            let (name, old) = (branch.name, branch.commit);
            let new = rewriting.history(old)?;
            if new != old {
                branches.push(RewrittenBranch { name, old, new });
            }
        }
        let bytes = rewriting.pack.offset();
        rewriting.pack.finish()?;
        self.git.pack_added(self.id);
        Ok((branches, bytes))
    }
}

struct Rewriting<'a> {
    repository: &'a Repository,
    /// What goes.
    contents: &'a HashSet<ObjectId>,
    pack: PackWriter,
    /// What became of folders; nothing is left of those without a value.
    folders: HashMap<ObjectId, Option<ObjectId>>,
    /// What became of commits.
    commits: HashMap<ObjectId, ObjectId>,
}

impl Rewriting<'_> {
    /// Writes a commit and all before it. Those that wait are on an own stack, as histories are longer than a thread's.
    fn history(&mut self, tip: ObjectId) -> Result<ObjectId, GitError> {
        let mut waiting = vec![tip];
        while let Some(id) = waiting.last().copied() {
            if self.commits.contains_key(&id) {
                waiting.pop();
                continue;
            }
            let data = self.repository.object(id)?.detach().data;
            let parents: Vec<ObjectId> = CommitRefIter::from_bytes(&data, gix::hash::Kind::Sha1)
                .parent_ids()
                .map(ObjectId::from)
                .collect();
            let before = waiting.len();
            waiting.extend(parents.iter().filter(|parent| !self.commits.contains_key(*parent)));
            if waiting.len() > before {
                continue;
            }
            let new = self.commit(id, &data, &parents)?;
            self.commits.insert(id, new);
        }
        Ok(self.commits.get(&tip).copied().unwrap_or(tip))
    }

    fn commit(&mut self, id: ObjectId, data: &[u8], parents: &[ObjectId]) -> Result<ObjectId, GitError> {
        let old_tree = self.repository.tree_of(id)?;
        let tree = self.folder(old_tree)?.unwrap_or(ObjectId::EMPTY_TREE);
        let new_parents: Vec<ObjectId> = parents
            .iter()
            .map(|parent| self.commits.get(parent).copied().unwrap_or(*parent))
            .collect();
        if tree == old_tree && new_parents == parents {
            return Ok(id);
        }
        if tree == ObjectId::EMPTY_TREE {
            self.pack.add(Kind::Tree, tree, &[])?;
        }
        let data = commit_with(data, tree, &new_parents);
        let new = object_id(Kind::Commit, &data)?;
        self.pack.add(Kind::Commit, new, &data)?;
        if self.folders.len() > FOLDERS_MAX {
            self.folders.clear();
        }
        Ok(new)
    }

    /// What is left of a folder. Those that wait are on an own stack too.
    fn folder(&mut self, root: ObjectId) -> Result<Option<ObjectId>, GitError> {
        let mut waiting = vec![root];
        while let Some(id) = waiting.last().copied() {
            if self.folders.contains_key(&id) {
                waiting.pop();
                continue;
            }
            let data = self.repository.tree_data(id)?;
            let before = waiting.len();
            let (kept, changed) = self.kept(&data, &mut waiting)?;
            if waiting.len() > before {
                continue;
            }
            let left = match (changed, kept.is_empty()) {
                (false, _) => Some(id),
                (true, true) => None,
                (true, false) => {
                    let new = object_id(Kind::Tree, &kept)?;
                    self.pack.add(Kind::Tree, new, &kept)?;
                    Some(new)
                }
            };
            self.folders.insert(id, left);
        }
        Ok(self.folders.get(&root).copied().unwrap_or(Some(root)))
    }

    /// The entries of a folder that stay, byte for byte but for folders that change, and whether any change; folders that
    /// have to be looked at first are added to those that wait.
    fn kept(&self, data: &[u8], waiting: &mut Vec<ObjectId>) -> Result<(Vec<u8>, bool), GitError> {
        let (mut kept, mut changed, mut start) = (Vec::with_capacity(data.len()), false, 0);
        let mut entries = TreeRefIter::from_bytes(data, gix::hash::Kind::Sha1);
        while let Some(entry) = entries.next() {
            let entry = entry?;
            let end = entries.offset_to_next_entry(data);
            let id = ObjectId::from(entry.oid);
            let left = match self.folders.get(&id) {
                _ if !entry.mode.is_tree() => Some(id).filter(|id| !self.contents.contains(id)),
                Some(left) => *left,
                None => {
                    waiting.push(id);
                    Some(id)
                }
            };
            changed |= left != Some(id);
            if let Some(left) = left {
                kept.extend_from_slice(&data[start..end - ID_BYTES]);
                kept.extend_from_slice(left.as_bytes());
            }
            start = end;
        }
        Ok((kept, changed))
    }
}

/// A commit with another root and other parents, byte for byte but for these and what was signed of the old ones.
fn commit_with(data: &[u8], tree: ObjectId, parents: &[ObjectId]) -> Vec<u8> {
    let mut out = format!("tree {tree}\n").into_bytes();
    for parent in parents {
        out.extend_from_slice(format!("parent {parent}\n").as_bytes());
    }
    let (mut rest, mut left_out) = (data, false);
    while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
        let (line, after) = rest.split_at(end + 1);
        if line == b"\n" {
            break;
        }
        // The lines of a field that goes on begin with a space.
        if !line.starts_with(b" ") {
            let name = line.split(|byte| *byte == b' ').next().unwrap_or_default();
            left_out = matches!(name, b"tree" | b"parent" | b"gpgsig" | b"gpgsig-sha256" | b"mergetag");
        }
        if !left_out {
            out.extend_from_slice(line);
        }
        rest = after;
    }
    out.extend_from_slice(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_commit_keeps_everything_but_its_root_its_parents_and_its_signature() {
        let old = b"tree 1111111111111111111111111111111111111111\n\
            parent 2222222222222222222222222222222222222222\n\
            author A <a@b> 1 +0000\ncommitter C <c@d> 2 +0100\nencoding latin1\n\
            gpgsig -----BEGIN\n abc\n \n -----END\nHG:extra x\n\ntree of \xe9\n\nparent\n";
        let id = "3333333333333333333333333333333333333333".parse().unwrap();
        let new = commit_with(old, id, &[id, id]);
        let mut expected = format!("tree {id}\nparent {id}\nparent {id}\n").into_bytes();
        expected.extend_from_slice(
            b"author A <a@b> 1 +0000\ncommitter C <c@d> 2 +0100\nencoding latin1\nHG:extra x\n\n\
            tree of \xe9\n\nparent\n",
        );
        assert_eq!(String::from_utf8_lossy(&new), String::from_utf8_lossy(&expected));
        assert_eq!(new, expected);
    }
}
