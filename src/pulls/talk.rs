//! What people say, and how they change what was said.

use super::model::{Edit, Happening, Pull, PullEvent, PullStatus, checked_text, checked_title};
use super::{Participant, Pulls, PullsError, event, store};
use crate::base::{RepositoryId, Timestamp};
use crate::events::{NewEvent, Origin, Subject};
use crate::repos::ReposError;
use crate::store::WriteTx;
use serde_json::json;

impl Pulls {
    /// Refuses a repository that was deleted meanwhile.
    pub(super) fn require_live(&self, tx: &WriteTx<'_>, id: RepositoryId) -> Result<(), PullsError> {
        match self.repos.get_in(tx, id)? {
            Some(repository) if repository.is_live() => Ok(()),
            _ => Err(ReposError::NotFound(id.to_string()).into()),
        }
    }

    /// Changes one discussion in one transaction and records it.
    async fn change<T, F>(
        &self,
        who: &Participant,
        number: u64,
        (kind, origin, comment): (&'static str, Origin, Option<u64>),
        change: F,
    ) -> Result<T, PullsError>
    where
        T: Send + 'static,
        F: FnOnce(&WriteTx<'_>, &Participant, &mut Pull, Timestamp) -> Result<T, PullsError> + Send + 'static,
    {
        let (slice, who, now) = (self.clone(), who.clone(), self.clock.now());
        self.store
            .write(move |tx| {
                let id = who.as_read().id();
                slice.require_live(tx, id)?;
                let mut pull = store::require(tx, id, number)?;
                let answer = change(tx, &who, &mut pull, now)?;
                store::put(tx, id, &pull)?;
                let told = NewEvent::new(kind, &origin, Subject::Repository(id));
                // A comment that is new is the last that happened.
                let comment = comment.or((kind == event::COMMENTED).then_some(pull.events));
                let details = json!({ "number": number, "comment": comment });
                slice.events.record(tx, told.with(details))?;
                Ok(answer)
            })
            .await
    }

    /// Adds a comment.
    pub async fn comment(
        &self,
        who: &Participant,
        number: u64,
        text: &str,
        origin: Origin,
    ) -> Result<PullEvent, PullsError> {
        let text = checked_text("comment", text)?;
        let kind = (event::COMMENTED, origin, None);
        self.change(who, number, kind, move |tx, who, pull, now| {
            pull.require_room(text.len())?;
            let by = (Some(who.account().id), now);
            Ok(store::append(
                tx,
                who.as_read().id(),
                pull,
                by,
                Happening::comment(text, now),
            )?)
        })
        .await
    }

    /// Gives a comment of the caller another text. The earlier ones are kept.
    pub async fn edit_comment(
        &self,
        who: &Participant,
        (number, sequence): (u64, u64),
        text: &str,
        origin: Origin,
    ) -> Result<PullEvent, PullsError> {
        let text = checked_text("content", text)?;
        let kind = (event::COMMENT_EDITED, origin, Some(sequence));
        self.change(who, number, kind, move |tx, who, pull, now| {
            let id = who.as_read().id();
            let mut event = store::event(tx, id, number, sequence)?.ok_or(PullsError::NoComment)?;
            let Happening::Comment {
                latest,
                history,
                hidden: false,
            } = &mut event.what
            else {
                return Err(PullsError::NoComment);
            };
            if event.author != Some(who.account().id) {
                return Err(PullsError::Forbidden("the author of the comment"));
            }
            pull.require_room(text.len())?;
            pull.bytes += text.len() as u64;
            history.push(std::mem::replace(latest, Edit { text, at: now }));
            store::put_event(tx, id, number, &event)?;
            Ok(event)
        })
        .await
    }

    /// Hides a comment for good: its texts are forgotten.
    pub async fn hide_comment(
        &self,
        who: &Participant,
        (number, sequence): (u64, u64),
        origin: Origin,
    ) -> Result<PullEvent, PullsError> {
        let kind = (event::COMMENT_HIDDEN, origin, Some(sequence));
        self.change(who, number, kind, move |tx, who, pull, now| {
            let id = who.as_read().id();
            let mut event = store::event(tx, id, number, sequence)?.ok_or(PullsError::NoComment)?;
            let bytes = event.what.bytes();
            let Happening::Comment {
                latest,
                history,
                hidden,
            } = &mut event.what
            else {
                return Err(PullsError::NoComment);
            };
            if event.author != Some(who.account().id) && !who.writes() {
                return Err(PullsError::Forbidden(
                    "the author of the comment and those who may write to the repository",
                ));
            }
            let text = String::new();
            (*latest, *history, *hidden) = (Edit { text, at: now }, Vec::new(), true);
            pull.bytes = pull.bytes.saturating_sub(bytes);
            store::put_event(tx, id, number, &event)?;
            Ok(event)
        })
        .await
    }

    /// Gives it another title.
    pub async fn rename(
        &self,
        who: &Participant,
        number: u64,
        title: &str,
        origin: Origin,
    ) -> Result<PullEvent, PullsError> {
        let title = checked_title(title)?;
        let kind = (event::RENAMED, origin, None);
        self.change(who, number, kind, move |tx, who, pull, now| {
            who.require_part(pull)?;
            pull.require_room(title.len() + pull.title.len())?;
            let from = std::mem::replace(&mut pull.title, title.clone());
            let by = (Some(who.account().id), now);
            let what = Happening::Title { from, to: title };
            Ok(store::append(tx, who.as_read().id(), pull, by, what)?)
        })
        .await
    }

    /// Opens or closes it, saying something about it.
    pub async fn set_status(
        &self,
        who: &Participant,
        number: u64,
        (open, comment): (bool, Option<&str>),
        origin: Origin,
    ) -> Result<PullEvent, PullsError> {
        let comment = comment.filter(|text| !text.trim().is_empty());
        let comment = comment.map(|text| checked_text("comment", text)).transpose()?;
        let status = if open { PullStatus::Open } else { PullStatus::Closed };
        let kind = (event::STATUS, origin, None);
        self.change(who, number, kind, move |tx, who, pull, now| {
            who.require_part(pull)?;
            if pull.status == PullStatus::Merged || pull.status == status {
                let status = pull.status.as_str();
                return Err(PullsError::Finished { number, status });
            }
            let (id, by) = (who.as_read().id(), (Some(who.account().id), now));
            if let Some(text) = comment {
                pull.require_room(text.len())?;
                store::append(tx, id, pull, by, Happening::comment(text, now))?;
            }
            pull.require_room(0)?;
            pull.status = status;
            Ok(store::append(tx, id, pull, by, Happening::Status(status))?)
        })
        .await
    }

    /// Writes down that a merge found everything on the branch already.
    pub(super) async fn note_contained(
        &self,
        who: &Participant,
        number: u64,
        tip: crate::git::ObjectId,
        origin: Origin,
    ) -> Result<(), PullsError> {
        let kind = (event::STATUS, origin, None);
        self.change(who, number, kind, move |tx, who, pull, now| {
            pull.status = PullStatus::Merged;
            if let Some(request) = &mut pull.request {
                (request.merged_onto, request.merge_commit) = (Some(tip), Some(tip));
            }
            let (id, by) = (who.as_read().id(), (Some(who.account().id), now));
            store::append(tx, id, pull, by, Happening::Status(PullStatus::Merged))?;
            Ok(())
        })
        .await
    }
}
