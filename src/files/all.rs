//! Every file of the hub, for administrators.

use super::Files;
use super::error::FilesError;
use super::listing::{ListedEntry, Window};
use crate::base::blocking;
use crate::repos::{Repository, all_repositories};
use crate::users::Admin;
use std::ops::ControlFlow;

/// Files of a repository that are looked up at once.
const MOST: usize = 1_000;

/// A page of all files.
#[derive(Debug, Clone)]
pub struct AllFiles {
    /// The files of the page, each with its repository.
    pub files: Vec<(Repository, ListedEntry)>,
    /// Files in all repositories.
    pub total: u64,
}

impl Files {
    /// A page of the files on all default branches, by repository, then by path. Repositories before the page are passed
    /// over by the number of their files, which their rows know.
    pub async fn all(&self, _proof: Admin, window: Window) -> Result<AllFiles, FilesError> {
        let files = self.clone();
        blocking(move || files.read_all(window)).await
    }

    fn read_all(&self, window: Window) -> Result<AllFiles, FilesError> {
        let (mut total, mut wanted) = (0_u64, Vec::new());
        let (first, end) = (window.offset as u64, (window.offset + window.limit.min(MOST)) as u64);
        self.0.store.read(|tx| {
            all_repositories(tx, |repository| {
                if repository.is_live() && repository.file_count > 0 {
                    let (start, stop) = (total, total + repository.file_count);
                    total = stop;
                    if stop > first && start < end {
                        let skip = usize::try_from(first.saturating_sub(start)).unwrap_or(usize::MAX);
                        wanted.push((repository, skip));
                    }
                }
                Ok::<_, FilesError>(ControlFlow::Continue(()))
            })
        })?;
        let mut files = Vec::with_capacity(window.limit.min(MOST));
        for (repository, skip) in wanted {
            let left = window.limit.min(MOST) - files.len();
            let Some(tip) = repository.last_commit.as_ref().map(|commit| commit.id) else {
                continue;
            };
            let opened = self.0.repos.git().repository(repository.id)?;
            let mut found = opened.list_files(tip, "", None, skip.saturating_add(left))?;
            found.retain(|entry| entry.kind.is_blob());
            let page = found.into_iter().skip(skip).take(left).collect();
            let entries = self.sized(&opened, page)?;
            files.extend(entries.into_iter().map(|entry| (repository.clone(), entry)));
        }
        Ok(AllFiles { files, total })
    }
}
