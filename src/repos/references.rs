//! Branches and tags that programs and pages make, rename and delete. Each change is a push without a pack: the rules, the
//! journal and everything that follows are those of a push.

use super::create::author;
use super::protection::require_push;
use super::push::Push;
use super::{Repos, ReposError, WriteRepo};
use crate::base::blocking;
use crate::events::Origin;
use crate::git::receive::{Command, branch_name, tag_name};
use crate::git::{GitError, ObjectId};
use crate::http::to_the_end;

/// The longest message of a tag, in bytes.
const MESSAGE_MAX_BYTES: usize = 16 * 1024;

/// A tag to be made.
#[derive(Debug, Clone)]
pub struct NewTag {
    /// Its name.
    pub name: String,
    /// What it names.
    pub commit: ObjectId,
    /// What an annotated tag says; none makes a lightweight one.
    pub message: Option<String>,
}

impl Repos {
    /// Makes a branch at a commit to which a branch or tag leads.
    pub async fn create_branch(
        &self,
        proof: &WriteRepo,
        name: &str,
        commit: ObjectId,
        origin: Origin,
    ) -> Result<(), ReposError> {
        let full = full_branch(name)?;
        let row = self.live(proof)?;
        require_push(proof, &row, name)?;
        self.require_new(proof, &full, Some(commit)).await?;
        let command = Command {
            name: full,
            old: None,
            new: Some(commit),
        };
        self.push_commands(proof, vec![command], 0, origin).await
    }

    /// Gives a branch another name. The default branch keeps its own, as clones follow it.
    pub async fn rename_branch(
        &self,
        proof: &WriteRepo,
        old: &str,
        new: &str,
        origin: Origin,
    ) -> Result<(), ReposError> {
        let (from, to) = (self.removable_branch(proof, old).await?, full_branch(new)?);
        let row = self.live(proof)?;
        require_push(proof, &row, new)?;
        self.require_new(proof, &to, None).await?;
        let made = Command {
            name: to,
            old: None,
            new: from.old,
        };
        self.push_commands(proof, vec![from, made], 0, origin).await
    }

    /// Deletes a branch that no rule protects and that is not the default one.
    pub async fn delete_branch(&self, proof: &WriteRepo, name: &str, origin: Origin) -> Result<(), ReposError> {
        let command = self.removable_branch(proof, name).await?;
        self.push_commands(proof, vec![command], 0, origin).await
    }

    /// Makes a tag at a commit to which a branch or tag leads.
    pub async fn create_tag(&self, proof: &WriteRepo, new: NewTag, origin: Origin) -> Result<(), ReposError> {
        let full = format!("refs/tags/{}", new.name);
        tag_name(&full).ok_or_else(|| bad_name(&new.name))?;
        self.require_new(proof, &full, Some(new.commit)).await?;
        let (mut target, mut bytes) = (new.commit, 0);
        if let Some(message) = new.message.filter(|message| !message.trim().is_empty()) {
            if message.len() > MESSAGE_MAX_BYTES {
                return Err(ReposError::Invalid {
                    field: "message",
                    message: format!("The message of a tag has at most {MESSAGE_MAX_BYTES} bytes."),
                });
            }
            self.require_room(proof, message.len() as u64)?;
            let (git, id) = (self.git.clone(), proof.repository().id);
            let tagger = author(proof.actor(), self.clock.now());
            let written = move || {
                git.repository(id)?
                    .write_tag(&new.name, new.commit, &tagger, message.trim())
            };
            (target, bytes) = blocking(written).await?;
        }
        let command = Command {
            name: full,
            old: None,
            new: Some(target),
        };
        self.push_commands(proof, vec![command], bytes, origin).await
    }

    /// Deletes a tag.
    pub async fn delete_tag(&self, proof: &WriteRepo, name: &str, origin: Origin) -> Result<(), ReposError> {
        let full = format!("refs/tags/{name}");
        let held = self.held(proof, full.clone(), name).await?;
        let command = Command {
            name: full,
            old: Some(held),
            new: None,
        };
        self.push_commands(proof, vec![command], 0, origin).await
    }

    /// The command that deletes a branch, if it may be deleted.
    async fn removable_branch(&self, proof: &WriteRepo, name: &str) -> Result<Command, ReposError> {
        let full = format!("refs/heads/{name}");
        let held = self.held(proof, full.clone(), name).await?;
        let row = self.live(proof)?;
        if row.default_branch == name {
            return Err(GitError::DefaultBranch(name.to_owned()).into());
        }
        require_push(proof, &row, name)?;
        row.require_deletable(name)?;
        Ok(Command {
            name: full,
            old: Some(held),
            new: None,
        })
    }

    /// What a branch or tag holds.
    pub(super) async fn held(&self, proof: &WriteRepo, full: String, name: &str) -> Result<ObjectId, ReposError> {
        let unknown = || GitError::ReferenceNotFound(name.chars().take(100).collect());
        // What cannot be a name names nothing.
        if branch_name(&full).is_none() && tag_name(&full).is_none() {
            return Err(unknown().into());
        }
        let (git, id) = (self.git.clone(), proof.repository().id);
        let held = blocking(move || git.repository(id)?.held(&full)).await?;
        held.ok_or_else(|| unknown().into())
    }

    /// Refuses a name that is taken, and a commit to which nothing leads: it may be the rest of something.
    async fn require_new(&self, proof: &WriteRepo, full: &str, commit: Option<ObjectId>) -> Result<(), ReposError> {
        let (git, id, full) = (self.git.clone(), proof.repository().id, full.to_owned());
        blocking(move || {
            let repository = git.repository(id)?;
            if repository.held(&full)?.is_some() {
                let name = full.splitn(3, '/').last().unwrap_or_default();
                return Err(GitError::ReferenceExists(name.to_owned()).into());
            }
            if let Some(commit) = commit {
                repository.require_reachable(&[commit])?;
            }
            Ok(())
        })
        .await
    }

    /// Pushes what needs no pack, and answers when it is durable.
    pub(super) async fn push_commands(
        &self,
        proof: &WriteRepo,
        commands: Vec<Command>,
        written_bytes: u64,
        origin: Origin,
    ) -> Result<(), ReposError> {
        let push = Push {
            commands,
            atomic: true,
            incoming: None,
            lenders: Vec::new(),
            written_bytes,
            origin,
        };
        let (slice, proof) = (self.clone(), proof.clone());
        let report = to_the_end(Box::pin(async move { slice.push(&proof, push).await })).await?;
        let refused = report.0.into_iter().find_map(|(_, outcome)| outcome.err());
        refused.map_or(Ok(()), |reason| Err(ReposError::ReferenceRefused(reason)))
    }
}

fn full_branch(name: &str) -> Result<String, ReposError> {
    let full = format!("refs/heads/{name}");
    branch_name(&full).ok_or_else(|| bad_name(name))?;
    Ok(full)
}

fn bad_name(name: &str) -> ReposError {
    GitError::BadReferenceName(name.chars().take(100).collect()).into()
}
