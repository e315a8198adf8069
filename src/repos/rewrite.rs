//! Branches whose history is written anew on purpose. The rules are those of a push that rewrites, the way is that of every
//! push.

use super::create::author;
use super::protection::require_rewrite;
use super::{Repos, ReposError, WriteRepo};
use crate::base::blocking;
use crate::events::Origin;
use crate::git::ObjectId;
use crate::git::receive::Command;

/// The longest message of a commit that stands for a whole history, in bytes.
const MESSAGE_MAX_BYTES: usize = 64 * 1024;

impl Repos {
    /// Makes the files of a branch its only commit, and answers it. What else leads to the commits before stays as it is;
    /// to what nothing leads any more goes when its time of grace is over, and large content with it.
    pub async fn squash(
        &self,
        proof: &WriteRepo,
        branch: &str,
        message: &str,
        origin: Origin,
    ) -> Result<ObjectId, ReposError> {
        if message.len() > MESSAGE_MAX_BYTES {
            return Err(ReposError::Invalid {
                field: "message",
                message: format!("The message of a commit has at most {MESSAGE_MAX_BYTES} bytes."),
            });
        }
        let name = format!("refs/heads/{branch}");
        let held = self.held(proof, name.clone(), branch).await?;
        let row = self.live(proof)?;
        require_rewrite(proof, &row, branch)?;
        self.require_room(proof, message.len() as u64)?;
        let (git, id, message) = (self.git.clone(), row.id, message.to_owned());
        let author = author(proof.actor(), self.clock.now());
        let written = move || git.repository(id)?.write_squashed(held, &author, &message);
        let (commit, bytes) = blocking(written).await?;
        let command = Command {
            name,
            old: Some(held),
            new: Some(commit),
        };
        self.push_commands(proof, vec![command], bytes, origin).await?;
        Ok(commit)
    }
}
