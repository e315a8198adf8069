//! Comparing everything with everything: what the `check` command and the task of the same name do.

use super::error::AppError;
use super::hub::Hub;
use crate::base::blocking;
use crate::{blobs, cards, events, jobs, models, taxonomy, users};
use anyhow::Context;

impl Hub {
    /// Everything that contradicts something else, as sentences; empty when all is well. Reads all metadata and all git
    /// objects; hashes the large content too when `deep`.
    pub async fn check(&self, deep: bool) -> Result<Vec<String>, AppError> {
        let mut problems = self.check_rows().await?;
        problems.extend(self.repos.check_git().await.context("git could not be checked")?);
        let expected = self.repos.named_blobs()?;
        let report = self
            .blobs
            .check(expected, deep)
            .await
            .context("the large content could not be checked")?;
        problems.extend(report.problems.iter().map(ToString::to_string));
        Ok(problems)
    }

    /// What only a stopped hub can show: damaged pages of the store.
    pub fn check_at_rest(&self) -> Result<Vec<String>, AppError> {
        let mut problems = Vec::new();
        if !self.store.is_intact()? {
            problems.push("the metadata store has damaged pages".to_owned());
        }
        Ok(problems)
    }

    async fn check_rows(&self) -> Result<Vec<String>, AppError> {
        let hub = self.clone();
        blocking(move || {
            hub.store.read(|tx| {
                let mut problems = jobs::check(tx)?;
                problems.extend(events::check(tx)?);
                problems.extend(blobs::check_rows(tx)?);
                problems.extend(users::check(tx)?);
                problems.extend(hub.repos.check(tx)?);
                problems.extend(taxonomy::check(tx)?);
                problems.extend(cards::check(tx)?);
                problems.extend(models::check(tx)?);
                problems.extend(hub.files.check(tx)?);
                problems.extend(hub.pulls.check(tx)?);
                problems.extend(hub.hooks.check(tx)?);
                problems.extend(hub.social.check(tx)?);
                Ok(problems)
            })
        })
        .await
    }
}
