//! Bringing git folders into order: what the `gc` command and the task of the same name do.

use super::error::AppError;
use super::hub::Hub;
use crate::base::size::human;
use crate::repos::CollectOptions;
use anyhow::Context;
use tokio_util::sync::CancellationToken;

impl Hub {
    /// Packs references and objects of repositories where it is worth its while, or of all, and removes what nothing has
    /// led to for long enough; answers a sentence. Everything else goes on meanwhile. Interrupted, it has done no harm.
    pub async fn collect(&self, all: bool, stop: CancellationToken) -> Result<String, AppError> {
        let options = CollectOptions {
            grace: self.config.current().git.unreachable_grace,
            all,
            stop,
        };
        let done = self.repos.collect_all(options).await;
        let done = done.context("the git folders could not be brought into order")?;
        Ok(format!(
            "Brought {} repositories into order: packed {} branches and tags, removed {} objects to which nothing led, \
             saved {}.",
            done.repositories,
            done.references,
            done.pruned,
            human(done.freed)
        ))
    }
}
