//! Comparing the path history with git.

use super::Repository;
use super::plan::HistoryError;
use super::read::{commits, indexed, last_commits};
use crate::store::Store;
use std::collections::BTreeSet;

/// Compares the index of a branch with the branch; one sentence per difference. An index that is merely behind is one.
///
/// The commits are compared one by one, the entries by their names and last commits per folder.
pub fn check(store: &Store, repository: &Repository, branch: &str) -> Result<Vec<String>, HistoryError> {
    let id = repository.id();
    let mut wrong = Vec::new();
    let mut say = |text: String| wrong.push(format!("Path history of branch '{branch}' of repository {id}: {text}."));
    let state = store.read(|tx| indexed(tx, id, branch))?;
    let tip = repository.branch(branch)?;
    let (Some(state), Some(tip)) = (state, tip) else {
        if state.is_some() != tip.is_some() {
            say("the branch or its index is missing".to_owned());
        }
        return Ok(wrong);
    };
    if state.tip != tip {
        say(format!("it stands at {}, the branch at {tip}", state.tip));
        return Ok(wrong);
    }
    let mut line = repository.line(tip)?;
    line.reverse();
    let rows = store.read(|tx| commits(tx, id, branch, 0, usize::MAX))?;
    if rows != line || state.length != line.len() as u64 {
        say("its list of commits differs from the branch".to_owned());
    }
    let mut folders = BTreeSet::from([String::new()]);
    while let Some(folder) = folders.pop_first() {
        let rows = store.read(|tx| last_commits(tx, id, branch, &folder))?;
        let mut walked = repository.walk_last_commits(tip, &folder)?;
        walked.sort();
        let rows: Vec<_> = rows.into_iter().map(|(name, last)| (name, last.commit)).collect();
        if rows != walked {
            say(format!("the entries of folder '{folder}' differ from the branch"));
        }
        for entry in repository.list(tip, &folder)? {
            if entry.kind.is_folder() {
                folders.insert(entry.path);
            }
        }
    }
    Ok(wrong)
}
