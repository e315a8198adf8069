use super::{Editor, EditorError};
use crate::base::blocking;
use crate::files::{Revision, Window};
use crate::git::{
    Annotation, CommitInfo, Count, Diff, DiffLimits, Divergence, GitError, ObjectId, Reference, Repository,
};
use crate::repos::{ReadContent, ReadRepo};

/// Commits of a comparison that are shown, and that are counted.
const SHOWN: usize = 250;
const COUNTED: usize = 10_000;
/// Commits that are read to tell how far the branches of a page are from the default one: a fraction of a second.
const WALKED: usize = 20_000;

/// What one revision has beyond another, as `git log base..head` and `git diff base...head` tell it.
#[derive(Debug, Clone, PartialEq)]
pub struct Comparison {
    /// The newest commit that both histories have; none when they have nothing in common.
    pub merge_base: Option<ObjectId>,
    /// Commits that only the head has, the newest first; at most 250 of them.
    pub commits: Vec<CommitInfo>,
    /// How many commits only the head has.
    pub ahead: Count,
    /// How many commits only the base has.
    pub behind: Count,
    /// What the head changed since the merge base.
    pub diff: Diff,
}

/// A branch or a tag with the commit that it names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedCommit {
    /// The name without `refs/heads/` or `refs/tags/`.
    pub name: String,
    /// The commit; of an annotated tag the one that it leads to.
    pub commit: CommitInfo,
    /// What an annotated tag says.
    pub annotation: Option<Annotation>,
}

/// Which names of commits are meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Names {
    /// Branches.
    Branches,
    /// Tags.
    Tags,
}

impl Editor {
    /// Compares two revisions.
    pub async fn compare(
        &self,
        proof: &ReadContent,
        base: &Revision,
        head: &Revision,
    ) -> Result<Comparison, EditorError> {
        let (git, id, base, head) = (self.files().repos().git().clone(), proof.id(), base.commit, head.commit);
        blocking(move || {
            let repository = git.repository(id)?;
            let merge_base = repository.merge_base(base, head)?;
            let ahead = repository.beyond(Some(base), head, SHOWN, COUNTED)?;
            let behind = repository.beyond(Some(head), base, 0, COUNTED)?;
            Ok(Comparison {
                merge_base,
                ahead: ahead.count,
                commits: ahead.commits,
                behind: behind.count,
                diff: repository.diff(merge_base, head, DiffLimits::default())?,
            })
        })
        .await
    }

    /// A page of the branches or tags of a repository, and how many there are. Branches: the default one first, then by
    /// name; tags: the last names first, which is the newest version first where versions are counted.
    pub async fn names(
        &self,
        proof: &ReadRepo,
        names: Names,
        containing: &str,
        window: Window,
    ) -> Result<(Vec<NamedCommit>, u64), EditorError> {
        let (git, id) = (self.files().repos().git().clone(), proof.id());
        let (default, containing) = (proof.repository().default_branch.clone(), containing.to_lowercase());
        blocking(move || {
            let repository = git.repository(id)?;
            let mut found = match names {
                Names::Branches => repository.branches()?,
                Names::Tags => repository.tags()?,
            };
            found.retain(|reference| reference.name.to_lowercase().contains(&containing));
            match names {
                Names::Branches => found.sort_by_key(|reference| reference.name != default),
                Names::Tags => found.reverse(),
            }
            let total = found.len() as u64;
            let page = found.into_iter().skip(window.offset).take(window.limit);
            let page = page
                .map(|reference| named(&repository, names, reference))
                .collect::<Result<_, _>>()?;
            Ok((page, total))
        })
        .await
    }

    /// How far each of some commits is from the tip of the default branch; nothing when that has no commit.
    pub async fn divergences(&self, proof: &ReadRepo, heads: Vec<ObjectId>) -> Result<Vec<Divergence>, EditorError> {
        let (git, id) = (self.files().repos().git().clone(), proof.id());
        let default = proof.repository().default_branch.clone();
        blocking(move || {
            let repository = git.repository(id)?;
            match repository.branch(&default)? {
                Some(base) => Ok(repository.divergences(base, &heads, WALKED)?),
                None => Ok(Vec::new()),
            }
        })
        .await
    }

    /// One branch or tag.
    pub async fn named(&self, proof: &ReadRepo, names: Names, name: &str) -> Result<NamedCommit, EditorError> {
        let (git, id, name) = (self.files().repos().git().clone(), proof.id(), name.to_owned());
        blocking(move || {
            let repository = git.repository(id)?;
            let unknown = || GitError::ReferenceNotFound(name.chars().take(100).collect());
            let found = match names {
                Names::Branches => repository.branch(&name),
                Names::Tags => repository.tag(&name),
            };
            let commit = match found {
                Ok(found) => found.ok_or_else(unknown)?,
                // What cannot be a name names nothing.
                Err(GitError::BadReferenceName(_)) => return Err(unknown().into()),
                Err(error) => return Err(error.into()),
            };
            Ok(named(&repository, names, Reference { name, commit })?)
        })
        .await
    }
}

fn named(repository: &Repository, names: Names, reference: Reference) -> Result<NamedCommit, GitError> {
    Ok(NamedCommit {
        commit: repository.commit(reference.commit)?,
        annotation: match names {
            Names::Branches => None,
            Names::Tags => repository.annotation(&reference.name)?,
        },
        name: reference.name,
    })
}
