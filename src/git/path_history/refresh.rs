//! Bringing the path history of a branch up to date, outside of anybody's commit.

use super::plan::HistoryError;
use super::store::{Progress, apply, forget_branch};
use crate::base::{RepositoryId, blocking};
use crate::git::Git;
use crate::store::Store;
use std::sync::Arc;

/// Folders that deltas are made from: neighbouring commits share most of them.
const BASES_BYTES: usize = 32 << 20;

/// Brings the path history of a branch to where the branch stands, in as many transactions as it takes, and forgets it when
/// the branch is gone. Two callers at once do the work twice and agree.
pub async fn refresh(git: &Git, store: &Store, id: RepositoryId, branch: &str) -> Result<(), HistoryError> {
    'plan: loop {
        let (planner, rows, name) = (git.clone(), store.clone(), branch.to_owned());
        let plan = blocking(move || {
            // One for the whole walk: each step goes on from folders that the one before it read.
            let repository = planner.repository(id)?.keeping_bases(BASES_BYTES);
            match repository.branch(&name)? {
                Some(tip) => {
                    let plan = repository.plan_history(&rows, &name, tip)?;
                    Ok(Some((repository, plan)))
                }
                None => Ok::<_, HistoryError>(None),
            }
        })
        .await?;
        let Some((mut repository, mut plan)) = plan else {
            return forget(store, id, branch).await;
        };
        loop {
            let update;
            (repository, plan, update) = blocking(move || {
                let update = plan.next_update(&repository);
                (repository, plan, update)
            })
            .await;
            let Some(update) = update?.map(Arc::new) else {
                return Ok(());
            };
            loop {
                let step = Arc::clone(&update);
                match store.write(move |tx| apply(tx, &step)).await? {
                    Progress::Done => break,
                    Progress::Again => {}
                    Progress::Outdated => continue 'plan,
                }
            }
        }
    }
}

async fn forget(store: &Store, id: RepositoryId, branch: &str) -> Result<(), HistoryError> {
    loop {
        let name = branch.to_owned();
        if store.write(move |tx| forget_branch(tx, id, &name)).await? {
            return Ok(());
        }
    }
}
