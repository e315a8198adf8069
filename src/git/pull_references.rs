//! References of pull requests, `refs/pr/1` and so on: fetched by everybody who reads the repository, never pushed.

use super::error::GitError;
use super::model::{ObjectId, Reference};
use super::reference_write::Swap;
use super::references::branch_reference;
use super::repository::Repository;
use gix::refs::FullName;

const PREFIX: &str = "refs/pr/";

/// The full name of the reference of a pull request.
pub fn pull_reference(number: u64) -> String {
    format!("{PREFIX}{number}")
}

/// The pull request of which this is the full name of the reference.
pub fn pull_number(reference: &str) -> Option<u64> {
    let number: u64 = reference.strip_prefix(PREFIX)?.parse().ok()?;
    (number > 0 && pull_reference(number) == reference).then_some(number)
}

/// The full name of what a commit goes to: a branch by its short name, a pull request by its full one.
pub(super) fn line_reference(name: &str) -> Result<FullName, GitError> {
    if pull_number(name).is_none() {
        return branch_reference(name);
    }
    FullName::try_from(name).map_err(|_| GitError::BadReferenceName(name.to_owned()))
}

impl Repository {
    /// Where a branch stands, or a pull request that is named by its full reference; `None` when it does not exist.
    pub fn standing(&self, name: &str) -> Result<Option<ObjectId>, GitError> {
        self.reference_target(&line_reference(name)?)
    }

    /// Makes the reference of a pull request at a commit. May be repeated after a crash.
    pub fn create_pull(&self, number: u64, commit: ObjectId) -> Result<(), GitError> {
        let name = pull_reference(number);
        match self.create_reference(&line_reference(&name)?, &name, commit) {
            Err(GitError::ReferenceExists(_)) if self.standing(&name)? == Some(commit) => Ok(()),
            other => other,
        }
    }

    /// Deletes the reference of a pull request, if it is there.
    pub fn delete_pull(&self, number: u64) -> Result<(), GitError> {
        let name = line_reference(&pull_reference(number))?;
        let Some(current) = self.reference_target(&name)? else {
            return Ok(());
        };
        match self.swap_reference(&name, Some(current), None)? {
            Swap::Done => Ok(()),
            Swap::Refused(current) => Err(GitError::Stale { current }),
        }
    }

    /// All pull requests whose reference is there, their numbers as names.
    pub fn pulls(&self) -> Result<Vec<Reference>, GitError> {
        self.references(PREFIX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_one_spelling_of_a_reference_names_a_pull_request() {
        assert_eq!(pull_number("refs/pr/7"), Some(7));
        for other in [
            "refs/pr/07",
            "refs/pr/+7",
            "refs/pr/0",
            "refs/pr/7/head",
            "refs/heads/refs/pr/7",
            "7",
        ] {
            assert_eq!(pull_number(other), None, "{other}");
        }
    }
}
