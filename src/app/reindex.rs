//! Making anew what is derived: what the `reindex` command and the task of the same name do.

use super::error::AppError;
use super::hub::Hub;
use anyhow::{Context, anyhow};

impl Hub {
    /// Makes anew what is derived from git and metadata, in the order in which one is derived from the other; answers a
    /// sentence. Reading goes on meanwhile. Interrupted, it has done no harm, and what it had not come to is as before.
    pub async fn reindex(&self) -> Result<String, AppError> {
        let histories = self.repos.rebuild_history();
        let histories = histories.await.context("the path history could not be made anew")?;
        let cards = self.cards.refresh_all();
        let cards = cards.await.context("the cards could not be read again")?;
        let models = self.models.refresh_all();
        let models = models
            .await
            .context("the files of the models could not be read again")?;
        let indexed = self.search.rebuild(true).await;
        let indexed = indexed.map_err(|error| anyhow!("the search indexes could not be filled: {error}"))?;
        Ok(format!(
            "Read the history of {histories} repositories; {cards} cards and {models} models had changed. Indexed {} repositories, {} accounts \
             and {} files.",
            indexed.repositories, indexed.users, indexed.files
        ))
    }
}
