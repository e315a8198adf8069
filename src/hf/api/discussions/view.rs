use crate::base::{Timestamp, UserId, blocking};
use crate::cards::{LinkBase, render};
use crate::git::ObjectId;
use crate::hf::HfParts;
use crate::hf::api::HfError;
use crate::hf::api::asked::HfKind;
use crate::pulls::{Edit, Happening, Pull, PullEvent};
use crate::repos::ReadRepo;
use serde::Serialize;
use std::collections::HashMap;
use utoipa::ToSchema;

/// What is written for an account that is gone.
const NOBODY: &str = "deleted";

/// Who did something.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct HfDiscussionAuthor {
    /// The account's name.
    name: String,
}

/// Where a discussion is held.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct HfDiscussionRepo {
    /// `owner/name`.
    name: String,
    /// `model`, `dataset` or `space`.
    r#type: &'static str,
}

/// A discussion or a pull request.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct HfDiscussionView {
    /// Its number.
    num: u64,
    /// Its title.
    title: String,
    /// `draft`, `open`, `closed` or `merged`.
    status: &'static str,
    /// When it was opened.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// Who opened it.
    author: HfDiscussionAuthor,
    /// Whether it is a pull request.
    is_pull_request: bool,
    /// Where it is held.
    repo: HfDiscussionRepo,
    /// Comments beside the first.
    num_comments: u64,
}

/// What a pull request changes.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct HfChangesView {
    /// The branch that it is for, by its full name.
    pub(super) base: String,
    /// Where that branch stood before the merge.
    #[schema(value_type = Option<String>)]
    pub(super) merged_onto_id: Option<ObjectId>,
    /// Where that branch stood after the merge.
    #[schema(value_type = Option<String>)]
    pub(super) merge_commit_id: Option<ObjectId>,
}

/// A discussion with everything that happened in it.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct HfDiscussionDetails {
    #[serde(flatten)]
    pub(super) discussion: HfDiscussionView,
    /// What happened, in order.
    pub(super) events: Vec<HfDiscussionEvent>,
    /// What a pull request changes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) changes: Option<HfChangesView>,
    /// Files that keep a pull request from being merged.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) files_with_conflicts: Option<Vec<String>>,
    /// What a pull request changes as a unified diff, when asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) diff: Option<String>,
}

/// Something that happened in a discussion.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct HfDiscussionEvent {
    /// Its id: 24 hexadecimal digits, unique in its discussion.
    id: String,
    /// `comment`, `status-change`, `commit` or `title-change`.
    r#type: &'static str,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// Who did it.
    author: HfDiscussionAuthor,
    /// What.
    data: HfHappening,
}

/// What happened.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
enum HfHappening {
    /// A comment.
    Comment {
        /// Whether it had another text once.
        edited: bool,
        /// Whether it is not shown any more.
        hidden: bool,
        /// The text as it is now.
        latest: HfCommentText,
        /// Earlier texts.
        history: Vec<HfCommentText>,
    },
    /// Another status.
    Status {
        /// The status.
        status: &'static str,
    },
    /// A commit.
    Commit {
        /// The first line of its message.
        subject: String,
        /// The commit.
        #[schema(value_type = String)]
        oid: ObjectId,
    },
    /// Another title.
    Title {
        /// Before.
        from: String,
        /// Now.
        to: String,
    },
}

/// A text that a comment has or had.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct HfCommentText {
    /// Markdown as it was written.
    raw: String,
    /// The text as HTML that may stand on a page of the hub.
    html: String,
    /// When it was written.
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
    /// Who wrote it.
    author: HfDiscussionAuthor,
}

/// Names of accounts, each looked up once.
#[derive(Default)]
pub(super) struct Names(HashMap<UserId, String>);

impl HfParts {
    fn author(&self, names: &mut Names, id: Option<UserId>) -> Result<HfDiscussionAuthor, HfError> {
        let Some(id) = id else {
            return Ok(HfDiscussionAuthor {
                name: NOBODY.to_owned(),
            });
        };
        if let Some(name) = names.0.get(&id) {
            return Ok(HfDiscussionAuthor { name: name.clone() });
        }
        let account = self.users.find(id)?;
        let name = account.map_or_else(|| NOBODY.to_owned(), |account| account.name.to_string());
        names.0.insert(id, name.clone());
        Ok(HfDiscussionAuthor { name })
    }

    /// Tells of a discussion.
    pub(super) fn discussion(
        &self,
        names: &mut Names,
        (kind, proof): (HfKind, &ReadRepo),
        pull: &Pull,
    ) -> Result<HfDiscussionView, HfError> {
        Ok(HfDiscussionView {
            num: pull.number,
            title: pull.title.clone(),
            status: pull.status.as_str(),
            created_at: pull.created_at,
            author: self.author(names, Some(pull.author))?,
            is_pull_request: pull.request.is_some(),
            repo: HfDiscussionRepo {
                name: format!("{}/{}", proof.owner().name, proof.repository().name),
                r#type: kind.as_str(),
            },
            num_comments: pull.events.saturating_sub(1),
        })
    }

    /// Tells what happened, in order. Texts are rendered off the threads that serve.
    pub(super) async fn happenings(&self, events: Vec<PullEvent>) -> Result<Vec<HfDiscussionEvent>, HfError> {
        let parts = self.clone();
        blocking(move || {
            let mut names = Names::default();
            let told = events.into_iter().map(|event| parts.happening(&mut names, event));
            told.collect()
        })
        .await
    }

    /// Tells of one thing that happened, which is short.
    pub(super) fn happening(&self, names: &mut Names, event: PullEvent) -> Result<HfDiscussionEvent, HfError> {
        let author = self.author(names, event.author)?;
        let text = |edit: Edit| HfCommentText {
            html: render(&edit.text, &LinkBase::default()).html,
            raw: edit.text,
            updated_at: edit.at,
            author: author.clone(),
        };
        let (r#type, data) = match event.what {
            Happening::Comment {
                latest,
                history,
                hidden,
            } => {
                let data = HfHappening::Comment {
                    edited: !history.is_empty(),
                    hidden,
                    latest: text(latest),
                    history: history.into_iter().map(text).collect(),
                };
                ("comment", data)
            }
            Happening::Status(status) => {
                let status = status.as_str();
                ("status-change", HfHappening::Status { status })
            }
            Happening::Commit { subject, commit } => ("commit", HfHappening::Commit { subject, oid: commit }),
            Happening::Title { from, to } => ("title-change", HfHappening::Title { from, to }),
        };
        Ok(HfDiscussionEvent {
            id: event_id(event.sequence),
            r#type,
            created_at: event.at,
            author,
            data,
        })
    }
}

/// The id under which clients know what happened.
pub(super) fn event_id(sequence: u64) -> String {
    format!("{sequence:024x}")
}

/// What an id of a client names.
pub(super) fn sequence_of(id: &str) -> Option<u64> {
    let sequence = u64::from_str_radix(id, 16).ok()?;
    (event_id(sequence) == id).then_some(sequence)
}
