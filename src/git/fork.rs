//! Forks: repositories that borrow the objects of others, as `git clone --shared` makes them.
//!
//! A fork names the folders of its lenders in `objects/info/alternates`, relative to its own, so that the data folder can be
//! moved. The list of a fork of a fork begins with the list of its origin: git and gix pass over folders that they know
//! already, so that no chain of forks is ever followed deeper than one step. Lenders must keep their objects.

use super::durable::{create_folders, write_new};
use super::error::GitError;
use super::model::ObjectId;
use super::repository::{Git, Repository};
use crate::base::RepositoryId;
use std::fmt::Write;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

const ALTERNATES: &str = "objects/info/alternates";

impl Git {
    /// Makes a repository with the branches and tags of another one, whose objects it borrows. It appears whole or not at
    /// all.
    pub fn fork(&self, source: RepositoryId, target: RepositoryId, default_branch: &str) -> Result<(), GitError> {
        let mut packed = "# pack-refs with: sorted \n".to_owned();
        for (name, id) in self.repository(source)?.all_references()? {
            if name.starts_with("refs/heads/") || name.starts_with("refs/tags/") {
                // Writing to a text cannot fail.
                let _ = writeln!(packed, "{id} {name}");
            }
        }
        let mut alternates = String::new();
        for lender in self.lenders(source)?.into_iter().chain([source]) {
            let folder = self.folder(lender);
            let shard = folder.parent().and_then(Path::file_name).unwrap_or_default();
            let name = folder.file_name().unwrap_or_default();
            let place = Path::new("../../..").join(shard).join(name).join("objects");
            let _ = writeln!(alternates, "{}", place.display());
        }
        self.make(target, default_branch, &|folder| {
            create_folders(folder, &folder.join("objects/info"))?;
            write_new(&folder.join(ALTERNATES), alternates.as_bytes())?;
            write_new(&folder.join("packed-refs"), packed.as_bytes())?;
            Ok(())
        })
    }

    /// The repositories whose objects a repository borrows.
    pub fn lenders(&self, id: RepositoryId) -> Result<Vec<RepositoryId>, GitError> {
        let text = match std::fs::read_to_string(self.folder(id).join(ALTERNATES)) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            other => other?,
        };
        text.lines()
            .map(|line| {
                let folder = Path::new(line).parent().and_then(Path::file_name);
                let name = folder.and_then(|name| name.to_str()?.strip_suffix(".git"));
                let lender = name.and_then(|name| name.parse().ok());
                lender.ok_or_else(|| {
                    GitError::Damaged(format!("it borrows objects from '{line}', which is no repository"))
                })
            })
            .collect()
    }
}

impl Repository {
    /// Whether it borrows objects of others: then not all that can be found belongs to it.
    pub(super) fn borrows(&self) -> bool {
        self.folder().join(ALTERNATES).exists()
    }

    /// The folders with its objects, its own first.
    pub(super) fn object_folders(&self) -> Result<Vec<PathBuf>, GitError> {
        let own = self.folder().join("objects");
        let mut folders = gix::odb::alternate::resolve(own.clone(), self.folder()).map_err(GitError::engine)?;
        folders.insert(0, own);
        Ok(folders)
    }

    /// Those of some commits that belong to the repository. In one that borrows objects it is those to which its branches
    /// and tags lead: a commit that a lender got later is not for those who read a fork.
    pub(super) fn belonging(&self, commits: Vec<ObjectId>) -> Result<Vec<ObjectId>, GitError> {
        if commits.is_empty() || !self.borrows() {
            return Ok(commits);
        }
        self.reachable_among(commits)
    }
}
