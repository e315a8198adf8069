use super::PullsError;
use crate::base::{Timestamp, UserId};
use crate::git::ObjectId;
use serde::{Deserialize, Serialize};

/// The longest title, in bytes.
const TITLE_MAX_BYTES: usize = 250;
/// The longest comment, in bytes.
const COMMENT_MAX_BYTES: usize = 64 * 1024;
/// What is said in one discussion: it is read as a whole, and into memory.
const DISCUSSION_MAX_BYTES: u64 = 8 << 20;
const DISCUSSION_MAX_EVENTS: u64 = 5_000;

/// How a discussion stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PullStatus {
    /// A pull request that is not ready yet.
    Draft,
    /// Open.
    Open,
    /// Closed; it can be opened again.
    Closed,
    /// A pull request that was merged, for good.
    Merged,
}

impl PullStatus {
    /// Whether something may still become of it.
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Draft | Self::Open)
    }

    /// The word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Open => "open",
            Self::Closed => "closed",
            Self::Merged => "merged",
        }
    }
}

/// What a pull request is beside a discussion.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PullRequest {
    /// The branch that it is for.
    pub base: String,
    /// Where that branch stood before the merge.
    #[serde(default)]
    pub merged_onto: Option<ObjectId>,
    /// Where it stood after.
    #[serde(default)]
    pub merge_commit: Option<ObjectId>,
}

/// A discussion or a pull request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pull {
    /// Its number in its repository, from 1.
    pub number: u64,
    /// Its title.
    pub title: String,
    /// Who opened it.
    pub author: UserId,
    /// How it stands.
    pub status: PullStatus,
    /// When it was opened.
    pub created_at: Timestamp,
    /// What a pull request is beside; none of a discussion.
    #[serde(default)]
    pub request: Option<PullRequest>,
    /// Rows of what happened.
    pub events: u64,
    /// Bytes of text in those rows.
    pub bytes: u64,
}

impl Pull {
    /// The pull request that this is, or an error that says that it is none.
    pub fn require_request(&self) -> Result<&PullRequest, PullsError> {
        self.request.as_ref().ok_or(PullsError::NoPullRequest(self.number))
    }

    /// Refuses more text, or one more row, than one discussion may have.
    pub(super) fn require_room(&self, bytes: usize) -> Result<(), PullsError> {
        if self.events >= DISCUSSION_MAX_EVENTS || self.bytes.saturating_add(bytes as u64) > DISCUSSION_MAX_BYTES {
            return Err(PullsError::Full(self.number));
        }
        Ok(())
    }
}

/// A text that a comment had once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Edit {
    /// The text.
    pub text: String,
    /// When it was written.
    pub at: Timestamp,
}

/// Something that happened in a discussion.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Happening {
    /// Somebody said something.
    Comment {
        /// The text as it is now.
        latest: Edit,
        /// Earlier texts, the oldest first.
        #[serde(default)]
        history: Vec<Edit>,
        /// Whether it is not shown any more; its texts are gone then.
        #[serde(default)]
        hidden: bool,
    },
    /// It stands otherwise now.
    Status(PullStatus),
    /// The pull request got a commit.
    Commit {
        /// The first line of its message.
        subject: String,
        /// The commit.
        commit: ObjectId,
    },
    /// It is called otherwise now.
    Title {
        /// Before.
        from: String,
        /// Now.
        to: String,
    },
}

impl Happening {
    /// A comment that nobody has edited yet.
    pub(super) fn comment(text: String, at: Timestamp) -> Self {
        Self::Comment {
            latest: Edit { text, at },
            history: Vec::new(),
            hidden: false,
        }
    }

    /// Bytes of text.
    pub(super) fn bytes(&self) -> u64 {
        let bytes = match self {
            Self::Comment { latest, history, .. } => {
                latest.text.len() + history.iter().map(|edit| edit.text.len()).sum::<usize>()
            }
            Self::Status(_) => 0,
            Self::Commit { subject, .. } => subject.len(),
            Self::Title { from, to } => from.len() + to.len(),
        };
        bytes as u64
    }
}

/// A row of what happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PullEvent {
    /// Its number in its discussion, from 1.
    pub sequence: u64,
    /// Who did it; none when the hub did.
    pub author: Option<UserId>,
    /// When.
    pub at: Timestamp,
    /// What.
    pub what: Happening,
}

/// Which discussions to list.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PullFilter {
    /// Only pull requests, or only discussions.
    pub requests: Option<bool>,
    /// Only those that are open, or only the others.
    pub open: Option<bool>,
    /// Only of this account.
    pub author: Option<UserId>,
}

/// Checks a title.
pub(super) fn checked_title(title: &str) -> Result<String, PullsError> {
    let title = title.trim();
    if title.is_empty() || title.len() > TITLE_MAX_BYTES || title.chars().any(char::is_control) {
        let message = format!("A title has 1 to {TITLE_MAX_BYTES} bytes and stands on one line.");
        return Err(PullsError::Invalid {
            field: "title",
            message,
        });
    }
    Ok(title.to_owned())
}

/// Checks the text of a comment in a field of a request.
pub(super) fn checked_text(field: &'static str, text: &str) -> Result<String, PullsError> {
    if text.trim().is_empty() {
        let message = "A comment needs a text.".to_owned();
        return Err(PullsError::Invalid { field, message });
    }
    checked_length(field, text)
}

/// The same of a text that may be empty.
pub(super) fn checked_length(field: &'static str, text: &str) -> Result<String, PullsError> {
    if text.len() > COMMENT_MAX_BYTES || text.contains('\0') {
        let message = format!("A comment has at most {COMMENT_MAX_BYTES} bytes and no NUL characters.");
        return Err(PullsError::Invalid { field, message });
    }
    Ok(text.to_owned())
}
