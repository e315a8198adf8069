//! Opening. A pull request gets its number, then its reference, then its row, so that whoever sees it can fetch it.

use super::model::{Happening, Pull, PullRequest, PullStatus, checked_length, checked_title};
use super::{Participant, Pulls, PullsError, event, store};
use crate::base::{RepositoryId, blocking};
use crate::events::{NewEvent, Origin, Subject};
use crate::git::{GitError, ObjectId};
use crate::http::to_the_end;
use serde_json::json;

/// A discussion or a pull request to be opened.
#[derive(Debug, Clone)]
pub struct NewPull {
    /// Its title.
    pub title: String,
    /// The first comment; may be empty.
    pub description: String,
    /// From where the request came.
    pub origin: Origin,
}

/// A pull request that has its number and its reference and is not to be seen yet.
#[derive(Debug)]
pub struct Opening {
    repository: RepositoryId,
    /// Its number.
    pub number: u64,
    base: String,
}

impl Pulls {
    /// Opens a discussion.
    pub async fn open_discussion(&self, who: &Participant, new: NewPull) -> Result<Pull, PullsError> {
        let (id, slice) = (who.as_read().id(), self.clone());
        let row = self.row(who, &new, PullStatus::Open, None)?;
        self.store
            .write(move |tx| {
                let number = store::next_number(tx, id)?;
                slice.write_opened(tx, id, Pull { number, ..row }, None, new)
            })
            .await
    }

    /// Opens a pull request without commits for the default branch. It is a draft until somebody says otherwise.
    pub async fn open_draft(&self, who: &Participant, new: NewPull) -> Result<Pull, PullsError> {
        let (slice, who) = (self.clone(), who.clone());
        to_the_end(Box::pin(async move {
            slice.row(&who, &new, PullStatus::Draft, None)?;
            let base = who.as_read().repository().default_branch.clone();
            let opening = slice.reserve(&who, &base).await?;
            slice.finish(&who, opening, PullStatus::Draft, None, new).await
        }))
        .await
    }

    /// Gives a pull request its number and its reference, where a branch stands. To be followed by [`Self::open`] or
    /// [`Self::abandon`]; the next start abandons what was followed by neither.
    pub async fn reserve(&self, who: &Participant, base: &str) -> Result<Opening, PullsError> {
        let (git, id, branch) = (self.repos.git().clone(), who.as_read().id(), base.to_owned());
        let tip = blocking(move || {
            let missing = || GitError::RevisionNotFound(branch.chars().take(100).collect());
            match git.repository(id)?.branch(&branch) {
                Ok(tip) => tip.ok_or_else(missing),
                Err(GitError::BadReferenceName(_)) => Err(missing()),
                Err(error) => Err(error),
            }
        });
        let tip = tip.await?;
        let number = self.store.write(move |tx| {
            let number = store::next_number(tx, id)?;
            store::put_opening(tx, id, number)?;
            Ok::<_, PullsError>(number)
        });
        let number = number.await?;
        let git = self.repos.git().clone();
        blocking(move || git.repository(id)?.create_pull(number, tip)).await?;
        Ok(Opening {
            repository: id,
            number,
            base: base.to_owned(),
        })
    }

    /// Opens a pull request whose first commit is made.
    pub async fn open(
        &self,
        who: &Participant,
        opening: Opening,
        first: Option<(ObjectId, String)>,
        new: NewPull,
    ) -> Result<Pull, PullsError> {
        self.finish(who, opening, PullStatus::Open, first, new).await
    }

    async fn finish(
        &self,
        who: &Participant,
        opening: Opening,
        status: PullStatus,
        first: Option<(ObjectId, String)>,
        new: NewPull,
    ) -> Result<Pull, PullsError> {
        let Opening {
            repository: id,
            number,
            base,
        } = opening;
        let request = PullRequest {
            base,
            merged_onto: None,
            merge_commit: None,
        };
        let row = self.row(who, &new, status, Some(request))?;
        let slice = self.clone();
        self.store
            .write(move |tx| {
                store::delete_opening(tx, id, number)?;
                slice.write_opened(tx, id, Pull { number, ..row }, first, new)
            })
            .await
    }

    /// Takes a number and a reference back; the number is not given again.
    pub async fn abandon(&self, opening: Opening) -> Result<(), PullsError> {
        self.take_back(opening.repository, opening.number).await
    }

    async fn take_back(&self, id: RepositoryId, number: u64) -> Result<(), PullsError> {
        let git = self.repos.git().clone();
        let _guard = self.repos.git().lock(id).await;
        let gone = blocking(move || match git.repository(id) {
            Ok(repository) => repository.delete_pull(number),
            Err(GitError::NoRepository) => Ok(()),
            Err(error) => Err(error),
        });
        gone.await?;
        self.store
            .write(move |tx| Ok::<_, PullsError>(store::delete_opening(tx, id, number).map(drop)?))
            .await
    }

    /// Takes back what a crash cut off while it was opened. Called once at start, after commits are healed.
    pub async fn heal(&self) -> Result<(), PullsError> {
        for (id, number) in self.store.read(store::openings)? {
            if let Err(error) = self.take_back(id, number).await {
                // One damaged repository does not keep the hub from starting.
                tracing::error!(%id, number, %error, "a pull request that was cut off cannot be taken back");
            }
        }
        Ok(())
    }

    fn row(
        &self,
        who: &Participant,
        new: &NewPull,
        status: PullStatus,
        request: Option<PullRequest>,
    ) -> Result<Pull, PullsError> {
        checked_length("description", &new.description)?;
        Ok(Pull {
            number: 0,
            title: checked_title(&new.title)?,
            author: who.account().id,
            status,
            created_at: self.clock.now(),
            request,
            events: 0,
            bytes: 0,
        })
    }

    fn write_opened(
        &self,
        tx: &crate::store::WriteTx<'_>,
        id: RepositoryId,
        mut pull: Pull,
        first: Option<(ObjectId, String)>,
        new: NewPull,
    ) -> Result<Pull, PullsError> {
        self.require_live(tx, id)?;
        let by = (Some(pull.author), pull.created_at);
        let comment = Happening::comment(new.description, pull.created_at);
        store::append(tx, id, &mut pull, by, comment)?;
        if let Some((commit, subject)) = first {
            let subject = subject.chars().take(250).collect();
            store::append(tx, id, &mut pull, by, Happening::Commit { subject, commit })?;
        }
        store::put(tx, id, &pull)?;
        let details = json!({ "number": pull.number, "title": pull.title, "pull_request": pull.request.is_some() });
        let opened = NewEvent::new(event::OPENED, &new.origin, Subject::Repository(id));
        self.events.record(tx, opened.with(details))?;
        Ok(pull)
    }
}
